import type { Evidence, EvidenceType } from "../../../shared/letter/evidence/evidence.ts";
import {
  newSigningKey,
  publicHalf,
  type SigningKey,
  signEvidence,
} from "../../../shared/letter/evidence/sign-evidence.ts";
import { newId } from "../../../shared/runtime/ids.ts";
import { EVIDENCE_EXAMPLES } from "../../../shared/testing/evidence-examples.ts";
import { type LetterScene, MOT, OPDC } from "./letter-scene.ts";

/** A statement of an office about a message, signed with its key. */
export async function stated(
  type: EvidenceType,
  office: { readonly domain: string },
  messageId: string | null,
  key: SigningKey,
  changes: Partial<Evidence> = {},
): Promise<string> {
  const example = EVIDENCE_EXAMPLES[type];
  const evidence: Evidence = {
    ...example,
    evidenceId: newId(),
    agency: { ...example.agency, mailbox: `saraban@${office.domain}` },
    message: { ...example.message, messageId },
    ...changes,
  };
  return signEvidence(evidence, key);
}

export async function publish({ query }: LetterScene, domain: string): Promise<SigningKey> {
  const key = await newSigningKey();
  await query("insert into saraban.partner_key (domain, kid, jwk, source) values ($1, $2, $3, 'config')", [
    domain,
    key.kid,
    JSON.stringify(publicHalf(key.privateKey)),
  ]);
  return key;
}

/** A letter that was sent; for each recipient its id, the Message-ID and the return path of its mail. */
export async function sentTo(scene: LetterScene, recipients = [OPDC, MOT], number = 12) {
  const before = scene.sink.received.length;
  const letter = await scene.letter({ recipients, number });
  for (const recipient of letter.recipients) await scene.send(recipient);
  const mails = scene.sink.received.slice(before);
  return letter.recipients.map((id, index) => ({
    id,
    letterId: letter.id,
    messageId: mails[index]?.headers.get("message-id") ?? "",
    path: mails[index]?.mailFrom ?? "",
  }));
}
