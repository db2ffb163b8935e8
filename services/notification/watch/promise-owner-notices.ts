import { holderOf } from "../../shared/letter/own-address.ts";
import { buddhistYear, type Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { plainLine } from "../compose/plain-line.ts";
import { findNotices, insertNotice, type Notice } from "../notice-store.ts";
import { type OwnerFacts, type OwnerNews, type OwnerRecipient, ownerEventId } from "./owner-facts.ts";
import { findUntoldNews, type OwnedLetter, readOwnedLetter, type UntoldNews } from "./owner-store.ts";

/** The order in which the owner hears of what became known at the same moment. */
const NEWS: readonly OwnerNews[] = ["failed", "warned", "escalated"];

/**
 * Promises the owner of a letter one notice for each kind of news, about all recipients of whom nobody has told yet. The
 * job's row is locked by whoever calls: two workers do not tell of the same recipient in two notices.
 * @returns the notices to the owner of this letter, old and new
 */
export async function promiseOwnerNotices(
  transaction: Transaction<Tables>,
  agencyId: string,
  letterId: string,
  stamp: Stamp,
): Promise<Notice[]> {
  const letter = await readOwnedLetter(transaction, letterId);
  if (!letter) throw new Error("the letter cannot be found, or is not sent");
  const untold = await findUntoldNews(transaction, letterId);
  const recipient = ownerOf(letter);
  for (const what of NEWS) {
    const news = untold.filter((each) => each.what === what);
    const [first] = news;
    if (!first) continue;
    const id = newId();
    await insertNotice(
      transaction,
      {
        id,
        agencyId,
        kind: "owner",
        letterId,
        eventId: ownerEventId(what, first.eventId),
        recipient: recipient ?? "",
        messageId: `<owner.${id}@${letter.domain}>`,
        facts: ownerFacts(what, letterId, letter, news),
        withheld: recipient === null ? "no-contact" : null,
      },
      stamp,
    );
  }
  const notices = await findNotices(transaction, { letterId });
  return notices.filter(({ kind }) => kind === "owner");
}

/**
 * Who is told: whom the letter names, else the agency's clerk. Nobody outside the agency; nor the central mailbox, where it
 * would come back as a letter.
 */
export function ownerOf({ ownerMail, clerk, mailbox, domain }: OwnedLetter): string | null {
  return (
    [ownerMail, clerk].find(
      (address) => address !== null && holderOf(address, { mailbox, domain }) === "own",
    ) ?? null
  );
}

const OPEN_BOOK = /^[^.]+\.outbound\.(?:ordinary|circular)$/;

function ownerFacts(
  what: OwnerNews,
  letterId: string,
  letter: OwnedLetter,
  news: readonly UntoldNews[],
): OwnerFacts {
  const { agencyId, nameThai, nameEnglish, mailbox, domain, bookId, year, number, subject } = letter;
  const isOpen = bookId !== null && OPEN_BOOK.test(bookId);
  const details = news.map((each) => each.details);
  return {
    type: "owner",
    what,
    agency: { id: agencyId, nameThai, nameEnglish, mailbox: `${mailbox}@${domain}` },
    letter: {
      id: letterId,
      number: letter.letterNumber,
      date: letter.letterDate,
      subject: isOpen ? subject : null,
      registerNumber: number === null || year === null ? null : `${number}/${buddhistYear(year)}`,
      sentAt: letter.sentAt.toISOString(),
    },
    hours: (details[0]?.["hours"] as number | undefined) ?? null,
    missingYears: [
      ...new Set(details.flatMap((each) => (each["missingYears"] as number[] | undefined) ?? [])),
    ],
    recipients: news.map(recipientOf),
  };
}

function recipientOf({
  eventId,
  what,
  recipientId,
  name,
  address,
  recordedAt,
  details,
  known,
}: UntoldNews): OwnerRecipient {
  const text = (value: unknown): string | null =>
    typeof value === "string" && value.trim() !== "" ? plainLine(value, 300) : null;
  const [code, status] = [text(details["reason"]), text(details["status"])];
  const reply = text(details["reply"]) ?? text(details["diagnostic"]);
  const words = [status, reply].filter((part) => part !== null).join(" ");
  return {
    eventId,
    recipientId,
    name,
    address,
    at: recordedAt.toISOString(),
    reason: what === "failed" ? { code, words: words === "" ? null : words } : null,
    known,
  };
}
