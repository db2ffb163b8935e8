import { type Kysely, sql } from "kysely";
import type { Door } from "../access/actor.ts";
import type { Stamp } from "../letter/stamp.ts";
import type { Tables } from "../letter/tables.ts";
import { newId } from "../runtime/ids.ts";

/** One access, denied attempt or change of rights. Never in it: passwords, tokens, words of a letter. */
export interface AccessEvent {
  readonly agencyId: string | null;
  /** person:ID, client:ID, operator:ID, worker:ROOM, nobody */
  readonly actor: string;
  readonly actorName?: string;
  readonly action: string;
  readonly door: Door;
  readonly address?: string;
  readonly subject?: { readonly kind: string; readonly id: string };
  readonly outcome: "allowed" | "denied" | "failed";
  readonly rule?: string;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/** Writes an event down in the caller's transaction: what is undone leaves no event, and what is done always has its own. */
export async function recordAccess(
  transaction: Kysely<Tables>,
  event: AccessEvent,
  stamp: Stamp,
): Promise<void> {
  const { agencyId, actor, actorName, action, door, address, subject, outcome, rule, detail } = event;
  await sql`
    insert into audit_event (id, agency_id, at, clock, actor, actor_name, action, door, address, subject_kind, subject_id,
        outcome, rule, detail)
      values (${newId()}, ${agencyId}, ${stamp.at}, ${JSON.stringify(stamp.clock)}, ${actor}, ${actorName ?? null}, ${action},
        ${door}, ${address ?? null}, ${subject?.kind ?? null}, ${subject?.id ?? null}, ${outcome}, ${rule ?? ""},
        ${JSON.stringify(detail ?? {})})`.execute(transaction);
}
