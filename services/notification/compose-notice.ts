import { refusals } from "../shared/letter/refusals.ts";
import { englishDateTime, thaiDateTime, thaiLetterDate } from "../shared/letter/stamp.ts";
import type { NoticeFacts, Receipt, RefusalFacts, RejectionFacts } from "./receipt.ts";

/** A message ready for the mail library. */
export interface ComposedNotice {
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same facts for programs; null for what a person alone reads. */
  readonly attachment: { readonly filename: string; readonly json: string } | null;
  readonly messageId: string;
  readonly date: Date;
  /** The sender's Message-ID, with its angle brackets, when it had one that can stand in a header. */
  readonly inReplyTo: string | null;
  /** RFC 3834 §5: an answer, or told without having been asked. */
  readonly autoSubmitted: "auto-replied" | "auto-generated";
  /** Envelope sender: where other servers report to; "" for the null reverse-path. */
  readonly returnPath: string;
  /** By which a server that knows RFC 3461 names the message in its report. */
  readonly envelopeId: string;
}

export interface NoticeEnds {
  readonly fromAddress: string;
  readonly to: string;
  readonly messageId: string;
  readonly madeAt: Date;
  readonly returnPath: string;
  readonly envelopeId: string;
  /** Message-ID of the message that is answered. */
  readonly answersTo: string | null;
}

/**
 * The acknowledgement with the register number, Thai first, English beneath, and the same facts as JSON.
 * @param isCopy the letter came again: the first receipt is told once more, and why no other number is given
 */
export function composeAcknowledgement(receipt: Receipt, ends: NoticeEnds, isCopy = false): ComposedNotice {
  const { letter, register, agency, receiver } = receipt;
  const received = new Date(receipt.receivedAt);
  const registered = new Date(receipt.registeredAt);
  const deemed = deemedLater(receipt);
  const clock = clockWords(receipt);
  const registerNumber = `${register.number}/${register.yearBuddhist}`;
  const lines = [
    `${agency.nameThai} ได้รับและลงทะเบียนรับหนังสือของท่านแล้ว`,
    ...(isCopy ? ["หนังสือฉบับนี้ส่งมาซ้ำ จึงแจ้งหลักฐานการรับครั้งแรกอีกครั้ง ไม่ได้ออกเลขทะเบียนรับใหม่"] : []),
    "",
    `เลขที่หนังสือ        : ${letter.numberPrinted ?? "ไม่มีเลขที่"}`,
    `ลงวันที่             : ${letter.date === null ? "ไม่พบวันที่ในหนังสือ" : thaiLetterDate(letter.date)}`,
    `เลขทะเบียนรับ       : ${registerNumber}`,
    `เวลาที่รับ            : ${thaiDateTime(received)}`,
    ...(deemed === null ? [] : [`ถือว่าได้รับเมื่อ        : ${thaiDateTime(deemed)} (เวลาทำการถัดไป)`]),
    `เวลาที่ลงทะเบียน     : ${thaiDateTime(registered)}`,
    `ชื่อ-สกุลผู้รับ         : ${receiver.name}`,
    `หน่วยงานผู้รับ        : ${receiver.unit}`,
    `รหัสหลักฐาน         : ${receipt.evidenceId}`,
    "",
    clock.thai,
    "หนังสือฉบับนี้ระบบตอบโดยอัตโนมัติ ไม่ต้องตอบกลับ ข้อมูลเดียวกันสำหรับระบบคอมพิวเตอร์อยู่ในไฟล์แนบ",
    "",
    "--------------------------------------------------------------------",
    "",
    `${agency.nameEnglish} has received and registered your letter.`,
    ...(isCopy ? ["It came again: this is the receipt of its first arrival; no new number was given."] : []),
    "",
    `Letter number    : ${letter.number ?? "none"}`,
    `Letter date      : ${letter.date ?? "not found in the letter"}`,
    `Register number  : ${registerNumber} (inbound book of B.E. ${register.yearBuddhist})`,
    `Received         : ${englishDateTime(received)}`,
    ...(deemed === null ? [] : [`Deemed received  : ${englishDateTime(deemed)} (next working time)`]),
    `Registered       : ${englishDateTime(registered)}`,
    `Receiver         : ${receiver.name}`,
    `Receiving unit   : ${receiver.unit}`,
    `Evidence id      : ${receipt.evidenceId}`,
    "",
    clock.english,
    "This is an automatic reply; please do not answer it. The same facts for programs are in the attachment.",
    "",
  ];
  return {
    ...sharedParts(receipt, ends),
    subject: `แจ้งเลขรับหนังสือ${letter.number === null ? "" : ` ที่ ${letter.number}`} เลขรับ ${registerNumber}`,
    text: lines.join("\r\n"),
    attachment: { filename: `receipt-${receipt.evidenceId}.json`, json: JSON.stringify(receipt, null, 2) },
  };
}

/** When it counts as received, if that is later than its arrival (e-Government Act s. 10); null if not. */
function deemedLater({ receivedAt, deemedReceivedAt }: Receipt): Date | null {
  // Receipts promised before there was a calendar do not have the field.
  if (deemedReceivedAt === null || deemedReceivedAt === undefined) return null;
  const deemed = new Date(deemedReceivedAt);
  return deemed > new Date(receivedAt) ? deemed : null;
}

/** How far the two times can be trusted (Annex 6 §2.2.4): the worse of them is told. */
function clockWords({ clock: { received, registered } }: Receipt): { thai: string; english: string } {
  if (received.state === "unsynchronised" || registered.state === "unsynchronised") {
    return {
      thai: "เวลาข้างต้นอ่านจากนาฬิกาของระบบ ซึ่งขณะนั้นไม่ได้เทียบกับนาฬิกาอ้างอิง",
      english:
        "The times are those of this system's clock, which was not compared with a reference clock then.",
    };
  }
  const worse = received.errorBoundMs > registered.errorBoundMs ? received : registered;
  const ms = Math.ceil(worse.errorBoundMs * 10) / 10;
  return {
    thai: `เวลาข้างต้นเทียบกับนาฬิกาอ้างอิง ${worse.reference} คลาดเคลื่อนไม่เกิน ${ms} มิลลิวินาที`,
    english: `The times agree with the reference clock ${worse.reference} within ${ms} ms.`,
  };
}

/** The refusal of a letter that came by a door it may not use. It repeats neither subject nor number. */
export function composeRefusal(refusal: RefusalFacts, ends: NoticeEnds): ComposedNotice {
  const words = refusals[refusal.reason];
  const received = new Date(refusal.receivedAt);
  const lines = [
    `${refusal.agency.nameThai} ไม่รับหนังสือที่ท่านส่งมาทางไปรษณีย์อิเล็กทรอนิกส์เมื่อ ${thaiDateTime(received)}`,
    "",
    words.th,
    `รหัสหลักฐาน : ${refusal.evidenceId}`,
    "",
    "--------------------------------------------------------------------",
    "",
    `${refusal.agency.nameEnglish} does not accept the letter that you sent by e-mail on ${englishDateTime(received)}.`,
    "",
    words.en,
    `Evidence id : ${refusal.evidenceId}`,
    "",
  ];
  return {
    ...sharedParts(refusal, ends),
    subject: "แจ้งไม่รับหนังสือ (letter not accepted)",
    text: lines.join("\r\n"),
    attachment: { filename: `refusal-${refusal.evidenceId}.json`, json: JSON.stringify(refusal, null, 2) },
  };
}

/** The rejection by a clerk, with the reason in the clerk's words. It repeats nothing else of the letter. */
export function composeRejection(rejection: RejectionFacts, ends: NoticeEnds): ComposedNotice {
  const received = new Date(rejection.receivedAt);
  const lines = [
    `${rejection.agency.nameThai} ไม่ลงทะเบียนรับหนังสือที่ท่านส่งมาเมื่อ ${thaiDateTime(received)}`,
    "",
    `เหตุผล : ${rejection.reason}`,
    `รหัสหลักฐาน : ${rejection.evidenceId}`,
    "",
    "--------------------------------------------------------------------",
    "",
    `${rejection.agency.nameEnglish} has not registered the letter that you sent on ${englishDateTime(received)}.`,
    "",
    `Reason : ${rejection.reason}`,
    `Evidence id : ${rejection.evidenceId}`,
    "",
  ];
  return {
    ...sharedParts(rejection, ends),
    subject: "แจ้งไม่ลงทะเบียนรับหนังสือ (letter not registered)",
    text: lines.join("\r\n"),
    attachment: {
      filename: `rejection-${rejection.evidenceId}.json`,
      json: JSON.stringify(rejection, null, 2),
    },
  };
}

/** What all notices have: from the agency's mailbox, as an answer to a message. */
export function sharedParts({ agency }: Pick<NoticeFacts, "agency">, ends: NoticeEnds) {
  const { fromAddress, to, messageId, madeAt, returnPath, envelopeId, answersTo } = ends;
  return {
    from: { name: `สารบรรณอิเล็กทรอนิกส์ ${agency.nameThai}`, address: fromAddress },
    to,
    messageId,
    date: madeAt,
    inReplyTo: answersTo !== null && /^<[\x21-\x3b\x3d\x3f-\x7e]{1,900}>$/.test(answersTo) ? answersTo : null,
    autoSubmitted: "auto-replied" as const,
    returnPath,
    envelopeId,
  };
}
