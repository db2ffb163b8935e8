import { findLetterNumbers } from "../../shared/letter/letter-number.ts";

/**
 * Whether two canonical letter numbers may be the same letter's as people write them: without the bracketed sub-unit,
 * without leading zeros, or (in a file name, which can have no dot) without what stands behind the unit's dot.
 */
export function sameNumber(a: string, b: string): boolean {
  const [left, right] = [partsOf(a), partsOf(b)];
  if (left === null || right === null) return a === b;
  return (
    left.code === right.code &&
    left.circular === right.circular &&
    left.running === right.running &&
    (left.sub === right.sub || left.sub === "" || right.sub === "") &&
    (left.unit === right.unit ||
      left.digits === right.digits ||
      stem(left.unit) === right.unit ||
      stem(right.unit) === left.unit)
  );
}

function stem(unit: string): string {
  return unit.replace(/\..*$/u, "");
}

function partsOf(canonical: string): {
  code: string;
  sub: string;
  unit: string;
  digits: string;
  circular: string;
  running: string;
} | null {
  const match = /^(\S+) (?:\((\S+)\) )?([0-9.]+)\/(?:(ว(?:\(ล\))?) )?([0-9]+)$/u.exec(canonical);
  if (match === null || findLetterNumbers(`ที่ ${canonical}`).length === 0) return null;
  const [, code = "", sub = "", unit = "", circular = "", running = ""] = match;
  const plain = unit.replace(/^0+(?=[0-9])/u, "");
  return {
    code,
    sub,
    unit: plain,
    digits: plain.replaceAll(".", ""),
    circular,
    running: running.replace(/^0+(?=[0-9])/u, ""),
  };
}
