import {
  EVIDENCE_SCHEMA,
  EVIDENCE_TYPES,
  type Evidence,
  type EvidenceType,
} from "../letter/evidence/evidence.ts";

const UNSYNCHRONISED = { state: "unsynchronised", reason: "no reference clock is configured" } as const;
const SYNCHRONISED = {
  state: "synchronised",
  offsetMs: -0.25,
  errorBoundMs: 3.5,
  ageSeconds: 12,
  stratum: 1,
  reference: "PPS",
  servers: ["time1.nimt.example.or.th", "time2.nimt.example.or.th"],
} as const;

/** What all statements have; an arrival that was not read yet. */
const ARRIVED: Evidence = {
  schema: EVIDENCE_SCHEMA,
  evidenceId: "019aa5f0-0000-7000-8000-000000000001",
  type: "arrived",
  issuedAt: "2026-11-21T01:31:00.125Z",
  agency: {
    id: "agency-a",
    nameThai: "สำนักงานทดสอบ ก",
    nameEnglish: "Test Office A",
    mailbox: "saraban@agency-a.example.go.th",
  },
  letter: null,
  register: null,
  receivedAt: "2026-11-21T01:30:00.000Z",
  deemedReceivedAt: "2026-11-23T01:30:00.000Z",
  registeredAt: null,
  handedOver: null,
  receiver: null,
  clock: { received: SYNCHRONISED, registered: null, issued: UNSYNCHRONISED },
  channel: "smtp",
  message: {
    intakeId: "019aa5f0-0000-7000-8000-00000000000a",
    messageId: "<letter-1@opdc.example.go.th>",
    sha256: "ab".repeat(32),
    sizeBytes: 48_213,
    contentsSha256: "cd".repeat(32),
  },
  reason: null,
  changes: null,
  replaces: null,
  code: "7G3K-Q2M9-XW4T-0HVD",
  verifyUrl: "https://saraban.agency-a.example.go.th/verify/7G3KQ2M9XW4T0HVD",
};

const REGISTERED: Evidence = {
  ...ARRIVED,
  type: "registered",
  letter: { number: "นร 1200/55", numberPrinted: "นร ๑๒๐๐/๕๕", date: "2026-11-20" },
  register: { book: "agency-a.inbound.ordinary", number: 12, year: 2026, yearBuddhist: 2569 },
  registeredAt: "2026-11-21T01:30:30.500Z",
  receiver: { name: "สมศรี ทดสอบ", unit: "งานสารบรรณ" },
  clock: { ...ARRIVED.clock, registered: SYNCHRONISED },
};

const EARLIER = "019aa5f0-0000-7000-8000-000000000002";
const REASON = { code: "clerk", words: "ลงรายการผิด" };

/** A statement of each type, with as much in it as the type allows. Their types are checked by the compiler. */
export const EVIDENCE_EXAMPLES: Readonly<Record<EvidenceType, Evidence>> = {
  arrived: ARRIVED,
  registered: REGISTERED,
  "handed-over": {
    ...REGISTERED,
    type: "handed-over",
    handedOver: { at: "2026-11-21T03:00:00.000Z", officer: "สมชาย ทดสอบ" },
  },
  refused: { ...ARRIVED, type: "refused", reason: { code: "classified-by-mail", words: null } },
  rejected: { ...ARRIVED, type: "rejected", letter: REGISTERED.letter, reason: REASON },
  invalid: { ...ARRIVED, type: "invalid", letter: REGISTERED.letter, reason: REASON },
  quarantined: { ...ARRIVED, type: "quarantined", reason: { code: "infected", words: null } },
  corrected: {
    ...REGISTERED,
    type: "corrected",
    reason: REASON,
    changes: {
      "letter.number": { old: "นร 1200/55", new: "นร 1200/56" },
      "letter.date": { old: null, new: "2026-11-20" },
    },
    replaces: EARLIER,
  },
  cancelled: { ...REGISTERED, type: "cancelled", reason: REASON, replaces: EARLIER },
  "recall-accepted": { ...REGISTERED, type: "recall-accepted", reason: REASON },
  "recall-refused": { ...REGISTERED, type: "recall-refused", reason: REASON },
};

export const ALL_EVIDENCE: readonly Evidence[] = EVIDENCE_TYPES.map((type) => EVIDENCE_EXAMPLES[type]);
