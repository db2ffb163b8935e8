/** What stands in the document as an example; a test holds each to its schema. Nobody in them is real. */

const ARRIVAL = "0199c2f4-5b7e-7c31-9d7a-1f2e3d4c5b6a";
const EVIDENCE = "0199c2f4-6a10-7f02-8c44-0a1b2c3d4e5f";
const ITEM = "0199c2f4-7d22-7a93-a1b0-5c6d7e8f9a0b";

/** One empty page (PDF), in base64. */
const PAGE = [
  "JVBERi0xLjQKMSAwIG9iago8PC9UeXBlL0NhdGFsb2cvUGFnZXMgMiAwIFI+PgplbmRvYmoKMiAwIG9iago8PC9UeXBlL1Bh",
  "Z2VzL0tpZHNbMyAwIFJdL0NvdW50IDE+PgplbmRvYmoKMyAwIG9iago8PC9UeXBlL1BhZ2UvUGFyZW50IDIgMCBSL01lZGlh",
  "Qm94WzAgMCA1OTUgODQyXS9SZXNvdXJjZXM8PD4+Pj4KZW5kb2JqCjQgMCBvYmoKPDwvTGVuZ3RoIDA+PgpzdHJlYW0KCmVu",
  "ZHN0cmVhbQplbmRvYmoKeHJlZgowIDUKMDAwMDAwMDAwMCA2NTUzNSBmIAowMDAwMDAwMDA5IDAwMDAwIG4gCjAwMDAwMDAw",
  "NTQgMDAwMDAgbiAKMDAwMDAwMDEwNSAwMDAwMCBuIAowMDAwMDAwMTg0IDAwMDAwIG4gCnRyYWlsZXIKPDwvU2l6ZSA1L1Jv",
  "b3QgMSAwIFI+PgpzdGFydHhyZWYKMjMxCiUlRU9GCg==",
].join("");

export const LETTER = {
  number: "นร 1200/57",
  date: "2026-11-20",
  subject: "ขอเชิญประชุมคณะกรรมการ",
  urgency: "urgent",
  from: { organisationId: "0101200000", name: "สำนักงาน ก.พ.ร." },
  to: { organisationId: "0199900000", person: "ผู้อำนวยการ" },
  references: [{ number: "ทก 0101/12", date: "2026-11-02" }],
  enclosures: ["ระเบียบวาระการประชุม"],
  files: [{ name: "letter.pdf", mediaType: "application/pdf", role: "main", content: PAGE }],
};

const REGISTER = {
  book: "agency-a.inbound.ordinary",
  number: 1577,
  year: 2026,
  yearBuddhist: 2569,
  registeredAt: "2026-11-20T02:11:04.180Z",
  deemedReceivedAt: "2026-11-20T02:11:03.912Z",
  receiver: "เจ้าหน้าที่ทดสอบ งานสารบรรณ ก",
  state: "registered",
};

const LINKS = { self: `/api/v1/letters/${ARRIVAL}`, receipts: `/api/v1/letters/${ARRIVAL}/receipts` };

export const LETTER_STATUS = {
  id: ARRIVAL,
  agencyId: "agency-a",
  status: "registered",
  arrivedAt: "2026-11-20T02:11:03.912Z",
  decidedAt: "2026-11-20T02:11:04.180Z",
  register: REGISTER,
  receipts: [
    {
      evidenceId: EVIDENCE,
      type: "registered",
      issuedAt: "2026-11-20T02:11:04.421Z",
      json: `${LINKS.receipts}/${EVIDENCE}.json`,
      jws: `${LINKS.receipts}/${EVIDENCE}.jws`,
    },
  ],
  links: LINKS,
};

export const INBOX_ITEM = {
  id: ITEM,
  kind: "letter",
  agencyId: "agency-a",
  madeAt: "2026-11-20T02:11:04.430Z",
  letter: {
    id: ARRIVAL,
    channel: "api",
    arrivedAt: "2026-11-20T02:11:03.912Z",
    sender: { agency: "สำนักงาน ก.พ.ร.", address: null, domain: "opdc.example.go.th" },
    number: "นร 1200/57",
    numberPrinted: "นร ๑๒๐๐/๕๗",
    date: "2026-11-20",
    subject: "ขอเชิญประชุมคณะกรรมการ",
    from: "สำนักงาน ก.พ.ร.",
    to: "ผู้อำนวยการ",
    urgency: "urgent",
    secrecy: "normal",
    letterKind: "external",
    references: ["ทก 0101/12 ลงวันที่ 2 พฤศจิกายน 2569"],
    enclosures: ["ระเบียบวาระการประชุม"],
    line: REGISTER,
    files: [
      {
        no: 1,
        name: "letter.pdf",
        mediaType: "application/pdf",
        sizeBytes: 391,
        sha256: "9f1d4f8d6f0a4c3b8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a392817",
        role: "main",
        marks: [],
        href: `/api/v1/inbox/${ITEM}/files/1`,
      },
    ],
  },
  links: { self: `/api/v1/inbox/${ITEM}`, acknowledge: `/api/v1/inbox/${ITEM}/acknowledge` },
};

/** A draft of a letter to a partner of the directory. */
export const ACT = {
  id: "0199c2f5-0c31-7b22-9e10-6d7e8f9a0b1c",
  agencyId: "agency-a",
  act: "draft",
  letterId: "0199c2f5-1d42-7c33-8f21-7e8f9a0b1c2d",
  details: {
    letter: {
      series: "ordinary",
      subject: "ตอบรับเข้าร่วมประชุม",
      to: "เลขาธิการ ก.พ.ร.",
      urgency: "normal",
      references: ["นร 1200/57"],
      recipients: [{ partner: "opdc.example.go.th" }],
      files: [],
      text: "ขอส่งหนังสือตอบรับ",
    },
  },
};

export const PRINT_ORDER = { agencyId: "agency-a", book: "inbound.ordinary", format: "pdf", year: 2569 };

export const SIGN_IN = { id: "somying.j", password: "four words that say nothing" };

export const NEW_PERSON = { id: "somying.j", name: "สมหญิง ใจดี", email: "somying.j@agency-a.example.go.th" };

export const APPOINTMENT_ASKED = {
  right: "registry-clerk",
  agencyId: "agency-a",
  orderNumber: "คำสั่งที่ 12/2569",
  orderDate: "2026-10-01",
};

export const PROBLEM = {
  type: "https://saraban.example.go.th/problems/not-a-letter",
  title: "This is no letter that can be taken in; see errors",
  titleThai: "ข้อมูลหนังสือไม่ครบหรือไม่ถูกต้อง โปรดดูรายละเอียดใน errors",
  status: 422,
  code: "not-a-letter",
  errors: [
    {
      pointer: "#/date",
      detail: "is a date (C.E.) such as 2026-05-31",
      detailThai: "ต้องเป็นวันที่แบบ ค.ศ. เช่น 2026-05-31",
    },
  ],
};
