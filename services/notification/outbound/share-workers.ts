import type { JobData, JobName } from "../../shared/letter/flow.ts";
import { putOff } from "../../shared/letter/outbox.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../../shared/runtime/database.ts";

/** So soon a job looks again for a place; not all at the same moment. */
const LOOKS_AGAIN_MS = 1_000;

/**
 * Lets at most so many of a job run at once, so that it never takes all the room's workers: a circular with large files to a
 * thousand offices must not keep the receipts of a morning waiting. What finds no place is put off, which costs no try.
 */
export function sharingWorkers(
  { database }: { readonly database: Kysely<Tables> },
  job: JobName,
  places: number,
  perform: (data: JobData) => Promise<void>,
): (data: JobData) => Promise<void> {
  let taken = 0;
  return async (data) => {
    if (taken >= places) {
      const delayMs = LOOKS_AGAIN_MS * (1 + Math.random());
      await inTransaction(
        database,
        { actor: "worker:notification", agencies: [data.agencyId] },
        (transaction) =>
          putOff(transaction, job, data.subjectId, delayMs, "waits until fewer letters are being sent"),
      );
      return;
    }
    taken += 1;
    try {
      await perform(data);
    } finally {
      taken -= 1;
    }
  };
}
