import { createHash } from "node:crypto";
import { NO_FACTS } from "../shared/letter/letter.ts";
import type { PdfReader } from "./pdf/read-pdf.ts";
import { NOTHING_LISTED, type Reading, type ReadingProblem } from "./reading.ts";
import type { Arrival } from "./reading-store.ts";

/** Reads no PDF: for a message in which nothing may be opened. */
export const UNOPENED: PdfReader = {
  read: async () => ({ kind: "no-text", pageCount: 0 }),
  close: async () => {},
};

/** The octets of an arrival; of what came by program also in whose name, which stands nowhere in them. */
export type ArrivedOctets = Pick<Arrival, "sha256" | "sizeBytes" | "senderDomain">;

/** What is stated of a message that cannot be read: that there is one. */
export function unreadable({ sha256, sizeBytes, senderDomain }: ArrivedOctets): Reading {
  // One office must not be answered with the number of another one's letter, nor take its place in the book.
  const sender = senderDomain === null ? "" : ` ${senderDomain}`;
  return {
    kind: "unreadable",
    messageId: null,
    fromAddress: null,
    fromName: null,
    headerDate: null,
    subjectHeader: null,
    references: [],
    report: null,
    facts: NO_FACTS,
    ...NOTHING_LISTED,
    sources: {},
    conflicts: [],
    attachments: [],
    problems: ["unreadable-structure"],
    sizeBytes,
    // Only the very same octets count as the same message.
    contentDigest: createHash("sha256").update(`unreadable ${sha256}${sender}`).digest("hex"),
    letterDigest: null,
  };
}

/** Of a message that is not to be looked into: what it is, who sent it (to be told so) and its marking. */
export function onlyMarked(
  { kind, messageId, fromAddress, contentDigest, facts: { secrecy, urgency } }: Reading,
  arrival: ArrivedOctets,
  problems: ReadingProblem[],
): Reading {
  const facts = { ...NO_FACTS, secrecy, urgency };
  return { ...unreadable(arrival), kind, messageId, fromAddress, contentDigest, facts, problems };
}
