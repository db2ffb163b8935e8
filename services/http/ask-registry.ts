import type { Act } from "../shared/letter/act.ts";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { type Acting, inTransaction, type Kysely } from "../shared/runtime/database.ts";
import { type ActAnswer, readActAnswer, storeAct } from "./act-store.ts";
import type { ActWaiters } from "./act-waiters.ts";
import { problem } from "./problem.ts";

/**
 * Has the registry carry out an act, and waits a little for it. The act is kept from the first moment: one that nobody
 * waited for to the end is carried out all the same.
 * @returns the act as it stands after the wait; `result` is null while it is not decided
 * @throws Problem when the act cannot be taken at all
 */
export async function askRegistry(
  parts: { readonly database: Kysely<Tables>; readonly now: TrustedNow; readonly waiters: ActWaiters },
  acting: Acting,
  act: Act,
  waitMs: number,
  gone?: AbortSignal,
): Promise<ActAnswer> {
  const { database, now, waiters } = parts;
  const stored = await inTransaction(database, acting, (transaction) =>
    storeAct(transaction, act, now()),
  ).catch(problemOfInsert);
  if (!stored) throw problem("id-in-use");
  await waiters.wait({ actId: act.id, agencyId: act.agencyId }, waitMs, gone);
  const answer = await inTransaction(database, acting, (transaction) => readActAnswer(transaction, act.id));
  if (!answer) throw new Error("an act that was written down cannot be read");
  return answer;
}

/** What a refused insert means to the asker; any other error is ours and goes on. */
function problemOfInsert(error: unknown): never {
  const code = String((error as { code?: unknown }).code);
  // 23503: the foreign keys name an arrival together with its agency, so one that is not there and one of another agency
  // look the same. 42501: row-level security.
  if (code === "23503" || code === "42501") throw problem("not-found");
  if (/^2[23]/.test(code)) throw problem("not-acceptable-values");
  throw error;
}
