import { inTransaction } from "../../shared/runtime/database.ts";
import { actingForClient } from "../clients/client-access.ts";
import { actingWherever } from "./acting-wherever.ts";
import type { EcmsCall } from "./ecms-call.ts";
import { notPassedOn, openByNode, undecidedLetters } from "./sent-letter-store.ts";

/** The protocol names no values for ProcessStatus: these are ours. */
const WORDS = {
  waiting: "รอตอบรับ",
  sending: "รอส่ง",
  failed: "ส่งไม่สำเร็จ",
} as const;

/**
 * What a client has handed in and nobody has decided on yet; for the agency's own systems also its letters that other offices
 * have not taken.
 */
export async function openOutbound({
  parts,
  client,
  isOwn,
}: EcmsCall): Promise<{ processId: string; letterId: string; processStatus: string }[]> {
  const { database } = parts;
  const acting = await actingWherever(database, client, isOwn);
  const undecided = await inTransaction(database, acting, (transaction) =>
    undecidedLetters(transaction, client.id),
  );
  const unsent = isOwn
    ? await inTransaction(database, actingForClient(client), (transaction) =>
        notPassedOn(transaction, actingForClient(client).actor),
      )
    : [];
  const byNode =
    isOwn && client.scopes.has("read-outbound")
      ? await inTransaction(database, actingForClient(client), (transaction) =>
          openByNode(transaction, client.agencyId),
        )
      : [];
  return [...undecided, ...unsent, ...byNode].map(({ status, ...letter }) => ({
    ...letter,
    processStatus: WORDS[status],
  }));
}
