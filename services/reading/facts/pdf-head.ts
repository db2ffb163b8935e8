import { readMarkingWords } from "../../shared/letter/classification.ts";
import type { PdfLine } from "../pdf/read-pdf.ts";
import type { BodyItem, Label } from "./body-items.ts";
import { wraps } from "./pdf-markings.ts";

/** A page of a letter cut at the labels of the forms: what stands above them, each label's lines, and the text below. */
export interface LetterParts {
  /** Emblem, ที่, the sender's address, date: everything above เรื่อง, เรียน or ถึง. */
  readonly top: readonly PdfLine[];
  /** เรื่อง, เรียน or ถึง, อ้างถึง, สิ่งที่ส่งมาด้วย, and last the text as an item without a label. */
  readonly items: readonly BodyItem[];
  readonly text: readonly PdfLine[];
  /** หนังสือประทับตรา is addressed by ถึง, other letters by เรียน and its like. */
  readonly addressedBy: "to" | "greeting" | null;
}

// Fonts that do not say where a mark belongs come out with a space before it: เรื ่อง, สิ ่งที่.
const loose = (word: string): string => [...word].join(" ?");
const anyOf = (...words: readonly string[]): string => words.map(loose).join("|");
const HEAD_LABELS: readonly [Label, RegExp][] = [
  ["subject", new RegExp(`^(?:${loose("เรื่อง")})(?=$|[\\s:：]|[ก-ฮเ-ไ])[\\s:：]*`, "u")],
  [
    "greeting",
    new RegExp(
      `^(?:${anyOf("กราบเรียน", "กราบทูล", "นมัสการ", "เรียน", "ทูล")})(?=$|[\\s:：]|[ก-ฮเ-ไ])[\\s:：]*`,
      "u",
    ),
  ],
  ["to", new RegExp(`^(?:${loose("ถึง")})(?=$|[\\s:：])[\\s:：]*`, "u")],
  ["reference", new RegExp(`^(?:${loose("อ้างถึง")})(?=$|[\\s:：0-9๐-๙(]|หนังสือ)[\\s:：]*`, "u")],
  [
    "enclosure",
    new RegExp(
      `^(?:${anyOf("สิ่งที่ส่งมาด้วย", "สิ่งที่แนบมาด้วย", "เอกสารแนบ")})(?=$|[\\s:：0-9๐-๙(]|[ก-ฮเ-ไ])[\\s:：]*`,
      "u",
    ),
  ],
];
const TEXT_OPENING =
  /^(?:ด้วย(?=[ ก-ฮเ-ไ])|เนื ?่? ?อง ?(?:จาก|ด้วย|ใน)|ตาม(?:ที|หนังสือ|บันทึก|มติ)|อนุสนธิ|โดยที|บัดนี|ในการนี|จึง|ขอส่ง|ขอให้|พร้อมนี|ข้าพเจ้า|[0-9๐-๙]{1,2}\. ?(?:เรื่องเดิม|ข้อเท็จจริง|ความเป็นมา))/u;
const CLOSING = /^(?:ขอแสดงความนับถือ|ขอนมัสการ|ควรมิควรแล้วแต่)/u;
const ORDINAL = /^\(?[0-9๐-๙]{1,2}[.)]/u;
// Ends in the year of a date or in a count: … ลงวันที่ ๙ เมษายน ๒๕๖๓, … จำนวน ๑ ชุด.
const WHOLE_ITEM =
  /(?:[ก-๎.] ?[0-9๐-๙]{4}|[0-9๐-๙] ?(?:ฉบับ|ชุด|แผ่น|เล่ม|หน้า|รายการ|ไฟล์|ซอง|กล่อง|แฟ้ม|ใบ|ชิ้น))\)?$/u;
const MAX_SUBJECT_LINES = 6;
const MAX_LIST_LINES = 60;

/** Null when the page has none of the labels: it is no letter, or another page of one. */
export function cutLetter(lines: readonly PdfLine[]): LetterParts | null {
  const first = lines.findIndex((line) => {
    const label = labelOf(line.text);
    return label !== null && label.name !== "reference" && label.name !== "enclosure";
  });
  if (first < 0) return null;
  const widest = Math.max(...lines.map(({ text }) => text.length));
  const items: BodyItem[] = [];
  let addressedBy: "to" | "greeting" | null = null;
  let open: { item: BodyItem; label: Label; left: number; lines: number } | null = null;
  let at = first;
  for (; at < lines.length; at++) {
    const line = lines[at];
    if (line === undefined) break;
    // The marking at the foot or in the middle of the page is not part of what it stands in.
    if (readMarkingWords(line.text) !== null && !wraps(line, lines[at - 1])) continue;
    const label = labelOf(line.text);
    if (label !== null && isNext(label.name, items)) {
      if (label.name === "to" || label.name === "greeting") addressedBy ??= label.name;
      const text = line.text.slice(label.length).replaceAll("\t", " ").trim();
      const item: BodyItem = { label: label.name, text, lineStarts: [0], lines: [line.text] };
      items.push(item);
      open = { item, label: label.name, left: line.left, lines: 1 };
      continue;
    }
    const below = lines.slice(at + 1, at + MAX_SUBJECT_LINES);
    if (open === null || !goesOn(open, line, below, widest)) break;
    append(open.item, line.text);
    open.lines++;
  }
  const text = lines.slice(at).filter((line) => readMarkingWords(line.text) === null);
  if (text.length > 0) items.push(textItem(text));
  return { top: lines.slice(0, first), items, text, addressedBy };
}

function labelOf(text: string): { name: Label; length: number } | null {
  for (const [name, pattern] of HEAD_LABELS) {
    const match = pattern.exec(text);
    if (match !== null) return { name, length: match[0].length };
  }
  return null;
}

/** The order of the forms: a word that looks like an earlier label is part of the text. */
function isNext(label: Label, items: readonly BodyItem[]): boolean {
  const rank = (each: Label | null): number =>
    each === "subject" ? 0 : each === "greeting" || each === "to" ? 1 : 2;
  const last = items.at(-1)?.label;
  // เรียน above เรื่อง, as some write it.
  if (label === "subject" && items.length === 1 && last !== "subject") return true;
  return last === undefined || rank(label) > rank(last) || (rank(label) === 2 && rank(last) === 2);
}

function goesOn(
  open: { item: BodyItem; label: Label; left: number; lines: number },
  line: PdfLine,
  following: readonly PdfLine[],
  widest: number,
): boolean {
  const { text } = line;
  const [below] = following;
  if (CLOSING.test(text)) return false;
  if (open.item.text === "") return true;
  if (open.label === "subject") {
    // … / ตามมติคณะรัฐมนตรี …: above เรียน no text has begun yet.
    const addressed = following.some((each) => isAddressed(each.text));
    return open.lines < MAX_SUBJECT_LINES && (addressed || !TEXT_OPENING.test(text));
  }
  if (TEXT_OPENING.test(text)) return false;
  const indented = line.left > open.left + 0.03;
  // The first line of a paragraph: indented too, but the next one begins at the margin, and with no label.
  const opens = below !== undefined && below.left <= open.left + 0.02 && labelOf(below.text) === null;
  if (indented && opens && !ORDINAL.test(text) && text.length > widest * 0.6) return false;
  // Filled to the margin, the line above breaks off inside an item.
  const filled = (open.item.lines.at(-1)?.length ?? 0) / widest;
  // An addressee takes part of a line, or fills it and goes on; a paragraph's first line runs to the margin.
  if (open.label === "to" || open.label === "greeting")
    return (
      open.lines < MAX_SUBJECT_LINES &&
      indented &&
      (ORDINAL.test(text) || text.length < widest * 0.55 || (filled >= 0.75 && !opens))
    );
  const full = filled >= 0.8 && !WHOLE_ITEM.test(open.item.text.slice(-80));
  return open.lines < MAX_LIST_LINES && (indented || full || ORDINAL.test(text));
}

/** With a space behind: เรียนรู้ is a word of a text. */
function isAddressed(text: string): boolean {
  const label = labelOf(text);
  return label?.name === "greeting" && /[\s:：]$/u.test(text.slice(0, label.length));
}

function append(item: BodyItem, text: string): void {
  const line = text.replaceAll("\t", " ").trim();
  // Thai is broken between words, where no space stands; addressees stand one below the other, items are joined later.
  const glued = item.label === "subject" && /[ก-๎ฯๆ]$/u.test(item.text) && /^[ก-๎]/u.test(line);
  if (item.text !== "" && !glued) item.text += " ";
  if (item.text !== "") item.lineStarts.push(item.text.length);
  item.text += line;
  item.lines.push(text);
}

function textItem(lines: readonly PdfLine[]): BodyItem {
  const item: BodyItem = { label: null, text: "", lineStarts: [], lines: [] };
  for (const { text } of lines) append(item, text);
  if (item.lineStarts[0] !== 0) item.lineStarts.unshift(0);
  return item;
}
