import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { openPdfReader } from "./pdf/read-pdf.ts";
import { readMessage } from "./read-message.ts";
import type { KnownSender, KnownSenders } from "./reading.ts";
import { judgeKnown } from "./testing/judge-known.ts";

/**
 * Every mail of the shared test corpus, which lies beside the repository where it is to be had; `npm run corpus` sends the
 * same files through the service's doors.
 */
const corpus = fileURLToPath(new URL("../../../shared/corpus/", import.meta.url));
const present = existsSync(`${corpus}expected.json`);
if (!present) console.log("corpus.test: no corpus at ../shared/corpus, skipped");

type Letter = {
  number: string | null;
  date: string | null;
  subject: string | null;
  from: string | null;
  to: string | null;
  urgency: string;
  secrecy: string;
};
type Expected = {
  file: string;
  envelope: { from: string; to: string[] };
  outcome: string;
  alsoAcceptable?: string[];
  letter: Letter | null;
  where: string[];
  attachments: { filename: string | null; mimeType: string; size: number | null; sha256: string | null }[];
  relatesTo?: string;
};
type Agency = { domain: string; name: string; codeLetters: string };

const OUTCOMES: Record<string, string> = {
  register: "ready",
  duplicate: "ready",
  "possible-duplicate": "ready",
  ignore: "ignored",
  triage: "triage",
  refuse: "refused",
};

function load<T>(name: string): T {
  return JSON.parse(readFileSync(`${corpus}${name}`, "utf8")) as T;
}

function compared(text: string | null): string | null {
  return text === null
    ? null
    : text
        .replace(/[\s\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu, "")
        .replace(/\u0E4D([\u0E48-\u0E4B]?)\u0E32/gu, "$1\u0E33");
}

describe.skipIf(!present)("the shared corpus", () => {
  const cases = present ? load<{ mail: Expected[] }>("expected.json").mail : [];
  const known: KnownSenders = new Map(
    (present ? load<Agency[]>("directory.json") : []).map(
      ({ domain, name, codeLetters }): [string, KnownSender] => [domain, { name, codeLetters }],
    ),
  );

  const readPdf = openPdfReader({ processes: 1, timeoutMs: 20_000, memoryMb: 512 });
  afterAll(() => readPdf.close());

  it.each(cases)("$file", async (expected) => {
    const reading = await readMessage(readFileSync(`${corpus}${expected.file}`), known, readPdf);
    const verdict = judgeKnown(
      reading,
      { mailFrom: expected.envelope.from, recipients: expected.envelope.to },
      known,
    );
    const { facts } = reading;
    const letter = expected.letter;
    expect([letter?.number ?? null, null]).toContain(facts.number);
    expect([letter?.date ?? null, null]).toContain(facts.date);
    if (expected.relatesTo !== undefined && reading.report !== null) {
      expect(reading.report.relatesTo).toBe(expected.relatesTo);
    }
    const outer = reading.attachments.filter((attachment) => !attachment.partId.includes(">"));
    expect(
      outer.map((attachment) => [
        attachment.name ?? null,
        attachment.contentType,
        ...(attachment.contentType === "message/rfc822"
          ? [null, null]
          : [attachment.sizeBytes, attachment.sha256]),
      ]),
    ).toEqual(expected.attachments.map((a) => [a.filename, a.mimeType, a.size, a.sha256]));

    const wanted = [expected.outcome, ...(expected.alsoAcceptable ?? [])].map((outcome) => OUTCOMES[outcome]);
    expect(wanted, verdict.reason).toContain(verdict.outcome);
    if (letter === null) return;
    expect(facts).toMatchObject({
      number: letter.number,
      date: letter.date,
      urgency: letter.urgency,
      secrecy: letter.secrecy,
    });
    for (const field of ["subject", "from", "to"] as const) {
      if (letter[field] !== null) expect(compared(facts[field]), field).toBe(compared(letter[field]));
    }
  });

  it("gives one message the same digest over another relay", async () => {
    const digest = async (name: string) =>
      (await readMessage(readFileSync(`${corpus}mail/${name}.eml`), known, readPdf)).contentDigest;
    expect(await digest("a25-exact-duplicate")).toBe(await digest("a01-utf8-base64-rfc2231"));
    expect(await digest("a26-resend-new-message-id")).not.toBe(await digest("a01-utf8-base64-rfc2231"));
  });
});
