import type { ExpectedLetter } from "./expected.ts";

/** What a correct service must do with one request of the e-CMS exchange; the form is that of the shared corpus's expected.json. */
export interface ExpectedRequest {
  readonly file: string;
  readonly kind: RequestKind;
  /** First child of Body, or the notifier's name. */
  readonly operation: string;
  readonly dialect: "A" | "B";
  readonly contentType: string;
  /** reject: an error answer, and nothing is stored. */
  readonly outcome: EcmsOutcome;
  readonly alsoAcceptable?: readonly EcmsOutcome[];
  readonly letter: ExpectedEcmsLetter | null;
  readonly notifier?: {
    readonly type: string;
    readonly letterId: string;
    readonly correspondenceDate: string;
    readonly subject: string;
    readonly acceptId?: string;
  };
  readonly key?: {
    readonly number: string;
    readonly date: string;
    readonly senderDepartment: string;
    readonly acceptDepartment: string;
  };
  readonly processId?: string;
  readonly wsaTo?: string;
  readonly after?: readonly string[];
  readonly precondition?: {
    readonly outboundLetter?: SentLetter;
    readonly inboundLetter?: string;
  };
  readonly mustNotContain?: readonly string[];
}

export type EcmsOutcome = "accept" | "reject";

export type RequestKind =
  | "letter"
  | "notifier"
  | "poll"
  | "queue-delete"
  | "document-delete"
  | "special"
  | "list"
  | "status"
  | "time"
  | "hostile";

export interface ExpectedEcmsLetter extends ExpectedLetter {
  readonly numberRaw: string;
  readonly senderDepartment: string;
  readonly receiverDepartment: string;
  readonly references: readonly {
    readonly number: string;
    readonly date: string;
    readonly subject: string;
  }[];
  /** In the order of the wire. */
  readonly objects: readonly ExpectedObject[];
}

export interface ExpectedObject {
  readonly role: "main" | "attachment";
  readonly mimeType: string;
  readonly size: number;
  readonly sha256: string;
}

/** A letter that an agency of ours has sent before. */
export interface SentLetter {
  readonly number: string;
  readonly date: string;
  readonly subject: string;
  readonly senderDepartment: string;
  readonly receiverDepartment: string;
}

/** A request to be sent. */
export interface CorpusRequest {
  readonly expected: ExpectedRequest;
  readonly octets: Buffer;
}

/** What has to go in before a request, in its order: the files of `after`, and an inbound letter that is a precondition. */
export function earlierRequests(
  request: CorpusRequest,
  all: readonly CorpusRequest[],
): readonly CorpusRequest[] {
  const { after = [], precondition } = request.expected;
  const inbound = precondition?.inboundLetter;
  const files = [...after, ...(inbound === undefined ? [] : [inbound])];
  const earlier = files.flatMap((file) => {
    const found = all.find(({ expected }) => expected.file === file);
    return found ? [...earlierRequests(found, all), found] : [];
  });
  return [...new Set(earlier)];
}
