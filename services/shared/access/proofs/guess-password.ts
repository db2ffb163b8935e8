import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../../runtime/settings.ts";

/** How many guesses' worth a password has, in units: a word that everybody knows is one, a sign that nothing explains a half. */
export type GuessCost = (password: string, known?: readonly string[]) => number;

/**
 * Fewer units are found by trying what people do: a word, a name, a year, a row of keys, a few signs around them. Twelve
 * random letters are six units, four words that have nothing to do with each other four.
 */
export const ENOUGH_UNITS = 4;

const SIGN = 0.5;
/** Of one's own name: the first that anybody tries who knows whose password it is. */
const OWN_WORD = 0.5;
const LONGEST_WORD = 30;
const SHORTEST_RUN = 3;

/** Keys of the English keyboard and what they write in Thai (เกษมณี, TIS 820), with Shift behind. */
const ENGLISH_KEYS = `1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?`;
const THAI_KEYS = `ๅ/-ภถุึคตจขชๆไำพะัีรนยบลฃฟหกดเ้่าสวงผปแอิืทมใฝ+๑๒๓๔ู฿๕๖๗๘๙๐"ฎฑธํ๊ณฯญฐ,ฅฤฆฏโฌ็๋ษศซ.()ฉฮฺ์?ฒฬฦ`;

/** Reads config/passwords: words that people use, and keys that lie beside each other. */
export function openGuessCost(folder = join(projectDir, "config/passwords")): GuessCost {
  const words = new Set<string>();
  const [toThai, toEnglish] = [keyMap(ENGLISH_KEYS, THAI_KEYS), keyMap(THAI_KEYS, ENGLISH_KEYS)];
  for (const word of readList(join(folder, "words.txt"))) {
    words.add(folded(word));
    // Typed with the keyboard left in the other language: "รหัสผ่าน" comes out as "isylzjko".
    words.add(folded(replaced(word, /[ก-๛]/.test(word) ? toEnglish : toThai)));
  }
  const rows = readList(join(folder, "keyboards.txt")).flatMap((row) => {
    const keys = folded(row);
    return [keys, [...keys].reverse().join("")];
  });
  return (password, known = []) => {
    const text = folded(password);
    const mine = new Set(known.map(folded).filter((word) => word.length >= SHORTEST_RUN));
    const spoken = replaced(text, DIGITS_FOR_LETTERS);
    const wordCost = (part: string): number =>
      mine.has(part) ? OWN_WORD : words.has(part) ? 1 : Number.POSITIVE_INFINITY;
    // least[at]: of the first `at` signs.
    const least = [0];
    for (let to = 1; to <= text.length; to++) {
      let cost = (least[to - 1] ?? 0) + SIGN;
      for (let from = to - 2; from >= Math.max(0, to - LONGEST_WORD); from--) {
        const part = text.slice(from, to);
        const unit = Math.min(
          wordCost(part),
          wordCost(spoken.slice(from, to)),
          runCost(part, rows),
          repeatCost(text, from, to),
        );
        cost = Math.min(cost, (least[from] ?? 0) + unit);
      }
      least.push(cost);
    }
    return least[text.length] ?? 0;
  };
}

/** In one spelling: composed alike (NFKC), small letters, digits of one script. */
function folded(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[๐-๙]/g, (digit) => String(digit.charCodeAt(0) - 0x0e50));
}

const DIGITS_FOR_LETTERS: ReadonlyMap<string, string> = new Map(
  Object.entries({ "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", $: "s", "!": "i" }),
);

/** Keys in a row, the same sign again, a number that means something: a year, a date, a telephone, an identity card. */
function runCost(part: string, rows: readonly string[]): number {
  if (part.length < SHORTEST_RUN) return Number.POSITIVE_INFINITY;
  if (part === (part[0] ?? "").repeat(part.length)) return 1;
  if (rows.some((row) => row.includes(part))) return 1;
  if (!/^\d+$/.test(part)) return Number.POSITIVE_INFINITY;
  if (part.length <= 4) return 1;
  if (part.length <= 8) return 1.5;
  return part.length <= 13 ? 2.5 : Number.POSITIVE_INFINITY;
}

/** What stood just before, once more. */
function repeatCost(text: string, from: number, to: number): number {
  const length = to - from;
  return text.slice(Math.max(0, from - length), from) === text.slice(from, to)
    ? SIGN
    : Number.POSITIVE_INFINITY;
}

function keyMap(from: string, to: string): ReadonlyMap<string, string> {
  const written = [...to];
  return new Map([...from].map((key, at) => [key, written[at] ?? key]));
}

function replaced(text: string, by: ReadonlyMap<string, string>): string {
  return [...text].map((sign) => by.get(sign) ?? sign).join("");
}

function readList(file: string): string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("# "));
}
