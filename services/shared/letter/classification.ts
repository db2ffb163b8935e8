import {
  graverSecrecy,
  higherUrgency,
  SECRECY_WORDS,
  type Secrecy,
  URGENCY_WORDS,
  type Urgency,
} from "./letter.ts";
import { type Role, readRoles } from "./letter-references.ts";

/**
 * Markings of urgency and secrecy. The words are also parts of ordinary ones (สายด่วน, ทางด่วน, ลับแล, การลับมีด,
 * กลับ), and Thai puts no spaces between words, so a word counts only in a place where a marking stands: alone on
 * a line, in brackets, at the head of a subject, after ชั้นความเร็ว / ชั้นความลับ, directly before ที่ and a number.
 * No dictionary is asked: segmenters cut these very words wrongly, and are slow on long unspaced text.
 */
export type Markings = { urgency: Urgency; secrecy: Secrecy };

export const UNMARKED: Readonly<Markings> = Object.freeze({ urgency: "normal", secrecy: "normal" });

const URGENCY_OF = new Map(Object.entries(URGENCY_WORDS).map(([code, word]) => [word, code as Urgency]));
const SECRECY_OF = new Map(Object.entries(SECRECY_WORDS).map(([code, word]) => [word, code as Secrecy]));
// Regulation on official secrets B.E. 2544: the English words printed beside the Thai ones.
const ENGLISH_OF = new Map<string, Secrecy>([
  ["topsecret", "top-secret"],
  ["secret", "secret"],
  ["confidential", "confidential"],
]);

const WORD = /(?:ลับ|ด่วน)(?:ที่สุด|มาก)?/uy;
const DECORATION =
  /[\s*\-–—_=#•·~.,:：;!|/\\<>"'“”‘’()[\]{}「」【】«»‹›〈〉《》『』（）［］〔〕☑☒✓✔\p{Extended_Pictographic}]/gu;
const DOCUMENT_WORD = /^(?:(?:ขอ|จัด|นำ)?ส่ง)?(?:หนังสือ|เอกสาร|บันทึก)(?:ราชการ)?/u;

export function strongest(a: Markings, b: Markings): Markings {
  return { urgency: higherUrgency(a.urgency, b.urgency), secrecy: graverSecrecy(a.secrecy, b.secrecy) };
}

/**
 * The markings of a piece that is nothing but markings (ลับมาก, "** ด่วนที่สุด / ลับ **", เอกสารลับ, ล ับ spaced out, a page
 * number behind), or null when it says anything else.
 */
export function readMarkingWords(piece: string): Markings | null {
  if (piece.length > 120) return null;
  const bare = piece.replace(DECORATION, "");
  const english = ENGLISH_OF.get(bare.toLowerCase());
  if (english !== undefined) return { ...UNMARKED, secrecy: english };
  const words = bare.replace(DOCUMENT_WORD, "").replace(/(?:หน้า)?[0-9๐-๙]{1,3}$/u, "");
  let markings: Markings = UNMARKED;
  let at = 0;
  while (at < words.length) {
    WORD.lastIndex = at;
    const word = WORD.exec(words)?.[0];
    if (word === undefined) {
      const english = ENGLISH_OF.get(words.slice(at).toLowerCase());
      if (at === 0 || english === undefined) return null;
      return strongest(markings, { ...UNMARKED, secrecy: english });
    }
    markings = strongest(markings, {
      urgency: URGENCY_OF.get(word) ?? "normal",
      secrecy: SECRECY_OF.get(word) ?? "normal",
    });
    at += word.length;
  }
  return at === 0 ? null : markings;
}

type Token = { text: string; start: number; end: number; bracketed: boolean };

const TOKEN =
  /[[(【「{«‹〈《『（［〔]([^[\]()【】「」{}«»‹›〈〉《》『』（）［］〔〕]{1,60})[\])】」}»›〉》』）］〕]|[^\s[\]()【】「」{}«»‹›〈〉《》『』（）［］〔〕,:：;|"“”]+/gu;
// A word and its degree set apart by a space are still one marking (ด่วน ที่สุด); ลับ ที่ ทม … are two things.
const SPACED_DEGREE = /(ลับ|ด่วน)[ \t]{1,4}(ที่สุด|มาก)(?![ก-๎])/gu;
const TWO_WORDS = /\b(top)[ \t]{1,4}(secret)\b/giu;
// Letter by letter, as it is printed for emphasis: ล ั บ ม า ก.
const SPACED_LETTERS =
  /(?<![ก-๎]|(?<![ก-๎])[ก-ฮ][ \t])ล[ \t]{0,4}ั[ \t]{0,4}บ(?:[ \t]{1,4}ม[ \t]{0,4}า[ \t]{0,4}ก|[ \t]{1,4}ท[ \t]{0,4}ี[ \t]{0,4}่[ \t]{1,4}ส[ \t]{0,4}ุ[ \t]{0,4}ด)?(?![ก-๎])/gu;
const BEFORE_HEAD = /^(?:ที่|เลขที่|เรื่อง|ลงวันที่|ลว\.?|หนังสือ|บันทึกข้อความ|ส่วนราชการ)$/u;
const AFTER_LEAD = /(?:หนังสือ|ราชการ|เวียน|เอกสาร|ซ้ำ)$/u;

/**
 * The markings in a headline: a Subject header, a เรื่อง line, or a line or sentence that names the letter.
 *
 * @param numbers where the letter's own numbers stand, so that a marking beside one is known for its own.
 * @param prose from this offset on the text is running words (behind เรื่อง): only brackets and a last word of
 *   secrecy count there.
 */
export function markingsInHeadline(
  headline: string,
  numbers: readonly { start: number; end: number }[],
  prose = headline.length,
  roleAt: (at: number) => Role = readRoles(headline),
): Markings {
  const text = withWordsJoined(headline);
  const tokens = tokensOf(text);
  let markings: Markings = UNMARKED;
  let atHead = true;
  for (const [index, token] of tokens.entries()) {
    const words = token.text.replace(/(?<=[ก-๎])ที่$/u, "");
    const found = readMarkingWords(token.text) ?? readMarkingWords(words);
    // In brackets at the very end it marks this letter, whatever was cited before.
    const closing = token.bracketed && index === tokens.length - 1 && found?.secrecy !== "normal";
    if (found === null || (roleAt(token.start) === "reference" && !closing)) {
      atHead &&= found !== null;
      continue;
    }
    const next = tokens[index + 1];
    const beside = numbers.some(
      ({ start, end }) => isGap(text.slice(token.end, start)) || isGap(text.slice(end, token.start)),
    );
    // … และการทำลาย เอกสารลับ: in running words that is a thing spoken of.
    const named = DOCUMENT_WORD.test(token.text) && !token.bracketed;
    const last = next === undefined && (token.start < prose || (found.secrecy !== "normal" && !named));
    const placed =
      (token.start < prose &&
        (atHead ||
          words !== token.text ||
          (next !== undefined && BEFORE_HEAD.test(next.text)) ||
          AFTER_LEAD.test(tokens[index - 1]?.text ?? ""))) ||
      token.bracketed ||
      beside ||
      last;
    if (placed) markings = strongest(markings, found);
  }
  return markings;
}

/** Words of one marking that are set apart are joined, and blanks put behind them: offsets keep. */
function withWordsJoined(headline: string): string {
  const joined = (all: string): string => all.replaceAll(/[ \t]/gu, "").padEnd(all.length);
  return headline.replace(SPACED_LETTERS, joined).replace(SPACED_DEGREE, joined).replace(TWO_WORDS, joined);
}

const GAP = /^[\s()[\]:：]{0,16}(?:(?:ลับ|ด่วน)(?:ที่สุด|มาก)?[\s,()[\]/]{0,4}){0,2}(?:เลขที่|ที่)?[\s:：]{0,8}$/u;

/** A marking and a number with nothing between them but ที่ belong together. */
function isGap(between: string): boolean {
  // Another marking may stand between: ลับที่สุด ด่วนที่สุด ที่ ….
  return between.length > 0 && between.length <= 40 && GAP.test(between);
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const end = match.index + match[0].length;
    // A dash or a picture before a marking takes nothing from it.
    if (!/[\p{L}\p{N}]/u.test(match[0])) continue;
    tokens.push({ text: match[1] ?? match[0], start: match.index, end, bracketed: match[1] !== undefined });
  }
  return tokens;
}

const LABEL =
  /(?:(?:ชั้น|ระดับ|ประเภท){0,3}ความ(?:เร็ว|เร่งด่วน|ลับ)(?:ของหนังสือ)?(?:[ \t]{0,8}[:：=][ \t]{0,8}|[ \t]{1,8})|\b(?:classification|secrecy)(?:[ \t]level)?[ \t]{0,8}[:：=][ \t]{0,8})/giu;
const LABEL_VALUE =
  /^[[(]?[ \t]?((?:ลับ|ด่วน)(?:ที่สุด|มาก)?(?![ก-๎])|(?:top[ \t]?secret|secret|confidential)\b)/iu;
// หนังสือฉบับนี้มีชั้นความลับ "ลับมาก", เอกสารนี้กำหนดชั้นความลับเป็นลับที่สุด.
const SAID_OF_ITSELF =
  /(?:หนังสือ|เอกสาร|จดหมาย|บันทึก)(?:ฉบับ)?นี้[^\n]{0,30}ชั้นความลับ(?:อยู่ใน|ใน|เป็น|คือ|ที่|ระดับ|ชั้น|[ \t:："“'(]){0,6}(ลับ(?:ที่สุด|มาก)?)(?![ก-๎])/u;
// A form that lists all degrees and has one of them ticked: ☐ ปกติ ☑ ลับ.
const TICKED =
  /(?:[☑☒✓✔✅]|\[[xX✓✔/]\]|\([xX✓✔/]\))[ \t]{0,4}((?:ลับ|ด่วน)(?:[ \t]{0,4}(?:ที่สุด|มาก))?)(?![ก-๎])/gu;

/** What stands after ชั้นความเร็ว and ชั้นความลับ in one line; without a colon only at its beginning. */
export function markingsAfterLabels(line: string): Markings {
  let markings: Markings = UNMARKED;
  for (const match of line.matchAll(LABEL)) {
    if (!/[:：=]/u.test(match[0]) && line.slice(0, match.index).trim() !== "") continue;
    const rest = line.slice(match.index + match[0].length).replace(SPACED_DEGREE, "$1$2");
    const found = readMarkingWords(LABEL_VALUE.exec(rest)?.[1] ?? "");
    if (found !== null) markings = strongest(markings, found);
  }
  const said = SAID_OF_ITSELF.exec(line)?.[1];
  if (said !== undefined) markings = strongest(markings, readMarkingWords(said) ?? UNMARKED);
  for (const ticked of line.matchAll(TICKED)) {
    markings = strongest(markings, readMarkingWords(ticked[1] ?? "") ?? UNMARKED);
  }
  return markings;
}

// In a typed letter a marking may share its line with what stands beside it in print.
const LEADING = /^((?:ลับ|ด่วน)[^\s]{0,20}(?:[ \t]+(?:ลับ|ด่วน)[^\s]{0,20})?)(?:\t|[ ]{3,}|[ ]+บันทึกข้อความ)/u;
const TRAILING = /(?:\t|[ ]{3,})((?:ลับ|ด่วน)[^\s]{0,20})$/u;

/** The markings of one line of a body that stand as such: alone, at a margin, or after a label. */
export function markingsOnLine(line: string): Markings {
  const trimmed = line.trim();
  if (trimmed === "" || trimmed.length > 500) return UNMARKED;
  const alone = readMarkingWords(trimmed);
  if (alone !== null) return alone;
  let markings = markingsAfterLabels(trimmed);
  for (const match of [LEADING.exec(trimmed), TRAILING.exec(trimmed)]) {
    const found = match === null ? null : readMarkingWords(match[1] ?? "");
    if (found !== null) markings = strongest(markings, found);
  }
  return markings;
}
