import { thaiLetterDate } from "../../shared/letter/stamp.ts";
import { mailEnds } from "../compose/mail-ends.ts";
import type { Templates, View } from "../compose/read-templates.ts";
import { agencyView, inBoth } from "../compose/receipt-view.ts";
import type { OutgoingMail } from "../mail/outgoing-mail.ts";
import type { Notice } from "../notice-store.ts";
import type { OwnerFacts, OwnerRecipient } from "./owner-facts.ts";

/** What is known of the letter at a recipient who has not answered. */
const KNOWN: Readonly<
  Record<NonNullable<OwnerRecipient["known"]> | "nothing", { readonly th: string; readonly en: string }>
> = {
  nothing: { th: "ยังไม่มีเครื่องแม่ข่ายใดรับไว้", en: "no server has taken it yet" },
  delayed: { th: "เครื่องแม่ข่ายแจ้งว่ายังส่งไม่ได้ กำลังพยายามต่อ", en: "a server says that it is delayed" },
  accepted: { th: "เครื่องแม่ข่ายถัดไปรับไว้แล้ว", en: "the next server has taken it" },
  delivered: { th: "ถึงกล่องจดหมายของผู้รับแล้ว", en: "it was delivered to the mailbox" },
  displayed: { th: "ผู้รับเปิดดูแล้ว แต่ยังไม่ลงทะเบียนรับ", en: "it was opened there" },
  answered: { th: "มีการตอบกลับโดยอัตโนมัติ แต่ยังไม่ยืนยันการรับ", en: "an automatic answer came, and no receipt" },
};

/** recipient_event.details.reason of a failure, as room notification writes it. */
const REASONS: Readonly<Record<string, string>> = {
  "not-taken": "เครื่องแม่ข่ายไม่รับ (refused by a mail server)",
  bounced: "เครื่องแม่ข่ายของผู้รับแจ้งว่าส่งไม่ถึง (a mail server reported that it could not be delivered)",
  "given-up": "พยายามส่งจนครบกำหนดแล้ว (given up after the last try)",
  classified: "มีชั้นความลับ ส่งทางไปรษณีย์อิเล็กทรอนิกส์ธรรมดาไม่ได้ (classified, which plain mail may not carry)",
};

/** The mail that tells a letter's owner that recipients could not be reached, or do not answer. */
export function composeOwnerNotice(templates: Templates, notice: Notice, returnPath: string): OutgoingMail {
  const facts = notice.facts as OwnerFacts;
  const words = templates.render(notice.agencyId, `owner-${facts.what}`, viewOf(facts));
  return { ...mailEnds(notice, returnPath), ...words, autoSubmitted: "auto-generated", files: [] };
}

function viewOf({ agency, letter, hours, missingYears, recipients }: OwnerFacts): View {
  return {
    ...agencyView(agency),
    ...inBoth("sentAt", letter.sentAt),
    letterId: letter.id,
    letterNumber: letter.number ?? "",
    letterDateTh: letter.date === null ? "" : thaiLetterDate(letter.date),
    letterDateEn: letter.date ?? "",
    subject: letter.subject ?? "",
    registerNumber: letter.registerNumber ?? "",
    count: String(recipients.length),
    hours: hours === null ? "" : String(hours),
    unknownYears: missingYears.join(", "),
    recipients: recipients.map(({ name, address, at, reason, known }, index) => {
      const { th, en } = KNOWN[known ?? "nothing"];
      return {
        no: String(index + 1),
        name,
        address,
        ...inBoth("at", at),
        reason: reasonWords(reason),
        knownTh: th,
        knownEn: en,
      };
    }),
  };
}

function reasonWords(reason: OwnerRecipient["reason"]): string {
  const { code, words } = reason ?? { code: null, words: null };
  const known = code === null ? null : (REASONS[code] ?? code);
  return [known, words].filter((part) => part !== null).join(": ");
}
