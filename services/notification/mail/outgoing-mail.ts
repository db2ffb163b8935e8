import type { Readable } from "node:stream";

/** A file of a message. */
export interface MailFile {
  readonly filename: string;
  readonly contentType: string;
  /** Text and small files as they are; a large one is opened when its turn comes, once for each try. */
  readonly content: string | Buffer | (() => Readable);
  /** Of a file that is opened later, where it is known: the server is told how much will come. */
  readonly sizeBytes?: number;
}

/** A message ready for the mail library: to one recipient. */
export interface OutgoingMail {
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly files: readonly MailFile[];
  readonly messageId: string;
  readonly date: Date;
  /** Message-ID, with its angle brackets, of what this answers; null for what answers nothing. */
  readonly inReplyTo: string | null;
  /** RFC 3834 §5: an answer, or told without having been asked; null for a letter, which a person sends. */
  readonly autoSubmitted: "auto-replied" | "auto-generated" | null;
  /** Envelope sender: where other servers report to; "" for the null reverse-path. */
  readonly returnPath: string;
  /** By which a server that knows RFC 3461 names the message in its report. */
  readonly envelopeId: string;
}
