import { secrecyOfCode, tenDigits, urgencyOfCode } from "./codes.ts";
import type { EcmsErrorDetail } from "./message.ts";
import type { DocumentFault, GovernmentDocument } from "./read-government-document.ts";
import { isoDateOf } from "./wire-date.ts";

/** Why a request is not understood, or is refused. None of them quotes the request. */
export type EcmsFault =
  | DocumentFault
  | "not-soap"
  | "no-operation"
  | "unknown-operation"
  | "no-letter"
  | "no-number"
  | "no-date"
  | "no-subject"
  | "no-sender"
  | "no-receiver"
  | "unknown-speed-code"
  | "unknown-secret-code"
  | "not-base64"
  | "no-process-id"
  | "no-key"
  | "no-accept-id"
  | "unknown-receiver"
  | "other-sender"
  | "duplicate"
  | "classified"
  | "top-secret"
  | "misdeclared"
  | "unknown-process"
  | "unknown-document"
  | "not-allowed"
  | "not-available";

/**
 * The list of codes that the protocol leaves to each node: these are ours. 1xx: the request cannot be read; 2xx: it lacks
 * something; 3xx: it is refused; 4xx: there is no such thing; 5xx: not now.
 */
const FAULTS: Readonly<Record<EcmsFault, readonly [code: string, th: string, en: string]>> = {
  "not-well-formed": ["SRB101", "ข้อมูล XML ไม่สมบูรณ์", "not well-formed XML"],
  doctype: ["SRB102", "ไม่รับ XML ที่มี DOCTYPE", "XML with a DOCTYPE is not read"],
  "unknown-encoding": ["SRB103", "ไม่รู้จักรหัสอักขระของ XML", "unknown encoding"],
  "too-deep": ["SRB104", "XML ซ้อนกันลึกเกินกำหนด", "nested too deep"],
  "too-many-elements": ["SRB105", "XML มีรายการมากเกินกำหนด", "too many elements"],
  "too-large": ["SRB106", "ข้อมูลมีขนาดใหญ่เกินกำหนด", "too large"],
  "not-soap": ["SRB107", "ไม่ใช่ข้อความ SOAP", "not a SOAP message"],
  "no-operation": ["SRB108", "ไม่พบคำสั่งใน Body", "no operation in Body"],
  "unknown-operation": ["SRB109", "ไม่รู้จักคำสั่งนี้", "unknown operation"],
  "no-letter": ["SRB110", "ไม่พบหนังสือหรือหนังสือแจ้งในคำขอ", "neither a letter nor a notifier"],
  "not-a-document": ["SRB111", "ไม่ใช่ GovernmentDocument ตามมาตรฐาน", "not a GovernmentDocument"],
  "several-documents": [
    "SRB112",
    "มีคำสั่ง หนังสือ หรือหนังสือแจ้งมากกว่าหนึ่งรายการ",
    "more than one operation, letter or notifier",
  ],
  "too-many-objects": ["SRB113", "มีสิ่งที่แนบมากเกินกำหนด", "too many binary objects"],
  "no-number": ["SRB201", "ไม่มีเลขที่หนังสือ", "no letter number"],
  "no-date": ["SRB202", "ไม่มีวันที่ของหนังสือ หรือวันที่ไม่ถูกต้อง", "no date, or none that can be read"],
  "no-subject": ["SRB203", "ไม่มีชื่อเรื่อง", "no subject"],
  "no-sender": ["SRB204", "ไม่มีรหัสหน่วยงานผู้ส่ง", "no department of the sender"],
  "no-receiver": ["SRB205", "ไม่มีรหัสหน่วยงานผู้รับ", "no department of the receiver"],
  "unknown-speed-code": ["SRB206", "รหัสชั้นความเร็วไม่ถูกต้อง", "SpeedCode is not in the list"],
  "unknown-secret-code": ["SRB207", "รหัสชั้นความลับไม่ถูกต้อง", "SecretCode is not in the list"],
  "not-base64": ["SRB208", "ถอดรหัสแฟ้มที่แนบไม่ได้", "a binary object is not base64"],
  "no-process-id": ["SRB209", "ไม่มี ProcessID", "no ProcessID"],
  "no-key": [
    "SRB210",
    "ต้องระบุเลขที่หนังสือ วันที่ หน่วยงานผู้ส่งและผู้รับ",
    "LetterID, CorrespondenceDate, SenderDepartment and AcceptDepartment are needed",
  ],
  "no-accept-id": ["SRB211", "ไม่มีเลขรับ", "no AcceptID"],
  "unknown-receiver": ["SRB301", "ไม่ให้บริการแก่หน่วยงานผู้รับนี้", "the receiver is not served here"],
  "other-sender": [
    "SRB302",
    "หน่วยงานผู้ส่งไม่ใช่หน่วยงานของผู้เชื่อมต่อ",
    "the sender is not the office of this client",
  ],
  duplicate: [
    "SRB303",
    "มีหนังสือฉบับนี้แล้ว ต้องขอลบก่อนจึงส่งใหม่ได้",
    "this letter is here already; delete it before sending it again",
  ],
  classified: ["SRB304", "ไม่รับหนังสือที่มีชั้นความลับทางช่องทางนี้", "classified letters are not taken here"],
  "top-secret": ["SRB305", "ไม่รับหนังสือชั้นลับที่สุดทางอิเล็กทรอนิกส์", "top secret letters are never taken"],
  misdeclared: [
    "SRB307",
    "ข้อความในหนังสือแสดงชั้นความลับสูงกว่าที่ระบุไว้",
    "the letter marks itself as graver than its SecretCode says",
  ],
  "not-allowed": ["SRB306", "ไม่มีสิทธิใช้คำสั่งนี้", "this client may not do that"],
  "unknown-process": ["SRB401", "ไม่พบ ProcessID นี้", "unknown ProcessID"],
  "unknown-document": ["SRB402", "ไม่พบหนังสือฉบับนี้", "no such letter"],
  "not-available": ["SRB501", "ระบบยังไม่พร้อม โปรดส่งใหม่ภายหลัง", "not now; send it again later"],
};

export function errorDetailOf(fault: EcmsFault): EcmsErrorDetail {
  const [code, th, en] = FAULTS[fault];
  return { code, description: `${th} (${en})` };
}

/** No office writes more; the key that it is part of could not be kept. */
const MOST_NUMBER_CHARACTERS = 200;

/** What a letter on this wire lacks, worst first; empty for one that can be taken in. Secrecy is the door's to judge. */
export function faultsOfLetter(document: GovernmentDocument): EcmsFault[] {
  const faults: EcmsFault[] = [];
  if (tenDigits(document.receiver.departmentId) === null) faults.push("no-receiver");
  if (tenDigits(document.sender.departmentId) === null) faults.push("no-sender");
  if (document.id === null || document.id.length > MOST_NUMBER_CHARACTERS) faults.push("no-number");
  if (isoDateOf(document.correspondenceDate) === null) faults.push("no-date");
  if (document.subject === null) faults.push("no-subject");
  if (secrecyOfCode(document.secretCode) === null) faults.push("unknown-secret-code");
  if (urgencyOfCode(document.speedCode) === null) faults.push("unknown-speed-code");
  if (document.objects.some(({ intact }) => !intact)) faults.push("not-base64");
  return faults;
}
