import { parseArgs } from "node:util";
import { ACT_OPTIONS, type ActWords, atDesk, type Desk, performAct } from "./clerk-desk.ts";
import type { RunCommand } from "./cli.ts";
import { changeLetter, draftLetter } from "./draft-outbound.ts";
import { agencyOfLetter } from "./http/outbound-store.ts";
import { problem } from "./http/problem.ts";
import { isUuid } from "./http/read-parameters.ts";
import { type OutboundAnswer, readOutboundAnswer } from "./http/show-outbound.ts";
import { hintOf } from "./outbound-hints.ts";
import { listLetters, listUnanswered, saveFile } from "./outbound-lists.ts";
import { LETTER_OPTIONS, LETTER_USAGE } from "./outbound-options.ts";
import { christianYear } from "./shared/letter/stamp.ts";
import { thaiDigitsToArabic } from "./shared/letter/thai-text.ts";
import { inTransaction } from "./shared/runtime/database.ts";
import { letterText } from "./show-recipients.ts";

const USAGE = `use: outbound draft --agency A ${LETTER_USAGE};
  outbound list --agency A [--state draft|checked|approved|sent|withdrawn], outbound unanswered --agency A,
  outbound show ID, outbound file ID NO --out FILE, outbound change ID --FIELD VALUE… (before it is sent),
  outbound check ID, outbound return ID --reason WHY, outbound approve ID [--send] [--reserved NUMBER/YEAR], outbound send ID,
  outbound resend ID [--recipient NO], outbound recall ID --reason WHY [--replaced-by ID], outbound withdraw ID --reason WHY,
  outbound note-answer ID [--recipient NO] --answer arrived|registered|refused [--receive-number N/YEAR] [--at TIME];
  [--version N] [--by "ชื่อ สกุล"] [--json]`;

const OPTIONS = {
  ...ACT_OPTIONS,
  ...LETTER_OPTIONS,
  agency: { type: "string" },
  state: { type: "string" },
  out: { type: "string" },
  version: { type: "string" },
  send: { type: "boolean" },
  reserved: { type: "string" },
  recipient: { type: "string" },
  "replaced-by": { type: "string" },
  answer: { type: "string" },
  "receive-number": { type: "string" },
  at: { type: "string" },
} as const;

const OF_AN_AGENCY = ["draft", "list", "unanswered"];
const OF_A_LETTER = [
  ...["show", "file", "change", "check", "return", "approve", "send", "resend"],
  ...["recall", "withdraw", "note-answer"],
];

type Values = ReturnType<typeof parse>["values"];

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
}

/** `saraban outbound`: letters of our own, from the draft to what becomes of them at each recipient. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parse(args);
  const [verb = "", letterId, no, ...more] = positionals;
  if (more.length > 0 || (no !== undefined) !== (verb === "file")) return wrongUse(USAGE);
  if (OF_AN_AGENCY.includes(verb)) {
    if (letterId !== undefined) return wrongUse(USAGE);
    return atDesk("outbound", values.agency, (desk) => workForAgency(desk, verb, values));
  }
  if (!OF_A_LETTER.includes(verb) || letterId === undefined) return wrongUse(USAGE);
  if (!isUuid(letterId)) return wrongUse(`${letterId} is not the id of a letter; see outbound list`);
  return atDesk(
    "outbound",
    (database, agencies) => agencyOfLetter(database, agencies, letterId),
    (desk) => workOnLetter(desk, verb, letterId, no, values),
  );
};

function workForAgency(desk: Desk, verb: string, values: Values): Promise<number> {
  const json = values.json === true;
  if (verb === "draft") return draftLetter(desk, values);
  return verb === "list" ? listLetters(desk, values.state, json) : listUnanswered(desk, json);
}

async function workOnLetter(
  desk: Desk,
  verb: string,
  letterId: string,
  no: string | undefined,
  values: Values,
): Promise<number> {
  const { database, acting } = desk;
  const letter = await inTransaction(database, acting, (transaction) =>
    readOutboundAnswer(transaction, letterId),
  );
  if (!letter) throw problem("not-found");
  if (verb === "show") {
    process.stdout.write(values.json ? `${JSON.stringify(letter)}\n` : letterText(letter));
    return 0;
  }
  if (verb === "file") return saveFile(desk, letter, Number(no), values.out);
  if (verb === "change") return changeLetter(desk, letter, values);
  return act(desk, verb, letter, values);
}

function act(desk: Desk, verb: string, letter: OutboundAnswer, values: Values): Promise<number> | number {
  const { letterId } = letter;
  // Who does not name a version has seen the one that stands there now.
  const version = values.version === undefined ? letter.version : Number(values.version);
  const words: ActWords = { hint: (refusal) => hintOf(refusal, letterId) };
  switch (verb) {
    case "check":
    case "return":
    case "send":
      return performAct(desk, values, { act: verb, letterId, details: { version } }, words);
    case "approve": {
      const reserved = values.reserved === undefined ? {} : placeOf(values.reserved, letter);
      if (reserved === null) return wrongUse("--reserved is a number of the book such as 12/2569");
      const send = values.send === true ? { send: true } : {};
      return performAct(
        desk,
        values,
        { act: verb, letterId, details: { version, ...send }, ...reserved },
        words,
      );
    }
    case "withdraw":
      return performAct(desk, values, { act: verb, letterId }, words);
    case "recall": {
      const replacedBy = values["replaced-by"];
      const details = replacedBy === undefined ? {} : { replacedBy };
      return performAct(desk, values, { act: verb, letterId, details }, words);
    }
    case "resend":
    case "note-answer": {
      const recipientId = recipientAsked(letter, values.recipient);
      if (recipientId === null) return wrongUse("--recipient is the number (no) of one in outbound show ID");
      if (verb === "resend")
        return performAct(desk, values, { act: verb, letterId, details: { recipientId } }, words);
      const answer = answerOf(values);
      return performAct(desk, values, { act: verb, letterId, details: { recipientId, answer } }, words);
    }
    default:
      return wrongUse(USAGE);
  }
}

function placeOf(text: string, { series }: OutboundAnswer) {
  const [, number, year] = /^([1-9]\d{0,8})\/(2[45]\d\d|26\d\d)$/.exec(thaiDigitsToArabic(text)) ?? [];
  return number === undefined
    ? null
    : { book: `outbound.${series}`, year: christianYear(Number(year)), number: Number(number) };
}

/** Of a letter with one recipient it need not be said. */
function recipientAsked({ recipients }: OutboundAnswer, no: string | undefined): string | null {
  const found =
    no === undefined
      ? recipients.length === 1
        ? recipients[0]
        : undefined
      : recipients.find((recipient) => String(recipient.no) === no);
  return found?.recipientId ?? (recipients.length === 0 ? NOBODY : null);
}

/** The registry says that the letter was not sent. */
const NOBODY = "00000000-0000-0000-0000-000000000000";

function answerOf({ answer, at, "receive-number": receiveNumber }: Values) {
  return {
    what: answer as "arrived" | "registered" | "refused",
    ...(receiveNumber === undefined ? {} : { receiveNumber }),
    ...(at === undefined ? {} : { at }),
  };
}

function wrongUse(words: string): number {
  process.stderr.write(`saraban outbound: ${words}\n`);
  return 64;
}
