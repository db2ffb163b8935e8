import type { Act } from "../../shared/letter/act.ts";
import type { ActRefusal } from "../../shared/letter/act-refusal.ts";
import type { OutboundFacts } from "../../shared/letter/outbound.ts";
import { handOn } from "../../shared/letter/outbox.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { done, refused } from "../act-answer.ts";
import type { ActResult, Place } from "../act-store.ts";
import { type RegistryOfAgency, readAgency } from "../agency-store.ts";
import { readLine } from "../line-store.ts";
import { isClassified } from "./classified-marks.ts";
import { signOffFault } from "./judge-sign-off.ts";
import { approvedVersion, insertLetterEvent, type OutboundLetter, updateLetter } from "./letter-store.ts";
import { nameFiles } from "./name-files.ts";
import { domainsOf, resolveRecipients } from "./resolve-recipients.ts";
import {
  findFiles,
  findOffices,
  insertFiles,
  insertRecipients,
  type Recipient,
  recipientsOf,
  type UploadedFile,
} from "./sending-store.ts";

/**
 * Files of one letter in all. A mail carries them a third larger (base64, RFC 2045 §6.8), and a server that takes the common
 * 25 or 50 MB refuses more for good: better said before the letter counts as sent.
 */
const MOST_BYTES = 50 * 1024 * 1024;

/** A letter that can be sent: to whom, and what. */
export interface Sending {
  readonly recipients: readonly Recipient[];
  readonly files: readonly UploadedFile[];
}

/** Why a letter cannot be sent as it stands, or all that is needed to send it. Writes nothing. */
export async function prepareSending(
  transaction: Transaction<Tables>,
  agency: RegistryOfAgency,
  facts: OutboundFacts,
): Promise<ActRefusal | Sending> {
  const offices = await findOffices(transaction, agency.id, domainsOf(facts.recipients));
  const recipients = resolveRecipients(facts.recipients, offices, agency);
  if (typeof recipients === "string") return recipients;
  const files = await findFiles(transaction, facts.files);
  if (files.length < facts.files.length) return "no-such-file";
  if (files.length === 0 && (facts.text ?? "").trim() === "") return "neither-text-nor-files";
  if (files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > MOST_BYTES) return "too-large-for-mail";
  const names = files.map(({ name }) => name);
  return isClassified(facts, names) ? "classified-letters-are-not-mailed" : { recipients, files };
}

/**
 * The letter is sent: its files under their names, its recipients and one job for each are written down, and nothing of it
 * changes any more. The copy that the office keeps is these rows (Annex 6 §2.2.1).
 */
export async function sendOut(
  transaction: Transaction<Tables>,
  { agencyId }: Act,
  letter: { readonly id: string; readonly place: Pick<Place, "year"> },
  sending: Sending & {
    readonly letterNumber: string;
    readonly agency: RegistryOfAgency;
    /** The sender's time of sending (Annex 6 §2.2.5). */
    readonly sentAt: Date;
  },
): Promise<void> {
  const { recipients, files, letterNumber, agency, sentAt } = sending;
  const { romanCode, domain } = agency;
  const names = nameFiles(
    { romanCode, domain, letterNumber, year: letter.place.year },
    files.map(({ name }) => name),
  );
  const named = files.map(({ id }, index) => ({ id, name: names[index] as string }));
  await insertFiles(transaction, letter.id, agencyId, named);
  await insertRecipients(transaction, letter.id, agencyId, recipients);
  await updateLetter(transaction, letter.id, { state: "sent", sentAt });
  await handOnToAll(
    transaction,
    agencyId,
    recipients.map(({ id }) => id),
  );
}

/** Sends a letter that is signed off. */
export async function sendLetter(
  transaction: Transaction<Tables>,
  act: Act,
  letter: OutboundLetter,
  stamp: Stamp,
): Promise<ActResult> {
  if (letter.state === "sent") return refused("the-letter-is-sent");
  const { place, version } = letter;
  if (letter.state !== "approved" || place === null) return refused("the-letter-is-not-approved");
  const agency = await readAgency(transaction, act.agencyId);
  // Its files may change after it has its number, which stands in them: then who sends it signs these off as well, or
  // anybody could put another letter under the signature.
  if ((await approvedVersion(transaction, letter.id)) !== version) {
    const fault = await signOffFault(transaction, act, letter, agency.outbound);
    if (fault !== null) return refused(fault);
  }
  const sending = await prepareSending(transaction, agency, letter.facts);
  if (typeof sending === "string") return refused(sending);
  const line = await readLine(transaction, place);
  if (line?.status !== "registered" || !line.letterNumber) return refused("the-line-is-cancelled");
  const details = { recipients: sending.recipients.length };
  const sentAt = await insertLetterEvent(
    transaction,
    act,
    letter.id,
    { what: "sent", version, details },
    stamp,
  );
  const { letterNumber } = line;
  await sendOut(transaction, act, { ...letter, place }, { ...sending, letterNumber, agency, sentAt });
  return done(place);
}

/** Sends a letter to one recipient once more, for a person has asked for it: its event makes the mail another one. */
export async function resendLetter(
  transaction: Transaction<Tables>,
  act: Act,
  letter: OutboundLetter,
  stamp: Stamp,
): Promise<ActResult> {
  if (letter.state !== "sent") return refused("the-letter-is-not-sent");
  if (letter.recalledAt !== null) return refused("the-letter-is-recalled");
  const { recipientId } = act.details;
  if (recipientId === undefined || !(await recipientsOf(transaction, letter.id)).includes(recipientId))
    return refused("no-such-recipient");
  const { version, place } = letter;
  // The job's row before the watch on the recipient, which the event wakes: room notification locks them in this order too.
  await handOnToAll(transaction, act.agencyId, [recipientId]);
  await insertLetterEvent(transaction, act, letter.id, { what: "resent", version, recipientId }, stamp);
  return done(place);
}

export async function handOnToAll(
  transaction: Transaction<Tables>,
  agencyId: string,
  recipientIds: readonly string[],
): Promise<void> {
  await handOn(
    transaction,
    "registry",
    recipientIds.map((subjectId) => ({ job: "send-letter", agencyId, subjectId })),
  );
}
