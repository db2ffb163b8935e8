import type { Tables } from "../../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../../shared/runtime/database.ts";
import type { ByteStore } from "../../shared/runtime/store.ts";
import type { OpenFile } from "./compose-letter.ts";
import { readFileContent } from "./outbound-store.ts";

/** Where the files of letters that were sent are. */
export interface SentFiles {
  readonly database: Kysely<Tables>;
  /** Where larger ones lie (shared/letter/uploaded-files.ts). */
  readonly uploads: Pick<ByteStore, "openStored">;
}

/** Larger files are streamed from the store when their turn comes: memory does not grow with a letter. */
export function openerOf({ database, uploads }: SentFiles, agencyId: string): OpenFile {
  const acting = { actor: "worker:notification", agencies: [agencyId] } as const;
  return async ({ fileId, sha256 }) => {
    const content = await inTransaction(database, acting, (transaction) =>
      readFileContent(transaction, fileId),
    );
    return content ?? (() => uploads.openStored(sha256));
  };
}
