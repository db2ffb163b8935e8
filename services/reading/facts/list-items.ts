import { readMarkingWords } from "../../shared/letter/classification.ts";
import { thaiDigitsToArabic } from "../../shared/letter/thai-text.ts";
import type { BodyItem } from "./body-items.ts";

/** How the items of one label look, which decides where an item without an ordinal ends. */
export type ListRules = {
  /** Whether an item with this end (at most 80 characters) is whole: behind it a line is either another item or no part of the list. */
  complete: (item: string) => boolean;
  /** Whether a line without an ordinal, behind a whole item, is another one. */
  begins: (line: string) => boolean;
  maxCharacters: number;
};

// "1.5" and "12.30 น." are no ordinals.
const ORDINAL = /(?<![^\s])\(?([0-9]{1,3})[.)](?![0-9])/gu;
const BULLET = /^[-•–▪●*][ \t]{1,8}/u;
// ข้อ ๒. and วันที่ ๒. are spoken of in running words.
const COUNTED_WORD = /(?:ข้อ|ที่|ลำดับ|หมวด|ส่วน|ตอน|เล่ม|จำนวน|ผนวก|แนบ|ด้วย)\s{0,4}$/u;
// จำนวน ๒ รายการ ดังนี้: not yet an item.
const LEAD_IN =
  /^(?:จำนวน\s{0,4}[0-9๐-๙]{1,3}\s{0,4}[ก-๛]{1,12})?\s{0,4}(?:ดัง(?:ต่อไป)?นี้|ประกอบด้วย|ได้แก่|คือ)?[\s:：]*$/u;
const GOES_ON = /^(?:\(|และ|หรือ|พร้อม)/u;
const NONE = /^(?:[-–—.\s]*|ไม่มี)$/u;

/**
 * The items under a label: "๑. …" and "๒. …" on lines of their own or on one (a table's cell), lines that wrap joined by
 * one space, ordinals and bullets left out.
 */
export function splitListItems(item: BodyItem, rules: ListRules): string[] {
  const items: string[] = [];
  let ordinal = 0;
  for (const line of printedLines(item)) {
    // The marking at the foot of a page, between two items.
    if (readMarkingWords(line) !== null) continue;
    const pieces = cutAtOrdinals(line, ordinal);
    if (pieces.length === 0) break;
    for (const piece of pieces) {
      const text = piece.text.replace(BULLET, "");
      const bullet = text !== piece.text;
      if (piece.ordinal !== null && items.length === 1 && LEAD_IN.test(items[0] ?? "")) items.pop();
      const above = items.at(-1) ?? "";
      const whole = above !== "" && rules.complete(above.slice(-80)) && !GOES_ON.test(text);
      // A numbered line below a whole item without a number opens the text, as does one that is no item at all.
      const another = piece.ordinal === null ? bullet || rules.begins(text) : ordinal > 0;
      if (whole && !another) return kept(items, rules);
      if (items.length === 0 || piece.ordinal !== null || bullet || whole) items.push(text);
      else if (above.length < rules.maxCharacters) items[items.length - 1] = `${above} ${text}`.trim();
      ordinal = piece.ordinal ?? ordinal;
    }
  }
  return kept(items, rules);
}

function kept(items: readonly string[], { maxCharacters }: ListRules): string[] {
  return items.filter((text) => !NONE.test(text)).map((text) => oneLine(text, maxCharacters));
}

export function oneLine(text: string, maxCharacters: number): string {
  return text.replace(/\s+/gu, " ").trim().slice(0, maxCharacters).toWellFormed();
}

/** The lines of an item's value, without its label. */
function printedLines({ text, lineStarts }: BodyItem): string[] {
  return lineStarts.map((start, index) => {
    const line = text.slice(start, lineStarts[index + 1]);
    return (index === 0 ? line.replace(/^[\s:：=]+/u, "") : line).trim();
  });
}

/**
 * A line cut before each ordinal: at its beginning any that does not count back, further on only the very next one.
 * Empty when it counts back: it belongs to the text below the list.
 */
function cutAtOrdinals(line: string, above: number): { ordinal: number | null; text: string }[] {
  const pieces: { ordinal: number | null; text: string }[] = [];
  let last = above;
  let open: { ordinal: number | null; from: number } = { ordinal: null, from: 0 };
  for (const match of thaiDigitsToArabic(line).matchAll(ORDINAL)) {
    const ordinal = Number(match[1]);
    const inside = match.index > 0;
    if (!inside && ordinal < last) return [];
    if (inside && (last === 0 || ordinal !== last + 1)) continue;
    if (inside && COUNTED_WORD.test(line.slice(open.from, match.index))) continue;
    if (inside) pieces.push({ ordinal: open.ordinal, text: line.slice(open.from, match.index).trim() });
    last = ordinal;
    open = { ordinal, from: match.index + match[0].length };
  }
  pieces.push({ ordinal: open.ordinal, text: line.slice(open.from).trim() });
  return pieces;
}
