import type { OutgoingMail } from "../mail/outgoing-mail.ts";
import type { Notice } from "../notice-store.ts";

/** What all notices have: from the agency's mailbox, as an answer to a message if there is one (RFC 3834 §3.1). */
export function mailEnds(
  { facts: { agency }, recipient, messageId, madeAt, answersTo, id }: Notice,
  returnPath: string,
): Omit<OutgoingMail, "subject" | "text" | "files"> {
  return {
    from: { name: `สารบรรณอิเล็กทรอนิกส์ ${agency.nameThai}`, address: agency.mailbox },
    to: recipient,
    messageId,
    date: madeAt,
    inReplyTo: answersTo !== null && /^<[\x21-\x3b\x3d\x3f-\x7e]{1,900}>$/.test(answersTo) ? answersTo : null,
    autoSubmitted: "auto-replied",
    returnPath,
    envelopeId: id,
  };
}
