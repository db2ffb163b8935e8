import { Secret } from "otpauth";
import type { TestContext } from "vitest";
import type { Right } from "../../../shared/access/actor.ts";
import { normalPassword } from "../../../shared/access/proofs/password-policy.ts";
import { totpCode } from "../../../shared/access/proofs/totp.ts";
import { systemClock, type TrustedNow } from "../../../shared/letter/stamp.ts";
import { newId } from "../../../shared/runtime/ids.ts";
import { type Log, openLog } from "../../../shared/runtime/log.ts";
import { openDesk } from "../../testing/desk.ts";
import type { PeopleSettings } from "../open-people.ts";
import { setPassword } from "../password-store.ts";
import { asDoer } from "../people-parts.ts";
import { insertAppointment, insertPerson } from "../person-store.ts";
import { type Browser, openBrowser } from "./browser.ts";

/** Passes the policy, and is nobody's. */
export const PASSWORD = "ม้าแดง-ตะเกียบ-วิทยุ-7";

export interface Held {
  readonly right: Right;
  readonly agencyId?: string | null;
  readonly unit?: string;
  readonly level?: "confidential" | "secret";
}

/** A clock that the test moves. */
export function movedClock() {
  let aheadMs = 0;
  const real = systemClock();
  const now: TrustedNow = () => {
    const stamp = real();
    return { ...stamp, at: new Date(stamp.at.getTime() + aheadMs) };
  };
  return {
    now,
    pass(ms: number): void {
      aheadMs += ms;
    },
  };
}

/** The HTTP room with people; passwords are hashed as in earnest. */
export async function peopleScene(
  context: TestContext,
  access: Partial<PeopleSettings["access"]> = {},
  log: Log = openLog("silent", "test"),
) {
  const clock = movedClock();
  // Tries are limited by address for each test that does not look at that itself.
  const desk = await openDesk(context, clock.now, log, undefined, {}, null, {
    signInsPerMinute: 10_000,
    freeTriesOfAddress: 10_000,
    ...access,
  });
  const { people } = desk;
  const phc = await people.hasher.hash(normalPassword(PASSWORD) as string);
  return {
    ...desk,
    clock,
    /** Somebody with the password above, in force, appointed for these. */
    async addPerson(
      id: string,
      held: readonly Held[] = [],
      more: { readonly email?: string } = {},
    ): Promise<string> {
      await asDoer(people, { actor: "operator:test", door: "cli" }, async (transaction, _note, at) => {
        const person = { id, name: `ทดสอบ ${id}`, email: more.email ?? null, oidc: null };
        await insertPerson(transaction, person, at, "operator:test");
        await setPassword(transaction, id, { phc, setAt: at, mustChange: false, expiresAt: null });
        for (const { right, agencyId = "agency-a", unit = null, level = null } of held) {
          const order = { orderNumber: "1/2569", orderDate: "2026-01-05" };
          const fromAt = new Date(Date.now() - 60_000);
          const appointment = {
            id: newId(),
            personId: id,
            right,
            agencyId,
            unit,
            level,
            ...order,
            fromAt,
            untilAt: null,
          };
          await insertAppointment(transaction, appointment, at, "operator:test");
        }
      });
      return id;
    },
    browser: (always: Readonly<Record<string, string>> = {}) => openBrowser(desk.url, always),
    /** A browser in which the person has signed in by password. */
    async signedIn(id: string, always: Readonly<Record<string, string>> = {}): Promise<Browser> {
      const browser = openBrowser(desk.url, always);
      const { status, text } = await browser.post("/session", { id, password: PASSWORD });
      if (status !== 200) throw new Error(`${id} did not sign in: ${status} ${text}`);
      return browser;
    },
    /** Sets up an authenticator. @returns its codes, and recovery codes */
    async setUpTotp(browser: Browser) {
      const { body: setUp } = await browser.post("/me/totp");
      const secret = Buffer.from(Secret.fromBase32(setUp.secret).bytes);
      const code = (aheadMs = 0): string => totpCode(secret, clock.now().at.getTime() + aheadMs);
      const { status, body, text } = await browser.post("/me/totp/confirm", { code: code() });
      if (status !== 200) throw new Error(`not confirmed: ${text}`);
      // The step of that code is used up.
      clock.pass(30_000);
      return { code, setUp, recoveryCodes: body.recoveryCodes as readonly string[] };
    },
  };
}
