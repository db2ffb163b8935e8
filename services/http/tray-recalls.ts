import { readOwnKeys, readPartnerKeys } from "../shared/letter/evidence/public-key-store.ts";
import { type Recall, readRecall, verifyRecall } from "../shared/letter/evidence/recall.ts";
import { normaliseLetterNumber } from "../shared/letter/letter-number.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Transaction } from "../shared/runtime/database.ts";
import { readWaitingRecalls } from "./recall-mail-store.ts";
import type { TrayRow } from "./tray-store.ts";
import { isServed } from "./verify-store.ts";

/** The sender of a letter wants it back while it lies in the tray. */
export interface TrayRecall {
  /** The mail that asks for it. */
  readonly intakeId: string;
  readonly recallId: string;
  readonly requestedAt: string;
  readonly reason: string;
  /** Number of the letter that takes its place; null when there is none. */
  readonly replacedBy: string | null;
}

/**
 * Arrivals in the tray, each with the recall that its sender has signed; null where none has come. What nobody has proved is
 * not told: a clerk would turn away a letter on a stranger's word.
 */
export async function withRecalls<Row extends TrayRow>(
  transaction: Transaction<Tables>,
  agencyId: string,
  rows: readonly Row[],
): Promise<(Row & { readonly recall: TrayRecall | null })[]> {
  const mails = rows.length === 0 ? [] : await readWaitingRecalls(transaction, agencyId);
  const asked = mails.flatMap(({ intakeId, evidence }) => {
    const recall = readRecall(evidence);
    return recall === null ? [] : [{ intakeId, evidence, recall }];
  });
  const keys = asked.length === 0 ? [] : await readPartnerKeys(transaction);
  const own = asked.length === 0 ? [] : await readOwnKeys(transaction);
  const found = new Map<string, TrayRecall>();
  for (const row of rows) {
    for (const { intakeId, evidence, recall } of asked.filter((one) => isOf(row, one.recall))) {
      const domain = recall.agency.domain.toLowerCase();
      const theirs = (await isServed(transaction, domain))
        ? own.filter(({ revokedAt }) => revokedAt === null)
        : keys.filter(({ holder }) => holder === domain);
      if ((await verifyRecall(evidence, theirs)).state !== "genuine") continue;
      const { recallId, issuedAt, reason, replacedBy } = recall;
      found.set(row.intakeId, { intakeId, recallId, requestedAt: issuedAt, reason, replacedBy });
    }
  }
  return rows.map((row) => ({ ...row, recall: found.get(row.intakeId) ?? null }));
}

/** Whether it asks for this letter: its sender, its number, and its date as far as both are known. */
function isOf({ senderAddress, facts }: TrayRow, { agency, letter }: Recall): boolean {
  const domain = senderAddress?.slice(senderAddress.lastIndexOf("@") + 1).toLowerCase();
  return (
    domain === agency.domain.toLowerCase() &&
    facts.letterNumber === (normaliseLetterNumber(letter.number) ?? letter.number) &&
    (facts.letterDate === null || letter.date === null || facts.letterDate === letter.date)
  );
}
