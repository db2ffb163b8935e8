import { expect, test } from "vitest";
import { wantsXml, xmlText } from "./send-answer.ts";

test.each([
  [undefined, undefined, false],
  ["*/*", "application/xml; charset=utf-8", true],
  ["*/*", "multipart/form-data; boundary=b", false],
  ["application/xml", "application/json", true],
  ["application/json", "application/xml", false],
  ["application/json;q=0.5, application/xml", undefined, true],
  ["application/xml;q=0.4, */*;q=0.8", undefined, false],
  ["text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", undefined, true],
  ["application/*, application/json;q=0.1", undefined, true],
  [`${"a/b,".repeat(100_000)}application/xml`, undefined, false],
])("Accept: %s of a request with %s wants XML: %s", (accept, type, wanted) => {
  const headers = {
    ...(accept === undefined ? {} : { accept }),
    ...(type === undefined ? {} : { "content-type": type }),
  };
  expect(wantsXml({ headers })).toBe(wanted);
});

test("text in XML is escaped, and loses what XML cannot hold", () => {
  expect(xmlText("a<b>&\r\n\0\x1f\ud800é")).toBe("a&lt;b&gt;&amp;&#13;\n\ufffdé");
});
