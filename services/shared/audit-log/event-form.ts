import { canonicalForm } from "../letter/evidence/canonical-form.ts";
import { type Hash, leafHash } from "./merkle.ts";

/** A row of audit_event, its values as the database spells them: what JavaScript would round is still there. */
export interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly agencyId: string | null;
  /** extract(epoch from at), in text: to the microsecond, whatever somebody has put there. */
  readonly atEpoch: string;
  /** jsonb, in text. */
  readonly clock: string;
  readonly actor: string;
  readonly actorName: string | null;
  readonly action: string;
  readonly door: string;
  readonly address: string | null;
  readonly subjectKind: string | null;
  readonly subjectId: string | null;
  readonly outcome: string;
  readonly rule: string;
  /** jsonb, in text. */
  readonly detail: string;
}

/** Says which form a leaf's octets have; another form gets another number. */
const FORM = 1;

/**
 * The octets of which an event's leaf is made: all that its row says (but `transaction`, which means nothing in another
 * cluster), in one spelling (RFC 8785). Two rows that differ in anything have different ones.
 */
export function eventForm(row: EventRow): string {
  const { seq, id, agencyId, actor, actorName, action, door, address, outcome, rule } = row;
  return canonicalForm({
    form: FORM,
    seq,
    id,
    agencyId,
    at: instant(row.atEpoch),
    clock: exactJson(row.clock),
    actor,
    actorName,
    action,
    door,
    address,
    subject:
      row.subjectKind === null && row.subjectId === null
        ? null
        : { kind: row.subjectKind, id: row.subjectId },
    outcome,
    rule,
    detail: exactJson(row.detail),
  });
}

export function eventLeaf(row: EventRow): Hash {
  return leafHash(eventForm(row));
}

/**
 * To the microsecond, as the database keeps it: 2026-11-22T01:30:00.000000Z. A time that no service would write (infinity, a year
 * before Christ) stays as it was spelt, so that it is no other time's equal.
 */
export function instant(epoch: string): string {
  const [, seconds = "", micros = ""] = /^(\d{1,12})\.(\d{6})$/.exec(epoch) ?? [];
  if (seconds === "" || Number(seconds) > 253_402_300_799) return epoch;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${micros}Z`;
}

/** What JSON.parse passes to its reviver beside key and value (ECMA-262, JSON.parse source text access). */
interface Source {
  readonly source?: string;
}

/**
 * JSON as it was spelt: PostgreSQL keeps numbers with all their digits, and one that a double cannot tell from another one must
 * not pass for it.
 */
function exactJson(text: string): unknown {
  const reviver = (_key: string, value: unknown, context?: Source): unknown =>
    typeof value === "number" && context?.source !== undefined && context.source !== String(value)
      ? { number: context.source }
      : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}
