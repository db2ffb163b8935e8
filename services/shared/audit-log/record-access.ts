import type { Kysely } from "kysely";
import type { Stamp } from "../letter/stamp.ts";
import type { Tables } from "../letter/tables.ts";
import { newId } from "../runtime/ids.ts";

/** The way on which something was asked for. */
export type Door = "page" | "json" | "xml" | "ecms" | "cli" | "export" | "worker";

/** One access, denied attempt or change of rights. Never in it: passwords, tokens, words of a letter. */
export interface AccessEvent {
  /** Null: of the whole installation. */
  readonly agencyId: string | null;
  /** person:ID, client:ID, operator:ID, worker:ROOM or nobody. */
  readonly actor: string;
  readonly actorName?: string;
  /** What was done or asked for: letter.read, clerk.add … */
  readonly action: string;
  readonly door: Door;
  readonly address?: string;
  readonly subject?: { readonly kind: string; readonly id: string };
  readonly outcome: "allowed" | "denied" | "failed";
  /** The rule that decided. */
  readonly rule?: string;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

const LONGEST_TEXT = 300;
const MOST_DETAILS = 20;

/**
 * Writes an event, in the caller's transaction: it stands there if what it tells of does. (Of what was denied there is nothing to
 * commit: give it a transaction of its own, or the database itself.) Only an insert; the witness does the rest, later.
 */
export async function recordAccess(
  transaction: Kysely<Tables>,
  event: AccessEvent,
  stamp: Stamp,
): Promise<void> {
  await recordAccesses(transaction, [event], stamp);
}

/** The same for several that belong together. */
export async function recordAccesses(
  transaction: Kysely<Tables>,
  events: readonly AccessEvent[],
  { at, clock }: Stamp,
): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(({ subject, detail = {}, rule = "", ...event }) => ({
    id: newId(at.getTime()),
    agency_id: event.agencyId,
    at,
    clock: JSON.stringify(clock),
    actor: plain(event.actor),
    actor_name: event.actorName === undefined ? null : plain(event.actorName),
    action: plain(event.action),
    door: event.door,
    address: event.address === undefined ? null : plain(event.address),
    subject_kind: subject === undefined ? null : plain(subject.kind),
    subject_id: subject === undefined ? null : plain(subject.id),
    outcome: event.outcome,
    rule: plain(rule),
    detail: JSON.stringify(plainDetail(detail)),
  }));
  await transaction.insertInto("audit_event").values(rows).execute();
}

/** A stranger may have chosen any of it: what the database would refuse must not keep an event from being written. */
function plain(text: string): string {
  return text.replaceAll("\0", "").toWellFormed().slice(0, LONGEST_TEXT).toWellFormed();
}

function plainDetail(detail: NonNullable<AccessEvent["detail"]>): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(detail)
      .slice(0, MOST_DETAILS)
      .map(([name, value]) => [plain(name), isInJson(value) ? value : plain(String(value))]),
  );
}

function isInJson(value: string | number | boolean): boolean {
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}
