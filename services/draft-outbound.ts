import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { type ActOptions, type ActWords, type Desk, performAct, sayAnswer } from "./clerk-desk.ts";
import { readActAnswer } from "./http/act-store.ts";
import type { OutboundAnswer } from "./http/show-outbound.ts";
import { checkedName, uploadFile } from "./http/upload-file.ts";
import { hintOf } from "./outbound-hints.ts";
import { type LetterOptions, letterOf } from "./outbound-options.ts";
import type { OutboundFacts } from "./shared/letter/outbound.ts";
import { openUploads } from "./shared/letter/uploaded-files.ts";
import { inTransaction } from "./shared/runtime/database.ts";
import { newId } from "./shared/runtime/ids.ts";

type DraftOptions = ActOptions & LetterOptions & { readonly file?: string[] | undefined };

/** `saraban outbound draft`: takes the files in and writes the letter down. @returns the exit code */
export async function draftLetter(desk: Desk, options: DraftOptions): Promise<number> {
  if (options.subject === undefined || options.to === undefined)
    return wrongUse("a letter needs --subject, and --to whom it goes; see saraban outbound");
  return writeDraft(desk, options, null);
}

/** `saraban outbound change`: what the options say replaces what the letter says; all else stays. */
export function changeLetter(desk: Desk, letter: OutboundAnswer, options: DraftOptions): Promise<number> {
  return writeDraft(desk, options, letter);
}

async function writeDraft(
  desk: Desk,
  options: DraftOptions,
  letter: Pick<OutboundAnswer, "letterId" | "facts"> | null,
): Promise<number> {
  const letterId = letter?.letterId ?? newId();
  const words = wordsOf(letterId, letter === null);
  const known = options.id === undefined ? undefined : await readAct(desk, options.id);
  // Its files would be taken in once more, and make another act of it.
  if (known) return sayAnswer(desk, options, known, wordsOf(known.letterId ?? letterId, letter === null));
  if (letterOf(options, null, null) === null)
    return wrongUse("--date cannot be read; write it like 31/5/2569");
  const files = options.file === undefined ? null : await takeIn(desk, options.file);
  if (typeof files === "string") return wrongUse(files);
  const facts = letterOf(options, letter?.facts ?? null, files) as OutboundFacts;
  return performAct(desk, options, { act: "draft", letterId, details: { letter: facts } }, words);
}

function readAct({ database, acting }: Desk, actId: string) {
  return inTransaction(database, acting, (transaction) => readActAnswer(transaction, actId));
}

function wordsOf(letterId: string, isNew: boolean): ActWords {
  return {
    hint: (refusal) => hintOf(refusal, letterId),
    done: () => letterId,
    next: isNew
      ? `ร่างแล้ว Look at it: saraban outbound show ${letterId}\nลงนามและส่ง Sign it off and send it: saraban outbound approve ${letterId} --send`
      : "แก้ไขแล้ว It is changed.",
  };
}

/** @returns ids of the files, or what is wrong with one */
async function takeIn(
  { database, acting, agencyId, now, settings }: Desk,
  paths: readonly string[],
): Promise<string[] | string> {
  const uploads = await openUploads(settings.dataDir);
  const ids: string[] = [];
  for (const path of paths) {
    const name = checkedName(basename(path));
    const source = createReadStream(path);
    try {
      const file = { agencyId, name, mediaType: typeOf(name) };
      ids.push((await uploadFile({ database, now, uploads }, acting, file, source)).id);
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (syscall !== undefined && source.errored === error) return `${path} cannot be read (${code})`;
      throw error;
    } finally {
      source.destroy();
    }
  }
  return ids;
}

/** What offices send; anything else is octets, which every mail program takes. */
const TYPES: Readonly<Record<string, string>> = {
  pdf: "application/pdf",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  doc: "application/msword",
  xls: "application/vnd.ms-excel",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  tif: "image/tiff",
  tiff: "image/tiff",
  txt: "text/plain",
  zip: "application/zip",
};

function typeOf(name: string): string {
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return Object.hasOwn(TYPES, extension) ? (TYPES[extension] as string) : "application/octet-stream";
}

function wrongUse(words: string): number {
  process.stderr.write(`saraban outbound: ${words}\n`);
  return 64;
}
