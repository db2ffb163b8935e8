import type { Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { findDamage, PAGE, withOctets } from "./check-octets.ts";
import { BY_HAND, type CheckResult, letterWords, named, resultOf } from "./check-result.ts";
import type { FilesToCheck } from "./check-stored-files.ts";
import {
  countSentFiles,
  findSentFileFaults,
  readSentFiles,
  type SentFile,
  type SentFileFault,
} from "./sent-files-store.ts";

/** The copy of each letter that was sent (Annex 6 §2.2.1): all its files have their rows. Run in the snapshot. */
export async function checkSentFileRows(transaction: Transaction<Tables>): Promise<CheckResult> {
  const { files, ...figures } = await countSentFiles(transaction);
  const faults = await findSentFileFaults(transaction);
  return resultOf("sent-files", files, figures, [
    named(
      faults,
      ({ letterId }) => letterId,
      ({ fault, letterId, agencyId }) =>
        `${letterWords({ intakeId: letterId, agencyId })}: ${WORDS[fault]} ${BY_HAND}`,
    ),
  ]);
}

const WORDS: Readonly<Record<SentFileFault["fault"], string>> = {
  "file-lost": "it was sent with a file that is not recorded any more.",
  "upload-missing": "a file that it was sent with is not there, or is another agency's.",
};

const FIRST = "00000000-0000-0000-0000-000000000000";

/**
 * What the office has sent is what it keeps: each file, in the database or in the folder of uploads, has its hash and size.
 * Files of drafts, and uploads of which no letter was made, prove nothing and are not read.
 * @param rows what checkSentFileRows found
 */
export async function checkSentFiles(
  { database, acting, uploadsDir }: Pick<FilesToCheck, "database" | "acting" | "uploadsDir">,
  rows: CheckResult,
): Promise<CheckResult> {
  const found = await findDamage<SentFile>({
    table: "uploaded_file",
    storeDir: uploadsDir,
    read: (last) => readSentFiles(database, acting, last?.id ?? FIRST, PAGE),
    name: ({ id, agencyId }) => ({ at: id, words: `file ${id} of a letter that ${agencyId} has sent` }),
  });
  return withOctets(rows, found);
}
