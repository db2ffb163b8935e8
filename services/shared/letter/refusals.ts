/**
 * The one table of refusals. A refusal is the sender's to mend (or to retry) and is said in the words of
 * the door it came through; anything not in this table is our own fault and is answered as `try-later`.
 *
 * Rows stand worst first: where several apply to one letter, the first in this table is the one told.
 */
export interface Refusal {
  /** Reply code (RFC 5321 §4.2) and enhanced status code (RFC 3463). 4xx: the sender should try again. */
  readonly smtp: { readonly code: number; readonly enhanced: string };
  readonly http: number;
  /** ASCII: a reply to a client that did not ask for SMTPUTF8 may hold nothing else (RFC 6531 §3.7.4.2). */
  readonly en: string;
  readonly th: string;
  /** The clause the refusal rests on. */
  readonly clause: string;
}

export const refusals = {
  "classified-by-mail": {
    smtp: { code: 550, enhanced: "5.7.1" },
    http: 403,
    en: "Classified letters are not taken by ordinary mail; send it through the registrar of secret information",
    th: "ไม่รับหนังสือที่มีชั้นความลับทางไปรษณีย์อิเล็กทรอนิกส์ธรรมดา โปรดส่งผ่านนายทะเบียนข้อมูลข่าวสารลับ",
    clause: "Annex 6 §2.1.2",
  },
  infected: {
    smtp: { code: 550, enhanced: "5.7.1" },
    http: 403,
    en: "A virus was found in the message; clean the files and send the letter again",
    th: "พบไวรัสคอมพิวเตอร์ในข้อความที่ส่งมา โปรดกำจัดไวรัสและส่งหนังสือใหม่",
    clause: "RFC 5321 §7.9",
  },
  "sender-not-accepted": {
    smtp: { code: 550, enhanced: "5.7.1" },
    http: 403,
    en: "This office does not take letters by e-mail from this sender",
    th: "สำนักงานนี้ไม่รับหนังสือทางไปรษณีย์อิเล็กทรอนิกส์จากผู้ส่งรายนี้",
    clause: "RFC 5321 §7.9",
  },
  "relay-denied": {
    smtp: { code: 550, enhanced: "5.7.1" },
    http: 403,
    en: "This office does not receive letters for that domain and passes none on",
    th: "สำนักงานนี้ไม่ได้รับหนังสือแทนโดเมนดังกล่าว และไม่ส่งต่อ",
    clause: "RFC 5321 §3.6.2",
  },
  "unknown-recipient": {
    smtp: { code: 550, enhanced: "5.1.1" },
    http: 422,
    en: "No such saraban address here; check it against the published list of agencies",
    th: "ไม่มีที่อยู่สารบรรณนี้ โปรดตรวจสอบกับรายชื่อที่อยู่ของส่วนราชการที่ประกาศไว้",
    clause: "RFC 5321 §3.3",
  },
  "bad-recipient-syntax": {
    smtp: { code: 553, enhanced: "5.1.3" },
    http: 400,
    en: "The recipient address is not written correctly",
    th: "รูปแบบที่อยู่ผู้รับไม่ถูกต้อง",
    clause: "RFC 5321 §4.1.2",
  },
  "bad-sender": {
    smtp: { code: 553, enhanced: "5.1.7" },
    http: 400,
    en: "The sender address is not written correctly",
    th: "รูปแบบที่อยู่ผู้ส่งไม่ถูกต้อง",
    clause: "RFC 5321 §4.1.2",
  },
  "address-needs-smtputf8": {
    smtp: { code: 553, enhanced: "5.6.7" },
    http: 400,
    en: "An address with other than ASCII letters needs the SMTPUTF8 parameter on MAIL FROM",
    th: "ที่อยู่ที่มีอักษรนอก ASCII ต้องใช้ส่วนขยาย SMTPUTF8",
    clause: "RFC 6531 §3.5",
  },
  "unknown-parameter": {
    smtp: { code: 555, enhanced: "5.5.4" },
    http: 400,
    en: "A parameter of the command is not known here",
    th: "มีพารามิเตอร์ของคำสั่งที่ระบบไม่รู้จัก",
    clause: "RFC 5321 §4.1.1.11",
  },
  "bad-parameter": {
    smtp: { code: 501, enhanced: "5.5.4" },
    http: 400,
    en: "A parameter of the command has a value that it cannot have",
    th: "พารามิเตอร์ของคำสั่งมีค่าที่ไม่ถูกต้อง",
    clause: "RFC 3461 §4",
  },
  "not-offered": {
    smtp: { code: 502, enhanced: "5.5.1" },
    http: 400,
    en: "This command is not offered here",
    th: "ระบบไม่เปิดให้ใช้คำสั่งนี้",
    clause: "RFC 5321 §4.2.4",
  },
  "tls-required": {
    smtp: { code: 530, enhanced: "5.7.0" },
    http: 403,
    en: "Must issue a STARTTLS command first",
    th: "ต้องเข้ารหัสการเชื่อมต่อด้วยคำสั่ง STARTTLS ก่อน",
    clause: "RFC 3207 §4",
  },
  "too-large": {
    smtp: { code: 552, enhanced: "5.3.4" },
    http: 413,
    en: "The letter is larger than this office takes; the limit is the SIZE announced",
    th: "หนังสือมีขนาดเกินกว่าที่ระบบรับได้",
    clause: "RFC 1870 §6",
  },
  "line-too-long": {
    smtp: { code: 500, enhanced: "5.5.2" },
    http: 400,
    en: "Command line too long",
    th: "บรรทัดคำสั่งยาวเกินกำหนด",
    clause: "RFC 5321 §4.5.3.1.4",
  },
  "bad-characters": {
    smtp: { code: 500, enhanced: "5.5.2" },
    http: 400,
    en: "The command holds control characters or bytes that are not UTF-8",
    th: "คำสั่งมีอักขระควบคุมหรือไบต์ที่ไม่ใช่ UTF-8",
    clause: "RFC 5321 §2.3.1",
  },
  "not-smtp": {
    smtp: { code: 554, enhanced: "5.5.1" },
    http: 400,
    en: "This port speaks SMTP only",
    th: "พอร์ตนี้ใช้โปรโตคอล SMTP เท่านั้น",
    clause: "RFC 5321 §4.1.1",
  },
  "too-many-errors": {
    smtp: { code: 421, enhanced: "4.7.0" },
    http: 429,
    en: "Too many errors on this connection; closing it",
    th: "มีข้อผิดพลาดบนการเชื่อมต่อนี้มากเกินไป ระบบปิดการเชื่อมต่อ",
    clause: "RFC 5321 §7.8",
  },
  "early-talker": {
    smtp: { code: 421, enhanced: "4.5.1" },
    http: 400,
    en: "Commands were sent before the greeting; wait for it and try again",
    th: "ส่งคำสั่งก่อนได้รับคำทักทายจากระบบ โปรดรอและลองใหม่",
    clause: "RFC 5321 §4.3.1",
  },
  "too-many-recipients": {
    smtp: { code: 452, enhanced: "4.5.3" },
    http: 422,
    en: "Too many recipients for one letter; send the rest in another transaction",
    th: "ผู้รับมากเกินกำหนดต่อหนังสือหนึ่งฉบับ โปรดส่งส่วนที่เหลือแยกอีกครั้ง",
    clause: "RFC 5321 §4.5.3.1.10",
  },
  "too-many-connections": {
    smtp: { code: 421, enhanced: "4.7.0" },
    http: 429,
    en: "Too many connections at once; try again later",
    th: "มีการเชื่อมต่อพร้อมกันมากเกินไป โปรดลองใหม่ภายหลัง",
    clause: "RFC 5321 §7.8",
  },
  "connecting-too-fast": {
    smtp: { code: 421, enhanced: "4.7.0" },
    http: 429,
    en: "Too many connections from your network in a short time; try again in a few minutes",
    th: "มีการเชื่อมต่อจากเครือข่ายของท่านถี่เกินไป โปรดลองใหม่ในอีกสักครู่",
    clause: "RFC 5321 §7.8",
  },
  "sending-too-fast": {
    smtp: { code: 451, enhanced: "4.7.1" },
    http: 429,
    en: "Too many letters or recipients from your network in a short time; try again in a few minutes",
    th: "มีหนังสือหรือผู้รับจากเครือข่ายของท่านมากเกินไปในเวลาสั้น โปรดส่งใหม่ในอีกสักครู่",
    clause: "RFC 5321 §7.8",
  },
  greylisted: {
    smtp: { code: 451, enhanced: "4.7.1" },
    http: 503,
    en: "Your server is new to this office; it is taken when it tries again in a few minutes",
    th: "ระบบยังไม่รู้จักเซิร์ฟเวอร์ของท่าน จะรับหนังสือเมื่อส่งใหม่ในอีกสักครู่",
    clause: "RFC 6647 §2.4",
  },
  "idle-timeout": {
    smtp: { code: 421, enhanced: "4.4.2" },
    http: 408,
    en: "No command came in time; closing the connection",
    th: "ไม่มีคำสั่งภายในเวลาที่กำหนด ระบบปิดการเชื่อมต่อ",
    clause: "RFC 5321 §4.5.3.2.7",
  },
  "data-timeout": {
    smtp: { code: 421, enhanced: "4.4.2" },
    http: 408,
    en: "The letter did not arrive in full in time; nothing was stored, send it again",
    th: "หนังสือมาไม่ครบภายในเวลาที่กำหนด ระบบไม่ได้เก็บไว้ โปรดส่งใหม่",
    clause: "RFC 5321 §4.5.3.2.5",
  },
  "no-space": {
    smtp: { code: 452, enhanced: "4.3.1" },
    http: 507,
    en: "No room to store the letter at present; try again later",
    th: "พื้นที่จัดเก็บไม่เพียงพอในขณะนี้ โปรดส่งใหม่ภายหลัง",
    clause: "RFC 5321 §4.2.3",
  },
  "try-later": {
    smtp: { code: 451, enhanced: "4.3.0" },
    http: 503,
    en: "The letter could not be taken just now; nothing was stored, try again later",
    th: "ระบบรับหนังสือไม่ได้ในขณะนี้ โปรดส่งใหม่ภายหลัง",
    clause: "RFC 5321 §4.2.3",
  },
  "shutting-down": {
    smtp: { code: 421, enhanced: "4.3.2" },
    http: 503,
    en: "The service is stopping; try again in a moment",
    th: "ระบบกำลังปิดให้บริการชั่วคราว โปรดลองใหม่ในอีกสักครู่",
    clause: "RFC 5321 §3.8",
  },
} as const satisfies Record<string, Refusal>;

export type RefusalCode = keyof typeof refusals;

/** Thrown where a letter is refused. Final for a queue job unless the row says 4xx. */
export class LetterRefused extends Error {
  override readonly name = "LetterRefused";
  readonly code: RefusalCode;

  constructor(code: RefusalCode, options?: ErrorOptions) {
    super(refusals[code].en, options);
    this.code = code;
  }

  get refusal(): Refusal {
    return refusals[this.code];
  }
}

const rank = new Map(Object.keys(refusals).map((code, index) => [code, index]));

/** The refusal to tell when several apply: the one that stands first in the table. */
export function worstOf(codes: Iterable<RefusalCode>): RefusalCode | null {
  let worst: RefusalCode | null = null;
  for (const code of codes) {
    if (worst === null || (rank.get(code) ?? 0) < (rank.get(worst) ?? 0)) worst = code;
  }
  return worst;
}

/** Whether the sender should try the same letter again (RFC 5321 §4.2.1, first digit 4). */
export const isTemporary = (code: RefusalCode): boolean => refusals[code].smtp.code < 500;

/** The reply of the SMTP door: `text` begins with the enhanced status code (RFC 2034 §4). */
export function smtpReplyOf(code: RefusalCode): { code: number; text: string } {
  const { smtp, en } = refusals[code];
  return { code: smtp.code, text: `${smtp.enhanced} ${en}` };
}
