import { normaliseThai } from "../../shared/letter/thai-text.ts";
import { decodeText } from "../../shared/mime/charset.ts";
import { textParameter } from "../../shared/mime/header-parameters.ts";
import { decodeHeader, readMailboxes, safeLine } from "../../shared/mime/header-text.ts";
import { type MimeMessage, type MimePart, rawField } from "../../shared/mime/parse-mime.ts";
import type { Reading, ReadingProblem } from "../reading.ts";
import { htmlToText } from "./html-text.ts";
import { messageIdIn } from "./message-ids.ts";

const MAX_TEXT_CHARACTERS = 200_000;
const MAX_OTHER_SUBJECTS = 10;

export type Mail = Pick<Reading, "messageId" | "fromAddress" | "fromName" | "headerDate" | "subjectHeader">;

/** The mail's own data, fit to be shown: one line each, no controls. */
export function readMail(message: MimeMessage, problems: Set<ReadingProblem>): Mail {
  const { headers } = message;
  const line = (text: string | null | undefined): string | null => {
    if (text === null || text === undefined) return null;
    const safe = safeLine(text);
    if (safe.injected) problems.add("header-injection");
    const clean = normaliseThai(safe.line).replace(/\s+/gu, " ").trim().slice(0, 2_000).toWellFormed();
    return clean === "" ? null : clean;
  };
  const fromFields = headers.filter((header) => header.key === "from");
  const boxes = readMailboxes(rawField(headers, "from") ?? "");
  // RFC 5322 §3.6: one From field; §3.6.2: several authors are possible, but then nobody has signed for the agency.
  if (fromFields.length > 1 || boxes.length > 1) problems.add("ambiguous-from");
  if (/^\s*(?:company-confidential|private)/i.test(rawField(headers, "sensitivity") ?? "")) {
    problems.add("sensitivity-header");
  }
  const date = new Date((rawField(headers, "date") ?? "").trim().slice(0, 100));
  const subject = rawField(headers, "subject");
  return {
    messageId: messageIdIn(rawField(headers, "message-id")),
    fromAddress: boxes.length === 1 && fromFields.length === 1 ? (boxes[0]?.address ?? null) : null,
    fromName: line(boxes[0]?.name),
    headerDate: Number.isNaN(date.getTime()) ? null : date.toISOString(),
    subjectHeader: subject === null ? null : line(decodeHeader(subject)),
  };
}

/** Subject fields beside the one that is shown: one alone is allowed, another program may show another one. */
export function otherSubjects({ headers }: MimeMessage): string[] {
  return headers
    .filter(({ key }) => key === "subject")
    .slice(1, 1 + MAX_OTHER_SUBJECTS)
    .map(({ line }) => safeLine(decodeHeader(line.slice(line.indexOf(":") + 1))).line.slice(0, 2_000));
}

/** The texts a reader would see, plain text first. Both forms of one text are read: a marking may stand in one. */
export function readBodies(message: MimeMessage, problems: Set<ReadingProblem>): string[] {
  const plain: string[] = [];
  const html: string[] = [];
  for (const part of message.parts) {
    if (part.octets === null || !isBody(part)) continue;
    if (!part.intact) problems.add("undecodable-body");
    const { text, charsetKnown } = decodeText(
      part.octets,
      part.contentType.parameters.get("charset") ?? null,
    );
    if (!charsetKnown) problems.add("unknown-charset");
    const shown = part.contentType.value === "text/html" ? htmlToText(text) : unflowed(text, part);
    if (/^-{5}BEGIN PGP MESSAGE-{5}[ \t\r]*$/mu.test(shown)) problems.add("encrypted");
    if (shown.length > MAX_TEXT_CHARACTERS || part.octets.length < part.sizeBytes) problems.add("text-cut");
    (part.contentType.value === "text/html" ? html : plain).push(shown);
  }
  return [plain.join("\n\n"), ...html].filter((text) => text !== "");
}

/** A text that is shown as the mail's own, rather than a file. */
export function isBody(part: MimePart): boolean {
  const type = part.contentType.value;
  if (type !== "text/plain" && type !== "text/html" && type !== "" && type !== "text") return false;
  return part.disposition.value !== "attachment" && nameOf(part) === null;
}

/** RFC 3676 §4: a line that ends in a space goes on in the next one. */
function unflowed(text: string, part: MimePart): string {
  const { parameters } = part.contentType;
  if (parameters.get("format")?.toLowerCase() !== "flowed") return text;
  const glue = parameters.get("delsp")?.toLowerCase() === "yes" ? "" : " ";
  return text.replace(/ \r?\n(?!-- \r?\n|>)/g, glue);
}

/** The file name of a part, decoded; data, never a path. */
export function nameOf(part: MimePart): string | null {
  return textParameter(part.disposition, "filename") ?? textParameter(part.contentType, "name");
}
