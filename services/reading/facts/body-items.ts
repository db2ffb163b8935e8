import { findLetterNumbers } from "../../shared/letter/letter-number.ts";
import { readRoles } from "../../shared/letter/letter-references.ts";
import { normaliseThai, thaiDigitsToArabic } from "../../shared/letter/thai-text.ts";

/**
 * A body cut into what an office would point at: labelled lines (เลขที่หนังสือ : …, เรื่อง …, อ้างถึง …) and
 * paragraphs. Quoted lines and what stands under "Original Message" belong to other mails and are left out.
 */
export type Label =
  | "number"
  | "date"
  | "subject"
  | "from"
  | "to"
  | "greeting"
  | "reference"
  | "enclosure"
  | "classification"
  | "time";

export type BodyItem = {
  label: Label | null;
  /** Behind the label for a labelled item; its lines joined by one space. */
  text: string;
  /** Offsets in `text` at which a printed line begins. */
  lineStarts: number[];
  /** The lines as they stand, for markings alone on a line. */
  lines: string[];
};

const MAX_CHARACTERS = 200_000;
const MAX_LINES = 5_000;
const MAX_LINE_CHARACTERS = 2_000;
const WRAPPED_LINE_CHARACTERS = 48;
const MAX_CELLS = 30;

const COLON = "[ \\t]{0,8}[:：=]";
const LABELS: readonly [Label, RegExp][] = [
  [
    "number",
    /^(?:เลขที่หนังสือ|เลขหนังสือ|เลขที่ของหนังสือ|หมายเลขหนังสือ|หนังสือเลขที่|ที่หนังสือ|หนังสือที่|เลขที่|ที่|(?:letter|document|reference|ref|our[ \t]ref(?:erence)?)\.?(?:[ \t](?:no|number)\b\.?)?)(?:[ \t]{0,8}[:：=]|(?=[ \t])|$)/iu,
  ],
  [
    "date",
    /^(?:ลงวันที่|วันที่หนังสือ|วันที่ของหนังสือ|วันที่ลงนาม|วันที่|ลว\.?|วัน[ \t]?เดือน[ \t]?ปี|date[ \t]{0,8}(?=[:：=]))(?:[ \t]{0,8}[:：=]|(?=[ \t0-9๐-๙])|$)/iu,
  ],
  [
    "subject",
    /^(?:ชื่อเรื่อง|หัวข้อเรื่อง|หัวเรื่อง|เรื่อง|subject(?=[ \t]{0,8}[:：=]))(?:[ \t]{0,8}[:：=]|(?=[ \t])|$)/iu,
  ],
  [
    "from",
    new RegExp(
      `^(?:จาก|หน่วยงานผู้ส่ง|หน่วยงานที่ส่ง|หน่วยงานเจ้าของเรื่อง|ส่วนราชการเจ้าของเรื่อง|ส่วนราชการ|ผู้ส่ง)(?:${COLON}|(?=\\t)|$)`,
      "u",
    ),
  ],
  ["to", /^(?:ถึง|ผู้รับ|หน่วยงานผู้รับ)(?:[ \t]{0,8}[:：=]|(?=[ \t])|$)/u],
  ["greeting", /^(?:กราบเรียน|กราบทูล|ทูล|นมัสการ|เรียน)(?:[ \t]{0,8}[:：=]|(?=[ \t])|$)/u],
  ["reference", /^(?:อ้างถึง|อ้างอิง|หนังสือที่อ้างถึง|your[ \t]ref(?:erence)?\b)/iu],
  ["enclosure", /^(?:สิ่งที่ส่งมาด้วย|สิ่งที่แนบมาด้วย|สิ่งที่แนบมา|เอกสารแนบ|เอกสารที่แนบ|สำเนาส่ง)/u],
  ["classification", /^(?:ชั้น|ระดับ|ประเภท){0,3}ความ(?:เร็ว|เร่งด่วน|ลับ)(?![ก-๎])/u],
  ["time", /^(?:เวลา|สถานที่|ณ)(?:[ \t]{0,8}[:：=]|(?=[ \t]))/u],
];

// Several labels on one line (เลขที่หนังสือ : … ลงวันที่ : … เรื่อง : …) are several lines.
const SAME_LINE = new RegExp(
  `[ \\t|,;]{1,20}(?=(?:เลขที่หนังสือ|ลงวันที่|จาก|ถึง|เรื่อง|ชั้นความเร็ว|ชั้นความลับ)${COLON})`,
  "gu",
);
const OTHER_MAIL =
  /^(?:-{2,}|_{5,})?[ \t]{0,4}(?:Original Message|Forwarded message|ข้อความที่ส่งต่อ|ข้อความต้นฉบับ|ข้อความเดิม)\b|^(?:On .{5,200} wrote|เมื่อ .{5,200} เขียนว่า)[ \t]{0,4}:?$/iu;
const LIST_LINE = /^[ \t]*(?:\(?[0-9๐-๙]{1,3}[.)]|[-•–])|^(?:\t|[ ]{2,})/u;
// What stands in the head of a letter between its address and its text; an empty อ้างถึง does not cite it.
const HEAD_LABELS: readonly (Label | undefined)[] = ["subject", "greeting", "reference", "enclosure"];
// Above a mail that is passed on stands what its own header said.
const COPIED_FIELD = /^(?:from|to|cc|date|sent)[ \t]{0,4}:/iu;
// The words a letter's text begins with. Indented like a list, it would be taken for one more enclosure.
const TEXT_OPENING =
  /^(?:ด้วย(?=[ก-ฮเ-ไ])|เนื่อง(?:จาก|ด้วย)|ตาม(?:ที่|หนังสือ|บันทึก)|อนุสนธิ|โดยที่|บัดนี้|ในการนี้|จึง(?:เรียน|ขอ))/u;
// ตามหนังสือที่ / อ้างถึง แจ้งว่า …, รายละเอียดตาม / สิ่งที่ส่งมาด้วย ๑: running words broken before what looks like a label.
const MID_SENTENCE = /(?:ที่|ตาม|และ|กับ|ใน|ของ|จาก|โดย|ดัง|ถึง)$/u;

/** Cuts a body into items. `forwarded`: what stands under "Forwarded message" is the letter, and is kept. */
export function readBodyItems(body: string, forwarded = false): BodyItem[] {
  const lines = bodyLines(body, forwarded);
  const items: BodyItem[] = [];
  let current: BodyItem | null = null;
  for (const line of lines) {
    const trimmed = line.trim();
    if (trimmed === "") {
      // A label whose value stands below it waits for the value.
      if (current?.label == null || current.text !== "") current = null;
      continue;
    }
    current ??= listAbove(items, trimmed);
    const label = labelOf(trimmed);
    const cited = current !== null && (citing(current, label, trimmed) || midSentence(current, label));
    if (label !== null && !cited) {
      const text = trimmed.slice(label.length).trim();
      current = { label: label.name, text, lineStarts: [0], lines: [line] };
      items.push(current);
    } else if (current !== null && (cited || continues(current, line))) {
      if (current.text !== "") current.text += " ";
      if (current.label === null || current.text !== "") current.lineStarts.push(current.text.length);
      current.text += trimmed;
      current.lines.push(line);
    } else {
      current = { label: null, text: trimmed, lineStarts: [0], lines: [line] };
      items.push(current);
    }
  }
  return items;
}

function bodyLines(body: string, forwarded: boolean): string[] {
  const lines: string[] = [];
  for (const line of normaliseThai(body.slice(0, MAX_CHARACTERS)).split("\n", MAX_LINES)) {
    const cut = line.slice(0, MAX_LINE_CHARACTERS).toWellFormed();
    if (/^[ \t]{0,3}(?:>|\|(?!.{1,2000}\|[ \t]{0,9}$))/u.test(cut)) continue;
    if (OTHER_MAIL.test(cut.trim())) {
      if (forwarded) continue;
      break;
    }
    lines.push(...cut.replace(SAME_LINE, "\n").split("\n"));
  }
  return withLabelledCells(lines);
}

/** A table with its labels in the first row, and one row of values: each value behind its label. */
function withLabelledCells(lines: readonly string[]): string[] {
  const rows = lines.filter((line) => !/^[ \t|:+-]{3,}$/u.test(line) || !line.includes("|"));
  const out: string[] = [];
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as string;
    const labels = cellsOf(row);
    const below = nextRow(rows, at);
    const values = cellsOf(rows[below] ?? "");
    const labelled = labels.filter((cell) => labelOf(cell)?.length === cell.length).length;
    const single = cellsOf(rows[nextRow(rows, below)] ?? "").length !== labels.length;
    if (labels.length < 2 || labelled < 2 || values.length !== labels.length || !single) {
      out.push(row);
      continue;
    }
    out.push("", ...labels.map((label, index) => `${label} : ${values[index]}`), "");
    at = below;
  }
  return out;
}

/** Rows of an HTML table have blank lines between them. */
function nextRow(rows: readonly string[], at: number): number {
  let next = at + 1;
  while (next < at + 4 && rows[next]?.trim() === "") next++;
  return next;
}

/** The cells of a row of an HTML table, or of one drawn with bars; of any other line one. */
function cellsOf(line: string): string[] {
  if (!/[\t|]/u.test(line)) return [line];
  return line
    .replace(/^[ ]{0,3}\||\|?[ \t]{0,9}$/gu, "")
    .split(/[\t|]/u, MAX_CELLS)
    .map((cell) => cell.trim());
}

function labelOf(line: string): { name: Label; length: number } | null {
  const start = /^[-•*–▪●]?[ \t]{0,4}/u.exec(line)?.[0].length ?? 0;
  const bare = line.slice(start);
  for (const [name, pattern] of LABELS) {
    const match = pattern.exec(bare);
    if (match === null) continue;
    // ที่ and เลขที่ begin many lines (ที่ ประชุม …, เลขที่ ๑๒ ถนน …): only one with a number behind it is a label.
    if (name === "number" && !startsWithNumber(bare.slice(match[0].length))) continue;
    return { name, length: start + match[0].length };
  }
  return null;
}

function startsWithNumber(value: string): boolean {
  if (value.trim() === "") return true;
  const first = findLetterNumbers(value.slice(0, 120))[0];
  return first !== undefined && /^[\s:：()[\]]*$/u.test(value.slice(0, first.start));
}

/** อ้างถึง with its number or date on a line of its own: still the other letter's. */
function citing(item: BodyItem, label: { name: Label; length: number } | null, line: string): boolean {
  // Running words that cite, broken before ที่: ตามหนังสือกรม ก / ที่ กค … ลงวันที่ ….
  const citingWords =
    item.label === null && readRoles(item.text.slice(-500))(Math.min(item.text.length, 500)) === "reference";
  if (item.label !== "reference" && item.label !== "enclosure" && !citingWords) return false;
  if (!citingWords && item.text === "" && !HEAD_LABELS.includes(label?.name)) return true;
  const bare =
    label !== null && !/[:：=]$/u.test(line.slice(0, label.length)) && !line.startsWith("เลขที่หนังสือ");
  return bare && (label.name === "number" || label.name === "date");
}

function midSentence(item: BodyItem, label: { name: Label } | null): boolean {
  const listed = label?.name === "reference" || label?.name === "enclosure";
  return listed && item.label === null && MID_SENTENCE.test(item.text.slice(-20));
}

/** The list that a line goes on with over a blank one: in HTML each of its items is often a paragraph. */
function listAbove(items: readonly BodyItem[], line: string): BodyItem | null {
  const above = items.at(-1);
  const list = above?.label === "reference" || above?.label === "enclosure";
  return list && isNextOfList(above, line) ? above : null;
}

/** Whether a line goes on with a numbered list above it: it begins with the ordinal after the list's last one. */
function isNextOfList({ text, lineStarts }: BodyItem, line: string): boolean {
  const next = ordinalAtStart(line);
  if (next === null) return false;
  for (let index = lineStarts.length - 1; index >= 0; index--) {
    const start = lineStarts[index] ?? 0;
    const last = ordinalAtStart(text.slice(start, start + 20).replace(/^[\s:：=]+/u, ""));
    if (last !== null) return next === last + 1;
  }
  return next === 1 && /^[\s:：=]*$/u.test(text.slice(0, 20));
}

function ordinalAtStart(line: string): number | null {
  const match = /^\(?([0-9]{1,3})[.)](?![0-9])/u.exec(thaiDigitsToArabic(line.slice(0, 8)));
  return match === null ? null : Number(match[1]);
}

/** Whether an unlabelled line goes on with the item above it. */
function continues(item: BodyItem, line: string): boolean {
  if (item.label === null) return true;
  if (item.text === "") return true;
  const wrapped = (item.lines.at(-1)?.trim().length ?? 0) >= WRAPPED_LINE_CHARACTERS;
  if (item.label === "reference" || item.label === "enclosure") {
    return !TEXT_OPENING.test(line.trim()) && (wrapped || LIST_LINE.test(line));
  }
  if (COPIED_FIELD.test(line.trim())) return false;
  return item.label === "subject" && wrapped && !/[.:：]$/u.test(item.text) && line.trim().length < 200;
}
