import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBodyItems } from "./facts/body-items.ts";
import { readSubjectHeader } from "./facts/subject-header.ts";
import { readMessage } from "./read-message.ts";
import type { Reading } from "./reading.ts";
import { UNOPENED } from "./unread-reading.ts";

/** PostgreSQL's text refuses NUL (22021, 22P05), its jsonb the half of a surrogate pair (22P02). */
function read(header: string, body: string): Promise<Reading> {
  const known = new Map([["cgd.example.go.th", { name: "กรมบัญชีกลาง", codeLetters: "กค" }]]);
  return readMessage(Buffer.from(`${header}\n\n${body}\n`.replaceAll("\n", "\r\n")), known, UNOPENED);
}

describe("what a reading states can be stored", () => {
  const pieces = fc.array(
    fc.constantFrom(..."\0|😀|a|ก|%00|%ED%A0%80|=?utf-8?Q?=00=ED=A0=80?=|&#0;|&#55357;".split("|")),
    { maxLength: 6 },
  );

  it("holds no NUL and no half of a surrogate pair, wherever texts are cut", async () => {
    await fc.assert(
      fc.asyncProperty(pieces, fc.nat(2), async (noise, shift) => {
        const text = noise.join("");
        const long = "a".repeat(shift) + text + "😀".repeat(1_100);
        const percent = `${text}${"a".repeat(shift)}${"%F0%9F%98%80".repeat(520)}`;
        const reading = await read(
          `From: "${long}" <a${text.replace(/[^\0a]/g, "")}@cgd.example.go.th>\n` +
            `Subject: ที่ กค 0402/1 เรื่อง ${long}\n` +
            `Message-ID: <a${text}@x>\nReferences: <b${text}@x> <c@x>\nIn-Reply-To: <d${text}@x>\n` +
            "Content-Type: multipart/mixed; boundary=b",
          `--b\nContent-Type: text/html; charset=utf-8\n\nเรื่อง : ${long}<br>เรียน : ${long}<br>` +
            `อ้างถึง ${long}<br>สิ่งที่ส่งมาด้วย ${long}\n` +
            `--b\nContent-Type: application/p${text}df; name="${long}"\n\nx\n` +
            `--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''${percent}\n\nx\n--b--`,
        );
        expect(reading.attachments).toHaveLength(2);
        expect([reading.citations.length, reading.enclosures.length]).toEqual([1, 1]);
        for (const value of stringsIn(reading)) {
          expect(value.includes("\0"), "NUL").toBe(false);
          expect(value.isWellFormed(), "well-formed").toBe(true);
        }
      }),
      { seed: 22021, numRuns: 50 },
    );
  });

  it("so does what a bounce says", async () => {
    const { report } = await read(
      "From: a@cgd.example.go.th\nContent-Type: multipart/report; report-type=delivery-status; boundary=b",
      "--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a\0b@x.example.go.th\nAction: fai\0led\n" +
        "--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <a\0b@x>\n--b--",
    );
    expect(report).toMatchObject({ recipient: "ab@x.example.go.th", action: "failed", relatesTo: "<ab@x>" });
  });

  it("so do a subject and a line of a body on their own, cut in the middle of a pair", () => {
    for (const shift of ["", "a"]) {
      const long = `${shift}${"😀".repeat(1_100)}`;
      const read = [readSubjectHeader(`ที่ กค 0402/1 เรื่อง ${long}`, null), readBodyItems(long)];
      for (const value of stringsIn(read)) expect(value.isWellFormed()).toBe(true);
    }
  });
});

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
