import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { type TestContext, test } from "vitest";
import type { TokenGrant } from "./imap-config.ts";
import { openTokens } from "./imap-token.ts";

type Answer = { status?: number; body: string };

async function scene(context: TestContext, answers: readonly Answer[]) {
  const asked: Record<string, string>[] = [];
  const server = createServer(async (request, response) => {
    const { status = 200, body } = answers[asked.length] ?? { status: 500, body: "" };
    asked.push(Object.fromEntries(new URLSearchParams((await buffer(request)).toString())));
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const dir = mkdtempSync(join(tmpdir(), "token-test-"));
  context.onTestFinished(() => {
    server.close();
    rmSync(dir, { recursive: true });
  });
  writeFileSync(join(dir, "secret"), "made-up-secret\n");
  writeFileSync(join(dir, "refresh"), "first-refresh\n");
  const grant: TokenGrant = {
    tokenUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    clientId: "saraban",
    clientSecret: { file: join(dir, "secret") },
    scope: null,
    refreshToken: { file: join(dir, "refresh") },
  };
  return { asked, grant };
}

const given = (fields: object): Answer => ({ body: JSON.stringify({ token_type: "Bearer", ...fields }) });

test("a token lasts until a minute before its end; a refresh token that is exchanged for another is used from then on", async (context) => {
  const { expect } = context;
  const { asked, grant } = await scene(context, [
    given({ access_token: "one", expires_in: 600, refresh_token: "second-refresh" }),
    given({ access_token: "two", expires_in: 600 }),
    given({ access_token: "three" }),
    { status: 400, body: '{"error":"invalid_grant"}' },
    given({ access_token: "four" }),
  ]);
  let nowMs = 0;
  const tokens = openTokens(grant, null, () => nowMs);
  expect([await tokens.give(), await tokens.give()]).toEqual(["one", "one"]);
  nowMs = 541_000;
  expect(await tokens.give()).toBe("two");
  tokens.forget(); // the mail server does not take it
  expect(await tokens.give()).toBe("three");
  expect(asked[0]).toEqual({
    client_id: "saraban",
    client_secret: "made-up-secret",
    grant_type: "refresh_token",
    refresh_token: "first-refresh",
  });
  // One that is no longer taken gives way to what stands in the file by then.
  tokens.forget();
  await expect(tokens.give()).rejects.toThrow("invalid_grant");
  expect(await tokens.give()).toBe("four");
  expect(asked.map(({ refresh_token }) => refresh_token)).toEqual([
    "first-refresh",
    "second-refresh",
    "second-refresh",
    "second-refresh",
    "first-refresh",
  ]);
});

test("what gives no token is trouble in words, and only a wrong grant counts as a refusal", async (context) => {
  const { expect } = context;
  const { grant } = await scene(context, [
    { status: 400, body: '{"error":"invalid_grant","error_description":"made-up-secret is wrong"}' },
    { status: 503, body: "down" },
    { body: "not JSON" },
    given({ access_token: "a token with\r\nlines" }),
    { body: JSON.stringify({ access_token: "x".repeat(100_000) }) },
  ]);
  const tokens = openTokens(grant, null);
  const trouble = async () => {
    const error = (await tokens.give().catch((cause: unknown) => cause)) as {
      message: string;
      refused: boolean;
    };
    return [error.message, error.refused];
  };
  expect(await trouble()).toEqual(["the token server gives no token (invalid_grant)", true]);
  expect(await trouble()).toEqual(["the token server gives no token (503)", false]);
  expect(await trouble()).toEqual(["the token server gives no token (200)", false]);
  expect(await trouble()).toEqual(["the token server gives no token (200)", false]);
  expect((await trouble())[0]).toMatch(/^the token server does not answer/);
});
