import { buddhistYear } from "../../shared/letter/stamp.ts";

/** What the names of a letter's files are made of. */
export interface FileNaming {
  /** รหัสตัวอักษรโรมัน; null: the first label of the domain stands for it, as readers of such names take it. */
  readonly romanCode: string | null;
  readonly domain: string;
  /** ที่ of the letter, canonical: ทก 0101/5, ทก 0101/ว 5. */
  readonly letterNumber: string;
  /** Of the book, C.E. */
  readonly year: number;
}

const LETTER_NUMBER = /([0-9][0-9.]*)\/(ว )?([0-9]+)$/u;
const LONGEST_CODE = 12;

/**
 * Names by Annex 7: Roman code, the owner's number, W for a circular, number in the send register, B.E. year; enclosures bear
 * the same name and a running number. No dots inside, so the unit 0402.5 is 0402-5. The extension alone is that of the file
 * as it was given, and only when it is a plain one: nothing else of a name from outside gets into ours.
 * @param given names of the uploaded files, the letter itself first
 */
export function nameFiles(naming: FileNaming, given: readonly string[]): string[] {
  const [, unit = "", circular, number = ""] = LETTER_NUMBER.exec(naming.letterNumber) ?? [];
  const parts = [
    codeOf(naming),
    unit.replaceAll(".", "-"),
    ...(circular === undefined ? [] : ["W"]),
    number,
    String(buddhistYear(naming.year)),
  ];
  const base = parts.filter((part) => part !== "").join("_");
  return given.map((name, index) => `${base}${index === 0 ? "" : `_${index}`}.${extensionOf(name)}`);
}

function codeOf({ romanCode, domain }: FileNaming): string {
  const code = (romanCode ?? domain.split(".")[0] ?? "").toUpperCase().replace(/[^A-Z]/g, "");
  return code.slice(0, LONGEST_CODE);
}

function extensionOf(name: string): string {
  return /\.([a-z0-9]{1,8})$/i.exec(name)?.[1]?.toLowerCase() ?? "bin";
}
