import { englishDateTime, thaiDateTime } from "../shared/letter/stamp.ts";
import { type ComposedNotice, type NoticeEnds, sharedParts } from "./compose-notice.ts";
import type { AlertFacts } from "./receipt.ts";

/**
 * Tells a person of the agency that an arrival was refused: when it came, its id, why, and until when its copy is kept. It
 * goes out as plain mail, so it says nothing of the sender and none of his words.
 */
export function composeAlert(alert: AlertFacts, ends: NoticeEnds): ComposedNotice {
  const { th, en } = REASONS[alert.reason];
  const received = new Date(alert.receivedAt);
  const until = alert.keepUntil === null ? null : new Date(alert.keepUntil);
  const lines = [
    `ระบบสารบรรณอิเล็กทรอนิกส์ของ${alert.agency.nameThai} ไม่รับข้อความฉบับหนึ่งไว้`,
    "",
    `เวลาที่มาถึง     : ${thaiDateTime(received)}`,
    `รหัสเรื่อง       : ${alert.intakeId}`,
    `เหตุผล         : ${th}`,
    until === null ? "ไม่มีสำเนาเก็บไว้" : `เก็บสำเนาไว้ถึง   : ${thaiDateTime(until)} แล้วลบ ระหว่างนี้ไม่มีผู้ใดเปิดอ่าน`,
    "",
    "--------------------------------------------------------------------",
    "",
    `The saraban system of ${alert.agency.nameEnglish} has refused an arrival.`,
    "",
    `Arrived      : ${englishDateTime(received)}`,
    `Id           : ${alert.intakeId}`,
    `Reason       : ${en}`,
    until === null
      ? "No copy is kept."
      : `Copy kept to : ${englishDateTime(until)}, then removed; nobody opens it until then`,
    "",
  ];
  return {
    ...sharedParts(alert, ends),
    autoSubmitted: "auto-generated",
    subject: "แจ้งเตือน: มีข้อความที่ระบบไม่รับไว้ (an arrival was refused)",
    text: lines.join("\r\n"),
    attachment: null,
  };
}

const REASONS: Readonly<Record<AlertFacts["reason"], { readonly th: string; readonly en: string }>> = {
  "classified-by-mail": {
    th: "มีชั้นความลับ ส่งทางไปรษณีย์อิเล็กทรอนิกส์ธรรมดาไม่ได้",
    en: "marked as classified, which plain mail may not carry",
  },
  infected: { th: "พบไวรัสคอมพิวเตอร์", en: "a virus was found in it" },
  "sender-not-accepted": {
    th: "ผู้ส่งไม่ใช่ผู้ที่อ้าง หรือเป็นผู้ส่งที่หน่วยงานไม่รับ",
    en: "its sender is forged, or not accepted by the agency",
  },
};
