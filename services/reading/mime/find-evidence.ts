import { findJws, LARGEST_UPLOAD } from "../../shared/letter/evidence/find-jws.ts";
import { readRecall } from "../../shared/letter/evidence/recall.ts";
import { verifyEvidence } from "../../shared/letter/evidence/verify-evidence.ts";
import type { MessageKind } from "../reading.ts";
import type { MimeMessage, MimePart } from "./parse-mime.ts";
import { nameOf } from "./read-parts.ts";

/** A signed statement of another office that a mail carries. Whether it is genuine is told where the keys are. */
export interface CarriedEvidence {
  /** Compact JWS, at most LONGEST_JWS characters. */
  readonly jws: string;
  /** receipt: of what became of a letter of ours; recall: a letter that we have received is wanted back. */
  readonly kind: "receipt" | "recall";
}

const MOST_PARTS = 10;

/**
 * The first receipt or recall among the files of a mail that a machine has sent: a .jws, else JSON or a PDF that holds one.
 * Beside a person's letter a receipt is an enclosure like any other; of such mails only what holds nothing else than a
 * recall is one. Statements in a message that is attached speak to somebody else. Never throws for what is in them.
 */
export async function findEvidence(
  { parts }: MimeMessage,
  kind: MessageKind,
): Promise<CarriedEvidence | null> {
  const files = parts.filter(({ message, octets }) => message !== null || octets === null);
  const isMachines = kind === "acknowledgement" || kind === "auto-reply";
  const isBare = kind === "letter" && files.every((part) => formOf(part) === 0);
  if (!isMachines && !isBare) return null;
  const forms = files
    .filter((part) => formOf(part) !== null)
    .sort((a, b) => (formOf(a) ?? 0) - (formOf(b) ?? 0));
  for (const { content } of forms.slice(0, MOST_PARTS)) {
    if (content === null || content.sizeBytes > LARGEST_UPLOAD) continue;
    const jws = findJws(await content.read());
    const found = jws === null ? null : kindOf(jws);
    if (jws !== null && found !== null && (isMachines || found === "recall")) return { jws, kind: found };
  }
  return null;
}

/** In which of its forms a part may hold a statement, the plainest first; null for anything else. */
function formOf(part: MimePart): number | null {
  const { value } = part.contentType;
  const name = (nameOf(part) ?? "").toLowerCase();
  if (name.endsWith(".jws") || value === "application/jose") return 0;
  if (name.endsWith(".json") || value === "application/json") return 1;
  return name.endsWith(".pdf") || value === "application/pdf" ? 2 : null;
}

function kindOf(jws: string): CarriedEvidence["kind"] | null {
  if (readRecall(jws) !== null) return "recall";
  // With no keys at all a receipt of the right form is one by an unknown key.
  return verifyEvidence(jws, []).state === "unknown-key" ? "receipt" : null;
}
