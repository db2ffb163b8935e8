import { newId } from "../../shared/runtime/ids.ts";
import { agreeToGlass, endGlass, type GlassRow, insertGlass } from "./glass-store.ts";
import { asDoer, type Doer, type PeopleWork } from "./people-parts.ts";

/** Nobody agrees to what was asked so long ago: the reason was of that day. */
const AGREE_WITHIN_MS = 8 * 3_600_000;
export const LONGEST_MINUTES = 60;
export const USUAL_MINUTES = 30;
export const SHORTEST_REASON = 10;

/** An administrator asks to see an agency's ordinary letters. Opens nothing until a second person agrees. */
export function askBreakGlass(
  parts: PeopleWork,
  doer: Doer,
  asked: { readonly personId: string; readonly agencyId: string; readonly reason: string },
): Promise<string> {
  const { personId, agencyId, reason } = asked;
  const id = newId();
  return asDoer(parts, doer, async (transaction, note, at) => {
    await insertGlass(transaction, { id, agencyId, askedBy: personId, reason, askedAt: at });
    await note({
      action: "break-glass-ask",
      outcome: "allowed",
      agencyId,
      subject: { kind: "break-glass", id },
      detail: { reason },
    });
  }).then(() => {
    parts.log.warn({ breakGlass: id, agency: agencyId, person: personId }, "break-glass is asked for");
    return id;
  });
}

/**
 * A second person agrees: open from now on, for some minutes, and then over by itself.
 * @returns null when it was agreed to, has ended, or was asked too long ago
 */
export async function agreeToBreakGlass(
  parts: PeopleWork,
  doer: Doer,
  { id, agencyId, askedBy, askedAt }: GlassRow,
  personId: string,
  minutes: number,
): Promise<Date | null> {
  const until = await asDoer(parts, doer, async (transaction, note, at) => {
    const untilAt = new Date(at.getTime() + minutes * 60_000);
    if (at.getTime() - askedAt.getTime() > AGREE_WITHIN_MS) return null;
    if (!(await agreeToGlass(transaction, id, personId, at, untilAt))) return null;
    const detail = { askedBy, until: untilAt.toISOString() };
    await note({
      action: "break-glass-agree",
      outcome: "allowed",
      agencyId,
      subject: { kind: "break-glass", id },
      detail,
    });
    return untilAt;
  });
  if (until !== null)
    parts.log.warn(
      { breakGlass: id, agency: agencyId, askedBy, agreedBy: personId, until },
      "BREAK-GLASS IS OPEN",
    );
  return until;
}

/** @returns false when it is over */
export async function endBreakGlass(
  parts: PeopleWork,
  doer: Doer,
  { id, agencyId }: GlassRow,
): Promise<boolean> {
  const hasEnded = await asDoer(parts, doer, async (transaction, note, at) => {
    if (!(await endGlass(transaction, id, at))) return false;
    await note({
      action: "break-glass-end",
      outcome: "allowed",
      agencyId,
      subject: { kind: "break-glass", id },
    });
    return true;
  });
  if (hasEnded) parts.log.warn({ breakGlass: id, agency: agencyId, by: doer.actor }, "break-glass is ended");
  return hasEnded;
}
