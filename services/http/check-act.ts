import { join } from "node:path";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import {
  type Act,
  type ActDetails,
  type ActName,
  type LineFacts,
  normaliseFacts,
  oneLine,
} from "../shared/letter/act.ts";
import { dayOfIsoDate } from "../shared/letter/bangkok-day.ts";
import { projectDir, readJson } from "../shared/runtime/settings.ts";
import { detailsFaults, normaliseDetails } from "./normalise-details.ts";
import { type Fault, SAYS_NOTHING } from "./problem.ts";
import { DATE_WORDS, wordsOfKeyword } from "./schema-words.ts";

/** An act as a client writes it (schemas/act.schema.json). */
export interface AskedAct {
  readonly id: string;
  readonly agencyId: string;
  readonly act: ActName;
  readonly intakeId?: string;
  readonly earlierIntakeId?: string;
  /** Direction and series. */
  readonly book?: string;
  readonly year?: number;
  readonly number?: number;
  readonly letterId?: string;
  readonly facts?: LineFacts;
  readonly details?: ActDetails;
  readonly reason?: string;
}

/** An act before it is signed: in one spelling, as it will be stored. */
export type CheckedAct = Omit<Act, "madeBy" | "madeByName">;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Compiles the schema of acts; the function it returns checks and normalises one. */
export function openActCheck(): (
  asked: unknown,
) => { readonly act: CheckedAct } | { readonly faults: readonly Fault[] } {
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
  ajv.addFormat("uuid", UUID);
  ajv.addFormat("date", (text: string) => dayOfIsoDate(text) !== null);
  ajv.addFormat("date-time", isInstant);
  const isAct = ajv.compile<AskedAct>(readJson(join(projectDir, "schemas/act.schema.json")));
  return (asked) => {
    if (!isAct(asked)) return { faults: faultsOf(isAct.errors ?? []) };
    const act = normalised(asked);
    const faults = detailsFaults(act.details);
    // A reason of invisible characters alone passes the schema's \S and is none.
    if (act.reason === "" && asked.reason !== undefined && asked.reason !== "")
      faults.push({ pointer: "/reason", ...SAYS_NOTHING });
    return faults.length > 0 ? { faults } : { act };
  };
}

/** RFC 3339 §5.6, with an offset, of a day that exists. */
function isInstant(text: string): boolean {
  const day = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?(?:Z|[+-]\d{2}:\d{2})$/.exec(text)?.[1];
  return day !== undefined && dayOfIsoDate(day) !== null && !Number.isNaN(Date.parse(text));
}

function normalised(asked: AskedAct): CheckedAct {
  return {
    id: asked.id.toLowerCase(),
    agencyId: asked.agencyId,
    act: asked.act,
    intakeId: asked.intakeId?.toLowerCase() ?? null,
    earlierIntakeId: asked.earlierIntakeId?.toLowerCase() ?? null,
    bookId: asked.book === undefined ? null : `${asked.agencyId}.${asked.book}`,
    year: asked.year ?? null,
    number: asked.number ?? null,
    letterId: asked.letterId?.toLowerCase() ?? null,
    facts: normaliseFacts(asked.facts ?? {}),
    details: normaliseDetails(asked.details ?? {}),
    reason: oneLine(asked.reason ?? ""),
  };
}

/** Errors of "if" and "allOf" only say that another one, which is told too, was found in them. */
const FRAME = new Set(["if", "allOf"]);

function faultsOf(errors: readonly ErrorObject[]): Fault[] {
  return (
    errors
      // What each way of a choice lacks says less than that there is a choice.
      .filter(({ keyword, schemaPath }) => !FRAME.has(keyword) && !schemaPath.includes("/oneOf/"))
      .map(({ instancePath, keyword, params, message }) => {
        const property = (params["missingProperty"] ?? params["additionalProperty"]) as string | undefined;
        const pointer = property === undefined ? instancePath : `${instancePath}/${property}`;
        return { pointer, ...faultWords(keyword, params, message) };
      })
  );
}

const FORMAT_WORDS: Readonly<Record<string, Omit<Fault, "pointer">>> = {
  date: DATE_WORDS,
  "date-time": {
    en: "is an instant such as 2026-05-31T09:00:00+07:00",
    th: "ต้องเป็นวันเวลา เช่น 2026-05-31T09:00:00+07:00",
  },
  uuid: { en: "is a UUID", th: "ต้องเป็น UUID" },
};

function faultWords(
  keyword: string,
  params: Record<string, unknown>,
  message = "is not allowed",
): Omit<Fault, "pointer"> {
  switch (keyword) {
    case "required":
    case "dependentRequired":
      return { en: "is needed for this act", th: "ต้องระบุสำหรับการดำเนินการนี้" };
    case "additionalProperties":
    case "false schema":
      return { en: "has no place in this act", th: "ไม่ใช้กับการดำเนินการนี้" };
    case "uniqueItems":
      return { en: "has something twice", th: "มีรายการซ้ำ" };
    case "oneOf":
      return {
        en: "names either a partner of the directory or a mail address",
        th: "ต้องระบุหน่วยงานคู่ค้า (partner) หรือที่อยู่ไปรษณีย์อิเล็กทรอนิกส์ (address) อย่างใดอย่างหนึ่ง",
      };
    case "format":
      return FORMAT_WORDS[String(params["format"])] ?? { en: message, th: "รูปแบบไม่ถูกต้อง" };
    default:
      return wordsOfKeyword(keyword, params, message) ?? { en: message, th: `ค่าไม่ถูกต้อง (${keyword})` };
  }
}
