import { SECRECY_WORDS, URGENCY_WORDS } from "../shared/letter/letter.ts";
import {
  type Channel,
  type Direction,
  LETTER_KIND_WORDS,
  type RegisterLine,
  type Series,
} from "../shared/letter/register-line.ts";
import { cellText, isoDay } from "./printed-words.ts";
import { type ColumnName, columnText, registerForm, STATUS_WORDS } from "./register-columns.ts";

/** A cell of a table for programs. `day` and `time` are moments; each format writes them in its own way. */
export type Cell =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "number"; readonly number: number }
  | { readonly kind: "day"; readonly at: Date }
  | { readonly kind: "time"; readonly at: Date };

export interface ExportColumn {
  readonly heading: string;
  /** Characters. */
  readonly width: number;
  readonly cell: (line: RegisterLine) => Cell;
}

const CHANNEL_WORDS: Readonly<Record<Channel, string>> = {
  smtp: "ไปรษณีย์อิเล็กทรอนิกส์",
  imap: "ไปรษณีย์อิเล็กทรอนิกส์ (ตู้จดหมายกลาง)",
  api: "ระบบแลกเปลี่ยน (API)",
  ecms: "ระบบแลกเปลี่ยน (e-CMS)",
  paper: "กระดาษ",
};

/** The columns of the printed form, and after them the facts for which a page has no room. */
export function exportColumns(direction: Direction, series: Series): readonly ExportColumn[] {
  const { columns } = registerForm(direction, series);
  // What a hand writes on paper has no place in a table.
  const printed = columns.filter(({ name }) => name !== "signature");
  // The secret registers have it among their own.
  const further = FURTHER.filter(({ heading }) => !printed.some((each) => each.heading === heading));
  return [
    ...printed.map(({ name, heading, share }) => ({
      heading,
      width: Math.round(share / 5),
      cell: (line: RegisterLine) => printedCell(name, line),
    })),
    ...further,
  ];
}

function printedCell(name: ColumnName, line: RegisterLine): Cell {
  switch (name) {
    case "number":
      return { kind: "number", number: line.number };
    case "letterDate": {
      const day = line.letterDate === null ? null : isoDay(line.letterDate);
      return day === null ? text(line.letterDate) : { kind: "day", at: day };
    }
    case "receivedOn":
      return { kind: "day", at: line.arrivedAt ?? line.registeredAt };
    default:
      return { kind: "text", text: columnText(name, line, "arabic") };
  }
}

const FURTHER: readonly ExportColumn[] = [
  { heading: "สถานะ", width: 12, cell: (line) => text(STATUS_WORDS[line.status]) },
  { heading: "ชั้นความเร็ว", width: 12, cell: (line) => text(URGENCY_WORDS[line.urgency]) },
  { heading: "ชั้นความลับ", width: 12, cell: (line) => text(SECRECY_WORDS[line.secrecy]) },
  { heading: "ชนิดหนังสือ", width: 16, cell: (line) => text(LETTER_KIND_WORDS[line.kind]) },
  { heading: "หน่วยงานภายใน", width: 16, cell: (line) => text(line.unit) },
  { heading: "ช่องทาง", width: 20, cell: (line) => text(CHANNEL_WORDS[line.channel]) },
  { heading: "อ้างถึง", width: 24, cell: (line) => text(line.references.join("; ")) },
  { heading: "สิ่งที่ส่งมาด้วย", width: 24, cell: (line) => text(line.enclosures.join("; ")) },
  { heading: "เข้าระบบเมื่อ", width: 20, cell: (line) => time(line.arrivedAt) },
  { heading: "ถือว่าได้รับเมื่อ", width: 20, cell: (line) => time(line.deemedReceivedAt) },
  { heading: "ลงทะเบียนเมื่อ", width: 20, cell: (line) => time(line.registeredAt) },
  { heading: "ผู้ลงทะเบียน", width: 24, cell: (line) => text(line.registeredByName ?? line.registeredBy) },
];

function text(value: string | null): Cell {
  return { kind: "text", text: cellText(value) };
}

function time(at: Date | null): Cell {
  return at === null ? { kind: "text", text: "" } : { kind: "time", at };
}
