import fc from "fast-check";
import { expect, test } from "vitest";
import { mediaTypeOf, uploadName } from "./upload-name.ts";

test("a file keeps its name, made safe for any system", () => {
  const names = {
    "หนังสือ ที่ ๑๒.pdf": "หนังสือ ที่ ๑๒.pdf",
    "C:\\Users\\a\\ผลการประชุม.docx": "ผลการประชุม.docx",
    "../../etc/passwd": "passwd",
    "a/b/..": "b",
    ".hidden": "hidden",
    "-rf.txt": "rf.txt",
    "con.pdf": "_con.pdf",
    'a<b>:"|?*.pdf': "a_b______.pdf",
    "invoice\u202efdp.exe": "invoicefdp.exe",
    "line\r\nContent-Type: text/html.pdf": "html.pdf",
    "dots... ": "dots",
  };
  for (const [given, kept] of Object.entries(names)) expect(uploadName(given), given).toBe(kept);
  for (const none of ["", " ", "..", "/", "\\\\", "\u200b", "x".repeat(256)])
    expect(uploadName(none), none).toBe(null);
});

test("a long Thai name is shortened before its extension; of any name what comes out is safe, and stays as it is", () => {
  expect(uploadName(`${"ก".repeat(250)}.pdf`)).toBe(`${"ก".repeat(78)}.pdf`);
  const point = fc.oneof(
    fc.integer({ min: 0, max: 0x3000 }),
    fc.constantFrom(0x2e, 0x2f, 0x20, 0x5c, 0x202e),
  );
  const anyText = fc.array(point, { maxLength: 120 }).map((points) => String.fromCodePoint(...points));
  fc.assert(
    fc.property(anyText, (given) => {
      const name = uploadName(given);
      if (name === null) return;
      expect(name).not.toMatch(/[/\\<>:"|?*%\p{Cc}\p{Bidi_Control}]|^[.\s-]|[.\s]$/u);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
      expect(name).not.toBe("");
      expect(uploadName(name)).toBe(name);
    }),
    { seed: 11, numRuns: 500 },
  );
});

test("a media type is a type and nothing more", () => {
  expect(mediaTypeOf("Application/PDF; name=x")).toBe("application/pdf");
  for (const none of [undefined, "", "pdf", "text/html\r\nx: y", `a/${"b".repeat(90)}`, "*/*"])
    expect(mediaTypeOf(none)).toBe("application/octet-stream");
});
