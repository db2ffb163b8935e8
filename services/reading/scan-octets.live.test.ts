/** Against Debian's clamd with a database of one harmless signature. */
import { Readable } from "node:stream";
import { expect, it, onTestFinished } from "vitest";
import type { Settings } from "../shared/runtime/settings.ts";
import { openScanner, type Scanner } from "./scan-octets.ts";
import { findClamd, MARKER, MARKER_SIGNATURE, STREAM_MAX_BYTES, startClamd } from "./testing/clamd.ts";

const clamd = findClamd();
// CI installs it and never skips.
const withClamd = clamd === undefined && !process.env["CI"] ? it.skip : it;

function scannerAt(address: string): Scanner {
  const settings = { address, maxBytes: 1e8, timeoutSeconds: 20, connections: 2, whenDown: "pass" } as const;
  return openScanner(settings satisfies Settings["scanner"]) as Scanner;
}

/** A letter with an attachment in base64, which only a scanner that unpacks MIME looks into. */
function letter(attached: string): Buffer {
  const lines =
    Buffer.from(attached)
      .toString("base64")
      .match(/.{1,76}/g) ?? [];
  return Buffer.from(
    [
      "From: saraban@opdc.example.go.th",
      "Subject: =?utf-8?B?4LiX4LiU4Liq4Lit4Lia?=",
      "MIME-Version: 1.0",
      'Content-Type: multipart/mixed; boundary="b"',
      "",
      "--b",
      "Content-Type: text/plain",
      "",
      "words",
      "--b",
      'Content-Type: application/octet-stream; name="a.bin"',
      "Content-Transfer-Encoding: base64",
      "",
      ...lines,
      "--b--",
      "",
    ].join("\r\n"),
  );
}

withClamd(
  "finds the marker inside a letter's attachment, over TCP and over a socket file, and nothing in another",
  async () => {
    const running = await startClamd(clamd as string);
    onTestFinished(() => running.stop());
    const bad = letter(`${"x".repeat(5000)}${MARKER}`);
    const good = letter("x".repeat(200_000));
    for (const scanner of [scannerAt(running.tcp), scannerAt(running.unix)]) {
      expect(await scanner.trouble()).toBeNull();
      expect(await scanner.scan(bad, bad.length)).toEqual({ state: "infected", signature: MARKER_SIGNATURE });
      expect(await scanner.scan(good, good.length)).toEqual({ state: "clean" });
      // As it comes from the file store: a stream in pieces of any size.
      const pieces = Readable.from([bad.subarray(0, 7), bad.subarray(7, 7), bad.subarray(7)]);
      expect(await scanner.scan(pieces, bad.length)).toMatchObject({ state: "infected" });
      expect(await scanner.scan(Buffer.alloc(0), 0)).toEqual({ state: "clean" });
    }
    const large = letter("x".repeat(2 * STREAM_MAX_BYTES));
    // Its refusal can be lost to the write that fails at the same moment: then the letter waits and is tried again.
    const reasons = new Set<unknown>();
    for (let tries = 0; tries < 50 && !reasons.has("too-large"); tries++) {
      const result = await scannerAt(running.tcp).scan(large, large.length);
      reasons.add(result.state === "unscanned" ? result.reason : result.state);
    }
    expect([...reasons].at(-1)).toBe("too-large");
    expect([...reasons]).not.toContain("clean");
  },
);

withClamd("tells that clamd is gone, and goes on with the one that comes back", async () => {
  const first = await startClamd(clamd as string);
  const port = Number(new URL(first.tcp).port);
  const scanner = scannerAt(first.tcp);
  const good = letter("x");
  expect(await scanner.scan(good, good.length)).toEqual({ state: "clean" });
  await first.stop();
  expect(await scanner.scan(good, good.length)).toEqual({ state: "unscanned", reason: "no-answer" });
  expect(await scanner.trouble()).toContain("letters go on unscanned");
  const second = await startClamd(clamd as string, port);
  onTestFinished(() => second.stop());
  expect(await scanner.scan(good, good.length)).toEqual({ state: "clean" });
  expect(await scanner.trouble()).toBeNull();
});
