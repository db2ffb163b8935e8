import {
  type Markings,
  markingsInHeadline,
  readMarkingWords,
  UNMARKED,
} from "../../shared/letter/classification.ts";
import { graverSecrecy } from "../../shared/letter/letter.ts";
import { findLetterNumbers } from "../../shared/letter/letter-number.ts";
import { findThaiDates } from "../../shared/letter/thai-date.ts";
import { normaliseThai, thaiDigitsToArabic } from "../../shared/letter/thai-text.ts";
import type { KnownSender, KnownSenders } from "../reading.ts";

/** What the name of a file says (Annex 7: ROMAN_UNIT_NUMBER_25YY, enclosures with _1, _2 … behind). */
export interface FileNameFacts {
  readonly number: {
    readonly canonical: string;
    /** The part of the name that says it. */
    readonly printed: string;
    readonly confidence: number;
    /** The form of Annex 7, with the Roman code of the sender: a number in another order, or none, would be another name. */
    readonly formal: boolean;
  } | null;
  /** Behind ลงวันที่ or ลว., ISO, C.E. */
  readonly date: string | null;
  /** Running number of an enclosure; null for a name without one. */
  readonly enclosureNumber: number | null;
  /** What it calls its content. */
  readonly says: "letter" | "enclosure" | null;
  readonly markings: Markings;
}

const MAX_CHARACTERS = 255;
// Dots may not stand in such a name, so that 0402.5 is 0402-5, 04025 or 0402.5, and each is taken as it stands.
const ANNEX_7 =
  /^([a-z]{2,12})[_\- ]([0-9]{1,6}(?:[.-][0-9]{1,3}){0,2})[_\- ](?:(w|ว)[_\- ]?)?([0-9]{1,7})[_\- ](25[0-9]{2})(?:[_\- ]\(?([0-9]{1,3})\)?)?$/iu;
const LETTER = /^(?:หนังสือ(?:นำส่ง|ราชการ|ภายนอก)?|จดหมาย|บันทึกข้อความ|letter|memo)(?![ก-๎a-z])/iu;
const ENCLOSURE =
  /สิ่งที่(?:ส่ง|แนบ)มา|เอกสาร(?:ที่)?(?:แนบ|ประกอบ)|ไฟล์แนบ|^(?:แนบ|สำเนา|แบบ|รายชื่อ|วาระ|กำหนดการ)|ผนวก|(?:^|[^a-z])(?:attach(?:ment)?|enclosure|annex|appendix|agenda)(?![a-z])/iu;

/** @param sender whose mail brings the file; its codes tell whether the name is of its own letter. */
export function readFileName(
  name: string | null,
  sender: KnownSender | null,
  known: KnownSenders,
): FileNameFacts {
  const shown = normaliseThai((name ?? "").slice(0, MAX_CHARACTERS))
    .replace(/\s+/gu, " ")
    .trim();
  const stem = shown.replace(/(?:\.[a-z0-9]{1,5}){1,2}$/iu, "").trim();
  const base = /[^/\\]*$/u.exec(stem)?.[0] ?? "";
  const formal = readFormal(base, sender, known);
  const words = base.replaceAll("_", " ").trim();
  return {
    number: formal === null ? readLoose(base, sender) : formal.number,
    date: dateIn(words),
    enclosureNumber: formal?.enclosureNumber ?? null,
    says: ENCLOSURE.test(words) ? "enclosure" : LETTER.test(words) ? "letter" : null,
    // A folder in an archive marks what lies in it.
    markings: stem
      .split(/[/\\]/u)
      .map((part) => markingsInName(part))
      .reduce(
        (all, { urgency, secrecy }) => ({ urgency, secrecy: graverSecrecy(all.secrecy, secrecy) }),
        UNMARKED,
      ),
  };
}

function dateIn(words: string): string | null {
  const label = /(?:ลงวันที่|ลว\.?)\s{0,4}/u.exec(words);
  if (label === null) return null;
  const date = findThaiDates(words.slice(label.index + label[0].length))[0];
  return date?.start === 0 ? date.iso : null;
}

function readFormal(
  base: string,
  sender: KnownSender | null,
  known: KnownSenders,
): { number: FileNameFacts["number"]; enclosureNumber: number | null } | null {
  const match = ANNEX_7.exec(thaiDigitsToArabic(base));
  if (match === null) return null;
  const [, roman = "", unit = "", circular, running = "", , ordinal] = match;
  const enclosureNumber = ordinal === undefined ? null : Number(ordinal);
  const owner = ownerOf(roman.toUpperCase(), sender, known);
  if (owner === null) return { number: null, enclosureNumber };
  const printed = ordinal === undefined ? base : base.replace(/[_\- ]\(?[0-9๐-๙]{1,3}\)?$/u, "");
  const mark = circular === undefined ? "" : "ว ";
  return {
    number: {
      canonical: `${owner.codeLetters} ${unit.replaceAll("-", ".")}/${mark}${running}`,
      printed,
      confidence: owner.confidence,
      formal: owner.confidence >= 0.75,
    },
    enclosureNumber,
  };
}

/**
 * Whose Roman code it is. Where the directory has none for the sender, the first label of its domain is taken for it
 * (opdc.example.go.th: OPDC), less surely; another agency's code never names a letter of the sender.
 */
function ownerOf(
  roman: string,
  sender: KnownSender | null,
  known: KnownSenders,
): { codeLetters: string; confidence: number } | null {
  if (sender?.codeLetters == null) return null;
  const { codeLetters } = sender;
  if (sender.romanCode != null) {
    return sender.romanCode.toUpperCase() === roman ? { codeLetters, confidence: 0.8 } : null;
  }
  for (const [domain, agency] of known) {
    const label = domain.slice(0, domain.indexOf(".")).replaceAll("-", "").toUpperCase();
    if (agency === sender && label === roman) return { codeLetters, confidence: 0.7 };
  }
  return null;
}

/** หนังสือ นร ๑๒๐๐_๕๕ ลงวันที่ …, นร1200-55: a slash cannot stand in a name. */
function readLoose(base: string, sender: KnownSender | null): FileNameFacts["number"] {
  const slashed = base
    .replace(/(?<=[0-9๐-๙])[_\-–](?=(?:ว[ _.]?)?[0-9๐-๙]{1,7}(?![0-9๐-๙]))/u, "/")
    .replaceAll("_", " ");
  const found = findLetterNumbers(slashed)[0];
  if (found === undefined) return null;
  const printed = base.slice(found.start, found.end);
  const own = sender?.codeLetters === found.codeLetters;
  return { canonical: found.canonical, printed, confidence: own ? 0.65 : 0.4, formal: false };
}

/** As in a headline; English words are too often parts of a title to count anywhere but in brackets or alone. */
function markingsInName(part: string): Markings {
  const words = part.replace(/[_.]/gu, " ").replace(/\s+/gu, " ").trim();
  if (words === "") return UNMARKED;
  const whole = readMarkingWords(words);
  if (whole !== null) return whole;
  const thai = words.replace(/(?<![[(])\b[a-z]{4,20}\b(?![\])])/giu, (word) => "x".repeat(word.length));
  return markingsInHeadline(thai, findLetterNumbers(words));
}
