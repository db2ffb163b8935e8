import { isDeepStrictEqual } from "node:util";
import type { Act } from "../../shared/letter/act.ts";
import type { ActRefusal } from "../../shared/letter/act-refusal.ts";
import type { OutboundFacts } from "../../shared/letter/outbound.ts";
import { holderOf } from "../../shared/letter/own-address.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { done, refused } from "../act-answer.ts";
import type { ActResult } from "../act-store.ts";
import { readAgency } from "../agency-store.ts";
import { isClassified } from "./classified-marks.ts";
import {
  insertLetter,
  insertLetterEvent,
  type OutboundLetter,
  readLetter,
  updateLetter,
} from "./letter-store.ts";
import { findFiles } from "./sending-store.ts";

/** What may still change in a letter that is numbered: the PDF has to bear the number, and somebody more may have to get it. */
const OPEN_AFTER_NUMBER = [
  "files",
  "text",
  "recipients",
  "ownerMail",
] as const satisfies (keyof OutboundFacts)[];

/**
 * A letter as a clerk wants it to be now: a new one, or another content of one that has not been sent. What was checked has to
 * be checked again; what the book says of a numbered letter is changed by correcting the line, never here.
 * @param letter the letter, locked; undefined when there is none yet
 */
export async function draftLetter(
  transaction: Transaction<Tables>,
  act: Act,
  letter: OutboundLetter | undefined,
  stamp: Stamp,
): Promise<ActResult> {
  const wanted = act.details.letter;
  if (!wanted) return refused("a-letter-is-needed");
  if (letter?.state === "withdrawn") return refused("the-letter-is-withdrawn");
  if (letter?.state === "sent") return refused("the-letter-is-sent");
  // Who changes a letter may say which one he has seen: of two at the same letter the second one hears of the first.
  const seen = act.details.version;
  if (seen !== undefined && seen !== letter?.version) return refused("another-version-was-seen");
  const fault = await draftFault(transaction, act, wanted);
  if (fault !== null) return refused(fault);
  if (!letter) {
    const id = act.letterId as string;
    if (!(await insertLetter(transaction, act, wanted, stamp))) {
      // The id is the asker's choice: another agency's letter, which is not seen here, may have it.
      if (!(await readLetter(transaction, id))) return refused("no-such-letter");
      throw new Error("the same letter was drafted a moment ago: the act is tried again");
    }
    await insertLetterEvent(transaction, act, id, { what: "drafted", version: 1 }, stamp);
    return done();
  }
  const isNumbered = letter.state === "approved";
  const facts = isNumbered ? withinNumbered(letter.facts, wanted) : wanted;
  if (facts === null) return refused("the-letter-is-numbered");
  const fields = changedFields(letter.facts, facts);
  if (fields.length === 0) return refused("nothing-changes");
  const version = letter.version + 1;
  await updateLetter(transaction, letter.id, { facts, version, state: isNumbered ? "approved" : "draft" });
  await insertLetterEvent(
    transaction,
    act,
    letter.id,
    { what: "changed", version, details: { fields } },
    stamp,
  );
  return done();
}

async function draftFault(
  transaction: Transaction<Tables>,
  { agencyId, letterId }: Act,
  { files, ownerMail, replaces, ...rest }: OutboundFacts,
): Promise<ActRefusal | null> {
  const found = await findFiles(transaction, files);
  if (found.length < files.length) return "no-such-file";
  const names = found.map(({ name }) => name);
  if (isClassified({ ...rest, files }, names)) return "classified-letters-are-not-mailed";
  if (
    replaces !== undefined &&
    (replaces === letterId || (await readLetter(transaction, replaces))?.state !== "sent")
  )
    return "the-replaced-letter-is-not-sent";
  if (ownerMail === undefined) return null;
  // What the owner is told of a letter is for nobody outside, and no letter to the agency itself.
  const holder = holderOf(ownerMail, await readAgency(transaction, agencyId));
  return holder === "own" ? null : "the-owner-mail-is-not-the-agencys";
}

/** The numbered letter with what may still change; null when the wanted one says something else on its line. */
function withinNumbered(stands: OutboundFacts, wanted: OutboundFacts): OutboundFacts | null {
  const open: readonly string[] = OPEN_AFTER_NUMBER;
  const old = stands as unknown as Readonly<Record<string, unknown>>;
  const differs = Object.entries(wanted).some(
    ([field, value]) => !open.includes(field) && !isDeepStrictEqual(old[field] ?? null, value ?? null),
  );
  if (differs) return null;
  const { files: _, text: __, recipients: ___, ownerMail: ____, ...line } = stands;
  const { files, text, recipients, ownerMail } = wanted;
  return {
    ...line,
    files,
    recipients,
    ...(text === undefined ? {} : { text }),
    ...(ownerMail === undefined ? {} : { ownerMail }),
  };
}

function changedFields(stands: OutboundFacts, wanted: OutboundFacts): string[] {
  const old = stands as unknown as Readonly<Record<string, unknown>>;
  const now = wanted as unknown as Readonly<Record<string, unknown>>;
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((field) => !isDeepStrictEqual(old[field] ?? null, now[field] ?? null))
    .sort();
}
