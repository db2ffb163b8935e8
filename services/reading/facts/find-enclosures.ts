import type { BodyItem } from "./body-items.ts";
import { type ListRules, splitListItems } from "./list-items.ts";

const MAX_ENCLOSURES = 100;
const MAX_CHARACTERS = 500;

// สำเนาส่ง names who else gets the letter, and สิ่งที่ส่งมาด้วยนี้ stands in running words.
const HEADED =
  /^[-•*–▪●]?[ \t]{0,4}(?:สิ่งที่(?:ส่ง|แนบ)มา(?:ด้วย)?(?=[\s:：=0-9๐-๙(]|$)|เอกสาร(?:ที่)?แนบ[ \t]{0,8}[:：=])/u;
// สิ่งที่ส่งมาด้วย ๑ : … / สิ่งที่ส่งมาด้วย ๒ : …: the ordinal belongs to the label.
const LABELLED_ORDINAL = /^[ \t]{0,4}[0-9๐-๙]{1,3}[ \t]{0,4}[:：]/u;
const COUNT = /[0-9๐-๙]{1,6}\s{0,4}(?:ฉบับ|ชุด|แผ่น|เล่ม|หน้า|รายการ|ไฟล์|ซอง|กล่อง|แฟ้ม|ใบ|ชิ้น)\s{0,2}\)?$/u;
const RULES: ListRules = {
  complete: (item) => COUNT.test(item),
  begins: (line) => COUNT.test(line),
  maxCharacters: MAX_CHARACTERS,
};

/**
 * สิ่งที่ส่งมาด้วย, item by item with its count, one line each. The bodies are the forms of one text: the first with a list
 * gives it. A list further down is an enclosure's own, or a word of the text.
 */
export function findEnclosures(bodies: readonly (readonly BodyItem[])[]): string[] {
  for (const items of bodies) {
    const first = items.findIndex(isHeaded);
    if (first < 0) continue;
    const enclosures: string[] = [];
    for (const item of items.slice(first)) {
      if (!isHeaded(item)) break;
      enclosures.push(...splitListItems(withoutOrdinal(item), RULES));
    }
    if (enclosures.length > 0) return enclosures.slice(0, MAX_ENCLOSURES);
  }
  return [];
}

function isHeaded(item: BodyItem): boolean {
  return item.label === "enclosure" && HEADED.test(item.lines[0]?.trim() ?? "");
}

function withoutOrdinal(item: BodyItem): BodyItem {
  const length = LABELLED_ORDINAL.exec(item.text)?.[0].length ?? 0;
  const lineStarts = item.lineStarts.map((start) => Math.max(0, start - length));
  return { ...item, text: item.text.slice(length), lineStarts };
}
