import type { OutboundAnswer } from "./http/show-outbound.ts";
import { textTable } from "./shared/letter/book-table.ts";
import type { OutboundState, RecipientEvent } from "./shared/letter/outbound.ts";
import type { NewsProof } from "./shared/letter/recipient-state.ts";
import { fieldTable, shown } from "./show-fields.ts";

export const LETTER_STATE_WORDS: Readonly<Record<OutboundState, string>> = {
  draft: "ร่าง",
  checked: "ตรวจแล้ว",
  approved: "ลงนามและออกเลขแล้ว",
  sent: "ส่งแล้ว",
  withdrawn: "ยกเลิกการส่ง",
};

export const RECIPIENT_STATE_WORDS: Readonly<Record<RecipientEvent | "waiting", string>> = {
  waiting: "รอส่ง",
  delayed: "ล่าช้า",
  accepted: "ส่งออกแล้ว",
  delivered: "ถึงตู้ปลายทาง",
  displayed: "เปิดดูแล้ว",
  answered: "มีการตอบกลับ",
  arrived: "เข้าระบบปลายทาง",
  registered: "ลงทะเบียนรับแล้ว",
  "handed-over": "ถึงผู้รับผิดชอบ",
  corrected: "แก้ไขเลขรับ",
  cancelled: "ยกเลิกเลขรับ",
  quarantined: "ถูกกักไว้",
  invalid: "แจ้งหนังสือผิด",
  rejected: "ปฏิเสธการรับ",
  refused: "ไม่รับ",
  failed: "ส่งไม่ถึง",
  "recall-sent": "ส่งคำขอเรียกคืนแล้ว",
  "recall-refused": "ไม่คืนหนังสือ",
  "recall-accepted": "คืนหนังสือแล้ว",
  warned: "เตือนแล้ว",
  escalated: "เกินกำหนด แจ้งให้ติดตามแล้ว",
};

const PROOF_WORDS: Readonly<Record<NewsProof, string>> = {
  signature: "ลายมือชื่อดิจิทัล",
  own: "ระบบนี้",
  token: "รหัสของหนังสือ",
  client: "ระบบของหน่วยงานผู้รับ",
  clerk: "เจ้าหน้าที่บันทึก",
  claim: "กล่าวอ้าง",
};

type Shown = Pick<OutboundAnswer["recipients"][number], "no" | "name" | "address" | "status">;

/** Where a letter stands at each recipient. */
export function recipientTable(recipients: readonly Shown[]): string {
  const rows = recipients.map(({ no, name, address, status }) => {
    const { state, receiveNumber, receiveYear, since, proof, recall, claim } = status;
    const number = receiveNumber === null ? "-" : `${receiveNumber}${receiveYear ? `/${receiveYear}` : ""}`;
    const more = [
      ...(recall === null ? [] : [RECIPIENT_STATE_WORDS[recall]]),
      ...(claim === null ? [] : [`${PROOF_WORDS.claim}: ${RECIPIENT_STATE_WORDS[claim.what]}`]),
    ];
    return [
      String(no),
      shown(name),
      shown(address),
      RECIPIENT_STATE_WORDS[state],
      shown(number),
      shown(since),
      proof === null ? "-" : PROOF_WORDS[proof],
      more.join("; ") || "-",
    ];
  });
  const head = ["no", "ผู้รับ", "ที่อยู่", "สถานะ", "เลขรับ", "เมื่อ", "หลักฐาน", "อื่น ๆ"];
  return textTable([head, ...rows]);
}

/** A letter for a terminal: what it says, its files, where it stands at each recipient, and who did what with it. */
export function letterText(letter: OutboundAnswer): string {
  const { facts, recipients, files, events, complete, line, state, ...rest } = letter;
  const { recipients: wanted, files: _, ...says } = facts;
  const parts = [
    fieldTable({ ...rest, state: `${state} (${LETTER_STATE_WORDS[state]})`, line, facts: says }),
    textTable([
      ["no", "แฟ้ม", "ชนิด", "octets"],
      ...files.map(({ no, name, mediaType, sizeBytes }) => [
        String(no),
        shown(name),
        mediaType,
        String(sizeBytes),
      ]),
    ]),
    recipients.length > 0
      ? recipientTable(recipients)
      : textTable([
          ["no", "ถึง", "ที่อยู่"],
          ...wanted.map(({ name, partner, address }, index) => [
            String(index + 1),
            shown(name),
            shown(partner ?? address),
          ]),
        ]),
  ];
  const news = recipients.flatMap(({ no, events: known }) =>
    known.map(({ happenedAt, what, source, proof, details }) => [
      shown(happenedAt),
      String(no),
      RECIPIENT_STATE_WORDS[what],
      source,
      PROOF_WORDS[proof],
      shown(details),
    ]),
  );
  if (news.length > 0) parts.push(textTable([["เมื่อ", "no", "what", "source", "หลักฐาน", "details"], ...news]));
  const rows = events.map(({ madeAt, what, version, madeByName, reason, details }) => [
    shown(madeAt),
    what,
    String(version),
    shown(madeByName),
    shown(reason),
    Object.keys(details).length === 0 ? "-" : shown(details),
  ]);
  parts.push(textTable([["เมื่อ", "what", "version", "โดย", "เหตุผล", "details"], ...rows]));
  if (!complete) parts.push("… and more than is shown here\n");
  return parts.join("\n");
}
