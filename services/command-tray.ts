import { parseArgs } from "node:util";
import { ACT_OPTIONS, atDesk, type Desk, performAct } from "./clerk-desk.ts";
import type { RunCommand } from "./cli.ts";
import { FACT_OPTIONS, FACT_USAGE, factsOf } from "./fact-options.ts";
import { dutyAgencies } from "./http/mailbox-check-store.ts";
import { daysOf, readMailboxChecks } from "./http/mailbox-checks.ts";
import { problem } from "./http/problem.ts";
import { isUuid } from "./http/read-parameters.ts";
import { readTrayLetterWithRecall, trayMember } from "./http/tray-door.ts";
import { withRecalls } from "./http/tray-recalls.ts";
import { readTray, readTrayLetter, recordOpening } from "./http/tray-store.ts";
import { dayOf, isoDateOfDay } from "./shared/letter/bangkok-day.ts";
import { textTable } from "./shared/letter/book-table.ts";
import { openCalendar } from "./shared/letter/holidays.ts";
import { URGENCY_WORDS } from "./shared/letter/letter.ts";
import { parseThaiDate } from "./shared/letter/thai-date.ts";
import { inTransaction } from "./shared/runtime/database.ts";
import { fieldTable, shown } from "./show-fields.ts";

const USAGE = `use: tray AGENCY [list], tray AGENCY show ID, tray AGENCY duty [--from DATE] [--to DATE],
  tray AGENCY register ID [${FACT_USAGE}],
  tray AGENCY reject|invalid|not-a-letter ID --reason WHY, tray AGENCY merge ID [--into ID]; [--by "ชื่อ สกุล"] [--json]`;

const MOST_SHOWN = 100;
const DUTY_DAYS = 30;
const MOST_DUTY_DAYS = 400;

/** `saraban tray`: what waits for a clerk's decision, and the decisions. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { ...ACT_OPTIONS, ...FACT_OPTIONS, into: { type: "string" } },
    allowPositionals: true,
  });
  const [agencyId, verb = "list", intakeId, ...more] = positionals;
  const json = values.json === true;
  if (more.length > 0 || (verb === "list" || verb === "duty") !== (intakeId === undefined))
    return wrongUse(USAGE);
  if (intakeId !== undefined && !isUuid(intakeId)) return wrongUse(`${intakeId} is not the id of an arrival`);
  return atDesk("tray", agencyId, async (desk) => {
    switch (verb) {
      case "list":
        return list(desk, json);
      case "show":
        return show(desk, intakeId as string, json);
      case "duty":
        return duty(desk, values.from, values.to, json);
      case "register": {
        const facts = factsOf(values);
        if (facts === null) return wrongUse("--date cannot be read; write it like 31/5/2569");
        return performAct(desk, values, { act: verb, intakeId: intakeId as string, facts });
      }
      case "reject":
      case "invalid":
      case "not-a-letter":
        return performAct(desk, values, { act: verb, intakeId: intakeId as string });
      case "merge": {
        const into = values.into ?? (await foundEarlier(desk, intakeId as string));
        const earlier = into === null ? {} : { earlierIntakeId: into };
        return performAct(desk, values, { act: verb, intakeId: intakeId as string, ...earlier });
      }
      default:
        return wrongUse(USAGE);
    }
  });
};

async function list(desk: Desk, json: boolean): Promise<number> {
  const { database, acting, agencyId, now } = desk;
  const { total, rows } = await inTransaction(database, acting, async (transaction) => {
    await recordOpening(transaction, agencyId, now().at, acting.actor);
    const tray = await readTray(transaction, agencyId, null, MOST_SHOWN);
    return { ...tray, rows: await withRecalls(transaction, agencyId, tray.rows) };
  });
  const letters = rows.map(trayMember);
  if (json) process.stdout.write(`${JSON.stringify({ total, letters })}\n`);
  else if (total === 0) process.stdout.write("Nothing waits in the tray.\n");
  else {
    const head = ["id", "มาถึง", "ชั้นความเร็ว", "ที่", "จาก", "เรื่อง", "เหตุ"];
    const cells = letters.map(({ intakeId, arrivedAt, facts, sender, reason, recall }) => [
      intakeId,
      shown(arrivedAt),
      URGENCY_WORDS[facts.urgency],
      facts.letterNumberPrinted ?? "-",
      facts.from ?? sender.address ?? "-",
      facts.subject ?? "-",
      recall === null ? reason.th : `${reason.th}; ผู้ส่งขอเรียกคืน`,
    ]);
    process.stdout.write(textTable([head, ...cells]));
    if (total > rows.length) process.stdout.write(`… and ${total - rows.length} more\n`);
  }
  return 0;
}

async function show({ database, acting }: Desk, intakeId: string, json: boolean): Promise<number> {
  const letter = await inTransaction(database, acting, (transaction) =>
    readTrayLetterWithRecall(transaction, intakeId),
  );
  if (!letter) throw problem("not-found");
  const member = trayMember(letter);
  process.stdout.write(json ? `${JSON.stringify(member)}\n` : fieldTable(member));
  return 0;
}

/** The arrival that this one was found to repeat; null when none was found. */
async function foundEarlier({ database, acting }: Desk, intakeId: string): Promise<string | null> {
  const letter = await inTransaction(database, acting, (transaction) =>
    readTrayLetter(transaction, intakeId),
  );
  return letter?.earlierIntakeId ?? null;
}

async function duty(desk: Desk, from: string | undefined, to: string | undefined, json: boolean) {
  const { database, acting, agencyId, now, settings } = desk;
  const today = dayOf(now().at.getTime());
  const range = {
    from: from === undefined ? isoDateOfDay(today - DUTY_DAYS) : parseThaiDate(from),
    to: to === undefined ? isoDateOfDay(today) : parseThaiDate(to),
  };
  if (range.from === null || range.to === null) return wrongUse("--from and --to are dates like 31/5/2569");
  const days = { from: range.from, to: range.to };
  if (daysOf(days) < 1 || daysOf(days) > MOST_DUTY_DAYS)
    return wrongUse(`--from and --to are 1 to ${MOST_DUTY_DAYS} days`);
  const agency = (await dutyAgencies(database)).find(({ id }) => id === agencyId);
  if (!agency) {
    process.stderr.write(`saraban tray: ${agencyId} has no duty to look into its tray (trayDuty)\n`);
    return 1;
  }
  const calendar = openCalendar(settings.holidaysDir);
  const checks = await inTransaction(database, acting, (transaction) =>
    readMailboxChecks(transaction, agency, days, calendar, now().at),
  );
  if (json) {
    process.stdout.write(`${JSON.stringify({ agencyId, ...days, ...checks })}\n`);
    return 0;
  }
  const rows = checks.halfDays.map(({ date, half, state, checkedAt, checkedBy }) => [
    date,
    half === "morning" ? "เช้า" : "บ่าย",
    state,
    shown(checkedAt),
    checkedBy ?? "-",
  ]);
  process.stdout.write(textTable([["วันที่", "ช่วง", "state", "เปิดดูเมื่อ", "โดย"], ...rows]));
  for (const year of checks.missingYears)
    process.stdout.write(`The holidays of B.E. ${year} are not known.\n`);
  return 0;
}

function wrongUse(words: string): number {
  process.stderr.write(`saraban tray: ${words}\n`);
  return 64;
}
