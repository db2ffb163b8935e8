import type { Readable } from "node:stream";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { LARGEST_UPLOAD_BYTES } from "../shared/letter/uploaded-files.ts";
import type { Acting, Kysely } from "../shared/runtime/database.ts";
import { newId } from "../shared/runtime/ids.ts";
import type { ByteStore } from "../shared/runtime/store.ts";
import { StoreError } from "../shared/runtime/store-errors.ts";
import { problem } from "./problem.ts";
import { LONGEST_NAME, uploadName } from "./upload-name.ts";
import { insertUpload, type Upload } from "./upload-store.ts";

export interface UploadParts {
  readonly database: Kysely<Tables>;
  readonly now: TrustedNow;
  readonly uploads: Pick<ByteStore, "spool">;
}

/** Checks the name of a file that is to be uploaded. @throws Problem 400 */
export function checkedName(given: string): string {
  const name = uploadName(given);
  if (name !== null) return name;
  throw problem("not-understood", [
    {
      parameter: "name",
      en: `is the name of a file, at most ${LONGEST_NAME} characters`,
      th: `ต้องเป็นชื่อแฟ้ม ไม่เกิน ${LONGEST_NAME} อักขระ`,
    },
  ]);
}

/**
 * Takes in a file for an outbound letter. Octets first, row second: a large file that nobody has a row of harms nothing.
 * @param source read to its end, at most LARGEST_UPLOAD_BYTES of it
 * @throws Problem when it is empty, too large, or there is no room; the error of a source that fails itself
 */
export async function uploadFile(
  { database, now, uploads }: UploadParts,
  acting: Acting,
  file: { readonly agencyId: string; readonly name: string; readonly mediaType: string },
  source: Readable,
): Promise<Upload> {
  const spooled = await uploads
    .spool(source, { limitBytes: LARGEST_UPLOAD_BYTES })
    .catch((error: unknown) => {
      if (error instanceof StoreError && error.fault === "too-large") throw problem("too-large");
      if (error instanceof StoreError && error.fault === "no-space") throw problem("no-space");
      throw error;
    });
  const { sha256, sizeBytes } = spooled;
  if (sizeBytes === 0) {
    throw problem("not-understood", [{ pointer: "", en: "the file is empty", th: "แฟ้มไม่มีข้อมูล" }]);
  }
  const upload = { id: newId(), ...file, sha256, sizeBytes };
  await insertUpload(database, acting, upload, spooled, now().at);
  spooled.discard();
  return upload;
}
