import {
  arabicToThaiDigits,
  foldForComparison,
  normaliseThai,
  thaiDigitsToArabic,
} from "../../services/shared/letter/thai-text.ts";
import { seededRandom } from "../../services/shared/testing/seeded-random.ts";
import { pick, type Random, shuffled, whole } from "./draw.ts";
import type { LetterPlan } from "./letter-plan.ts";
import { letterAt, type MadeUpLetter } from "./made-up-letters.ts";

/** What people type into a search box, by what makes it easy or hard to find. All but `absent` are in some letter. */
export interface SearchTerms {
  /** Thai words of three letters and more, each in more than a tenth of the subjects. */
  readonly common: readonly string[];
  /** Names of villages: each in a handful of a million subjects, though its trigrams are in many. */
  readonly rare: readonly string[];
  /** In no letter: most of them made of trigrams that are frequent, the others of none. */
  readonly absent: readonly string[];
  /** Two characters, too short for a trigram. */
  readonly twoLetters: readonly string[];
  /** With tone marks, at which some tokenisers break a word (ข้อ, ที่, น้ำ): short and long ones. */
  readonly toneMarks: readonly string[];
  /** A letter's number, with other digits or spaces than it is printed with. */
  readonly letterNumber: readonly string[];
  /** 15 characters and more out of a subject, beginning and ending inside words. */
  readonly long: readonly string[];
  /** In the letters' case or in lower case. */
  readonly english: readonly string[];
}

const TERMS_OF_A_KIND = 24;
const SAMPLE_LETTERS = 20_000;
/** A little more than a tenth, for what the sample may be wrong by. */
const COMMON_SHARE = 0.11;

/**
 * Terms to search for among the plan's letters; same plan, same terms (with the same ICU, which cuts the words).
 * @throws Error when there are too few letters to find enough terms in
 */
export function searchTerms(plan: LetterPlan): SearchTerms {
  const random = seededRandom(plan.seed);
  const letters = sampleLetters(random, plan);
  const subjects = letters.map(({ subject }) => normaliseThai(subject));
  const counts = countTerms(subjects);
  const words = [...counts.keys()];
  const inShare = (share: number, length: number): string[] =>
    words.filter((word) => word.length >= length && (counts.get(word) ?? 0) > share * subjects.length);
  const draw = (kind: keyof SearchTerms, terms: readonly string[], count = TERMS_OF_A_KIND): string[] => {
    const distinct = shuffled(random, [...new Set(terms)]).slice(0, count);
    if (distinct.length < count) throw new Error(`${plan.letters} letters have too few ${kind} terms`);
    return distinct;
  };
  const toned = words
    .filter((word) => TONE_MARK.test(word))
    .sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
  const half = TERMS_OF_A_KIND / 2;
  return {
    common: draw("common", inShare(COMMON_SHARE, 3)),
    rare: draw("rare", onceOnly(subjects.flatMap((subject) => subject.match(VILLAGE)?.[1] ?? []))),
    absent: draw("absent", absentTerms(random, letters, words, inShare(0.005, 5))),
    twoLetters: draw(
      "twoLetters",
      words.filter((word) => word.length === 2),
    ),
    toneMarks: [
      ...NAMED_TONED,
      ...draw(
        "toneMarks",
        toned.filter((word) => word.length <= 6 && !NAMED_TONED.includes(word)).slice(0, 50),
        half - NAMED_TONED.length,
      ),
      ...draw(
        "toneMarks",
        toned.filter((word) => word.length >= 8),
        half,
      ),
    ],
    letterNumber: draw("letterNumber", letters.slice(0, 1_000).flatMap(otherwiseTyped)),
    long: draw(
      "long",
      subjects.slice(0, 1_000).flatMap((subject) => passage(random, subject)),
    ),
    english: draw(
      "english",
      subjects.flatMap((subject) => subject.match(ENGLISH) ?? []),
    ).map((term, index) => (index % 2 === 0 ? term : term.toLowerCase())),
  };
}

const NAMED_TONED = ["ข้อ", "ที่", "น้ำ", "แผ่นดิน"];
const TONE_MARK = /[\u0E48-\u0E4B]/u;
const VILLAGE = /บ้าน(\S+) หมู่ที่/u;
const RARE_CONSONANTS = [..."ฆฌญฎฏฐฒฬฮ"];
const ENGLISH = /[A-Za-z][A-Za-z .-]*[A-Za-z]/g;
const THAI_WORD = /^[ก-๎]+$/u;
/** Vowels and marks that cannot stand without the letter before them. */
const FOLLOWS = /[ะ-ฺๅ็-๎]/u;

/** One letter out of each of equal stretches of the plan, in random order. */
function sampleLetters(random: Random, plan: LetterPlan): MadeUpLetter[] {
  const size = Math.min(SAMPLE_LETTERS, plan.letters);
  const letters = Array.from({ length: size }, (_, stretch) =>
    letterAt(plan, Math.floor(((stretch + random()) * plan.letters) / size)),
  );
  return shuffled(random, letters);
}

/** How many of the subjects hold each Thai word, and each pair of neighbours. */
function countTerms(subjects: readonly string[]): Map<string, number> {
  const segmenter = new Intl.Segmenter("th", { granularity: "word" });
  const counts = new Map<string, number>();
  for (const subject of subjects) {
    const terms = new Set<string>();
    let before = "";
    for (const { segment } of segmenter.segment(subject)) {
      const isWord = THAI_WORD.test(segment);
      if (isWord) terms.add(segment).add(before + segment);
      before = isWord ? segment : "";
    }
    for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  return counts;
}

/**
 * Three quarters are two frequent words that share two letters, as ประชุม and ชุมชน would make ประชุมชน: each trigram of
 * the chain is in one of its words. The others are rare consonants in a row.
 */
function absentTerms(
  random: Random,
  letters: readonly MadeUpLetter[],
  words: readonly string[],
  frequent: readonly string[],
): string[] {
  // What follows the seam begins no word, so that two neighbours in a subject cannot make the chain.
  const beginnings = new Set(words.map((word) => word.slice(0, 2)));
  const endings = (link: string): string[] =>
    frequent
      .filter((word) => word.includes(link))
      .map((word) => word.slice(word.indexOf(link) + 2))
      .filter((end) => end.length >= 2 && !beginnings.has(end.slice(0, 2)));
  const chains = shuffled(random, frequent).flatMap((word) =>
    shuffled(random, endings(word.slice(-2)))
      .slice(0, 1)
      .map((end) => word + end),
  );
  const nonsense = Array.from({ length: TERMS_OF_A_KIND / 4 }, () =>
    Array.from({ length: 6 }, () => pick(random, RARE_CONSONANTS)).join(""),
  );
  // Without white space, as the search sees them.
  const texts = letters.map(({ subject, from, to, action, remarks }) =>
    foldForComparison([subject, from, to, action, remarks].join("")),
  );
  const isAbsent = (term: string): boolean => !texts.some((text) => text.includes(term));
  return [...chains.filter(isAbsent).slice(0, TERMS_OF_A_KIND - nonsense.length), ...nonsense];
}

function onceOnly(values: readonly string[]): string[] {
  const seen = new Map<string, number>();
  for (const value of values) seen.set(value, (seen.get(value) ?? 0) + 1);
  return values.filter((value) => seen.get(value) === 1);
}

const TYPINGS: readonly ((number: string) => string)[] = [
  arabicToThaiDigits,
  (number) => number.replaceAll(" ", ""),
  (number) => arabicToThaiDigits(number.replaceAll(" ", "")),
  (number) => `ที่ ${number}`,
  (number) => number.replace("/", " / "),
];

function otherwiseTyped({ letterNumber, letterNumberPrinted }: MadeUpLetter, index: number): string[] {
  const typed = letterNumber === null ? null : TYPINGS[index % TYPINGS.length]?.(letterNumber);
  return typed === null || typed === undefined || typed === letterNumberPrinted ? [] : [typed];
}

/** 15 to 30 characters that no letter's vowel or mark is cut from; digits of the other kind in one of two. */
function passage(random: Random, subject: string): string[] {
  const start = whole(random, subject.length);
  const end = start + 15 + whole(random, 16);
  const text = subject.slice(start, end);
  const cut =
    end > subject.length || FOLLOWS.test(subject.charAt(start)) || FOLLOWS.test(subject.charAt(end));
  if (cut || text !== text.trim() || text.includes("  ")) return [];
  return [random() < 0.5 ? thaiDigitsToArabic(text) : arabicToThaiDigits(text)];
}
