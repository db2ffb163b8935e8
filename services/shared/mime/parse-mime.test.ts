import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkBase64 } from "./check-base64.ts";
import { type MimeLimits, type MimeMessage, parseMime } from "./parse-mime.ts";
import { openContentKeeper } from "./part-content.ts";

const LIMITS: MimeLimits = { maxDepth: 10, maxParts: 20, maxHeaderBytes: 16_384, maxTextBytes: 1_000 };

async function* chunks(text: string, size = 65_536): AsyncGenerator<Buffer> {
  const octets = Buffer.from(text);
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}

function parse(text: string, size?: number, limits = LIMITS): Promise<MimeMessage> {
  return parseMime(chunks(text.replaceAll("\n", "\r\n"), size), limits, openContentKeeper());
}

const sha256 = (content: string) => createHash("sha256").update(content).digest("hex");

function mixed(...parts: string[]): string {
  return `Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n${parts.join("\n--b\n")}\n--b--\n`;
}

describe("parseMime", () => {
  const pdf = Buffer.from("%PDF-1.4 x".repeat(50));
  const letter = mixed(
    "Content-Type: text/plain; charset=tis-620\nContent-Transfer-Encoding: quoted-printable\n\n=B4=E8=C7=B9",
    `Content-Type: application/pdf; name=x.pdf\nContent-Transfer-Encoding: base64\n\n${pdf.toString("base64")}`,
  );

  it("gives texts undecoded, and attachments as size and digest only, however the octets are cut", async () => {
    for (const size of [1, 7, 64, 65_536]) {
      const { parts, problems } = await parse(letter, size);
      expect([...problems]).toEqual([]);
      expect(parts[0]?.octets?.toString("hex")).toBe("b4e8c7b9");
      expect(parts[1]).toMatchObject({
        partId: "2",
        octets: null,
        intact: true,
        sizeBytes: pdf.length,
        sha256: sha256(pdf.toString()),
      });
    }
  });

  it.each(["JVBER*!*", "ago1=\r\nIDAg", "####", "JVBER"])("sees that %s is not base64", async (content) => {
    const { parts } = await parse(
      mixed(`Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n${content}`),
    );
    expect(parts[0]?.intact).toBe(false);
  });

  it("reads an attached message as a message, also when shown inline or encoded", async () => {
    const inner = "Subject: inner\nContent-Type: text/plain\n\ninner text\n";
    for (const header of ["", "Content-Disposition: attachment\n", "Content-Disposition: inline\n"]) {
      const { parts } = await parse(mixed(`Content-Type: message/rfc822\n${header}\n${inner}`));
      expect(parts[0]?.message?.parts[0]).toMatchObject({ partId: "1>1" });
      expect(parts[0]?.message?.parts[0]?.octets?.toString().trim()).toBe("inner text");
    }
    const encoded = Buffer.from(inner).toString("base64");
    const { parts } = await parse(
      mixed(`Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n${encoded}`),
    );
    expect(parts[0]?.message?.headers[0]).toMatchObject({ key: "subject" });
  });

  it("stops at a hundred levels, of parts or of messages", async () => {
    const levels = Array.from({ length: 100 }, (_, level) => level);
    const multipart = levels
      .map((n) => `Content-Type: multipart/mixed; boundary=n${n}\n\n--n${n}\n`)
      .join("");
    expect([...(await parse(multipart, 65_536, { ...LIMITS, maxParts: 200 })).problems]).toEqual([
      "too-deep",
    ]);
    const messages = "Content-Type: message/rfc822\n\n".repeat(100);
    expect([...(await parse(messages)).problems]).toContain("too-deep");
  });

  it("stops at too many parts and at an endless header", async () => {
    const many = mixed(...Array.from({ length: 50 }, () => "Content-Type: text/plain\n\nx"));
    expect([...(await parse(many)).problems]).toEqual(["too-many-parts"]);
    expect([...(await parse(`Subject: ${"x".repeat(100_000)}\n\nbody\n`)).problems]).toEqual([
      "header-too-large",
    ]);
    expect([...(await parse("Content-Type: multipart/mixed; boundary=b\n\nno parts\n")).problems]).toEqual([
      "no-parts",
    ]);
  });

  it("keeps no more text than allowed, and digests all of it", async () => {
    const body = "x".repeat(5_000);
    const { parts } = await parse(`Subject: x\n\n${body}`);
    expect(parts[0]?.octets).toHaveLength(1_000);
    expect(parts[0]).toMatchObject({ sizeBytes: 5_000, sha256: sha256(body) });
  });

  it("survives anything", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.constantFrom(
            "Content-Type: multipart/mixed; boundary=b\n",
            "Content-Type: message/rfc822\n",
            "Content-Transfer-Encoding: base64\n",
            "Content-Transfer-Encoding: quoted-printable\n",
            "--b\n",
            "--b--\n",
            "\n",
            "\0\u00FF=?utf-8?b?",
            "=\n",
            ": \n",
          ),
          { maxLength: 40 },
        ),
        fc.integer({ min: 1, max: 50 }),
        async (pieces, size) => {
          const message = await parse(pieces.join(""), size);
          expect(message.parts.length).toBeLessThanOrEqual(LIMITS.maxParts);
        },
      ),
      { seed: 5322, numRuns: 150 },
    );
  });
});

describe("checkBase64", () => {
  it("passes every encoding of every content, folded anywhere", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 80 }), (content, width) => {
        const encoded = Buffer.from(content).toString("base64");
        const check = checkBase64();
        for (let at = 0; at < encoded.length; at += width)
          check.update(Buffer.from(`${encoded.slice(at, at + width)}\r\n`));
        expect(check.intact()).toBe(true);
      }),
      { seed: 2045 },
    );
  });
});
