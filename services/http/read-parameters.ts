import { dayOfIsoDate } from "../shared/letter/bangkok-day.ts";
import { type Fault, problem } from "./problem.ts";

/** A query string as fastify parses it: a parameter that is repeated is an array. */
export type Parameters = Readonly<Record<string, string | readonly string[] | undefined>>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

const BOOK_ID = /^[a-z0-9][a-z0-9-]{0,62}\.(inbound|outbound)\.[a-z]{1,20}$/;

/** Whether it is written like the id of a book: AGENCY.DIRECTION.SERIES. */
export function isBookId(text: string): boolean {
  return BOOK_ID.test(text);
}

/** Reads a query string and collects what is wrong with it, so that all faults are told at once. */
export interface ParameterReader {
  /** The value; "" when it is not there. */
  text(name: string): string;
  /** As `text`, and a fault when it is not there. */
  needed(name: string): string;
  uuid(name: string): string | null;
  /** An ISO date (C.E.) */
  date(name: string): string | null;
  integer(name: string, lowest: number, highest: number, otherwise: number): number;
  fault(parameter: string, en: string, th: string): void;
  /** @throws Problem 400 that names all faults, parameters that nobody has asked for among them */
  done(): void;
}

export function readParameters(parameters: Parameters): ParameterReader {
  const faults: Fault[] = [];
  const asked = new Set<string>();
  const fault = (parameter: string, en: string, th: string): void => void faults.push({ parameter, en, th });
  const text = (name: string): string => {
    asked.add(name);
    const value = parameters[name];
    if (typeof value === "string" || value === undefined) return value ?? "";
    fault(name, "may stand there once only", "ระบุได้ครั้งเดียว");
    return "";
  };
  const fitting = <Value>(name: string, read: (value: string) => Value | null, en: string, th: string) => {
    const value = text(name);
    if (value === "") return null;
    const found = read(value);
    if (found === null) fault(name, en, th);
    return found;
  };
  return {
    text,
    fault,
    needed(name) {
      const value = text(name);
      if (value === "") fault(name, "is needed", "ต้องระบุ");
      return value;
    },
    uuid: (name) => fitting(name, (value) => (isUuid(value) ? value : null), "is a UUID", "ต้องเป็น UUID"),
    date: (name) =>
      fitting(
        name,
        (value) => (dayOfIsoDate(value) === null ? null : value),
        "is a date (C.E.) such as 2026-05-31",
        "ต้องเป็นวันที่แบบ ค.ศ. เช่น 2026-05-31",
      ),
    integer(name, lowest, highest, otherwise) {
      const read = (value: string): number | null => {
        const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
        return number >= lowest && number <= highest ? number : null;
      };
      const words = [`is a number from ${lowest} to ${highest}`, `ต้องเป็นจำนวนตั้งแต่ ${lowest} ถึง ${highest}`];
      return fitting(name, read, words[0] as string, words[1] as string) ?? otherwise;
    },
    done() {
      for (const name of Object.keys(parameters)) {
        if (!asked.has(name)) fault(name, "there is no such parameter", "ไม่มีพารามิเตอร์นี้");
      }
      if (faults.length > 0) throw problem("not-understood", faults);
    },
  };
}
