import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { openArrivedFile } from "../../shared/letter/arrival/open-arrived-file.ts";
import { judgeMessage } from "../judge-message.ts";
import { openPdfReader } from "../pdf/read-pdf.ts";
import type { KnownSender, KnownSenders } from "../reading.ts";
import { readProgram } from "./read-program.ts";

/** Every e-CMS letter and notifier of the shared corpus, as the room reads what the door has stored. */
const corpus = fileURLToPath(new URL("../../../../shared/corpus/", import.meta.url));
const present = existsSync(`${corpus}expected.json`);
if (!present) console.log("ecms-corpus.test: no corpus at ../shared/corpus, skipped");

type Expected = {
  file: string;
  kind: string;
  contentType: string;
  letter: {
    number: string;
    numberRaw: string;
    date: string;
    subject: string;
    from: string;
    to: string;
    urgency: string;
    secrecy: string;
    senderDepartment: string;
    references: { number: string; date: string; subject: string }[];
    objects: { role: string; mimeType: string; size: number; sha256: string }[];
  } | null;
  notifier?: object;
};
type Office = {
  domain: string;
  name: string;
  codeLetters: string;
  organisationId: string;
  organisationIdShort: string;
  own: boolean;
};

function load<T>(name: string): T {
  return JSON.parse(readFileSync(`${corpus}${name}`, "utf8")) as T;
}

describe.skipIf(!present)("the e-CMS part of the shared corpus", () => {
  const all = present ? load<{ ecms: Expected[] }>("expected.json").ecms : [];
  const offices = present ? load<Office[]>("directory.json") : [];
  const known: KnownSenders = new Map(
    offices.map(({ domain, name, codeLetters, own }): [string, KnownSender] => [
      domain,
      { name, codeLetters, served: own },
    ]),
  );
  const readPdf = openPdfReader({ processes: 1, timeoutMs: 20_000, memoryMb: 512 });
  afterAll(() => readPdf.close());

  const read = async ({ file, contentType, letter }: Expected) => {
    const octets = readFileSync(`${corpus}${file}`);
    const department = letter?.senderDepartment;
    const sender = offices.find(
      (office) => office.organisationId === department || office.organisationIdShort === department,
    );
    const arrival = {
      door: "ecms" as const,
      mediaType: contentType,
      senderDomain: sender?.domain ?? null,
      sha256: createHash("sha256").update(octets).digest("hex"),
      sizeBytes: octets.length,
    };
    return { octets, arrival, ...(await readProgram(octets, arrival, known, readPdf)) };
  };

  it.each(all.filter(({ letter }) => letter !== null))("$file", async (expected) => {
    const { letter } = expected;
    const { octets, arrival, reading } = await read(expected);
    expect(reading.facts).toEqual({
      number: letter?.number,
      numberPrinted: letter?.numberRaw,
      date: letter?.date,
      subject: letter?.subject,
      from: letter?.from,
      to: letter?.to,
      urgency: letter?.urgency,
      secrecy: letter?.secrecy,
    });
    expect(reading.attachments).toMatchObject(
      (letter?.objects ?? []).map(({ role, mimeType, size, sha256 }) => ({
        role: role === "main" ? "main" : "enclosure",
        contentType: mimeType,
        sizeBytes: size,
        sha256,
      })),
    );
    expect(reading.citations.map(({ date }) => date)).toEqual(letter?.references.map(({ date }) => date));
    expect(reading.problems.filter((problem) => problem !== "scanned-letter")).toEqual([]);
    const verdict = judgeMessage(
      reading,
      { mailFrom: "by program", recipients: ["saraban@agency-a.example.go.th"] },
      { standing: "proved", kind: { isPartner: true, isGovernment: true }, rules: {} },
    );
    expect(verdict.outcome).toBe(letter?.secrecy === "normal" ? "ready" : "refused");
    for (const { partId, sha256 } of reading.attachments) {
      const { content } = await openArrivedFile(Readable.from([octets]), arrival.mediaType, partId);
      const digest = createHash("sha256");
      for await (const chunk of content) digest.update(chunk as Buffer);
      expect(digest.digest("hex")).toBe(sha256);
    }
  });

  it.each(all.filter(({ kind }) => kind === "notifier"))("$file", async (expected) => {
    const { reading } = await read(expected);
    expect(reading).toMatchObject({
      kind: "notifier",
      report: { notifier: expected.notifier },
      problems: [],
    });
  });

  it.each(all.filter(({ kind, letter }) => kind === "hostile" && letter === null))(
    "$file goes to nobody's book",
    async (expected) => {
      const { reading } = await read(expected);
      const open = { ...reading, facts: { ...reading.facts, secrecy: "normal" as const } };
      const verdict = judgeMessage(
        open,
        { mailFrom: "by program", recipients: [] },
        { standing: "proved", kind: { isPartner: true, isGovernment: true }, rules: {} },
      );
      // What lacks a receiver or has a code out of the list is refused at the door, and is a letter all the same.
      if (!/h0[57]/.test(expected.file)) expect(verdict.outcome).toBe("triage");
    },
  );
});
