import { MIME_CODES, MINISTRIES, SECRET_CODES, SPEED_CODES } from "../../shared/ecms/codes.ts";
import { SECRECY_WORDS, URGENCY_WORDS } from "../../shared/letter/letter.ts";
import { LETTER_KIND_WORDS, LETTER_KINDS, type LetterKind } from "../../shared/letter/register-line.ts";

/** A code of the API in words; `ecms`: the same in e-CMS. */
export interface ListedCode {
  readonly value: string;
  readonly nameThai: string;
  readonly nameEnglish: string;
  readonly ecms?: string;
}

const URGENCY_ENGLISH = {
  normal: "ordinary",
  urgent: "urgent",
  "very-urgent": "very urgent",
  "most-urgent": "most urgent",
} as const;
const SECRECY_ENGLISH = {
  normal: "not classified",
  confidential: "confidential",
  secret: "secret",
  "top-secret": "top secret",
} as const;
const KIND_ENGLISH: Readonly<Record<LetterKind, string>> = {
  external: "to another office, on letterhead",
  internal: "within the office",
  stamped: "under a seal instead of a signature",
  order: "orders, regulations and rules",
  public: "announcements and statements",
  evidence: "made or kept by officials as evidence",
};

/** All lists, by the names under which each is asked for. */
export function codeLists() {
  return {
    urgency: SPEED_CODES.map(
      ({ value, urgency }): ListedCode => ({
        value: urgency,
        nameThai: URGENCY_WORDS[urgency],
        nameEnglish: URGENCY_ENGLISH[urgency],
        ecms: value,
      }),
    ),
    secrecy: SECRET_CODES.map(
      ({ value, secrecy }): ListedCode => ({
        value: secrecy,
        nameThai: SECRECY_WORDS[secrecy],
        nameEnglish: SECRECY_ENGLISH[secrecy],
        ecms: value,
      }),
    ),
    letterKinds: LETTER_KINDS.map(
      (kind): ListedCode => ({
        value: kind,
        nameThai: LETTER_KIND_WORDS[kind],
        nameEnglish: KIND_ENGLISH[kind],
      }),
    ),
    mimeTypes: MIME_CODES.map(({ mimeCode, extension }) => ({ mediaType: mimeCode, extension })),
    ministries: MINISTRIES,
  };
}
