import { parseArgs } from "node:util";
import { ACT_OPTIONS, atDesk, type Desk, performAct } from "./clerk-desk.ts";
import type { RunCommand } from "./cli.ts";
import { FACT_OPTIONS, FACT_USAGE, factsOf } from "./fact-options.ts";
import { type LineAnswer, readLineAnswer } from "./http/line-door.ts";
import { problem } from "./http/problem.ts";
import { textTable } from "./shared/letter/book-table.ts";
import type { LineKey } from "./shared/letter/read-lines.ts";
import { buddhistYear, christianYear } from "./shared/letter/stamp.ts";
import { normaliseThai, thaiDigitsToArabic } from "./shared/letter/thai-text.ts";
import { inTransaction } from "./shared/runtime/database.ts";
import { fieldTable, shown } from "./show-fields.ts";
import { recipientTable } from "./show-recipients.ts";

const USAGE = `use: entry BOOK NUMBER/YEAR [show], entry BOOK NUMBER/YEAR correct --FIELD VALUE… --reason WHY,
  entry BOOK NUMBER/YEAR fill --subject …, entry BOOK NUMBER/YEAR cancel --reason WHY,
  entry BOOK NUMBER/YEAR hand-over --officer "ชื่อ สกุล" (who has opened the letter),
  entry BOOK NUMBER/YEAR answer-recall --give-back | --keep --reason WHY (the sender wants the letter back),
  entry BOOK enter --subject …, entry BOOK reserve [--reason WHAT FOR]; [--by "ชื่อ สกุล"] [--json]
  BOOK is such as agency-a.inbound.ordinary, YEAR of the Buddhist Era, and the fields are
  ${FACT_USAGE}`;

/** `saraban entry`: a line of a book, what happens to it, and new lines without an arrival. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      ...ACT_OPTIONS,
      ...FACT_OPTIONS,
      officer: { type: "string" },
      "give-back": { type: "boolean" },
      keep: { type: "boolean" },
    },
    allowPositionals: true,
  });
  const [bookId = "", place = "", given, ...more] = positionals;
  const [, agencyId, book] = /^([^.]*)\.(.+)$/.exec(bookId) ?? [];
  if (book === undefined || more.length > 0) return wrongUse(USAGE);
  const facts = factsOf(values);
  if (facts === null) return wrongUse("--date cannot be read; write it like 31/5/2569");
  const line = placeOf(place);
  const verb = line === null ? place : (given ?? "show");
  return atDesk("entry", agencyId, async (desk) => {
    if (line === null) {
      if (given !== undefined) return wrongUse(USAGE);
      if (verb === "enter") return performAct(desk, values, { act: verb, book, facts });
      if (verb === "reserve") return performAct(desk, values, { act: verb, book });
      return wrongUse(USAGE);
    }
    switch (verb) {
      case "show":
        return show(desk, { bookId, ...line }, values.json === true);
      case "correct":
      case "fill":
        return performAct(desk, values, { act: verb, book, ...line, facts });
      case "cancel":
        return performAct(desk, values, { act: verb, book, ...line });
      case "hand-over":
        if (values.officer === undefined) return wrongUse(USAGE);
        return performAct(desk, values, { act: verb, book, ...line, details: { officer: values.officer } });
      case "answer-recall": {
        const accept = values["give-back"] === true;
        if (accept === (values.keep === true)) return wrongUse("say --give-back, or --keep --reason WHY");
        return performAct(desk, values, { act: verb, book, ...line, details: { accept } });
      }
      default:
        return wrongUse(USAGE);
    }
  });
};

/** "12/2569", in Thai digits too; null when it is none. */
function placeOf(text: string): { year: number; number: number } | null {
  const [, number, year] = /^([1-9]\d{0,8})\/(2[45]\d\d|26\d\d)$/.exec(thaiDigitsToArabic(text)) ?? [];
  return number === undefined ? null : { number: Number(number), year: christianYear(Number(year)) };
}

async function show({ database, acting }: Desk, key: LineKey, json: boolean): Promise<number> {
  const answer = await inTransaction(database, acting, (transaction) => readLineAnswer(transaction, key));
  if (!answer) throw problem("not-found");
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : asText(answer));
  return 0;
}

function asText({ line, arrival, letter, recall, events, thread, complete }: LineAnswer): string {
  // Names stand as the sender wrote them: neither a control sequence nor a turned "fdp.exe" reaches the terminal.
  const attachments = line.attachments.map(({ name, contentType }) =>
    normaliseThai(name ?? contentType).replaceAll("\n", " "),
  );
  const parts = [fieldTable({ ...line, attachments })];
  if (arrival !== null) parts.push(fieldTable(arrival));
  if (letter !== null) parts.push(recipientTable(letter.recipients));
  if (recall !== null) parts.push(fieldTable({ recall }));
  if (events.length > 0) {
    const rows = events.map(({ madeAt, what, madeByName, reason, changes, details }) => [
      shown(madeAt),
      what,
      shown(madeByName),
      shown(reason),
      [
        ...Object.entries(changes).map(
          ([field, change]) => `${field}: ${shown(change.old)} → ${shown(change.new)}`,
        ),
        ...Object.entries(details).map(([name, value]) => `${name}: ${shown(value)}`),
      ].join("; ") || "-",
    ]);
    parts.push(textTable([["เมื่อ", "what", "โดย", "เหตุผล", "การเปลี่ยนแปลง"], ...rows]));
  }
  const { refersTo, referredToBy, unresolved } = thread;
  const threadRows = [
    ...refersTo.map((other) => ["อ้างถึง", ...cellsOf(other)]),
    ...unresolved.map((number) => ["อ้างถึง", "-", number, "-"]),
    ...referredToBy.map((other) => ["ถูกอ้างถึงโดย", ...cellsOf(other)]),
  ];
  if (threadRows.length > 0) parts.push(textTable([["เรื่องเดิม", "ทะเบียน", "ที่", "เรื่อง"], ...threadRows]));
  if (!complete) parts.push("… and more than is shown here\n");
  return parts.join("\n");
}

function cellsOf({ bookId, year, number, letterNumber, subject }: LineAnswer["thread"]["refersTo"][number]) {
  return [`${bookId} ${number}/${buddhistYear(year)}`, letterNumber ?? "-", subject ?? "-"];
}

function wrongUse(words: string): number {
  process.stderr.write(`saraban entry: ${words}\n`);
  return 64;
}
