import { judgeMessage, type Verdict } from "../judge-message.ts";
import { type KnownSenders, type Reading, senderOf } from "../reading.ts";

/** The verdict where senders are not checked, by an agency that has decided nothing of its own. */
export function judgeKnown(
  reading: Reading,
  envelope: { mailFrom: string; recipients: readonly string[] },
  known: KnownSenders,
): Verdict {
  const kind = { isPartner: senderOf(reading.fromAddress, known) !== null, isGovernment: true };
  return judgeMessage(reading, envelope, { standing: "unchecked", kind, rules: {} });
}
