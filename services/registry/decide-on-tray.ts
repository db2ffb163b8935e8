import type { Act } from "../shared/letter/act.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Transaction } from "../shared/runtime/database.ts";
import { done, refused, tellSender } from "./act-answer.ts";
import {
  type ActResult,
  insertTrayDecision,
  isRegistered,
  readTrayLetter,
  type TrayLetter,
} from "./act-store.ts";
import { agencyRules } from "./agency-rules.ts";
import { overlaid, signature } from "./compose-line.ts";
import { isSameLetter } from "./decide-outcome.ts";
import { findNumbered } from "./earlier-store.ts";
import { insertEntries } from "./entry-store.ts";
import { readLine } from "./line-store.ts";
import { nextPlace } from "./next-place.ts";
import type { RegistryParts } from "./register-letter.ts";

const DECISIONS = {
  reject: "rejected",
  invalid: "invalid",
  "not-a-letter": "not-a-letter",
  merge: "merged",
} as const;

/** What a clerk decides on an arrival that lies in the tray: once, and for good. Run under the book's lock. */
export async function decideOnTray(
  parts: RegistryParts,
  transaction: Transaction<Tables>,
  act: Act,
  stamp: Stamp,
): Promise<ActResult> {
  const letter = await readTrayLetter(transaction, act.intakeId as string);
  if (!letter || !["triage", "possible-duplicate"].includes(letter.outcome ?? ""))
    return refused("not-in-the-tray");
  if (letter.decision !== null) return refused("already-decided");
  if (act.act === "register") return registerFromTray(parts, transaction, act, letter, stamp);
  const earlier = act.act === "merge" ? await mergedInto(transaction, act) : null;
  if (earlier === undefined) return refused("the-other-letter-is-not-registered");
  const decision = DECISIONS[act.act as keyof typeof DECISIONS];
  await insertTrayDecision(transaction, { ...act, earlierIntakeId: earlier }, decision, stamp);
  // Who has sent what is no letter is no correspondent; everybody else hears what became of his letter, be it that it is the
  // same one as another that stands in the book.
  if (act.act !== "not-a-letter") await tellSender(transaction, act.agencyId, act.intakeId);
  return done();
}

/**
 * A letter is merged into another arrival that stands in a book, or into a line.
 * @returns the arrival whose receipt is this sender's too; null for a line of a letter that came on paper; undefined when
 * there is nothing to merge into
 */
async function mergedInto(transaction: Transaction<Tables>, act: Act): Promise<string | null | undefined> {
  const { bookId, year, number, earlierIntakeId, intakeId } = act;
  if (earlierIntakeId !== null) {
    const isThere = earlierIntakeId !== intakeId && (await isRegistered(transaction, earlierIntakeId));
    return isThere ? earlierIntakeId : undefined;
  }
  if (bookId === null || year === null || number === null) return undefined;
  const line = await readLine(transaction, { bookId, year, number });
  return line?.status === "registered" && line.direction === "inbound" ? line.intakeId : undefined;
}

async function registerFromTray(
  parts: RegistryParts,
  transaction: Transaction<Tables>,
  act: Act,
  found: TrayLetter,
  stamp: Stamp,
): Promise<ActResult> {
  const letter = overlaid(found, act.facts);
  if (letter.subject === null) return refused("a-subject-is-needed");
  const registered =
    letter.number === null ? [] : await findNumbered(transaction, act.agencyId, [letter.number]);
  // Who registers it all the same says why.
  if (act.reason === "" && registered.some((other) => isSameLetter(letter, other)))
    return refused("the-same-letter-is-registered");
  const bookId = `${act.agencyId}.inbound.ordinary`;
  const place = { bookId, ...(await nextPlace(transaction, bookId, stamp)) };
  const rules = await agencyRules(transaction, act.agencyId, parts.deem);
  await insertEntries(transaction, bookId, act.agencyId, [
    { letter, ...place, ...signature(act, stamp), deemed: rules.deem(found.arrivedAt) },
  ]);
  await insertTrayDecision(transaction, act, "registered", stamp);
  await tellSender(transaction, act.agencyId, act.intakeId);
  return done(place);
}
