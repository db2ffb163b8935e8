import type { Act } from "../../shared/letter/act.ts";
import type { ActRefusal } from "../../shared/letter/act-refusal.ts";
import { DEFAULT_OUTBOUND_RULES, type OutboundRules } from "../../shared/letter/outbound.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Transaction } from "../../shared/runtime/database.ts";
import { hasRightToApprove, isSendingClient, lastAuthor, type OutboundLetter } from "./letter-store.ts";

/**
 * Why somebody may not sign this letter off as it stands now; null when he may. He needs the right, has to have seen this
 * version and not the one that somebody has put in its place meanwhile, and where two pairs of eyes are wanted he is not
 * the one who wrote it.
 */
export async function signOffFault(
  transaction: Transaction<Tables>,
  { madeBy, details, agencyId }: Act,
  { id, version, draftedBy }: OutboundLetter,
  outbound: OutboundRules,
): Promise<ActRefusal | null> {
  if (details.version !== version) return "another-version-was-seen";
  const { fourEyes } = { ...DEFAULT_OUTBOUND_RULES, ...outbound };
  if (!(await mayApprove(transaction, madeBy, { agencyId, id }, fourEyes))) return "no-right-to-approve";
  if (fourEyes && [draftedBy, await lastAuthor(transaction, id)].includes(madeBy))
    return "who-drafted-it-does-not-approve-it";
  return null;
}

/**
 * A clerk or a person who has the right today, or whoever sits at the machine itself (who could write the directory as well). A program
 * is no second person: it signs off only for an agency that wants no second person here, since its letters are signed in a
 * system of its own, which that program is.
 */
async function mayApprove(
  transaction: Transaction<Tables>,
  madeBy: string,
  { agencyId, id: letterId }: { readonly agencyId: string; readonly id: string },
  fourEyes: boolean,
): Promise<boolean> {
  const [, clientId] = /^client:([^/]+)$/u.exec(madeBy) ?? [];
  if (clientId !== undefined) return !fourEyes && (await isSendingClient(transaction, clientId));
  if (/^person:os\/./u.test(madeBy)) return true;
  const [, id] = /^person:([^/]+)$/u.exec(madeBy) ?? [];
  return id !== undefined && (await hasRightToApprove(transaction, id, agencyId, letterId));
}
