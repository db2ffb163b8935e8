import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { cpuTimeMs } from "../../testing/cpu-time.ts";
import { EVIDENCE_EXAMPLES } from "../../testing/evidence-examples.ts";
import { findJws, LARGEST_UPLOAD } from "./find-jws.ts";
import { receiptPdf } from "./receipt-pdf.ts";
import { newSigningKey, signEvidence } from "./sign-evidence.ts";

const evidence = EVIDENCE_EXAMPLES.registered;
const jws = await signEvidence(evidence, await newSigningKey());
const later = await signEvidence(EVIDENCE_EXAMPLES.corrected, await newSigningKey());
/** As a mail program saves it (.eml). */
const attached = (text: string) => {
  const lines =
    Buffer.from(text)
      .toString("base64")
      .match(/.{1,76}/g) ?? [];
  return `--part\r\nContent-Transfer-Encoding: base64\r\n\r\n${lines.join("\r\n")}\r\n--part--\r\n`;
};
const found = (text: string | Buffer) => findJws(Buffer.from(text as string));

test("a receipt is found in text, mail, JSON and in our PDF", async () => {
  const lines = (width: number, between: string) =>
    jws.match(new RegExp(`.{1,${width}}`, "g"))?.join(between) ?? "";
  const texts = [
    jws,
    `${jws}\n`,
    `เรียน …\r\n\r\n${lines(76, "\r\n")}\r\n\r\nขอแสดงความนับถือ`,
    `On Sunday somebody wrote:\n> ${lines(70, "\n> ")}\n> --\n`,
    `> > ${lines(70, "\n> > ")}\nend`,
    lines(75, "=\r\n"),
    lines(40, "\t "),
    JSON.stringify({ receipt: { jws }, more: [1] }),
    attached(jws),
    `${attached(later.slice(0, 300))}${attached(jws)}`,
    `first ${jws} and ${later}`,
    // One that was cut off, and then a whole one.
    `${later.slice(0, 300)}!\n${jws}`,
  ];
  for (const [index, text] of texts.entries()) expect(found(text), `text ${index}`).toBe(jws);
  expect(found(await receiptPdf(evidence, jws))).toBe(jws);
});

test("another program may have compressed the file in the PDF", () => {
  const stream = (octets: Buffer) =>
    Buffer.concat([Buffer.from("<</Filter/FlateDecode>>stream\r\n"), octets, Buffer.from("\r\nendstream\n")]);
  const bomb = deflateSync(Buffer.alloc(20_000_000));
  const pdf = [
    Buffer.from("%PDF-1.7\n"),
    stream(bomb),
    stream(Buffer.from("no zlib")),
    stream(deflateSync(Buffer.from(jws))),
  ];
  expect(found(Buffer.concat(pdf))).toBe(jws);
});

test("what holds none gives none, and takes no time", () => {
  const beginning = jws.slice(0, 28);
  const hostile = [
    "",
    "eyJ",
    jws.slice(0, -1),
    JSON.stringify(evidence),
    beginning.repeat(LARGEST_UPLOAD / beginning.length),
    `${beginning}!`.repeat(LARGEST_UPLOAD / 29),
    Buffer.from(beginning.slice(0, 27))
      .toString("base64")
      .repeat(LARGEST_UPLOAD / 36),
    attached(jws.slice(0, -1)),
    `${beginning}.${"A".repeat(100_000)}.${"A".repeat(86)}`,
    `%PDF-1.4 ${"stream\n".repeat(100_000)}`,
    `%PDF-1.4 ${"stream\nx endstream ".repeat(50_000)}`,
  ];
  const startedAt = cpuTimeMs();
  for (const [index, text] of hostile.entries()) expect(found(text), `text ${index}`).toBeNull();
  expect(cpuTimeMs() - startedAt).toBeLessThan(5_000);
  expect(found(Buffer.concat([Buffer.alloc(LARGEST_UPLOAD), Buffer.from(jws)]))).toBeNull();
});
