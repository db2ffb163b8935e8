import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { simpleParser } from "mailparser";
import { type LetterStatus, listAgencies, readStatus } from "../../services/shared/letter/inbound-book.ts";
import { buddhistYear } from "../../services/shared/letter/stamp.ts";
import type { Tables } from "../../services/shared/letter/tables.ts";
import type { Acting, Kysely } from "../../services/shared/runtime/database.ts";

const LOOK_EVERY_MS = 150;

export interface Following {
  readonly database: Kysely<Tables>;
  readonly acting: Acting;
}

/** Acts for every agency served here, as `saraban letter` does. */
export async function actingForAll(database: Kysely<Tables>, actor: Acting["actor"]): Promise<Acting> {
  return { actor, agencies: await listAgencies(database) };
}

/**
 * Waits until each arrival has its outcome and each acknowledgement or refusal that follows is no longer due.
 * @param onChange is told in words when something has moved on
 * @param answersLeave false where no smarthost is set: answers stay due
 * @returns the statuses; `settled` is false when the time ran out first
 */
export async function followLetters(
  { database, acting }: Following,
  ids: readonly string[],
  withinMs: number,
  onChange: (words: string) => void,
  answersLeave = true,
): Promise<{ readonly statuses: readonly LetterStatus[]; readonly settled: boolean }> {
  const giveUpAtMs = performance.now() + withinMs;
  let before = "";
  for (;;) {
    const statuses = await readStatus(database, acting, ids);
    const settled = statuses.length === ids.length && statuses.every((one) => isSettled(one, answersLeave));
    if (settled || performance.now() > giveUpAtMs) return { statuses, settled };
    const words = [...new Set(statuses.map(waitsFor))].join(", ");
    if (words !== before) onChange(words);
    before = words;
    await pause(LOOK_EVERY_MS);
  }
}

/** Outcomes after which the sender is told something, or it is recorded why not. */
const ANSWERED: ReadonlySet<string> = new Set(["registered", "refused", "triage", "possible-duplicate"]);

function isSettled({ outcome, notice }: LetterStatus, answersLeave: boolean): boolean {
  if (outcome !== null && ANSWERED.has(outcome))
    return notice !== null && (notice !== "due" || !answersLeave);
  return outcome !== null;
}

function waitsFor({ outcome, letterNumber, urgency, notice }: LetterStatus): string {
  if (outcome === null)
    return letterNumber === null && urgency === null ? "is being read" : "is being registered";
  if (!ANSWERED.has(outcome)) return `outcome: ${outcome}`;
  return notice === null ? `${outcome}; the answer is being written` : `${outcome}; the answer is on its way`;
}

/** "12/2569", or null without a number. */
export function registerNumber({ registerNumber: number, year }: LetterStatus): string | null {
  return number === null || year === null ? null : `${number}/${buddhistYear(year)}`;
}

const OUTCOME_WORDS: Readonly<Record<string, string>> = {
  registered: "registered",
  duplicate: "not registered again: the very same message came before",
  "possible-duplicate": "waits for an officer: a letter with the same number and date is registered already",
  triage: "waits for an officer",
  ignored: "kept, not registered, not answered",
  refused: "refused",
};

/** What became of one arrival, in lines for a person. */
export async function tellStatus(following: Following, status: LetterStatus): Promise<string[]> {
  const { agencyId, outcome, reason, earlierIntakeId, intakeId } = status;
  if (outcome === null)
    return [`${agencyId}: not decided yet; ask later with: npm run -s saraban -- letter ${intakeId}`];
  const number = registerNumber(status);
  const lines = [
    `${agencyId}: ${OUTCOME_WORDS[outcome] ?? outcome}${number === null ? ` (${reason})` : `, register number ${number}`}`,
  ];
  if (status.letterNumber !== null)
    lines.push(`  letter    ${status.letterNumber}, dated ${status.letterDate ?? "?"}`);
  if (status.subject !== null) lines.push(`  subject   ${status.subject}`);
  if (earlierIntakeId !== null) {
    const [earlier] = await readStatus(following.database, following.acting, [earlierIntakeId]);
    const known = earlier && registerNumber(earlier);
    lines.push(
      `  repeats   letter ${earlierIntakeId}${known ? `, which has register number ${known}` : ""}`,
      "  The same file sent twice is a duplicate by design: a retry never takes a second number.",
      "  To register it as another letter, send it with --fresh (new Message-ID, new running number).",
    );
  }
  return lines;
}

const NOTICE_WORDS: Readonly<Record<string, string>> = {
  acknowledgement: "Acknowledgement",
  arrival: "Receipt of its arrival",
  copy: "Receipt of the earlier letter",
  refusal: "Refusal notice",
  rejection: "Rejection notice",
};

/** How answers leave this installation. */
export type WayOut =
  | { readonly kind: "files"; readonly folder: string }
  | { readonly kind: "sent"; readonly through: string }
  | { readonly kind: "waiting" };

/** The answer that went out for an arrival, in lines for a person; with the .eml file where answers are written as files. */
export async function tellNotice(status: LetterStatus, way: WayOut): Promise<string[]> {
  const { notice, noticeKind, noticeMessageId } = status;
  if (notice === null || noticeKind === null || noticeMessageId === null)
    return ["  No answer goes to the sender."];
  const what = NOTICE_WORDS[noticeKind] ?? "Notice";
  if (notice === "withheld")
    return [
      `  ${what} withheld: no program answers this sender (RFC 3834). Why: npm run -s saraban -- letter ${status.intakeId}`,
    ];
  if (way.kind === "waiting")
    return [`  ${what} ${noticeMessageId}: ${notice}; no smarthost is set (SARABAN_SMARTHOST_URL).`];
  if (way.kind === "sent") return [`  ${what} ${noticeMessageId}: ${notice}, through ${way.through}.`];
  if (notice !== "delivered") return [`  ${what} ${noticeMessageId}: ${notice}.`];
  const file = join(way.folder, `${noticeMessageId.replace(/[^A-Za-z0-9.@-]/g, "")}.eml`);
  try {
    const { subject, text, to } = await simpleParser(await readFile(file));
    const head = Array.isArray(to) ? to.map((part) => part.text).join(", ") : to?.text;
    return [
      `  ${what} written to ${file}`,
      "",
      ...[`To: ${head ?? ""}`, `Subject: ${subject ?? ""}`, "", ...(text ?? "").trimEnd().split(/\r?\n/)].map(
        (line) => `    ${line}`.trimEnd(),
      ),
    ];
  } catch (error) {
    return [`  ${what} ${noticeMessageId}: delivered; its file cannot be read: ${(error as Error).message}`];
  }
}
