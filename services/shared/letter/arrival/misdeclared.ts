import type { Readable } from "node:stream";
import { decodeText } from "../../mime/charset.ts";
import { markingsOnLine } from "../classification.ts";
import type { ClosedFacts } from "../closed-facts.ts";
import { graverSecrecy, SECRECIES, type Secrecy } from "../letter.ts";
import { gravestMark, markOfFileName } from "../own-markings.ts";
import { openArrivedFile } from "./open-arrived-file.ts";

type MarkedFacts = Pick<ClosedFacts, "subject" | "text" | "references" | "enclosures" | "files">;

/** Whether a letter's own words mark it as graver than it is declared: then nobody knows what it is, and it is not taken. */
export function isMisdeclared(facts: MarkedFacts, declared: Secrecy): boolean {
  const said = gravestMark({
    subject: facts.subject ?? "",
    text: facts.text ?? "",
    references: facts.references.flatMap(({ subject }) => subject ?? []),
    enclosures: facts.enclosures,
  });
  const names = facts.files.map(({ name }) => (name === null ? "normal" : markOfFileName(name)));
  return isGraver(names.reduce<Secrecy>(graverSecrecy, said), declared);
}

/** A letter whose main file is text (old e-CMS clients send such): more of it is not looked into. */
const MOST_TEXT_BYTES = 1024 * 1024;

/**
 * The same of the texts among its files. Other files, PDFs among them, are read by room reading alone, and no classified
 * letter gets there.
 * @param openRaw the octets as they came
 * @param mediaType as they came, with its boundary
 */
export async function isTextMisdeclared(
  { files }: Pick<ClosedFacts, "files">,
  declared: Secrecy,
  mediaType: string,
  openRaw: () => Readable,
): Promise<boolean> {
  for (const { mediaType: type, sizeBytes, place } of files) {
    if (!/^text\/plain\b/i.test(type) || place === null || sizeBytes > MOST_TEXT_BYTES) continue;
    const { content } = await openArrivedFile(openRaw(), mediaType, place);
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(piece as Buffer);
    const { text } = decodeText(Buffer.concat(pieces), charsetIn(type));
    const marks = text.split("\n").map((line) => markingsOnLine(line).secrecy);
    if (isGraver(marks.reduce<Secrecy>(graverSecrecy, "normal"), declared)) return true;
  }
  return false;
}

function isGraver(said: Secrecy, declared: Secrecy): boolean {
  return SECRECIES.indexOf(said) > SECRECIES.indexOf(declared);
}

function charsetIn(mediaType: string): string | null {
  return /;\s{0,9}charset\s{0,9}=\s{0,9}"?([\w.:-]{1,40})/i.exec(mediaType)?.[1] ?? null;
}
