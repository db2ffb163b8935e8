import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Desk } from "./clerk-desk.ts";
import { listOutbound, readUploadedContent } from "./http/outbound-store.ts";
import { type OutboundAnswer, outboundMember, readUnanswered } from "./http/show-outbound.ts";
import { textTable } from "./shared/letter/book-table.ts";
import { OUTBOUND_STATES } from "./shared/letter/outbound.ts";
import { buddhistYear } from "./shared/letter/stamp.ts";
import { openUploads, readUploaded } from "./shared/letter/uploaded-files.ts";
import { inTransaction } from "./shared/runtime/database.ts";
import { shown } from "./show-fields.ts";
import { LETTER_STATE_WORDS, RECIPIENT_STATE_WORDS } from "./show-recipients.ts";

const MOST_SHOWN = 100;

/** `saraban outbound list`: the newest letters of the agency. */
export async function listLetters(desk: Desk, asked: string | undefined, json: boolean): Promise<number> {
  const { database, acting, agencyId } = desk;
  const state = OUTBOUND_STATES.find((known) => known === asked) ?? null;
  if (asked !== undefined && state === null) {
    process.stderr.write(`saraban outbound: --state is one of ${OUTBOUND_STATES.join(", ")}\n`);
    return 64;
  }
  const rows = await inTransaction(database, acting, (transaction) =>
    listOutbound(transaction, agencyId, state, null, MOST_SHOWN + 1),
  );
  const letters = rows.slice(0, MOST_SHOWN).map(outboundMember);
  if (json) process.stdout.write(`${JSON.stringify({ agencyId, letters })}\n`);
  else if (letters.length === 0) process.stdout.write("There is no such letter.\n");
  else {
    const cells = letters.map((letter) => [
      letter.letterId,
      shown(letter.draftedAt),
      LETTER_STATE_WORDS[letter.state],
      shown(letter.letterNumber),
      letter.line === null ? "-" : `${letter.line.number}/${buddhistYear(letter.line.year)}`,
      shown(letter.subject),
      `${letter.recipients.answered}/${letter.recipients.total}`,
    ]);
    const head = ["id", "ร่างเมื่อ", "สถานะ", "ที่", "เลขส่ง", "เรื่อง", "ตอบรับ"];
    process.stdout.write(textTable([head, ...cells]));
    if (rows.length > MOST_SHOWN) process.stdout.write("… and older ones\n");
  }
  return 0;
}

/** `saraban outbound unanswered`: ยังไม่ได้รับการตอบรับ, who waits longest first. */
export async function listUnanswered(desk: Desk, json: boolean): Promise<number> {
  const { database, acting, agencyId, now } = desk;
  const rows = await inTransaction(database, acting, (transaction) =>
    readUnanswered(transaction, agencyId, null, MOST_SHOWN + 1, now().at),
  );
  const recipients = rows.slice(0, MOST_SHOWN);
  if (json) process.stdout.write(`${JSON.stringify({ agencyId, recipients })}\n`);
  else if (rows.length === 0) process.stdout.write("ได้รับการตอบรับครบแล้ว Everybody has answered.\n");
  else {
    const cells = recipients.map(({ letterId, no, name, letterNumber, waitedHours, status }) => [
      letterId,
      String(no),
      shown(letterNumber),
      shown(name),
      RECIPIENT_STATE_WORDS[status.state],
      `${waitedHours} h`,
      status.escalatedAt !== null
        ? RECIPIENT_STATE_WORDS.escalated
        : status.warnedAt !== null
          ? RECIPIENT_STATE_WORDS.warned
          : "-",
    ]);
    const head = ["letter", "no", "ที่", "ผู้รับ", "สถานะ", "รอมาแล้ว", "เตือน"];
    process.stdout.write(textTable([head, ...cells]));
    if (rows.length > MOST_SHOWN) process.stdout.write("… and more\n");
  }
  return 0;
}

/** `saraban outbound file ID NO --out FILE`: a file of the letter; one that exists is not overwritten. */
export async function saveFile(
  desk: Desk,
  { files }: OutboundAnswer,
  no: number,
  out: string | undefined,
): Promise<number> {
  const file = files.find((one) => one.no === no);
  if (file === undefined || out === undefined) {
    process.stderr.write("saraban outbound: file ID NO --out FILE; outbound show ID lists the files\n");
    return 64;
  }
  const { database, acting, settings } = desk;
  const content = await inTransaction(database, acting, (transaction) =>
    readUploadedContent(transaction, file.fileId),
  );
  const uploads = await openUploads(settings.dataDir);
  try {
    await pipeline(readUploaded(uploads, { ...file, content }), createWriteStream(out, { flags: "wx" }));
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    process.stderr.write(`saraban outbound: ${out} was not written (${code})\n`);
    return 1;
  }
  process.stdout.write(`${out}\n`);
  return 0;
}
