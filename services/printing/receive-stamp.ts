import { buddhistYear } from "../shared/letter/stamp.ts";
import { breakLines } from "../shared/pdf/break-lines.ts";
import type { Face, Sarabun } from "../shared/pdf/sarabun.ts";
import { cellText, inDigits, longThaiDate, thaiTimeOfDay } from "./printed-words.ts";

/** ตรารับหนังสือ: what the receiving office stamps on a letter. */
export interface ReceiveStamp {
  readonly agencyNameThai: string;
  /** เลขทะเบียนรับ and the calendar year (C.E.) of its book. */
  readonly number: number;
  readonly year: number;
  /** When the letter entered the system, which is when it was received (Annex 6 §2.2.5); null for one on paper. */
  readonly arrivedAt: Date | null;
  readonly registeredAt: Date;
  readonly receiverName: string | null;
}

export interface StampWords {
  readonly text: string;
  readonly face: Face;
  readonly sizePt: number;
  /** The left end of the baseline; y runs upwards. */
  readonly x: number;
  readonly y: number;
}

/** A stamp laid out, for whatever draws it. */
export interface StampDrawing {
  readonly widthPt: number;
  readonly heightPt: number;
  readonly words: readonly StampWords[];
  /** The stamp in one line, for those who do not see it. */
  readonly description: string;
}

export type StampFaces = Readonly<Record<Face, Sarabun>>;

/** Ink of a stamp pad: blue, so that a copy made in black shows which letter is the stamped one. */
export const STAMP_INK = { red: 0x1b, green: 0x3a, blue: 0x93 } as const;
export const STAMP_EDGE_PT = 1;

/** 5 cm, as the form (12) has it; neither its size nor its number could be checked against the regulation's own text. */
const WIDTH_PT = 141.7;
const PADDING_PT = 5;
const AGENCY_SIZE_PT = 9;
const WORDS_SIZE_PT = 9.5;
const LINE_PT = 13.4;
// A longer name would make the stamp cover the letter.
const MOST_LINES = 3;

/**
 * Lays the stamp out: agency, เลขรับ, วันที่, เวลา and, when known, ผู้รับ, in Thai digits as official letters have them.
 * Number, date and time are those of the register; a stamp proves nothing by itself.
 */
export function drawReceiveStamp(stamp: ReceiveStamp, faces: StampFaces): StampDrawing {
  const at = stamp.arrivedAt ?? stamp.registeredAt;
  const receiver = cellText(stamp.receiverName);
  const facts = [
    `เลขรับ ${stamp.number}/${buddhistYear(stamp.year)}`,
    `วันที่ ${longThaiDate(at)}`,
    `เวลา ${thaiTimeOfDay(at)}`,
  ].map((text) => inDigits(text, "thai"));
  const inner = WIDTH_PT - 2 * PADDING_PT;
  const agency = cellText(stamp.agencyNameThai);
  const lines = [
    ...layWords(agency, faces.bold, AGENCY_SIZE_PT, inner, MOST_LINES).map((words) => ({
      ...words,
      // The name stands in the middle, what a clerk would write begins at the left.
      x: (WIDTH_PT - (faces.bold.measure(words.text) * AGENCY_SIZE_PT) / 1000) / 2,
    })),
    ...facts.flatMap((text) => layWords(text, faces.regular, WORDS_SIZE_PT, inner, 1)),
    ...(receiver === "" ? [] : layWords(`ผู้รับ ${receiver}`, faces.regular, WORDS_SIZE_PT, inner, MOST_LINES)),
  ];
  const heightPt = lines.length * LINE_PT + 2 * PADDING_PT;
  return {
    widthPt: WIDTH_PT,
    heightPt,
    words: lines.map((words, index) => ({
      ...words,
      y: heightPt - PADDING_PT - LINE_PT * (index + 1) + 3.8,
    })),
    description: [agency, ...facts, receiver === "" ? "" : `ผู้รับ ${receiver}`].join(" ").trim(),
  };
}

function layWords(
  text: string,
  sarabun: Sarabun,
  sizePt: number,
  widthPt: number,
  mostLines: number,
): Omit<StampWords, "y">[] {
  const broken = breakLines([{ text, style: null }], (widthPt * 1000) / sizePt, (word) =>
    sarabun.measure(word),
  );
  return broken.slice(0, mostLines).map((line) => ({
    text: line.map((run) => run.text).join(""),
    face: sarabun.face,
    sizePt,
    x: PADDING_PT,
  }));
}
