import type { OutgoingMail } from "./outgoing-mail.ts";

/** What came of one try. unknown: the line broke after the message was sent and before the answer (it may be there). */
export interface SendResult {
  readonly result: "accepted" | "transient" | "permanent" | "unknown";
  /** The other server's words, or ours about the connection; never the message's. */
  readonly reply: string;
}

/** There was no try: others are at that destination, or it does not answer at present. */
export interface PutOff {
  readonly result: "put-off";
  /** When to ask again, from now. */
  readonly waitMs: number;
  readonly reply: string;
}

/** A way out for mail. */
export interface MailTransport {
  readonly channel: "smarthost" | "mx" | "file";
  /**
   * Sends one message, or says at once that its destination has no place for it now.
   * @param to the recipient's address, by which the destination is found
   * @param compose makes the message; called only when it is its turn
   * @throws what `compose` throws; never for a fault of the other side
   */
  send(to: string, compose: () => OutgoingMail | Promise<OutgoingMail>): Promise<SendResult | PutOff>;
  /** Null when the next server answers, else what is wrong; asks it only when nothing was sent lately. */
  trouble(): Promise<string | null>;
  close(): void;
}
