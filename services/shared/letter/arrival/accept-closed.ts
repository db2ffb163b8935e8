import type { WritePipe } from "../../runtime/database.ts";
import { groupCommit } from "../../runtime/group-commit.ts";
import type { TrustedNow } from "../stamp.ts";
import type { ArrivalDatabase } from "./arrival-store.ts";
import { closedArrivalStatements } from "./closed-arrival-store.ts";
import type { Alongside, Envelope } from "./envelope.ts";
import type { SealedLetter } from "./sealed-letter.ts";

/**
 * The narrow place of classified letters. Resolves only when row, octets and work are durable. An envelope has one
 * recipient. Of one that a program handed in row-level security takes the rows from that program alone.
 */
export type AcceptClosed = (
  envelope: Envelope,
  letter: SealedLetter,
  alongside?: Alongside,
) => Promise<{ readonly intakeId: string }>;

/**
 * Accepts classified letters into the database, each in a transaction of its own that states whose program it is, or that
 * the room has fetched it from a node. They are
 * written and committed in the order in which they came, so that the book numbers them in that order.
 */
export function acceptClosedInto(
  { room, database, pipe }: Pick<ArrivalDatabase, "room" | "database"> & { readonly pipe: WritePipe },
  now: TrustedNow,
): AcceptClosed {
  const commit = groupCommit<() => Promise<string>, string>(
    async ([write]) => [await (write as () => Promise<string>)()],
    { items: 1, bytes: 0 },
    () => false,
  );
  return async (envelope, letter, alongside) => {
    const [recipient, ...others] = envelope.recipients;
    const clientId = envelope.program?.clientId ?? null;
    if (recipient === undefined || others.length > 0)
      throw new Error("a classified letter is for one agency");
    const stamp = now();
    const arrival = { envelope, recipient, clientId, letter, stamp, alongside: alongside ?? null };
    const intakeId = await commit(async () => {
      await pipe.write(
        { actor: clientId === null ? `worker:${room}` : `client:${clientId}`, agencies: [recipient.agencyId] },
        closedArrivalStatements(arrival).map((statement) => statement.compile(database)),
        async () => {},
      );
      return letter.id;
    }, 0);
    return { intakeId };
  };
}
