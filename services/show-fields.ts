import { textTable } from "./shared/letter/book-table.ts";

const moment = new Intl.DateTimeFormat("sv-SE", {
  dateStyle: "short",
  timeStyle: "medium",
  timeZone: "Asia/Bangkok",
});

/**
 * A value for a terminal; times in Asia/Bangkok. Much of it a stranger wrote: neither a control sequence nor a turned
 * "fdp.exe" reaches the terminal.
 */
export function shown(value: unknown): string {
  if (value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0))
    return "-";
  if (value instanceof Date) return moment.format(value);
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, " ");
}

/** The fields of something, one a line, those of `facts` among them; lists have a line for each item. */
export function fieldTable(fields: object): string {
  const rows = Object.entries(fields).flatMap(([name, value]) =>
    Array.isArray(value) && value.length > 0
      ? value.map((item, index) => [index === 0 ? name : "", shown(item)])
      : isPlain(value)
        ? Object.entries(value).map(([part, inner]) => [`${name}.${part}`, shown(inner)])
        : [[name, shown(value)]],
  );
  return textTable([["field", "value"], ...rows]);
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
