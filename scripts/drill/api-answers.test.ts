import { beforeAll, expect, test } from "vitest";
import { openapiDocument } from "../../services/http/openapi/document.ts";
import { LETTER_STATUS, PROBLEM } from "../../services/http/openapi/examples.ts";
import { allOperations } from "../../services/http/openapi/operations.ts";
import { openAnswerCheck } from "./api-answers.ts";

let check: Awaited<ReturnType<typeof openAnswerCheck>>;
beforeAll(async () => {
  check = await openAnswerCheck(openapiDocument("/ecms-ws01/service2"));
});

function found(
  status: number,
  type: string,
  body: unknown,
  id = "getLetterStatus",
  more: Record<string, string> = {},
) {
  const operation = allOperations("/ecms-ws01/service2").find((one) => one.id === id);
  if (operation === undefined) throw new Error(`no operation ${id}`);
  const octets = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return (
    check(operation, { status, headers: new Headers({ "content-type": type, ...more }), octets })?.kind ??
    null
  );
}

test("an answer as the document tells of it passes", () => {
  expect(found(200, "application/json; charset=utf-8", LETTER_STATUS)).toBeNull();
  expect(found(422, "application/problem+json", PROBLEM, "submitLetter")).toBeNull();
  expect(found(304, "", "", "getLetterStatus", { etag: '"a"' })).toBeNull();
  const xml =
    '<problem xmlns="urn:e-saraban-mail:exchange:1"><type>urn:x</type><title>a</title><titleThai>ก</titleThai><status>404</status><code>not-found</code></problem>';
  expect(found(404, "application/problem+xml", xml)).toBeNull();
});

test("a member too many, one too few, another status, type or code does not, nor an error of the server", () => {
  const { links: _, ...without } = LETTER_STATUS;
  for (const [status, type, body] of [
    [200, "application/json", { ...LETTER_STATUS, more: 1 }],
    [200, "application/json", without],
    [200, "application/json", "{"],
    [200, "text/html", LETTER_STATUS],
    [200, "application/xml", '<letterStatus xmlns="urn:e-saraban-mail:exchange:1"/>'],
    [202, "application/json", LETTER_STATUS],
    [304, "application/json", LETTER_STATUS],
    [304, "", ""],
    [404, "application/problem+json", { ...PROBLEM, status: 404 }],
    [404, "application/problem+json", { ...PROBLEM, code: "not-found" }],
  ] as const) {
    expect(found(status, type, body), `${status} ${type}`).toBe("undocumented");
  }
  const notNow = { ...PROBLEM, status: 503, code: "not-now" };
  expect(found(503, "application/problem+json", notNow)).toBe("server-error");
  expect(found(500, "text/plain", "oops")).toBe("server-error");
  // It says that there is no room for more, which is no error.
  const busy = { ...notNow, code: "too-many-waiting" };
  expect(found(503, "application/problem+json", busy, "submitLetter", { "retry-after": "10" })).toBeNull();
  expect(found(503, "application/problem+json", busy, "submitLetter")).toBe("undocumented");
});
