import type { Tables } from "../shared/letter/tables.ts";
import { type Acting, inTransaction, type Kysely } from "../shared/runtime/database.ts";
import type { SpooledBytes } from "../shared/runtime/store.ts";

/** A file for an outbound letter, as its uploader is told. */
export interface Upload {
  readonly id: string;
  readonly agencyId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Writes down what a clerk has uploaded: small content with it, that of a large file lies in the store already. */
export async function insertUpload(
  database: Kysely<Tables>,
  acting: Acting,
  upload: Upload,
  spooled: SpooledBytes,
  at: Date,
): Promise<void> {
  await inTransaction(database, acting, (transaction) =>
    transaction
      .insertInto("uploaded_file")
      .values({
        id: upload.id,
        agency_id: upload.agencyId,
        name: upload.name,
        media_type: upload.mediaType,
        sha256: upload.sha256,
        size_bytes: upload.sizeBytes,
        content: spooled.inline,
        uploaded_by: acting.actor,
        uploaded_at: at,
      })
      .execute(),
  );
}
