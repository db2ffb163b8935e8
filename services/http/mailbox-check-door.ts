import type { FastifyInstance } from "fastify";
import { dayOf, isoDateOfDay } from "../shared/letter/bangkok-day.ts";
import { inTransaction } from "../shared/runtime/database.ts";
import { actingFor, clerkOf, ownAgency } from "./clerk-access.ts";
import type { DoorParts } from "./door-parts.ts";
import { dutyAgencies } from "./mailbox-check-store.ts";
import { daysOf, readMailboxChecks } from "./mailbox-checks.ts";
import { type Parameters, readParameters } from "./read-parameters.ts";

/** A year and a bit: what an inspection asks for. */
const MOST_DAYS = 400;
const DEFAULT_DAYS = 30;

/** GET /mailbox-checks?agency=A&from=…&to=…: whether the tray was looked into in each half working day (Annex 7). */
export function mailboxCheckDoor(api: FastifyInstance, { database, now, calendar }: DoorParts): void {
  api.get<{ Querystring: Parameters }>("/mailbox-checks", async (request) => {
    const clerk = clerkOf(request);
    const { at } = now();
    const parameters = readParameters(request.query);
    const agencyId = parameters.needed("agency");
    const today = dayOf(at.getTime());
    const to = parameters.date("to") ?? isoDateOfDay(today);
    const from = parameters.date("from") ?? isoDateOfDay(today - DEFAULT_DAYS);
    const days = daysOf({ from, to });
    if (days < 1 || days > MOST_DAYS) {
      parameters.fault(
        "from",
        `from and to are 1 to ${MOST_DAYS} days`,
        `ช่วงวันที่ต้องไม่เกิน ${MOST_DAYS} วัน และ from ต้องไม่อยู่หลัง to`,
      );
    }
    parameters.done();
    ownAgency(clerk, agencyId);
    const agency = (await dutyAgencies(database)).find(({ id }) => id === agencyId);
    if (!agency) return { agencyId, trayDuty: false, from, to, missed: 0, halfDays: [], missingYears: [] };
    const checks = await inTransaction(database, actingFor(clerk), (transaction) =>
      readMailboxChecks(transaction, agency, { from, to }, calendar, at),
    );
    const missed = checks.halfDays.filter(({ state }) => state === "missed").length;
    return { agencyId, trayDuty: true, from, to, missed, ...checks };
  });
}
