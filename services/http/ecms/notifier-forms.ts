import type { Notifier, NotifierType } from "../../shared/ecms/message.ts";
import { wireTime } from "../../shared/ecms/wire-text.ts";
import type { Evidence } from "../../shared/letter/evidence/evidence.ts";
import type { RecipientEvent } from "../../shared/letter/outbound.ts";
import type { NewsFacts, ReceiptFacts } from "./inbox-store.ts";

/** What the wire has no word for (a letter was opened, is held for a virus, its recall was answered) is told by JSON only. */
const OF_RECEIPT: Readonly<Partial<Record<Evidence["type"], NotifierType>>> = {
  arrived: "ReceiveLetterNotifier",
  registered: "AcceptLetterNotifier",
  refused: "RejectLetterNotifier",
  rejected: "RejectLetterNotifier",
  invalid: "InvalidLetterNotifier",
};

const OF_NEWS: Readonly<Partial<Record<RecipientEvent, NotifierType>>> = {
  arrived: "ReceiveLetterNotifier",
  registered: "AcceptLetterNotifier",
  corrected: "AcceptLetterNotifier",
  refused: "RejectLetterNotifier",
  rejected: "RejectLetterNotifier",
  invalid: "InvalidLetterNotifier",
};

/** Types of receipts that say what this notifier says. */
export function receiptTypesOf(type: NotifierType): Evidence["type"][] {
  const types = (Object.keys(OF_RECEIPT) as Evidence["type"][]).filter((each) => OF_RECEIPT[each] === type);
  // A letter that has its number has arrived, too.
  return type === "ReceiveLetterNotifier" ? [...types, "registered"] : types;
}

export function newsOf(type: NotifierType): RecipientEvent[] {
  return (Object.keys(OF_NEWS) as RecipientEvent[]).filter((each) => OF_NEWS[each] === type);
}

/**
 * The notifier that says to the sender of a letter what its receipt says; null for what has none.
 * @param as "received": of a letter that has its number, that it has arrived
 */
export function notifierOfReceipt(facts: ReceiptFacts, as: "received" | "said" = "said"): Notifier | null {
  const type = as === "received" ? "ReceiveLetterNotifier" : OF_RECEIPT[facts.type];
  const { register, receivedAt, registeredAt, issuedAt } = facts.evidence;
  if (type === undefined || facts.letterId === null) return null;
  if (type === "AcceptLetterNotifier" && register === null) return null;
  const at = type === "ReceiveLetterNotifier" ? receivedAt : (registeredAt ?? issuedAt);
  return {
    type,
    letterId: facts.letterId,
    acceptId: type === "AcceptLetterNotifier" && register !== null ? acceptIdOf(register) : null,
    correspondenceDate: facts.correspondenceDate,
    subject: facts.subject,
    acceptDate: wireTime(new Date(at)),
    acceptDepartment: facts.acceptDepartment,
  };
}

/** The notifier that says to the agency's own system what became of its letter elsewhere; null for what has none. */
export function notifierOfNews(facts: NewsFacts): Notifier | null {
  const type = OF_NEWS[facts.what];
  const acceptId = receiveNumberIn(facts.details);
  if (type === undefined || facts.letterId === null) return null;
  // Old clients take any answer with an AcceptID for an acceptance, so an acceptance without one says nothing.
  if (type === "AcceptLetterNotifier" && acceptId === "") return null;
  return {
    type,
    letterId: facts.letterId,
    acceptId: type === "AcceptLetterNotifier" ? acceptId : null,
    correspondenceDate: facts.correspondenceDate,
    subject: facts.subject,
    acceptDate: wireTime(facts.happenedAt),
    acceptDepartment: facts.acceptDepartment,
  };
}

/** As the other office writes it: with its year, where it has said it. */
function receiveNumberIn({ receiveNumber, receiveYear }: NewsFacts["details"]): string {
  if (typeof receiveNumber !== "string" && typeof receiveNumber !== "number") return "";
  const number = String(receiveNumber);
  return typeof receiveYear === "number" && !number.includes("/") ? `${number}/${receiveYear}` : number;
}

/** เลขรับ as it goes to other offices: with its year, for numbers begin again each year and old clients refuse one twice. */
function acceptIdOf({
  number,
  yearBuddhist,
}: {
  readonly number: number;
  readonly yearBuddhist: number;
}): string {
  return `${number}/${yearBuddhist}`;
}
