import type { EvidenceType } from "../../shared/letter/evidence/evidence.ts";

/**
 * What may stand between {{ and }} in a template. text: shown, or asked for by a section ({{#deemedAtTh}} … {{/deemedAtTh}})
 * and then there when it is not empty; flag: for sections alone; a list of names: a section that is repeated for each row, in
 * which these names are known too.
 */
export type Field = "text" | "flag" | readonly string[];
export type Fields = Readonly<Record<string, Field>>;

export interface TemplateRules {
  readonly fields: Fields;
  /** Of each group one has to be shown. always: outside every section, so that no letter can make it disappear. */
  readonly required: readonly {
    readonly oneOf: readonly string[];
    readonly always: boolean;
    readonly because: string;
  }[];
}

/** One template for each type of receipt, and those for what persons of the agency are told. */
export type TemplateName =
  | EvidenceType
  | "alert"
  | "alert-dispute"
  | "owner-failed"
  | "owner-warned"
  | "owner-escalated";

/** Parts that several templates share ({{> conditions-th}}), so that an agency writes its conditions once. */
export const PARTIALS = ["conditions-th", "conditions-en", "proof-th", "proof-en"] as const;
export type PartialName = (typeof PARTIALS)[number];

function texts(...names: string[]): Fields {
  return Object.fromEntries(names.map((name) => [name, "text" as const]));
}

/** Th, En: the same in Thai and in English words. */
const AGENCY = texts("agencyTh", "agencyEn", "mailbox");
const PROOF = texts("evidenceId", "code", "verifyUrl", "receivedAtTh", "receivedAtEn", "clockTh", "clockEn");
const LINE = texts(
  "letterNumber",
  "letterNumberPrinted",
  "letterDateTh",
  "letterDateEn",
  "registerNumber",
  "registerYear",
  "registeredAtTh",
  "registeredAtEn",
  "deemedAtTh",
  "deemedAtEn",
  "receiverName",
  "receivingUnit",
);
const KEPT = texts("reasonTh", "reasonEn", "keptUntilTh", "keptUntilEn");
const REASON = texts("reason");
const REPLACING = { ...REASON, ...texts("replaces"), isCopy: "flag" } as const satisfies Fields;

const EVIDENCE = [
  { oneOf: ["evidenceId"], always: true, because: "the evidence id" },
  { oneOf: ["code", "verifyUrl"], always: false, because: "how to verify it" },
] as const;
const RECEIVED = {
  oneOf: ["receivedAtTh", "receivedAtEn"],
  always: true,
  because: "the time received",
} as const;
const NUMBER = { oneOf: ["registerNumber"], always: true, because: "the register number" } as const;
const WORDS = { oneOf: ["reason"], always: false, because: "the reason" } as const;
const WHY = { oneOf: ["reasonTh", "reasonEn"], always: true, because: "the reason" } as const;

/** The six fields of Annex 6 §1.1. */
const SIX_FIELDS = [
  {
    oneOf: ["letterNumber", "letterNumberPrinted"],
    always: true,
    because: "the letter number (Annex 6 §1.1)",
  },
  { oneOf: ["letterDateTh", "letterDateEn"], always: true, because: "the letter date (Annex 6 §1.1)" },
  { ...NUMBER, because: "the register number (Annex 6 §1.1)" },
  { ...RECEIVED, because: "the time received (Annex 6 §1.1)" },
  { oneOf: ["receiverName"], always: true, because: "the receiver's name (Annex 6 §1.1)" },
  { oneOf: ["receivingUnit"], always: true, because: "the receiving unit (Annex 6 §1.1)" },
] as const;

const RECEIPT = { ...AGENCY, ...texts("serviceHoursTh", "serviceHoursEn"), ...PROOF };

/** Who drafted a letter is told what has become of it: which letter, and at which recipients. */
const OWNER = {
  ...AGENCY,
  ...texts(
    "letterId",
    "letterNumber",
    "letterDateTh",
    "letterDateEn",
    "subject",
    "registerNumber",
    "sentAtTh",
    "sentAtEn",
  ),
  ...texts("count", "hours", "unknownYears"),
  recipients: ["no", "name", "address", "atTh", "atEn", "reason", "knownTh", "knownEn"],
} as const satisfies Fields;
const OWNED = [
  { oneOf: ["letterNumber", "registerNumber", "letterId"], always: true, because: "which letter it is" },
  { oneOf: ["name", "address"], always: false, because: "the recipients" },
] as const;

export const TEMPLATES: Readonly<Record<TemplateName, TemplateRules>> = {
  arrived: { fields: { ...RECEIPT, waitsForOfficer: "flag" }, required: [RECEIVED, ...EVIDENCE] },
  registered: { fields: { ...RECEIPT, ...LINE, isCopy: "flag" }, required: [...SIX_FIELDS, ...EVIDENCE] },
  "handed-over": {
    fields: { ...RECEIPT, ...LINE, ...texts("officer", "handedOverAtTh", "handedOverAtEn") },
    required: [
      NUMBER,
      { oneOf: ["officer"], always: true, because: "the officer" },
      { oneOf: ["handedOverAtTh", "handedOverAtEn"], always: true, because: "the time" },
      ...EVIDENCE,
    ],
  },
  refused: { fields: { ...RECEIPT, ...KEPT }, required: [RECEIVED, WHY, ...EVIDENCE] },
  quarantined: { fields: { ...RECEIPT, ...KEPT }, required: [RECEIVED, WHY, ...EVIDENCE] },
  rejected: { fields: { ...RECEIPT, ...REASON }, required: [RECEIVED, WORDS, ...EVIDENCE] },
  invalid: { fields: { ...RECEIPT, ...REASON }, required: [RECEIVED, WORDS, ...EVIDENCE] },
  corrected: {
    fields: {
      ...RECEIPT,
      ...LINE,
      ...REPLACING,
      changes: ["fieldTh", "fieldEn", "oldTh", "oldEn", "newTh", "newEn"],
    },
    required: [
      ...SIX_FIELDS,
      { oneOf: ["replaces"], always: true, because: "which receipt it replaces" },
      { oneOf: ["newTh", "newEn"], always: false, because: "what is right" },
      ...EVIDENCE,
    ],
  },
  cancelled: {
    fields: { ...RECEIPT, ...LINE, ...REPLACING },
    required: [
      NUMBER,
      WORDS,
      { oneOf: ["replaces"], always: true, because: "which receipt it replaces" },
      ...EVIDENCE,
    ],
  },
  "recall-accepted": { fields: { ...RECEIPT, ...LINE, ...REASON }, required: [NUMBER, ...EVIDENCE] },
  "recall-refused": { fields: { ...RECEIPT, ...LINE, ...REASON }, required: [NUMBER, ...EVIDENCE] },
  alert: {
    fields: { ...AGENCY, ...KEPT, ...texts("letterId", "receivedAtTh", "receivedAtEn") },
    required: [{ oneOf: ["letterId"], always: true, because: "the letter's id" }, WHY],
  },
  "alert-dispute": {
    fields: { ...AGENCY, ...texts("letterId", "registerNumber", "receivedAtTh", "receivedAtEn") },
    required: [NUMBER, { oneOf: ["letterId"], always: true, because: "the letter's id" }],
  },
  "owner-failed": { fields: OWNER, required: [...OWNED, WORDS] },
  "owner-warned": { fields: OWNER, required: OWNED },
  "owner-escalated": { fields: OWNER, required: OWNED },
};
