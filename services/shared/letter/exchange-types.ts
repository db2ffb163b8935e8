/**
 * Written by npm run generate from schemas/api: what programs send to the exchange API, and what they are answered.
 */

/** An item that is offered no more */
export interface InboxAcknowledgement {
  readonly id: string;
  /** When it was acknowledged first */
  readonly acknowledgedAt: string;
}

export interface InboxSender {
  /** Name in the directory */
  readonly agency: string | null;
  /** Of a letter by mail */
  readonly address: string | null;
  /** Of a letter by program */
  readonly domain: string | null;
}

/** A line of a book as it reads today */
export interface InboxLine {
  /** AGENCY.inbound.ordinary */
  readonly book: string;
  /** เลขทะเบียน */
  readonly number: number;
  /** C.E. */
  readonly year: number;
  /** พ.ศ. */
  readonly yearBuddhist: number;
  readonly state: "registered" | "reserved" | "cancelled";
  readonly registeredAt: string;
  /** The moment at which it counts as received; left out where no calendar says */
  readonly deemedReceivedAt?: string;
  /** ชื่อ-สกุลผู้รับ; left out where a rule registered it */
  readonly receiver?: string;
}

export interface InboxFile {
  readonly no: number;
  /** no of the archive or document that it is packed in */
  readonly within?: number;
  /** A name that is safe to save it under */
  readonly name: string;
  /** By its first octets, else as the sender says */
  readonly mediaType: string;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly role: "main" | "enclosure" | "other";
  /** encrypted, not-unpacked, type-mismatch, no-text, unreadable */
  readonly marks: readonly string[];
  /** Where its octets are fetched; what is packed in an archive has none: fetch the archive */
  readonly href?: string;
}

/** A letter that has its number, by whatever door it came */
export interface InboxLetter {
  /** Of the arrival */
  readonly id: string;
  /** smtp, imap, api, ecms */
  readonly channel: string;
  /** When it entered this system: the time that decides disputes */
  readonly arrivedAt: string;
  readonly sender: InboxSender;
  /** ที่, canonical */
  readonly number: string | null;
  /** ที่, as it stands in the letter */
  readonly numberPrinted: string | null;
  /** ลงวันที่, C.E. */
  readonly date: string | null;
  readonly subject: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly urgency: "normal" | "urgent" | "very-urgent" | "most-urgent";
  readonly secrecy: "normal" | "confidential" | "secret" | "top-secret";
  readonly letterKind: "external" | "internal" | "stamped" | "order" | "public" | "evidence";
  /** อ้างถึง, as printed */
  readonly references: readonly string[];
  /** สิ่งที่ส่งมาด้วย */
  readonly enclosures: readonly string[];
  readonly line: InboxLine;
  /** The letter's files and what is packed in them, at most 500 */
  readonly files: readonly InboxFile[];
}

export interface InboxReceipt {
  /** The arrival that this client handed in */
  readonly letterId: string;
  /** arrived, registered, handed-over, refused, rejected, invalid, quarantined, corrected, cancelled, recall-accepted, recall-refused */
  readonly type: string;
  /** The letter came again: this is the receipt of the one that came first */
  readonly isCopy: boolean;
  /** The statement (schemas/evidence.schema.json); in XML jws alone */
  readonly evidence: Readonly<Record<string, unknown>>;
  /** The same, signed (compact JWS) */
  readonly jws: string;
}

export interface InboxRecipient {
  readonly name: string;
  readonly domain: string;
  readonly address: string;
}

export interface InboxNews {
  /** Our own letter: GET /api/v1/outbound/ID */
  readonly letterId: string;
  readonly recipientId: string;
  readonly recipient: InboxRecipient;
  readonly letterNumber?: string;
  readonly letterDate?: string;
  readonly line?: InboxLine;
  /** arrived, registered, handed-over, corrected, rejected, refused, invalid, cancelled, failed, quarantined */
  readonly what: string;
  /** server, dsn, mdn, receipt, answer, ecms */
  readonly source: string;
  /** How surely it is known; what nothing proves is not told here */
  readonly proof: "signature" | "own" | "token" | "client";
  /** Of the office's own receipt */
  readonly evidenceId?: string;
  /** เลขรับ of the office */
  readonly receiveNumber?: string;
  /** Its year as the office writes it */
  readonly receiveYear?: number;
  readonly reason?: string;
  readonly happenedAt: string;
  /** Where the letter stands there, all news taken together */
  readonly status: string;
}

export interface InboxDispute {
  /** The arrival that says so */
  readonly notifierId: string;
  /** Domain of the office that says so */
  readonly sender: string | null;
  readonly letterNumber: string | null;
  readonly letterDate: string | null;
  /** The number that it says is wrong */
  readonly disputedNumber: string | null;
  /** The arrival that it speaks of */
  readonly letterId?: string;
  readonly line?: InboxLine;
}

export interface InboxSendingAgency {
  readonly nameThai: string;
  readonly nameEnglish: string;
  readonly domain: string;
  /** Ten digits */
  readonly organisationId: string | null;
}

export interface InboxReceiver {
  /** Ten digits */
  readonly organisationId: string;
}

/** A letter of the agency for the office whose program this is, as it was sent. What becomes of it there is told with the notifiers of e-CMS, or by a reply */
export interface InboxSentLetter {
  readonly sender: InboxSendingAgency;
  readonly receiver: InboxReceiver;
  /** ที่, as it stands in the letter */
  readonly number: string;
  /** ลงวันที่, C.E. */
  readonly date: string | null;
  readonly subject: string;
  readonly from: string;
  readonly to: string;
  readonly urgency: "normal" | "urgent" | "very-urgent" | "most-urgent";
  /** อ้างถึง, as printed */
  readonly references: readonly string[];
  /** สิ่งที่ส่งมาด้วย */
  readonly enclosures: readonly string[];
  /** Words beside the files; without files they are the letter */
  readonly text: string | null;
  readonly sentAt: string;
  /** Somebody at the agency has asked for it to be sent once more */
  readonly isResent: boolean;
  /** The letter itself first */
  readonly files: readonly InboxFile[];
}

/** The agency asks for a letter back that this program has fetched. e-CMS has no word for it: who polls by that protocol does not hear of it */
export interface InboxRecall {
  readonly sender: InboxSendingAgency;
  /** ที่, canonical */
  readonly number: string;
  /** ที่, as it stands in the letter */
  readonly numberPrinted: string;
  /** ลงวันที่, C.E. */
  readonly date: string | null;
  readonly reason: string;
  /** ที่ of the letter that takes its place */
  readonly replacedBy?: string;
  readonly issuedAt: string;
  /** The request, signed (schemas/recall.schema.json; compact JWS) */
  readonly jws: string;
}

export interface InboxLinks {
  readonly self: string;
  readonly acknowledge: string;
}

/** Something that waits for a program until it acknowledges it. The member that kind names is there (sentLetter for sent-letter), and no other of the six */
export interface InboxItem {
  /** The same each time that the item is fetched; by e-CMS its ProcessID */
  readonly id: string;
  /** letter: a letter in the agency's inbound book; receipt: what a letter became that this client handed in; news: what became of a letter of the agency's own at a recipient; dispute: an office says that our number for its letter is wrong; sent-letter: a letter that the agency sends to the office whose program this is (scope submit); recall: it asks for that letter back */
  readonly kind: "letter" | "receipt" | "news" | "dispute" | "sent-letter" | "recall";
  readonly agencyId: string;
  readonly madeAt: string;
  /** Left out while it waits */
  readonly acknowledgedAt?: string;
  readonly letter?: InboxLetter;
  readonly receipt?: InboxReceipt;
  readonly news?: InboxNews;
  readonly dispute?: InboxDispute;
  readonly sentLetter?: InboxSentLetter;
  readonly recall?: InboxRecall;
  readonly links: InboxLinks;
}

/** What waits for a program, oldest first */
export interface InboxList {
  readonly items: readonly InboxItem[];
  /** Value of the parameter after for the next page; null: there are no more */
  readonly next: string | null;
}

export interface RegisterPlace {
  /** AGENCY.inbound.ordinary */
  readonly book: string;
  /** เลขทะเบียนรับ */
  readonly number: number;
  /** C.E. */
  readonly year: number;
  /** พ.ศ. */
  readonly yearBuddhist: number;
  readonly registeredAt: string;
  /** The moment at which it counts as received; left out where no calendar says */
  readonly deemedReceivedAt?: string;
  /** ชื่อ-สกุลผู้รับ */
  readonly receiver?: string;
  /** Of the line in the book today */
  readonly state?: "registered" | "reserved" | "cancelled";
}

export interface LetterReceipt {
  readonly evidenceId: string;
  /** arrived, registered, handed-over, refused, rejected, invalid, quarantined, corrected, cancelled, recall-accepted, recall-refused */
  readonly type: string;
  readonly issuedAt: string;
  /** The earlier statement whose place it takes */
  readonly replaces?: string;
  /** Address of the statement (schemas/evidence.schema.json) */
  readonly json: string;
  /** Address of the same, signed */
  readonly jws: string;
}

export interface LetterLinks {
  readonly self: string;
  readonly receipts: string;
}

/** What has become of a letter that a program handed in */
export interface LetterStatus {
  /** Of the arrival */
  readonly id: string;
  /** The agency that it was handed in to */
  readonly agencyId: string;
  /** received: safe, and on its way to the book; in-tray: a clerk decides; registered: it stands in the book; duplicate: the same letter was here before, see duplicateOf; refused: by a rule; rejected, invalid: by a clerk (invalid: something in it is wrong, correct it and send it again); ignored: no letter */
  readonly status:
    | "received"
    | "in-tray"
    | "registered"
    | "duplicate"
    | "refused"
    | "rejected"
    | "invalid"
    | "ignored";
  /** Code of why it is in the tray, refused, rejected or ignored */
  readonly reason?: string;
  /** What the clerk wrote who rejected it */
  readonly reasonWords?: string;
  /** When it entered this system: the time that decides disputes */
  readonly arrivedAt?: string;
  readonly decidedAt?: string;
  /** Of a registered letter, and of the earlier one that a duplicate repeats */
  readonly register?: RegisterPlace;
  /** The earlier arrival of the same letter */
  readonly duplicateOf?: string;
  /** Signed statements about it, oldest first */
  readonly receipts: readonly LetterReceipt[];
  readonly links: LetterLinks;
}

/** What the client has handed in, newest first */
export interface LetterList {
  readonly letters: readonly LetterStatus[];
  /** Value of the parameter after for the next page; null: there are no more */
  readonly next: string | null;
}

/** Signed statements about a letter, oldest first */
export interface LetterReceipts {
  /** Of the arrival */
  readonly id: string;
  readonly receipts: readonly LetterReceipt[];
}

export interface LetterParty {
  /** Of the government's list of offices; five digits are the older form */
  readonly organisationId?: string;
  /** As in the directory: opdc.example.go.th */
  readonly domain?: string;
  /** As it stands on the letter */
  readonly name?: string;
  /** Who signed it, or to whom it goes */
  readonly person?: string;
  readonly position?: string;
}

export interface LetterReference {
  readonly number?: string;
  readonly date?: string;
  readonly subject?: string;
}

export interface LetterFile {
  /** Of the file, without folders */
  readonly name: string;
  readonly mediaType: string;
  /** main: the letter itself, one; enclosure: what goes with it */
  readonly role: "main" | "enclosure";
  /** The octets in base64 (RFC 4648 §4, no line ends) */
  readonly content: string;
}

/** A letter that a program hands in: what stands on it, and its files. As one JSON document the files stand in it in base64; in multipart/form-data the part "letter" holds all the rest, and each file is a part of its own, named main or enclosure */
export interface Letter {
  /** ที่: the letter's number as it is printed, such as นร 0505/ว 123 */
  readonly number: string;
  /** ลงวันที่: the letter's own date, C.E., such as 2026-05-31 */
  readonly date: string;
  /** เรื่อง */
  readonly subject: string;
  /** ชั้นความเร็ว: ปกติ, ด่วน, ด่วนมาก, ด่วนที่สุด */
  readonly urgency?: "normal" | "urgent" | "very-urgent" | "most-urgent";
  /** ชั้นความลับ: ปกติ, ลับ, ลับมาก, ลับที่สุด. A program hands in what it is appointed for (saraban client add --level), and nothing graver; top-secret letters are refused for good */
  readonly secrecy?: "normal" | "confidential" | "secret" | "top-secret";
  /** หนังสือภายนอก, ภายใน, ประทับตรา, สั่งการ, ประชาสัมพันธ์, เจ้าหน้าที่ทำขึ้นหรือรับไว้เป็นหลักฐาน */
  readonly letterKind?: "external" | "internal" | "stamped" | "order" | "public" | "evidence";
  /** จาก: the office that sends it. Left out: the office of the client; another one is refused */
  readonly from?: LetterParty;
  /** ถึง or เรียน: whom it is addressed to. An organisationId or a domain in it has to be the agency's that the client hands letters in to */
  readonly to?: LetterParty;
  /** อ้างถึง: letters that it refers to */
  readonly references?: readonly LetterReference[];
  /** สิ่งที่ส่งมาด้วย, as the letter lists them */
  readonly enclosures?: readonly string[];
  /** Exactly one of them is the letter itself (main) */
  readonly files?: readonly LetterFile[];
}

export interface ProblemError {
  /** JSON pointer into the body, as a fragment: #/files/0/content; in XML the path of the element */
  readonly pointer?: string;
  /** Of the query string, or a header */
  readonly parameter?: string;
  readonly detail: string;
  readonly detailThai: string;
}

/** Why a request was not carried out (RFC 9457), in English and in Thai */
export interface ProblemDetails {
  /** One for each code */
  readonly type: string;
  readonly title: string;
  readonly titleThai: string;
  readonly status: number;
  readonly code: string;
  readonly errors?: readonly ProblemError[];
}
