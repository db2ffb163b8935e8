import type { Transaction } from "kysely";
import { canonicalForm } from "../shared/letter/evidence/canonical-form.ts";
import type { PublicKey } from "../shared/letter/evidence/public-key.ts";
import { readOwnKeys } from "../shared/letter/evidence/public-key-store.ts";
import { verifyEvidence } from "../shared/letter/evidence/verify-evidence.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { BY_HAND, type CheckResult, MOST_NAMED, named, resultOf } from "./check-result.ts";
import {
  countReceipts,
  findReceiptFaults,
  type ReceiptFault,
  type SignedReceipt,
  signedReceipts,
} from "./receipts-store.ts";

/**
 * What senders hold as proof is what the record says (Annex 6 §1.1): each receipt is signed by the key that its row names,
 * says what the row says, agrees with the arrival and the line of the book that it speaks of, and takes the place of one
 * that is there; no arrival has two receipts with a number that both stand.
 */
export async function checkReceipts(transaction: Transaction<Tables>): Promise<CheckResult> {
  const counts = await countReceipts(transaction);
  const figures = Object.fromEntries(counts.map(({ type, receipts }) => [type, receipts]));
  const looked = counts.reduce((sum, { receipts }) => sum + receipts, 0);
  const revoked = counts.reduce((sum, one) => sum + one.revoked, 0);
  const differing = await findReceiptFaults(transaction);
  const signatures = await findSignatureFaults(transaction);
  const notes =
    revoked === 0
      ? []
      : [`${revoked} receipts were signed with a key that is revoked: outside they are believed no more.`];
  return resultOf(
    "receipts",
    looked,
    figures,
    [signatures, differing].map((rows) =>
      named<ReceiptFault | SignatureFault>(
        rows,
        ({ receiptId }) => receiptId,
        ({ fault, receiptId, agencyId }) => `receipt ${receiptId} of ${agencyId}: ${WORDS[fault]} ${BY_HAND}`,
      ),
    ),
    notes,
  );
}

interface SignatureFault {
  readonly fault: "signature-wrong" | "facts-differ";
  readonly agencyId: string;
  readonly receiptId: string;
  readonly total: number;
}

async function findSignatureFaults(transaction: Transaction<Tables>): Promise<readonly SignatureFault[]> {
  const keys = new Map((await readOwnKeys(transaction)).map((key) => [key.kid, key]));
  const faults: SignatureFault[] = [];
  let total = 0;
  for await (const batch of signedReceipts(transaction)) {
    for (const receipt of batch) {
      const fault = signatureFault(receipt, keys.get(receipt.kid));
      if (fault === null) continue;
      total++;
      if (faults.length < MOST_NAMED)
        faults.push({ fault, agencyId: receipt.agencyId, receiptId: receipt.id, total: 0 });
    }
  }
  return faults.map((fault) => ({ ...fault, total }));
}

function signatureFault(
  { facts, jws }: SignedReceipt,
  key: PublicKey | undefined,
): SignatureFault["fault"] | null {
  const verified = verifyEvidence(jws, key ? [key] : []);
  // A key that was revoked since has signed it all the same.
  if (verified.state !== "genuine" && verified.state !== "revoked-key") return "signature-wrong";
  const signed = verified.state === "genuine" ? verified.evidence : verified.claims;
  return canonicalForm(signed) === canonicalForm(facts) ? null : "facts-differ";
}

const WORDS: Readonly<Record<ReceiptFault["fault"] | SignatureFault["fault"], string>> = {
  "signature-wrong": "it is not signed by the key that its row names.",
  "facts-differ": "what its row says is not what was signed.",
  "columns-differ": "its row names another receipt than what was signed.",
  "arrival-differs": "the message that it speaks of is not there, or is another one.",
  "line-differs": "no line of a book has the number that it tells its sender for this letter.",
  "replaced-missing": "the receipt that it takes the place of is not there, or is another letter's.",
  "receipt-repeated": "its letter had a receipt with a number already, and that one stands.",
};
