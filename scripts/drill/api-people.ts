import { Secret } from "otpauth";
import type { Operation } from "../../services/http/openapi/operation.ts";
import { totpCode } from "../../services/shared/access/proofs/totp.ts";
import type { ApiAnswer } from "./api-answers.ts";
import type { ApiInstallation, Caller } from "./api-installation.ts";
import { FUZZ_PASSWORD } from "./api-person.ts";
import type { ApiRequest } from "./api-requests.ts";

/** Over TLS, as a proxy says; from an address of its own. */
const PLACE = { "x-forwarded-for": "10.1.1.1", "x-forwarded-proto": "https" };

/**
 * Has each operation of people do what it is for once: sign-in, second factor, OpenID, accounts, appointments, break-glass.
 * @throws Error when one does not
 */
export async function preparePeople(
  ask: (request: ApiRequest) => Promise<ApiAnswer | null>,
  { callers, provider, url }: Pick<ApiInstallation, "callers" | "provider" | "url">,
  operations: readonly Operation[],
): Promise<void> {
  const call = async (id: string, caller: Caller, path: string, body?: object, fields = {}) => {
    const operation = operations.find((one) => one.id === id) as Operation;
    const headers = new Headers({ ...PLACE, ...caller.session?.fields(), ...fields });
    if (body !== undefined) headers.set("content-type", "application/json");
    const octets = body === undefined ? null : JSON.stringify(body);
    const answer = await ask({
      operation,
      caller,
      method: operation.method.toUpperCase(),
      path: `/api/v1${path}`,
      headers,
      body: octets,
    });
    if (answer === null || answer.status >= 400)
      throw new Error(`${id} failed: ${answer?.status} ${answer?.octets}`);
    const isJson = answer.headers.get("content-type")?.includes("json") ?? false;
    const told = isJson ? (JSON.parse(String(answer.octets)) as Record<string, unknown>) : {};
    caller.session?.take(answer.headers, told);
    return { told, headers: answer.headers };
  };
  const { person, otherPerson, nobody } = callers;

  await call("signIn", nobody, "/session", { id: "fuzz-person", password: FUZZ_PASSWORD });
  await call("changePassword", person, "/me/password", {
    password: FUZZ_PASSWORD,
    newPassword: `${FUZZ_PASSWORD} อีกใบ`,
  });
  const { told: setUp } = await call("beginTotp", person, "/me/totp");
  const secret = Buffer.from(Secret.fromBase32(String(setUp["secret"])).bytes);
  await call("confirmTotp", person, "/me/totp/confirm", { code: totpCode(secret, Date.now()) });
  await call("renewRecoveryCodes", person, "/me/recovery-codes");
  // The step of that code is used up; the next one's is taken already.
  await call("showSecondFactor", person, "/session/second-factor", {
    code: totpCode(secret, Date.now() + 30_000),
  });
  await call("signIn", nobody, "/session", { id: "fuzz-other", password: FUZZ_PASSWORD });
  const { told: own } = await call("listSessions", otherPerson, "/sessions");
  const other = (own["sessions"] as { id: string; isThis: boolean }[]).find(({ isThis }) => !isThis);
  await call("endSession", otherPerson, `/sessions/${other?.id}`);
  await call("endOtherSessions", otherPerson, "/sessions");

  await call("addPerson", person, "/people", { id: "fuzz-added", name: "สมศรี ทดสอบ" });
  await call("changePerson", person, "/people/fuzz-added", { email: "somsri@agency-a.example.go.th" });
  await call("giveOneTimePassword", person, "/people/fuzz-added/one-time-password");
  await call("unlockPerson", person, "/people/fuzz-added/unlock");
  await call("listPersonSessions", person, "/people/fuzz-added/sessions");
  await call("endPersonSessions", person, "/people/fuzz-added/sessions");
  const order = { right: "drafter", agencyId: "agency-a", orderNumber: "2/2569", orderDate: "2026-02-02" };
  const { told: made } = await call("appointPerson", person, "/people/fuzz-added/appointments", order);
  await call("getPerson", person, "/people/fuzz-added");
  await call("endAppointment", person, `/appointments/${made["id"]}/end`, { reason: "จบการทดสอบ" });
  const { told: asked } = await call("askBreakGlass", person, "/break-glass", {
    agencyId: "agency-a",
    reason: "ทดสอบการขอเปิดดู",
  });
  await call("agreeToBreakGlass", otherPerson, `/break-glass/${asked["id"]}/agree`, { minutes: 5 });
  await call("endBreakGlass", otherPerson, `/break-glass/${asked["id"]}/end`);

  await call("changePerson", person, "/people/fuzz-added", {
    oidcIssuer: provider.issuer,
    oidcSubject: "fuzz-subject",
  });
  provider.account = "fuzz-subject";
  // The address that the provider knows is the one over TLS.
  const host = { "x-forwarded-host": new URL(url).host };
  const { headers } = await call("startOidc", nobody, "/oidc/start", undefined, host);
  const [cookie = ""] = (headers.getSetCookie()[0] ?? "").split(";");
  const back = new URL(await provider.walk(headers.get("location") ?? ""));
  await call("returnFromOidc", nobody, `/oidc/return${back.search}`, undefined, { ...host, cookie });
  await call("signOut", person, "/session");
  for (const { session } of [person, otherPerson]) await session?.renew();
}
