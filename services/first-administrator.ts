import { addPerson, appoint } from "./http/people/manage-people.ts";
import { hasAnyPerson } from "./http/people/person-store.ts";
import { openPasswordHasher } from "./shared/access/proofs/password-hasher.ts";
import { dayOf, isoDateOfDay } from "./shared/letter/bangkok-day.ts";
import { systemClock } from "./shared/letter/stamp.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { type DatabaseAddress, openDatabase } from "./shared/runtime/database.ts";
import type { Log } from "./shared/runtime/log.ts";

const ID = "admin";

/**
 * Where nobody is written down yet, an administrator is, who can write down the others.
 * @returns lines for the person who has started this, the password among them; never for the log. Null when there is somebody
 */
export async function makeFirstAdministrator(address: DatabaseAddress, log: Log): Promise<string | null> {
  const database = openDatabase<Tables>(address, "saraban_access", 1, log);
  try {
    if (await hasAnyPerson(database)) return null;
    const parts = { database, now: systemClock(), hasher: openPasswordHasher() };
    const doer = { actor: "operator:first-start", door: "cli" } as const;
    const added = await addPerson(parts, doer, { id: ID, name: "ผู้ดูแลระบบ", email: null, oidc: null });
    // Another process has just done it, or a clerk's token has the name.
    if (added.inUse !== null) {
      return (await hasAnyPerson(database))
        ? null
        : `  There is no administrator yet, and the id ${ID} is a clerk's: saraban user add ID --name "…", saraban user appoint ID --right administrator …\n`;
    }
    await appoint(parts, doer, {
      personId: ID,
      right: "administrator",
      agencyId: null,
      unit: null,
      level: null,
      orderNumber: "การติดตั้งระบบ",
      orderDate: isoDateOfDay(dayOf(parts.now().at.getTime())),
      fromAt: null,
      untilAt: null,
    });
    return `  Administrator: ${ID}, one-time password: ${added.password}\n    shown this once; to be changed at the first sign-in, within 24 hours (another one: saraban user password ${ID})\n`;
  } finally {
    await database.destroy();
  }
}
