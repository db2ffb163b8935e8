import { normaliseLetterNumber } from "../letter/letter-number.ts";
import { closedMark } from "./closed-marks.ts";
import type { IndexKeys } from "./index-keys.ts";
import { CLOSED_LEVELS } from "./key-provider.ts";

/** The identity of a letter on the e-CMS wire. */
export interface WireIdentity {
  readonly letterId: string;
  /** yyyy-MM-dd */
  readonly correspondenceDate: string;
  /** Ten digits each. */
  readonly senderDepartment: string;
  readonly acceptDepartment: string;
}

/** Keyed hashes of it (closed_document). */
export interface DocumentMark {
  readonly identity: Buffer;
  readonly named: Buffer;
}

/** A letter's identity on the wire, hashed under the key of its level; numbers that say the same are the same. */
export function documentMark(indexKey: Buffer, key: WireIdentity): DocumentMark {
  const { correspondenceDate, senderDepartment, acceptDepartment } = key;
  const number = canonical(key.letterId);
  return {
    identity: closedMark(indexKey, "document", [
      number,
      correspondenceDate,
      senderDepartment,
      acceptDepartment,
    ]),
    named: namedMark(indexKey, { letterId: number, correspondenceDate }),
  };
}

/** Under the key of each level that the agency has had letters of. @throws KeyFault */
export async function documentMarks(
  indexKeys: Pick<IndexKeys, "known">,
  agencyId: string,
  key: WireIdentity,
): Promise<DocumentMark[]> {
  return (await keysOf(indexKeys, agencyId)).map((indexKey) => documentMark(indexKey, key));
}

/** By what a notifier names a letter. @throws KeyFault */
export async function namedMarks(
  indexKeys: Pick<IndexKeys, "known">,
  agencyId: string,
  letter: Pick<WireIdentity, "letterId" | "correspondenceDate">,
): Promise<Buffer[]> {
  return (await keysOf(indexKeys, agencyId)).map((indexKey) => namedMark(indexKey, letter));
}

function namedMark(
  indexKey: Buffer,
  { letterId, correspondenceDate }: Pick<WireIdentity, "letterId" | "correspondenceDate">,
): Buffer {
  return closedMark(indexKey, "named", [canonical(letterId), correspondenceDate]);
}

async function keysOf(indexKeys: Pick<IndexKeys, "known">, agencyId: string): Promise<Buffer[]> {
  const keys = await Promise.all(CLOSED_LEVELS.map((level) => indexKeys.known({ agencyId, level })));
  return keys.filter((key) => key !== null);
}

function canonical(number: string): string {
  return normaliseLetterNumber(number) ?? number.replace(/\s+/gu, "");
}
