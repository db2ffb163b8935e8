import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  looksLikeGovernmentDocument,
  readGovernmentDocument,
} from "../../shared/ecms/read-government-document.ts";
import {
  type GovernmentDocumentFacts,
  writeGovernmentDocument,
} from "../../shared/ecms/write-government-document.ts";
import { URGENCIES } from "../../shared/letter/letter.ts";
import { openContentKeeper } from "../../shared/mime/part-content.ts";
import { secrecyOf } from "./file-letter.ts";

async function read(xml: string) {
  const keeper = openContentKeeper();
  try {
    const content = await keeper.keepOctets(Buffer.from(xml));
    if (content === null) throw new Error("too large to be kept");
    expect(looksLikeGovernmentDocument(content)).toBe(true);
    const document = await readGovernmentDocument(content, keeper);
    if ("fault" in document) throw new Error(document.fault);
    return document;
  } finally {
    await keeper.dispose();
  }
}

/** As the wire has it: one line, well formed; a lone dash says nothing, and what looks like an entity is read as one. */
function onWire(value: string | null): string | null {
  const text = (value ?? "")
    .toWellFormed()
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "")
    .replace(/\s+/gu, " ")
    .trim();
  return /^[-–—.]?$/u.test(text) ? null : text;
}

const text = fc
  .oneof(
    fc.string({ maxLength: 60 }),
    fc.string({ maxLength: 60, unit: "binary" }),
    fc.constantFrom("ขอเชิญประชุม A & B <ด่วน>", "๑. ก\r\n๒. ข", ']]> "ก"', "นร (กพ) 0505/ว 12"),
  )
  .filter((value) => !/&(?:lt|gt|quot|apos|amp);/u.test(value));
const maybe = fc.option(text);
const day = fc
  .date({ min: new Date("2000-01-01T00:00:00Z"), max: new Date("2099-12-31T00:00:00Z"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const party = fc.record({
  givenName: maybe,
  familyName: maybe,
  jobTitle: maybe,
  departmentId: fc.option(fc.stringMatching(/^[0-9]{10}$/)),
});
const facts: fc.Arbitrary<GovernmentDocumentFacts> = fc.record({
  number: maybe,
  date: fc.option(day),
  subject: maybe,
  urgency: fc.constantFrom(...URGENCIES),
  sender: party,
  receiver: party,
  references: fc.array(fc.record({ number: maybe, date: fc.option(day), subject: maybe }), { maxLength: 5 }),
  enclosures: fc.array(text, { maxLength: 3 }),
  sentAt: fc.constantFrom(null, new Date("2026-11-21T17:30:00Z")),
  description: maybe,
});

describe("a GovernmentDocument of our own", () => {
  it("is read back fact by fact, whatever the facts are", async () => {
    await fc.assert(
      fc.asyncProperty(facts, async (written) => {
        const document = await read(writeGovernmentDocument(written));
        const party = ({
          givenName,
          familyName,
          jobTitle,
          departmentId,
        }: GovernmentDocumentFacts["sender"]) => ({
          givenName: onWire(givenName),
          familyName: onWire(familyName),
          jobTitle: onWire(jobTitle),
          ministryId: departmentId === null ? null : departmentId.slice(0, 2),
          departmentId,
        });
        expect(document).toMatchObject({
          id: onWire(written.number),
          correspondenceDate: written.date,
          subject: onWire(written.subject),
          secretCode: "001",
          speedCode: `00${URGENCIES.indexOf(written.urgency) + 1}`,
          sender: party(written.sender),
          receiver: party(written.receiver),
          references: written.references
            .map(({ number, date, subject }) => ({ id: onWire(number), date, subject: onWire(subject) }))
            .filter(({ id, date, subject }) => id !== null || date !== null || subject !== null),
          sendDate: written.sentAt === null ? null : "2026-11-22T00:30:00",
          description: onWire(written.description),
          objects: [],
        });
        expect(secrecyOf(document)).toBe("normal");
        if (written.enclosures.length <= 1)
          expect(document.attachmentText).toBe(onWire(written.enclosures[0] ?? null));
      }),
      { seed: 20_261_121, numRuns: 300 },
    );
  });

  it("has the elements in the one order that older programs read them by", () => {
    const none = { givenName: null, familyName: null, jobTitle: null, departmentId: null };
    const xml = writeGovernmentDocument({
      number: "ทก 0101/12",
      date: "2026-11-21",
      subject: "ทดสอบ",
      urgency: "urgent",
      sender: none,
      receiver: none,
      references: [{ number: "นร 1200/55", date: null, subject: null }],
      enclosures: ["ก", "ข"],
      sentAt: new Date("2026-11-21T01:00:00Z"),
      description: null,
    });
    const top =
      /<ram:CorrespondenceLetter ID="Letter">([\s\S]*)<\/ram:CorrespondenceLetter>/u.exec(xml)?.[1] ?? "";
    const names = top.split("\n").flatMap((line) => /^<(ram:[A-Za-z]+)/u.exec(line)?.[1] ?? []);
    expect(names.map((name) => name.slice(4))).toEqual([
      "ID",
      "CorrespondenceDate",
      "Subject",
      "SecretCode",
      "SpeedCode",
      "SenderParty",
      "ReceiverParty",
      "ReferenceCorrespondence",
      "Attachment",
      "SendDate",
      "Description",
      "MainLetterBinaryObject",
    ]);
    expect(top).toContain("<ram:Attachment>1. ก 2. ข</ram:Attachment>");
  });
});
