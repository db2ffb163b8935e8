import type { Secrecy, Urgency } from "../letter/letter.ts";

/** One row of a code list, as the list operations give it. */
export interface Code {
  readonly value: string;
  readonly description: string;
}

export const SPEED_CODES: readonly (Code & { readonly urgency: Urgency })[] = [
  { value: "001", description: "ปกติ", urgency: "normal" },
  { value: "002", description: "ด่วน", urgency: "urgent" },
  { value: "003", description: "ด่วนมาก", urgency: "very-urgent" },
  { value: "004", description: "ด่วนที่สุด", urgency: "most-urgent" },
];

export const SECRET_CODES: readonly (Code & { readonly secrecy: Secrecy })[] = [
  { value: "001", description: "ปกติ", secrecy: "normal" },
  { value: "002", description: "ลับ", secrecy: "confidential" },
  { value: "003", description: "ลับมาก", secrecy: "secret" },
  { value: "004", description: "ลับที่สุด", secrecy: "top-secret" },
];

/** Media types that the wire carries, each with the name ending that receivers give such files. */
export const MIME_CODES: readonly { readonly extension: string; readonly mimeCode: string }[] = [
  { extension: ".doc", mimeCode: "application/msword" },
  {
    extension: ".docx",
    mimeCode: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  },
  { extension: ".pdf", mimeCode: "application/pdf" },
  { extension: ".rtf", mimeCode: "application/rtf" },
  { extension: ".xls", mimeCode: "application/vnd.ms-excel" },
  { extension: ".xlsx", mimeCode: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
  { extension: ".ppt", mimeCode: "application/vnd.ms-powerpoint" },
  {
    extension: ".pptx",
    mimeCode: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  },
  { extension: ".zip", mimeCode: "application/zip" },
  { extension: ".bmp", mimeCode: "image/bmp" },
  { extension: ".jpg", mimeCode: "image/jpeg" },
  { extension: ".png", mimeCode: "image/png" },
  { extension: ".tiff", mimeCode: "image/tiff" },
  { extension: ".txt", mimeCode: "text/plain" },
];

/** What clients of about 2012 write in place of the registered types. */
const OLD_MIME_CODES: Readonly<Record<string, string>> = {
  "application/docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  "application/xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  "application/pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  "image/jpg": "image/jpeg",
  "image/tif": "image/tiff",
};

/** The registered media type of a mimeCode, without its parameters; one that is in no list stays as it is, in lower case. */
export function mediaTypeOfMimeCode(mimeCode: string): string {
  const told = mimeCode.split(";", 1).join("").trim().toLowerCase();
  return OLD_MIME_CODES[told] ?? told;
}

/** As in the list of B.E. 2559, with the names of that time. */
export const MINISTRIES: readonly { readonly id: string; readonly nameThai: string }[] = [
  { id: "00", nameThai: "ไม่ระบุ" },
  { id: "01", nameThai: "สำนักนายกรัฐมนตรี" },
  { id: "02", nameThai: "กระทรวงกลาโหม" },
  { id: "03", nameThai: "กระทรวงการคลัง" },
  { id: "04", nameThai: "กระทรวงการต่างประเทศ" },
  { id: "05", nameThai: "กระทรวงการท่องเที่ยวและกีฬา" },
  { id: "06", nameThai: "กระทรวงการพัฒนาสังคมและความมั่นคงของมนุษย์" },
  { id: "07", nameThai: "กระทรวงเกษตรและสหกรณ์" },
  { id: "08", nameThai: "กระทรวงคมนาคม" },
  { id: "09", nameThai: "กระทรวงทรัพยากรธรรมชาติและสิ่งแวดล้อม" },
  { id: "11", nameThai: "กระทรวงเทคโนโลยีสารสนเทศและการสื่อสาร" },
  { id: "12", nameThai: "กระทรวงพลังงาน" },
  { id: "13", nameThai: "กระทรวงพาณิชย์" },
  { id: "15", nameThai: "กระทรวงมหาดไทย" },
  { id: "16", nameThai: "กระทรวงยุติธรรม" },
  { id: "17", nameThai: "กระทรวงแรงงาน" },
  { id: "18", nameThai: "กระทรวงวัฒนธรรม" },
  { id: "19", nameThai: "กระทรวงวิทยาศาสตร์และเทคโนโลยี" },
  { id: "20", nameThai: "กระทรวงศึกษาธิการ" },
  { id: "21", nameThai: "กระทรวงสาธารณสุข" },
  { id: "22", nameThai: "กระทรวงอุตสาหกรรม" },
  { id: "25", nameThai: "ส่วนราชการไม่สังกัดสำนักนายกรัฐมนตรี กระทรวง หรือทบวง" },
  { id: "26", nameThai: "หน่วยงานตามรัฐธรรมนูญ" },
  { id: "50", nameThai: "รัฐวิสาหกิจ" },
  { id: "99", nameThai: "อื่น ๆ" },
];

/** Five digits of the older dialect, or ten: as ten. Null for what is neither. Text always, for leading zeros matter. */
export function tenDigits(organisationId: string | null): string | null {
  const digits = organisationId?.trim() ?? "";
  if (/^[0-9]{10}$/.test(digits)) return digits;
  return /^[0-9]{5}$/.test(digits) ? `${digits}00000` : null;
}

/** The five digits of the older dialect; an office below the fifth digit has none, and keeps its ten. */
export function fiveDigits(organisationId: string): string {
  return /^[0-9]{5}0{5}$/.test(organisationId) ? organisationId.slice(0, 5) : organisationId;
}

/** Whatever a sender writes into MinistryOrganization: the department's first two digits are what counts. */
export function ministryOf(organisationId: string): string {
  return organisationId.slice(0, 2);
}

/** null for a code that the list does not have; senders who give none mean the first. */
export function urgencyOfCode(speedCode: string | null): Urgency | null {
  if (speedCode === null) return "normal";
  return SPEED_CODES.find(({ value }) => value === speedCode.padStart(3, "0"))?.urgency ?? null;
}

/** 005 (ลับเฉพาะบุคคล) stands in no standard, and one client sends it. */
export function secrecyOfCode(secretCode: string | null): Secrecy | null {
  if (secretCode === null) return "normal";
  const code = secretCode.padStart(3, "0");
  if (code === "005") return "confidential";
  return SECRET_CODES.find(({ value }) => value === code)?.secrecy ?? null;
}

export function speedCodeOf(urgency: Urgency): string {
  return SPEED_CODES.find((code) => code.urgency === urgency)?.value ?? "001";
}
