import { isDataFault } from "../../runtime/database.ts";
import { groupCommit } from "../../runtime/group-commit.ts";
import { newId } from "../../runtime/ids.ts";
import type { SpooledBytes } from "../../runtime/store.ts";
import type { TrustedNow } from "../stamp.ts";
import { type Arrival, type ArrivalDatabase, storeArrivals } from "./arrival-store.ts";
import type { Accepted, AcceptLetter, Alongside, Envelope } from "./envelope.ts";

/** One batch: 64 messages or 8 MB in one transaction. */
const BATCH = { items: 64, bytes: 8 * 1024 * 1024 };

/** Accepts letters into the database: for each agency one arrival with its own id, its copy of the octets and its job. */
export function acceptInto(database: ArrivalDatabase, now: TrustedNow): AcceptLetter {
  const commit = groupCommit<readonly Arrival[], Accepted>(
    async (messages, turn) => {
      await storeArrivals(database, messages.flat(), turn);
      return messages.map((arrivals) => ({ intakeIds: arrivals.map(({ id }) => id) }));
    },
    BATCH,
    isDataFault,
  );
  return (envelope, spooled, alongside) => {
    const arrivals = arrivalsByAgency(envelope, spooled, now, alongside ?? null);
    return commit(arrivals, spooled.inline ? spooled.sizeBytes * arrivals.length : 0);
  };
}

function arrivalsByAgency(
  envelope: Envelope,
  spooled: SpooledBytes,
  now: TrustedNow,
  alongside: Alongside | null,
): Arrival[] {
  const stamp = now();
  const transactionId = newId();
  const byAgency = Map.groupBy(envelope.recipients, ({ agencyId }) => agencyId);
  return [...byAgency].map(([agencyId, recipients]) => ({
    id: newId(),
    agencyId,
    transactionId,
    envelope,
    addresses: recipients.map(({ address }) => address),
    // Addressed to the agency itself and to a unit: the agency's; to several units: the first, the others stand in recipients.
    unit: recipients.some(({ unit }) => unit === null) ? null : (recipients[0]?.unit ?? null),
    stamp,
    spooled,
    alongside,
  }));
}
