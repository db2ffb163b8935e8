import { findJws, LARGEST_UPLOAD } from "../../shared/letter/evidence/find-jws.ts";
import { readRecall } from "../../shared/letter/evidence/recall.ts";
import { verifyEvidence } from "../../shared/letter/evidence/verify-evidence.ts";
import { normaliseLetterNumber } from "../../shared/letter/letter-number.ts";
import type { MimeMessage, MimePart } from "../../shared/mime/parse-mime.ts";
import type { MessageKind } from "../reading.ts";
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
 * recall is one. Where the mail may be a letter all the same, it is one as soon as anything else lies in it, or it bears
 * another number than the statement: what is taken for a report is read by nobody. Statements in a message that is attached
 * speak to somebody else. Never throws for what is in them.
 * @param guessed what kind of mail it is without the statement
 * @param number the mail's own, canonical; null when it bears none
 */
export async function findEvidence(
  { parts }: MimeMessage,
  { kind, machineSent }: { readonly kind: MessageKind; readonly machineSent: boolean },
  number: string | null,
): Promise<CarriedEvidence | null> {
  const files = parts.filter(({ message, octets }) => message !== null || octets === null);
  const isMachines = kind === "acknowledgement" || kind === "auto-reply";
  const isBare = kind === "letter" && files.every((part) => formOf(part) === 0);
  if (!isMachines && !isBare) return null;
  if (machineSent && files.some((part) => formOf(part) === null)) return null;
  const forms = files
    .filter((part) => formOf(part) !== null)
    .sort((a, b) => (formOf(a) ?? 0) - (formOf(b) ?? 0));
  const statements: (Statement | null)[] = [];
  for (const part of forms.slice(0, MOST_PARTS)) {
    const statement = await statementIn(part);
    statements.push(statement);
    // Where nothing else may lie in the mail, all of it is looked at.
    if (statement !== null && !machineSent) break;
  }
  const found = statements.find((one) => one !== null && (isMachines || one.kind === "recall")) ?? null;
  if (found === null) return null;
  if (
    machineSent &&
    (forms.length > MOST_PARTS || statements.some((one, index) => isLetter(one, forms[index])))
  )
    return null;
  const mayBeLetter = kind === "letter" || machineSent;
  if (mayBeLetter && number !== null && !found.numbers.includes(number)) return null;
  return { jws: found.jws, kind: found.kind };
}

interface Statement extends CarriedEvidence {
  /** Of the letter that it speaks of, canonical; of a correction the wrong one too. */
  readonly numbers: readonly string[];
}

/** Whether a file may be a letter: a paper without a statement. Data without one may be the statement as it is. */
function isLetter(statement: Statement | null, part: MimePart | undefined): boolean {
  return statement === null && part !== undefined && formOf(part) === 2;
}

async function statementIn({ content }: MimePart): Promise<Statement | null> {
  if (content === null || content.sizeBytes > LARGEST_UPLOAD) return null;
  const jws = findJws(await content.read());
  if (jws === null) return null;
  const recall = readRecall(jws);
  if (recall !== null) return { jws, kind: "recall", numbers: canonical(recall.letter.number) };
  // With no keys at all a receipt of the right form is one by an unknown key.
  const verified = verifyEvidence(jws, []);
  if (verified.state !== "unknown-key") return null;
  const { letter, changes } = verified.claims;
  const numbers = [letter?.number, changes?.["letter.number"]?.old].map((one) => canonical(one ?? ""));
  return { jws, kind: "receipt", numbers: numbers.flat() };
}

function canonical(number: string): string[] {
  return [normaliseLetterNumber(number) ?? number].filter((text) => text !== "");
}

/** In which of its forms a part may hold a statement, the plainest first; null for anything else. */
function formOf(part: MimePart): number | null {
  const { value } = part.contentType;
  const name = (nameOf(part) ?? "").toLowerCase();
  if (name.endsWith(".jws") || value === "application/jose") return 0;
  if (name.endsWith(".json") || value === "application/json") return 1;
  return name.endsWith(".pdf") || value === "application/pdf" ? 2 : null;
}
