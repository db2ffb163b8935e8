import type { TrustedNow } from "../shared/letter/stamp.ts";
import { isDataFault } from "../shared/runtime/database.ts";
import { groupCommit } from "../shared/runtime/group-commit.ts";
import { newId } from "../shared/runtime/ids.ts";
import type { SpooledBytes } from "../shared/runtime/store.ts";
import type { Accepted, AcceptLetter, Envelope, PulledMessage } from "./envelope.ts";
import { type Arrival, type IntakeDatabase, storeArrivals } from "./intake-store.ts";

/** One batch: 64 messages or 8 MB in one transaction. */
const BATCH = { items: 64, bytes: 8 * 1024 * 1024 };

/** Accepts letters into the database: for each agency one arrival with its own id, its copy of the octets and its job. */
export function acceptInto(database: IntakeDatabase, now: TrustedNow): AcceptLetter {
  const commit = groupCommit<readonly Arrival[], Accepted>(
    async (messages, turn) => {
      await storeArrivals(database, messages.flat(), turn);
      return messages.map((arrivals) => ({ intakeIds: arrivals.map(({ id }) => id) }));
    },
    BATCH,
    isDataFault,
  );
  return (envelope, spooled, pulled) => {
    const arrivals = arrivalsByAgency(envelope, spooled, now, pulled ?? null);
    return commit(arrivals, spooled.inline ? spooled.sizeBytes * arrivals.length : 0);
  };
}

function arrivalsByAgency(
  envelope: Envelope,
  spooled: SpooledBytes,
  now: TrustedNow,
  pulled: PulledMessage | null,
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
    pulled,
  }));
}
