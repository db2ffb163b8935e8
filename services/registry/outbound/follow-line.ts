import type { Act } from "../../shared/letter/act.ts";
import type { OutboundFacts } from "../../shared/letter/outbound.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import type { Changes } from "../line-store.ts";
import { insertLetterEvent, type OutboundLetter, updateLetter } from "./letter-store.ts";

/** Columns of a line that the letter itself has too. */
const SHARED = [
  "letterDate",
  "from",
  "to",
  "subject",
  "action",
  "remarks",
  "urgency",
  "kind",
  "references",
  "enclosures",
] as const satisfies (keyof OutboundFacts)[];

/**
 * A letter that is numbered and not yet sent says what its line says: it is corrected with it, and given up when its number is
 * cancelled. What was sent stays as it was sent.
 * @param letter the line's letter, locked; undefined for a line that is of none
 * @param changes null: the line is cancelled
 */
export async function followLine(
  transaction: Transaction<Tables>,
  act: Act,
  letter: OutboundLetter | undefined,
  changes: Changes | null,
  stamp: Stamp,
): Promise<void> {
  if (letter?.state !== "approved") return;
  if (changes === null) {
    await updateLetter(transaction, letter.id, { state: "withdrawn" });
    const event = { what: "withdrawn", version: letter.version } as const;
    await insertLetterEvent(transaction, act, letter.id, event, stamp);
    return;
  }
  const fields = SHARED.filter((field) => field in changes);
  if (fields.length === 0) return;
  const facts = {
    ...letter.facts,
    ...Object.fromEntries(fields.map((field) => [field, changes[field]?.new])),
  } as OutboundFacts;
  const version = letter.version + 1;
  await updateLetter(transaction, letter.id, { facts, version });
  await insertLetterEvent(
    transaction,
    act,
    letter.id,
    { what: "changed", version, details: { fields } },
    stamp,
  );
}
