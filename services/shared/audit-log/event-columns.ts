import { type RawBuilder, sql } from "kysely";
import type { EventRow } from "./event-form.ts";

/** The columns of an EventRow, of audit_event under the name e. */
export const EVENT_COLUMNS: RawBuilder<EventRow> = sql`
  e.seq, e.id, e.agency_id as "agencyId", extract(epoch from e.at)::text as "atEpoch", e.clock::text as clock, e.actor,
  e.actor_name as "actorName", e.action, e.door, e.address, e.subject_kind as "subjectKind", e.subject_id as "subjectId",
  e.outcome, e.rule, e.detail::text as detail`;
