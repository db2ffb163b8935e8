import { closedMark } from "../../shared/closed/closed-marks.ts";
import type { IndexKeys } from "../../shared/closed/index-keys.ts";
import { CLOSED_LEVELS } from "../../shared/closed/key-provider.ts";
import type { Client } from "../clients/client.ts";
import { isAppointed } from "./judge-class.ts";

/** What stands in place of an Idempotency-Key beside a classified letter: programs make keys of letter numbers. */
export function keyMark(indexKey: Buffer, { id }: Pick<Client, "id">, key: string | null): string | null {
  return key === null ? null : closedMark(indexKey, "key", [id, key]).toString("hex");
}

/** In whatever words an earlier classified letter of this client may have used up the key. @throws KeyFault */
export async function keyMarksOf(
  indexKeys: Pick<IndexKeys, "known">,
  client: Pick<Client, "id" | "agencyId" | "level">,
  key: string | null,
): Promise<string[]> {
  if (key === null || !isAppointed(client)) return [];
  const marks: string[] = [];
  for (const level of CLOSED_LEVELS) {
    const indexKey = await indexKeys.known({ agencyId: client.agencyId, level });
    const mark = indexKey === null ? null : keyMark(indexKey, client, key);
    if (mark !== null) marks.push(mark);
  }
  return marks;
}
