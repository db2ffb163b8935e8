import type { Arrival } from "./arrival-store.ts";

/** Names of reading's facts that differ from the register's. */
const FIELD_OF: Readonly<Record<string, string>> = {
  number: "letterNumber",
  numberPrinted: "letterNumberPrinted",
  date: "letterDate",
  letterKind: "kind",
};

type Checked = Pick<
  Arrival,
  "senderAddress" | "senderName" | "senderAgency" | "standing" | "senderCheck" | "sources" | "conflicts"
>;

/** What was checked of a letter, as the API shows it: the sender in one place, facts by the register's names. */
export function showChecks<Row extends Checked>(row: Row) {
  const { senderAddress, senderName, senderAgency, standing, senderCheck, sources, conflicts, ...rest } = row;
  return {
    ...rest,
    sender: { address: senderAddress, name: senderName, agency: senderAgency, standing, check: senderCheck },
    sources: Object.fromEntries(
      Object.entries(sources).map(([field, source]) => [FIELD_OF[field] ?? field, source]),
    ),
    conflicts: conflicts.map(({ field, values }) => ({ field: FIELD_OF[field] ?? field, values })),
  };
}
