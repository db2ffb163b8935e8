import { type Act, oneLine } from "../../shared/letter/act.ts";
import type { ActRefusal } from "../../shared/letter/act-refusal.ts";
import { dayOf, isoDateOfDay } from "../../shared/letter/bangkok-day.ts";
import type { OutboundFacts } from "../../shared/letter/outbound.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { done, refused } from "../act-answer.ts";
import type { ActResult, Place } from "../act-store.ts";
import { type RegistryOfAgency, readAgency } from "../agency-store.ts";
import { composedNumber } from "../compose-line.ts";
import { signOffFault } from "./judge-sign-off.ts";
import { insertLetterEvent, type OutboundLetter, updateLetter } from "./letter-store.ts";
import { numberLetter, placeFor } from "./number-letter.ts";
import { addressees, domainsOf } from "./resolve-recipients.ts";
import { prepareSending, sendOut } from "./send-letter.ts";
import { findOffices } from "./sending-store.ts";

/**
 * Signs a letter off: in the same transaction it takes the next number of its book, or fills the number that was reserved for
 * it, and its line is written (Annex 6 §2.2.1, §2.2.7); with details.send it goes out as well. All that could stand in the way
 * is looked at before the number is taken: a number is never given back. Run under the locks of book and letter.
 */
export async function approveLetter(
  transaction: Transaction<Tables>,
  act: Act,
  letter: OutboundLetter,
  stamp: Stamp,
): Promise<ActResult> {
  const agency = await readAgency(transaction, act.agencyId);
  const fault = await approvalFault(transaction, act, letter, agency);
  if (fault !== null) return refused(fault);
  const place = await placeFor(transaction, act, `${act.agencyId}.outbound.${letter.series}`, stamp);
  if (typeof place === "string") return refused(place);
  const facts = await completed(transaction, letter.facts, agency, stamp);
  const sending = act.details.send === true ? await prepareSending(transaction, agency, facts) : null;
  if (typeof sending === "string") return refused(sending);

  const letterNumber = composedNumber(agency.letterCode, letter.series, place.number) as string;
  await numberLetter(transaction, act, facts, { place, letterNumber }, stamp);
  const numbered: OutboundLetter & { readonly place: Place } = {
    ...letter,
    facts,
    place: { bookId: place.bookId, year: place.year, number: place.number },
    state: "approved",
  };
  await updateLetter(transaction, letter.id, { facts, place: numbered.place, state: "approved" });
  const { version } = letter;
  // One act, one event: of a letter that went out in the same moment this one tells both.
  const details = sending === null ? {} : { sent: true, recipients: sending.recipients.length };
  const event = { what: "approved", version, details } as const;
  const madeAt = await insertLetterEvent(transaction, act, letter.id, event, stamp);
  if (sending !== null)
    await sendOut(transaction, act, numbered, { ...sending, letterNumber, agency, sentAt: madeAt });
  return done(numbered.place);
}

async function approvalFault(
  transaction: Transaction<Tables>,
  act: Act,
  letter: OutboundLetter,
  { letterCode, outbound }: RegistryOfAgency,
): Promise<ActRefusal | null> {
  if (letter.state === "sent") return "the-letter-is-sent";
  if (letter.state === "approved") return "the-letter-is-numbered";
  const fault = await signOffFault(transaction, act, letter, outbound);
  if (fault !== null) return fault;
  if (!letter.facts.subject) return "a-subject-is-needed";
  return letterCode === null ? "the-agency-has-no-letter-code" : null;
}

/** With what the line says where the draft says nothing: today's date, our own name, the recipients' names. */
async function completed(
  transaction: Transaction<Tables>,
  facts: OutboundFacts,
  { id, nameThai }: RegistryOfAgency,
  { at }: Stamp,
): Promise<OutboundFacts> {
  const offices = await findOffices(transaction, id, domainsOf(facts.recipients));
  const to = facts.to ?? addressees(facts.recipients, offices);
  return {
    ...facts,
    letterDate: facts.letterDate ?? isoDateOfDay(dayOf(at.getTime())),
    // Names of the directory are spelt as somebody has typed them; the letter says what its line says, to the letter.
    from: facts.from ?? oneLine(nameThai),
    to: to === null ? null : oneLine(to),
  };
}
