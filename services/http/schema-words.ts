import { type Fault, SAYS_NOTHING } from "./problem.ts";

/** What a schema's keyword found wrong, in words that hold wherever the keyword stands; null where its door has words of its own. */
export function wordsOfKeyword(
  keyword: string,
  params: Readonly<Record<string, unknown>>,
  message: string,
): Omit<Fault, "pointer"> | null {
  switch (keyword) {
    case "enum": {
      const allowed = (params["allowedValues"] as unknown[]).join(", ");
      return { en: `is one of ${allowed}`, th: `ต้องเป็นค่าใดค่าหนึ่งใน ${allowed}` };
    }
    case "maxLength":
    case "maxItems":
      return { en: `is too long: at most ${params["limit"]}`, th: `ยาวเกินกำหนด: ไม่เกิน ${params["limit"]}` };
    case "pattern":
      return params["pattern"] === "\\S" ? SAYS_NOTHING : { en: message, th: "รูปแบบไม่ถูกต้อง" };
    default:
      return null;
  }
}

/** Of a date (format "date"). */
export const DATE_WORDS = {
  en: "is a date (C.E.) such as 2026-05-31",
  th: "ต้องเป็นวันที่แบบ ค.ศ. เช่น 2026-05-31",
} as const;
