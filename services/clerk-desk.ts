import { userInfo } from "node:os";
import { openProcessClock } from "./clock/process-clock.ts";
import { actRefused } from "./http/act-refusals.ts";
import type { ActAnswer } from "./http/act-store.ts";
import { openActWaiters } from "./http/act-waiters.ts";
import { askRegistry } from "./http/ask-registry.ts";
import { type AskedAct, openActCheck } from "./http/check-act.ts";
import { Problem, problem } from "./http/problem.ts";
import { silentServices } from "./http/readiness.ts";
import { findInstallation } from "./installation.ts";
import { listAgencies } from "./shared/letter/inbound-book.ts";
import { buddhistYear, type TrustedNow } from "./shared/letter/stamp.ts";
import type { Tables } from "./shared/letter/tables.ts";
import type { Acting, DatabaseAddress, Kysely } from "./shared/runtime/database.ts";
import { openDatabase } from "./shared/runtime/database.ts";
import { openEars } from "./shared/runtime/ears.ts";
import { newId } from "./shared/runtime/ids.ts";
import { type Log, openLog } from "./shared/runtime/log.ts";
import { loadSettings, type Settings } from "./shared/runtime/settings.ts";

/** What the clerk's commands work with: the same rights, rows and rules as at the HTTP door. */
export interface Desk {
  readonly command: string;
  readonly settings: Settings;
  readonly address: DatabaseAddress;
  readonly database: Kysely<Tables>;
  readonly acting: Acting;
  readonly agencyId: string;
  readonly now: TrustedNow;
  readonly log: Log;
}

/** How long a command waits for the registry. */
const WAIT_MS = 30_000;

/** Finds the agency whose a thing is, among those served here; undefined when it is nobody's. */
export type FindAgency = (
  database: Kysely<Tables>,
  agencies: readonly string[],
) => Promise<string | undefined>;

/**
 * Opens a desk for one agency, works at it and closes it.
 * @param asked the agency's id, or how it is found; for what is nobody's the work is not begun (404's words)
 * @returns the exit code; 64 when there is no such agency
 */
export async function atDesk(
  command: string,
  asked: string | undefined | FindAgency,
  work: (desk: Desk) => Promise<number>,
): Promise<number> {
  const settings = loadSettings();
  const address = findInstallation(settings);
  const log = openLog(settings.log.level, command);
  const database = openDatabase<Tables>(address, "saraban_http", 2, log);
  try {
    const agencies = await listAgencies(database);
    const agencyId = typeof asked === "function" ? await asked(database, agencies) : asked;
    if (agencyId === undefined && typeof asked === "function") throw problem("not-found");
    if (agencyId === undefined || !agencies.includes(agencyId)) {
      process.stderr.write(`saraban ${command}: say which agency's: ${agencies.join(", ")}\n`);
      return 64;
    }
    const clock = await openProcessClock(settings.clock, address, "saraban_http", log);
    // With a slash, which no clerk's id has: what is signed here is never taken for a clerk's of the same name.
    const acting = { actor: `person:os/${userInfo().username}`, agencies: [agencyId] } as const;
    try {
      return await work({ command, settings, address, database, acting, agencyId, now: clock.now, log });
    } finally {
      await clock.stop();
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    process.stderr.write(`saraban ${command}: ${error.words.th}\n  ${error.words.en}\n`);
    for (const { th, en } of error.faults) process.stderr.write(`  ${th} (${en})\n`);
    return 1;
  } finally {
    await database.destroy();
  }
}

/** Options of every command that asks the registry for something. */
export const ACT_OPTIONS = {
  json: { type: "boolean" },
  by: { type: "string" },
  id: { type: "string" },
  reason: { type: "string" },
} as const;

export interface ActOptions {
  readonly json?: boolean | undefined;
  /** ชื่อ-สกุล of who acts; the operating system's name of the user when it is not given. */
  readonly by?: string | undefined;
  /** Of the act: with the same id it is done once, however often the command runs. */
  readonly id?: string | undefined;
  readonly reason?: string | undefined;
}

/** Words of a command of its own: when the act is done, and what helps against a refusal. */
export interface ActWords {
  readonly done?: (answer: ActAnswer) => string;
  /** What one can do next; beside the result, so that a script gets that alone. */
  readonly next?: string;
  readonly hint?: (refusal: string) => string | undefined;
}

/** Asks the registry for an act, waits for it and says what came of it. @returns the exit code: 0 done, 1 not, 64 wrong use */
export async function performAct(
  desk: Desk,
  options: ActOptions,
  asked: Omit<AskedAct, "id" | "agencyId">,
  words: ActWords = {},
): Promise<number> {
  const { command, database, address, acting, agencyId, log } = desk;
  const { id = newId(), reason, by = userInfo().username } = options;
  const checked = openActCheck()({ id, agencyId, ...asked, ...(reason === undefined ? {} : { reason }) });
  const faults = "faults" in checked ? checked.faults : [];
  if (by.trim() === "" || by.length > 200) {
    process.stderr.write(`saraban ${command}: --by is the given name and surname of who acts\n`);
    return 64;
  }
  for (const { pointer = "", th, en } of faults) {
    process.stderr.write(`saraban ${command}: ${pointer.slice(1).replaceAll("/", ".")}: ${th} (${en})\n`);
  }
  if ("faults" in checked) return 64;
  const ears = openEars(address, "saraban_http", log);
  const waiters = openActWaiters(database, ears, log);
  try {
    const act = { ...checked.act, madeBy: acting.actor, madeByName: by.trim() };
    const answer = await askRegistry({ ...desk, waiters }, acting, act, WAIT_MS);
    return await sayAnswer(desk, options, answer, words);
  } finally {
    await waiters.stop();
    await ears.stop();
  }
}

export async function sayAnswer(
  desk: Desk,
  { json }: ActOptions,
  answer: ActAnswer,
  { done, next, hint }: ActWords = {},
): Promise<number> {
  const { command, database, settings } = desk;
  if (json) process.stdout.write(`${JSON.stringify(answer)}\n`);
  if (answer.result === "refused") {
    const { th, en } = actRefused(answer.id, answer.refusal).words;
    const more = hint?.(answer.refusal);
    process.stderr.write(`saraban ${command}: ${th}\n  ${en}\n${more === undefined ? "" : `  ${more}\n`}`);
    return 1;
  }
  if (answer.result === null) {
    const needed = settings.queue.redisUrl === "" ? ["registry"] : ["relay", "registry"];
    const silent = await silentServices(database, needed);
    const why = silent.length > 0 ? `not running: ${silent.join(", ")}` : `no result in ${WAIT_MS / 1000} s`;
    process.stderr.write(
      `saraban ${command}: ${why}. The act is kept and will be carried out; the same command with --id ${answer.id} tells what came of it.\n`,
    );
    return 1;
  }
  const { line } = answer;
  const place = line === null ? "Done." : `${line.bookId} ${line.number}/${buddhistYear(line.year)}`;
  if (!json) process.stdout.write(`${done?.(answer) ?? place}\n`);
  if (!json && next !== undefined) process.stderr.write(`${next}\n`);
  return 0;
}
