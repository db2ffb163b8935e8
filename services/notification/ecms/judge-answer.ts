import type { NodeSaid } from "../../shared/ecms/ask-node.ts";
import { errorDetailOf } from "../../shared/ecms/faults.ts";
import type { EcmsErrorDetail } from "../../shared/ecms/message.ts";
import { oneLine } from "../mail/judge-error.ts";
import type { SendResult } from "../mail/mail-transport.ts";

/** Our own standing with the node, or a wrong address in the directory: a few minutes of it must not fail every letter. */
const OUR_STANDING: ReadonlySet<number> = new Set([401, 403, 404, 405, 407]);
const TRY_AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

const DUPLICATE = errorDetailOf("duplicate").code;
const NOT_ALLOWED = errorDetailOf("not-allowed").code;
const UNKNOWN_DOCUMENT = errorDetailOf("unknown-document").code;
/** 5xx of our own list: not now. */
const NOT_NOW = /^SRB5/;

/**
 * What a node's answer means for what was posted. The protocol has no list of codes: of nodes of others a refusal in words
 * is final, as old clients take it; that it has the letter already is told by our code, or by words for it.
 */
export function resultOfAnswer(
  { status, read }: NodeSaid,
  about: "letter" | "notifier" | "deletion",
): SendResult {
  if ("fault" in read) {
    const reply = `HTTP ${status}, and no answer of e-CMS (${read.fault})`;
    return { result: status === 200 ? "unknown" : isFinal(status) ? "permanent" : "transient", reply };
  }
  const [error] = read.errors;
  if (error !== undefined) {
    const reply = oneLine(`${status} ${error.code} ${error.description}`);
    if (about === "letter" && isDuplicate(error)) return { result: "accepted", reply };
    return { result: isRefusal(status, read.operation, read.errors) ? "permanent" : "transient", reply };
  }
  if (status !== 200) return { result: isFinal(status) ? "permanent" : "transient", reply: `HTTP ${status}` };
  // The one sign of success that the clients look for.
  if (read.processId === null && about !== "deletion")
    return {
      result: "transient",
      reply: `${status}, and no ProcessID in ${oneLine(read.operation).slice(0, 100)}`,
    };
  return { result: "accepted", reply: oneLine(`${status} ProcessID ${read.processId ?? ""}`) };
}

/** Whether a node has no such document: then it need not be deleted. */
export function isNothingToDelete({ read }: NodeSaid): boolean {
  return !("fault" in read) && read.errors.some(({ code }) => code === UNKNOWN_DOCUMENT);
}

function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && !OUR_STANDING.has(status) && !TRY_AGAIN.has(status);
}

/** Of a Fault it is told whose fault it is (SOAP 1.1 §4.4.1). */
function isRefusal(status: number, operation: string, errors: readonly EcmsErrorDetail[]): boolean {
  if (OUR_STANDING.has(status) || TRY_AGAIN.has(status)) return false;
  if (errors.some(({ code }) => NOT_NOW.test(code) || code === NOT_ALLOWED)) return false;
  if (operation === "Fault") return errors.some(({ code }) => /(?:^|:)(?:Client|Sender)\b/.test(code));
  return status < 500;
}

/** Under one number there is one letter of ours to an office: a node that has it got it from an earlier try. */
function isDuplicate({ code, description }: EcmsErrorDetail): boolean {
  if (code.startsWith("SRB")) return code === DUPLICATE;
  return /ซ้ำ|มีหนังสือฉบับนี้|มีอยู่แล้ว|\bduplicate|\balready exist/iu.test(description);
}
