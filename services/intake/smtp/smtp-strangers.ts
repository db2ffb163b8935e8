import type { RefusalCode } from "../../shared/letter/refusals.ts";
import type { NetworkSet } from "../../shared/runtime/networks.ts";
import type { ClientLimits } from "./smtp-client-limits.ts";
import type { DoorConnection } from "./smtp-connection.ts";
import type { AskGreylist } from "./smtp-greylist.ts";

export interface StrangerBounds {
  /** Clients without limits, delays and greylisting. Default: all. */
  readonly trusts?: NetworkSet;
  /** What one network of the others may do. */
  readonly limits?: ClientLimits;
  /** Asked at RCPT for the others. */
  readonly greylist?: AskGreylist;
}

/** What a client that is not trusted may do, and what is counted against it. */
export interface Strangers {
  readonly trusts: NetworkSet;
  /** Asked once for each connection, before anything is spent on it. */
  admitConnection(remoteAddress: string): RefusalCode | null;
  admitLetter(connection: DoorConnection): RefusalCode | null;
  admitRecipient(connection: DoorConnection): boolean;
  /** Counts a refused command or recipient; false when the network had too many. */
  forgives(connection: DoorConnection): boolean;
  /** For a recipient that exists. The promise does not fail. */
  askToComeAgain(connection: DoorConnection, recipient: string): null | Promise<RefusalCode | null>;
}

export function boundStrangers({ trusts = () => true, limits, greylist }: StrangerBounds): Strangers {
  const isSpared = (connection: DoorConnection): boolean => connection.trusted || !limits;
  return {
    trusts,
    admitConnection(remoteAddress) {
      if (!limits || trusts(remoteAddress)) return null;
      if (!limits.hasLeft(remoteAddress, "error")) return "too-many-errors";
      return limits.take(remoteAddress, "connection") ? null : "connecting-too-fast";
    },
    admitLetter: (connection) =>
      isSpared(connection) || limits?.take(connection.remoteAddress, "letter") ? null : "sending-too-fast",
    admitRecipient: (connection) =>
      isSpared(connection) || limits?.take(connection.remoteAddress, "recipient") === true,
    forgives: (connection) =>
      isSpared(connection) || limits?.take(connection.remoteAddress, "error") === true,
    askToComeAgain(connection, recipient) {
      if (connection.trusted || !greylist) return null;
      const { remoteAddress, session } = connection;
      const mailFrom = session.envelope.mailFrom ? session.envelope.mailFrom.address : "";
      return greylist({ remoteAddress, mailFrom, recipient }).then((passes) =>
        passes ? null : "greylisted",
      );
    },
  };
}
