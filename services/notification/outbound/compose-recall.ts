import { thaiLetterDate } from "../../shared/letter/stamp.ts";
import type { OutgoingMail } from "../mail/outgoing-mail.ts";
import type { Notice } from "../notice-store.ts";
import type { RecallNoticeFacts } from "./letter-facts.ts";

/** The mail that asks for a letter back: in words for people, Thai and English, and signed for programs. */
export function composeRecall(
  { id, recipient, messageId, madeAt }: Notice,
  { agency, recall, jws, printed, letterMessageId }: RecallNoticeFacts,
  returnPath: string,
): OutgoingMail {
  const { letter, reason, replacedBy, recallId } = recall;
  const dated = letter.date === null ? "" : ` ลงวันที่ ${thaiLetterDate(letter.date)}`;
  const lines = [
    `${agency.nameThai} ขอเรียกคืนหนังสือที่ได้ส่งถึงท่าน ตามรายละเอียดดังนี้`,
    "",
    `หนังสือ          : ที่ ${printed}${dated}`,
    `เหตุผล          : ${reason}`,
    ...(replacedBy === null ? [] : [`ใช้ฉบับนี้แทน      : ที่ ${replacedBy}`]),
    `รหัสการเรียกคืน   : ${recallId}`,
    "",
    "โปรดแจ้งผลว่ายินยอมให้เรียกคืนหรือไม่ คำขอที่ลงลายมือชื่อดิจิทัลสำหรับระบบคอมพิวเตอร์อยู่ในไฟล์แนบ",
    "",
    "--------------------------------------------------------------------",
    "",
    `${agency.nameEnglish} asks for a letter back that it has sent to you.`,
    "",
    `Letter         : ${letter.number}${letter.date === null ? "" : `, dated ${letter.date}`}`,
    `Reason         : ${reason}`,
    ...(replacedBy === null ? [] : [`Replaced by    : ${replacedBy}`]),
    `Recall id      : ${recallId}`,
    "",
    "Please say whether it is given back. The same, signed, for programs is in the attachment.",
    "",
  ];
  return {
    from: { name: agency.nameThai, address: agency.mailbox },
    to: recipient,
    subject: `ขอเรียกคืนหนังสือ ที่ ${printed}${dated} (recall of a letter)`,
    text: lines.join("\r\n"),
    files: [{ filename: `recall-${recallId}.jws`, contentType: "application/jose", content: jws }],
    messageId,
    date: madeAt,
    inReplyTo: letterMessageId,
    autoSubmitted: "auto-generated",
    returnPath,
    envelopeId: id,
  };
}
