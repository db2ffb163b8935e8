import type { FastifyInstance } from "fastify";
import { buddhistYear } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Transaction } from "../shared/runtime/database.ts";
import { pageOf, readPageAsked } from "./agency-page.ts";
import { actingFor, clerkOf } from "./clerk-access.ts";
import type { DoorParts } from "./door-parts.ts";
import { problem } from "./problem.ts";
import { isUuid, type Parameters } from "./read-parameters.ts";
import { showChecks } from "./show-arrival.ts";
import { trayReason } from "./tray-reasons.ts";
import { withRecalls } from "./tray-recalls.ts";
import { readTray, readTrayLetter, recordOpening, type TrayRow } from "./tray-store.ts";

/**
 * The tray: what came in and waits for a clerk's decision. GET /tray?agency=A is the look into the mailbox that an officer
 * owes each half working day, and is recorded as such with its first page; so HEAD is not answered here.
 */
export function trayDoor(api: FastifyInstance, { database, now }: DoorParts): void {
  api.get<{ Querystring: Parameters }>("/tray", { exposeHeadRoute: false }, async (request) => {
    const clerk = clerkOf(request);
    const acting = actingFor(clerk);
    const { agencyId, limit, after } = readPageAsked(clerk, request.query);
    const { total, rows } = await inTransaction(database, acting, async (transaction) => {
      // Turning a page is no new look: it may be a list left open from the half day before. Nor is it an officer's look when it is
      // somebody's who could do nothing about what lies there.
      if (after === null && clerk.may("register", agencyId))
        await recordOpening(transaction, agencyId, now().at, acting.actor);
      const tray = await readTray(transaction, agencyId, after, limit + 1);
      return { ...tray, rows: await withRecalls(transaction, agencyId, tray.rows) };
    });
    const { page, next } = pageOf(rows, limit, ({ intakeId }) => intakeId);
    return { agencyId, total, letters: page.map(trayMember), next };
  });

  api.get<{ Params: { intakeId: string } }>("/tray/:intakeId", async (request) => {
    const { intakeId } = request.params;
    if (!isUuid(intakeId)) throw problem("not-found");
    const acting = actingFor(clerkOf(request));
    const letter = await inTransaction(database, acting, (transaction) =>
      readTrayLetterWithRecall(transaction, intakeId),
    );
    if (!letter) throw problem("not-found");
    return trayMember(letter);
  });
}

/** @returns undefined when it never lay in the tray, or not in one that the transaction may see */
export async function readTrayLetterWithRecall(transaction: Transaction<Tables>, intakeId: string) {
  const letter = await readTrayLetter(transaction, intakeId);
  const [found] = letter ? await withRecalls(transaction, letter.agencyId, [letter]) : [];
  return found;
}

/** A row as the API shows it; also what `saraban tray` prints. */
export function trayMember<Row extends TrayRow>(row: Row) {
  const { reason, earlierLine, ...rest } = showChecks(row);
  return {
    ...rest,
    reason: { code: reason, ...trayReason(reason) },
    earlierLine: earlierLine && { ...earlierLine, yearBuddhist: buddhistYear(earlierLine.year) },
  };
}
