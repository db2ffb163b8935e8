/** A message of a mailbox on another server: remembered in the transaction that takes it in. */
export interface PulledMessage {
  readonly mailboxId: string;
  /** The agency whose mailbox it is. */
  readonly agencyId: string;
  /** Which count of UIDs the UID belongs to: a new one begins with each new UIDVALIDITY. */
  readonly numbering: number;
  readonly uidValidity: number;
  readonly uid: number;
  /** When the other server says that it got the message (INTERNALDATE); null when it does not say. */
  readonly deliveredAt: Date | null;
}
