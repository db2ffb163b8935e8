import type { LineFacts } from "./shared/letter/act.ts";
import type { Urgency } from "./shared/letter/letter.ts";
import type { LetterKind } from "./shared/letter/register-line.ts";
import { parseThaiDate } from "./shared/letter/thai-date.ts";

/** Options that say what stands in a line; an empty text empties its field. */
export const FACT_OPTIONS = {
  number: { type: "string" },
  date: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  subject: { type: "string" },
  action: { type: "string" },
  remarks: { type: "string" },
  urgency: { type: "string" },
  kind: { type: "string" },
  reference: { type: "string", multiple: true },
  enclosure: { type: "string", multiple: true },
} as const;

export type FactOptions = {
  readonly [Name in keyof typeof FACT_OPTIONS]?:
    | ((typeof FACT_OPTIONS)[Name] extends { multiple: true } ? string[] : string)
    | undefined;
};

export const FACT_USAGE =
  "--subject, --number, --date, --from, --to, --action, --remarks, --urgency, --kind, --reference…, --enclosure…";

/**
 * The facts that the options name. A date may be written as offices do (31 พ.ค. 2569, ๓๑/๕/๒๕๖๙) or in ISO form, of
 * either era. Whether the other values are allowed is the act's check to say.
 * @returns null when the date cannot be read
 */
export function factsOf(options: FactOptions): LineFacts | null {
  const { date, urgency, kind, reference, enclosure } = options;
  const letterDate = date === undefined || date === "" ? null : parseThaiDate(date);
  if (date && letterDate === null) return null;
  return {
    ...text("letterNumberPrinted", options.number),
    ...(date === undefined ? {} : { letterDate }),
    ...text("from", options.from),
    ...text("to", options.to),
    ...text("subject", options.subject),
    ...text("action", options.action),
    ...text("remarks", options.remarks),
    ...(urgency === undefined ? {} : { urgency: urgency as Urgency }),
    ...(kind === undefined ? {} : { kind: kind as LetterKind }),
    ...(reference === undefined ? {} : { references: reference }),
    ...(enclosure === undefined ? {} : { enclosures: enclosure }),
  };
}

function text(field: keyof LineFacts, value: string | undefined): LineFacts {
  return value === undefined ? {} : { [field]: value === "" ? null : value };
}
