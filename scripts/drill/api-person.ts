import { setPassword } from "../../services/http/people/password-store.ts";
import { asDoer } from "../../services/http/people/people-parts.ts";
import { insertAppointment, insertPerson } from "../../services/http/people/person-store.ts";
import { insertSession } from "../../services/http/people/session-store.ts";
import { openAccessKey } from "../../services/shared/access/proofs/access-key.ts";
import { hashPassword } from "../../services/shared/access/proofs/password-hash.ts";
import { normalPassword } from "../../services/shared/access/proofs/password-policy.ts";
import { newSessionToken, sessionTokenHash } from "../../services/shared/access/proofs/session-token.ts";
import { systemClock } from "../../services/shared/letter/stamp.ts";
import type { Tables } from "../../services/shared/letter/tables.ts";
import { type DatabaseAddress, openAdminPool, openDatabase } from "../../services/shared/runtime/database.ts";
import { newId } from "../../services/shared/runtime/ids.ts";
import { openLog } from "../../services/shared/runtime/log.ts";

export const FUZZ_PASSWORD = "ม้าแดง-ตะเกียบ-วิทยุ-7";

/** A person's session, as a browser has it. */
export interface PersonSession {
  /** Cookie, and the token against other sites. */
  fields(): Readonly<Record<string, string>>;
  /** The person is as at the beginning, with a new session: what was asked meanwhile may have ended the other. */
  renew(): Promise<void>;
  /** Takes over what an answer has put into the browser. */
  take(headers: Headers, body: unknown): void;
}

const RIGHTS = ["registry-clerk", "approver"] as const;
const AGENCIES = ["agency-a", "agency-b"];
const HOUR_MS = 3_600_000;

/** A person who may do everything, at the doors of clerks and as administrator, and has signed in. */
export async function addPersonWithSession(
  { address, dataDir }: { readonly address: DatabaseAddress; readonly dataDir: string },
  id: string,
  atEnd: (stop: () => Promise<unknown>) => void,
): Promise<PersonSession> {
  const log = openLog("silent", "drill");
  const database = openDatabase<Tables>(address, "saraban_access", 2, log);
  const admin = openAdminPool(address);
  atEnd(async () => {
    await database.destroy();
    await admin.end();
  });
  const key = await openAccessKey(dataDir, log);
  const now = systemClock();
  const phc = await hashPassword(normalPassword(FUZZ_PASSWORD) as string);
  await asDoer(
    { database, now },
    { actor: "operator:drill", door: "cli" },
    async (transaction, _note, at) => {
      await insertPerson(
        transaction,
        { id, name: "สมหญิง ทดสอบ", email: null, oidc: null },
        at,
        "operator:drill",
      );
      await setPassword(transaction, id, { phc, setAt: at, mustChange: false, expiresAt: null });
      const order = {
        personId: id,
        unit: null,
        level: null,
        orderNumber: "1/2569",
        orderDate: "2026-01-05",
        untilAt: null,
      };
      const fromAt = new Date(at.getTime() - HOUR_MS);
      for (const right of RIGHTS)
        for (const agencyId of AGENCIES)
          await insertAppointment(
            transaction,
            { ...order, id: newId(), right, agencyId, fromAt },
            at,
            "operator:drill",
          );
      const all = { ...order, id: newId(), right: "administrator", agencyId: null, fromAt } as const;
      await insertAppointment(transaction, all, at, "operator:drill");
    },
  );
  let [token, csrf] = ["", ""];
  const session: PersonSession = {
    fields: () => ({ cookie: `__Host-saraban=${token}`, "x-csrf-token": csrf }),
    async renew() {
      await admin.query("update saraban.person set active = true where id = $1", [id]);
      await admin.query("delete from saraban.person_totp where person_id = $1", [id]);
      await admin.query(
        "update saraban.person_password set phc = $2, must_change = false, expires_at = null where person_id = $1",
        [id, phc],
      );
      token = newSessionToken();
      const { at } = now();
      const opened = newId();
      await insertSession(database, {
        id: opened,
        tokenHash: sessionTokenHash(token) as string,
        personId: id,
        madeAt: at,
        expiresAt: new Date(at.getTime() + HOUR_MS),
        secondFactorAt: at,
        address: "10.0.0.1",
        userAgent: "drill",
      });
      csrf = key.markOf("csrf", opened);
    },
    take(headers, body) {
      const cookie = headers.getSetCookie().find((line) => line.startsWith("__Host-saraban=sss_"));
      if (cookie !== undefined) token = /=([^;]*)/.exec(cookie)?.[1] ?? "";
      const { csrfToken } = (body ?? {}) as { readonly csrfToken?: unknown };
      if (typeof csrfToken === "string") csrf = csrfToken;
    },
  };
  await session.renew();
  return session;
}
