import type { BookLine } from "./inbound-book.ts";
import { buddhistYear } from "./stamp.ts";

const moment = new Intl.DateTimeFormat("sv-SE", {
  dateStyle: "short",
  timeStyle: "medium",
  timeZone: "Asia/Bangkok",
});

/** The inbound book as text for a terminal, columns as in the paper book. Times are Asia/Bangkok. */
export function bookTable(agencyId: string, year: number, lines: readonly BookLine[]): string {
  const head = ["เลขรับ", "ที่", "ลงวันที่", "จาก", "เรื่อง", "มาถึง", "ลงทะเบียน", "ตอบรับ"];
  const rows = lines.map((line) => [
    `${line.number}/${buddhistYear(line.year)}`,
    line.letterNumber ?? "-",
    line.letterDate ?? "-",
    cut(line.from ?? "-", 24),
    cut(`${line.status === "cancelled" ? "(ยกเลิก) " : ""}${line.subject ?? "-"}`, 44),
    line.arrivedAt === null ? "-" : moment.format(line.arrivedAt),
    moment.format(line.registeredAt).slice(11),
    line.acknowledged ?? "-",
  ]);
  const title = `ทะเบียนหนังสือรับ ${agencyId} พ.ศ. ${buddhistYear(year)} (${lines.length} ฉบับ)`;
  return `${title}\n${textTable([head, ...rows])}`;
}

/** Aligns columns by the cells that a terminal gives them; the first row is the head. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => cells(row[column] ?? ""))),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - cells(cell)))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return `${[line(rows[0] ?? []), rule, ...rows.slice(1).map(line)].join("\n")}\n`;
}

/** Thai vowels and tone marks above and below (category Mn) take no cell of their own. */
function cells(text: string): number {
  return text.replace(/\p{Mn}/gu, "").length;
}

/** Cuts after a number of cells, never between a letter and its marks. */
function cut(text: string, width: number): string {
  const letters = text.match(/\P{Mn}\p{Mn}*/gu) ?? [];
  return letters.length <= width ? text : `${letters.slice(0, width - 1).join("")}…`;
}
