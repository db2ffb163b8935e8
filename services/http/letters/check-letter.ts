import { join } from "node:path";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { dayOfIsoDate } from "../../shared/letter/bangkok-day.ts";
import type { Letter } from "../../shared/letter/exchange-types.ts";
import { projectDir, readJson } from "../../shared/runtime/settings.ts";
import type { Fault } from "../problem.ts";
import { DATE_WORDS, wordsOfKeyword } from "../schema-words.ts";

/** json: the whole letter in one document; part: the part "letter" of multipart/form-data, whose files come behind it. */
export type LetterForm = "json" | "part";

export type LetterCheck = (
  asked: unknown,
  form: LetterForm,
) => { readonly letter: Letter } | { readonly faults: readonly Fault[] };

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Compiles the schema of letters, once; the function it returns checks one. */
export function openLetterCheck(): LetterCheck {
  // Not all errors of a large document: the first says enough, and a hostile one would have us write thousands.
  // Lengths in UTF-16 units: counting the characters of a file in base64 would cost more than all the rest.
  const ajv = new Ajv2020({
    allErrors: false,
    strict: true,
    allowUnionTypes: true,
    unicode: false,
    logger: false,
  });
  ajv.addFormat("date", (text: string) => dayOfIsoDate(text) !== null);
  for (const word of ["x-item", "x-element"]) ajv.addKeyword({ keyword: word, schemaType: "string" });
  const isLetter = ajv.compile<Letter>(readJson(join(projectDir, "schemas/api/letter.schema.json")));
  return (asked, form) => {
    if (!isLetter(asked)) return { faults: (isLetter.errors ?? []).map(faultOf) };
    const faults = form === "json" ? filesFaults(asked) : withoutFiles(asked);
    return faults.length > 0 ? { faults } : { letter: asked };
  };
}

function withoutFiles({ files }: Letter): Fault[] {
  if (files === undefined) return [];
  return [
    {
      pointer: "/files",
      en: "has no place here: each file is a part of its own",
      th: "ให้ส่งแฟ้มเป็นส่วน (part) แยกต่างหาก",
    },
  ];
}

function filesFaults({ files }: Letter): Fault[] {
  if (files === undefined) {
    return [{ pointer: "/files", en: "is needed: the letter itself as a file", th: "ต้องมีแฟ้มหนังสือ" }];
  }
  const faults: Fault[] = mainFaults(files.map(({ role }) => role));
  files.forEach(({ content }, at) => {
    if (isBase64(content)) return;
    faults.push({ pointer: `/files/${at}/content`, en: "is not base64", th: "ไม่ใช่ base64" });
  });
  return faults;
}

const PIECE_LETTERS = 64 * 1024;
/** The last ones may be padding, and leave bits over that mean nothing. */
const LAST_LETTERS = 4;

/** What is encoded to the same again is right, at a tenth of the cost of looking at each letter; only the end is looked at. */
function isBase64(text: string): boolean {
  if (text.length % 4 !== 0) return false;
  const end = text.length - LAST_LETTERS;
  for (let at = 0; at < end; at += PIECE_LETTERS) {
    const piece = text.slice(at, Math.min(at + PIECE_LETTERS, end));
    if (Buffer.from(piece, "base64").toString("base64") !== piece) return false;
  }
  return BASE64.test(text.slice(end));
}

/** One file is the letter itself. */
export function mainFaults(roles: readonly ("main" | "enclosure")[]): Fault[] {
  const mains = roles.filter((role) => role === "main").length;
  if (mains === 1) return [];
  return [
    {
      pointer: "/files",
      en: `one file is the letter itself (main); there are ${mains}`,
      th: `ต้องมีแฟ้มหนังสือหลัก (main) หนึ่งแฟ้ม แต่พบ ${mains} แฟ้ม`,
    },
  ];
}

function faultOf({ instancePath, keyword, params, message = "is not allowed" }: ErrorObject): Fault {
  const property = (params["missingProperty"] ?? params["additionalProperty"]) as string | undefined;
  const pointer =
    property === undefined
      ? instancePath
      : `${instancePath}/${property.slice(0, 100).replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return { pointer, ...wordsOf(keyword, params, message) };
}

function wordsOf(keyword: string, params: Record<string, unknown>, message: string): Omit<Fault, "pointer"> {
  switch (keyword) {
    case "required":
      return { en: "is needed", th: "ต้องระบุ" };
    case "additionalProperties":
      return { en: "has no place in a letter", th: "ไม่ใช้กับหนังสือ" };
    case "format":
      return DATE_WORDS;
    default:
      return wordsOfKeyword(keyword, params, message) ?? { en: message, th: `ค่าไม่ถูกต้อง (${keyword})` };
  }
}
