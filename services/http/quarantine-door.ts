import type { FastifyInstance } from "fastify";
import { inTransaction } from "../shared/runtime/database.ts";
import { pageOf, readPageAsked } from "./agency-page.ts";
import { actingFor, clerkOf } from "./clerk-access.ts";
import type { DoorParts } from "./door-parts.ts";
import { readQuarantine } from "./quarantine-store.ts";
import type { Parameters } from "./read-parameters.ts";
import { trayReasons } from "./tray-reasons.ts";

const INFECTED = { en: "A virus was found in it", th: "พบไวรัสคอมพิวเตอร์" };
const NOT_ACCEPTED = {
  en: "This agency refuses letters of such senders",
  th: "หน่วยงานนี้ไม่รับหนังสือจากผู้ส่งลักษณะนี้",
};

/**
 * GET /quarantine?agency=A: which arrivals were refused, why, and until when their octets are kept; none of their words. Of
 * letters marked as classified it tells nothing: those are the classified registrar's, who is told by mail.
 */
export function quarantineDoor(api: FastifyInstance, { database }: DoorParts): void {
  api.get<{ Querystring: Parameters }>("/quarantine", async (request) => {
    const clerk = clerkOf(request);
    const { agencyId, limit, after } = readPageAsked(clerk, request.query);
    const rows = await inTransaction(database, actingFor(clerk), (transaction) =>
      readQuarantine(transaction, agencyId, after, limit + 1),
    );
    const { page, next } = pageOf(rows, limit, ({ intakeId }) => intakeId);
    return {
      agencyId,
      arrivals: page.map(({ reason, ...row }) => ({
        ...row,
        reason: {
          code: reason,
          ...(reason === "infected" ? INFECTED : (trayReasons[reason] ?? NOT_ACCEPTED)),
        },
      })),
      next,
    };
  });
}
