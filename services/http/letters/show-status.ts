import type { LetterReceipt, LetterStatus } from "../../shared/letter/exchange-types.ts";
import { buddhistYear } from "../../shared/letter/stamp.ts";
import type { StatusReceipt, StatusRow } from "./status-store.ts";

/** What has become of a letter, as the client that handed it in is told (schemas/api/letter-status.schema.json). */
export function showStatus(row: StatusRow): LetterStatus {
  const { id, agencyId, earlierIntakeId, line, decision } = row;
  const status = statusOf(row);
  const decided = decision !== null;
  const reason = decided ? null : row.reason;
  const decidedAt = row.decisionAt ?? row.decidedAt;
  const words = status === "rejected" || status === "invalid" ? row.decisionReason : null;
  const inBook = status === "registered" || status === "duplicate";
  return {
    id,
    agencyId,
    status,
    ...(reason === null || reason === "" || inBook ? {} : { reason }),
    ...(words === null || words === "" ? {} : { reasonWords: words }),
    arrivedAt: row.arrivedAt.toISOString(),
    ...(decidedAt === null ? {} : { decidedAt: decidedAt.toISOString() }),
    ...(line === null || !inBook ? {} : { register: showLine(line) }),
    ...(status === "duplicate" && earlierIntakeId !== null ? { duplicateOf: earlierIntakeId } : {}),
    receipts: row.receipts.map((receipt) => showReceipt(id, receipt)),
    links: linksOf(id),
  };
}

/** Of a letter that has just come in, without asking the tables. */
export function showReceived(id: string, agencyId: string): LetterStatus {
  return { id, agencyId, status: "received", receipts: [], links: linksOf(id) };
}

export function showReceipt(
  intakeId: string,
  { evidenceId, type, issuedAt, replaces }: StatusReceipt,
): LetterReceipt {
  const path = `${linksOf(intakeId).receipts}/${evidenceId}`;
  return {
    evidenceId,
    type,
    issuedAt: new Date(issuedAt).toISOString(),
    ...(replaces === null ? {} : { replaces }),
    json: `${path}.json`,
    jws: `${path}.jws`,
  };
}

function linksOf(id: string): { self: string; receipts: string } {
  return { self: `/api/v1/letters/${id}`, receipts: `/api/v1/letters/${id}/receipts` };
}

const BY_DECISION: Readonly<Record<string, LetterStatus["status"]>> = {
  registered: "registered",
  rejected: "rejected",
  invalid: "invalid",
  "not-a-letter": "ignored",
  merged: "duplicate",
};

const BY_OUTCOME: Readonly<Record<string, LetterStatus["status"]>> = {
  registered: "registered",
  duplicate: "duplicate",
  "possible-duplicate": "in-tray",
  triage: "in-tray",
  ignored: "ignored",
  refused: "refused",
};

function statusOf({ outcome, decision }: StatusRow): LetterStatus["status"] {
  if (decision !== null) return BY_DECISION[decision] ?? "in-tray";
  return outcome === null ? "received" : (BY_OUTCOME[outcome] ?? "received");
}

function showLine({
  book,
  number,
  year,
  registeredAt,
  deemedReceivedAt,
  receiver,
  state,
}: NonNullable<StatusRow["line"]>): NonNullable<LetterStatus["register"]> {
  return {
    book,
    number,
    year,
    yearBuddhist: buddhistYear(year),
    registeredAt: new Date(registeredAt).toISOString(),
    ...(deemedReceivedAt === null ? {} : { deemedReceivedAt: new Date(deemedReceivedAt).toISOString() }),
    ...(receiver === null ? {} : { receiver }),
    state,
  };
}
