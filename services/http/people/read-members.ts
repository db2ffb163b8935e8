import { dayOfIsoDate } from "../../shared/letter/bangkok-day.ts";
import { type Fault, problem } from "../problem.ts";

/** Reads the members of a JSON body and collects what is wrong with them, so that all faults are told at once. */
export interface MemberReader {
  /** A line of text without the spaces around it; "" when it is not there, and a fault unless it may be missing. */
  text(name: string, longest: number): string;
  optionalText(name: string, longest: number): string | undefined;
  /** As it is: spaces may belong to it. */
  secret(name: string): string;
  flag(name: string): boolean | undefined;
  oneOf<Value extends string>(name: string, values: readonly Value[]): Value | undefined;
  /** An ISO date (C.E.). */
  date(name: string): string;
  optionalDate(name: string): string | undefined;
  integer(name: string, lowest: number, highest: number, otherwise: number): number;
  /** Whether it stands there as null. */
  isNull(name: string): boolean;
  fault(name: string, en: string, th: string): void;
  /** @throws Problem 400 that names all faults, members that nobody has asked for among them */
  done(): void;
}

/** Longer than any password; what is longer is none, and need not be looked at. */
const LONGEST_SECRET = 4_096;

/** @throws Problem 400 when it is no object */
export function readMembers(body: unknown): MemberReader {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw problem("not-understood", [{ pointer: "", en: "is a JSON object", th: "ต้องเป็นวัตถุ JSON" }]);
  const members = body as Readonly<Record<string, unknown>>;
  const faults: Fault[] = [];
  const asked = new Set<string>();
  const fault = (name: string, en: string, th: string): void =>
    void faults.push({ pointer: `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`, en, th });
  const member = (name: string): unknown => {
    asked.add(name);
    return Object.hasOwn(members, name) ? (members[name] ?? undefined) : undefined;
  };
  const needed = (name: string): void => fault(name, "is needed", "ต้องระบุ");
  const optionalText = (name: string, longest: number): string | undefined => {
    const value = member(name);
    if (value === undefined) return undefined;
    if (typeof value !== "string" || !value.isWellFormed() || /\p{Cc}/u.test(value))
      fault(name, "is a line of text", "ต้องเป็นข้อความบรรทัดเดียว");
    else if (value.trim() === "") fault(name, "says nothing", "ไม่มีข้อความ");
    else if (value.length > longest)
      fault(name, `is too long: at most ${longest}`, `ยาวเกินกำหนด: ไม่เกิน ${longest}`);
    else return value.normalize("NFC").trim();
    return undefined;
  };
  const optionalDate = (name: string): string | undefined => {
    const value = member(name);
    if (value === undefined) return undefined;
    if (typeof value === "string" && dayOfIsoDate(value) !== null) return value;
    fault(name, "is a date (C.E.) such as 2026-05-31", "ต้องเป็นวันที่แบบ ค.ศ. เช่น 2026-05-31");
    return undefined;
  };
  return {
    optionalText,
    optionalDate,
    fault,
    text(name, longest) {
      if (member(name) === undefined) needed(name);
      return optionalText(name, longest) ?? "";
    },
    secret(name) {
      const value = member(name);
      if (typeof value === "string") return value.slice(0, LONGEST_SECRET);
      if (value === undefined) needed(name);
      else fault(name, "is text", "ต้องเป็นข้อความ");
      return "";
    },
    flag(name) {
      const value = member(name);
      if (value === undefined || typeof value === "boolean") return value;
      fault(name, "is true or false", "ต้องเป็น true หรือ false");
      return undefined;
    },
    oneOf(name, values) {
      const value = member(name);
      const found = values.find((one) => one === value);
      const allowed = values.join(", ");
      if (value !== undefined && found === undefined)
        fault(name, `is one of ${allowed}`, `ต้องเป็นค่าใดค่าหนึ่งใน ${allowed}`);
      return found;
    },
    date(name) {
      if (member(name) === undefined) needed(name);
      return optionalDate(name) ?? "";
    },
    integer(name, lowest, highest, otherwise) {
      const value = member(name) ?? otherwise;
      if (Number.isInteger(value) && (value as number) >= lowest && (value as number) <= highest)
        return value as number;
      fault(name, `is a number from ${lowest} to ${highest}`, `ต้องเป็นจำนวนตั้งแต่ ${lowest} ถึง ${highest}`);
      return otherwise;
    },
    isNull(name) {
      asked.add(name);
      return Object.hasOwn(members, name) && members[name] === null;
    },
    done() {
      for (const name of Object.keys(members)) {
        if (!asked.has(name)) fault(name.slice(0, 100), "has no place here", "ไม่ใช้ในคำขอนี้");
      }
      if (faults.length > 0) throw problem("not-understood", faults);
    },
  };
}
