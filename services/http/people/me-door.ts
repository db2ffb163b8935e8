import type { FastifyInstance } from "fastify";
import { PASSWORD_WORDS } from "../../shared/access/proofs/password-policy.ts";
import { qrSvg } from "../../shared/pdf/qr-code.ts";
import type { ClientLimit } from "../limit-clients.ts";
import { problem } from "../problem.ts";
import { changePassword } from "./change-password.ts";
import { beginTotp, finishTotp, renewRecoveryCodes } from "./enrol-totp.ts";
import { needRecentSecondFactor, peopleParts, placeOf, signedInOf } from "./people-access.ts";
import { readMembers } from "./read-members.ts";
import { answerOpened, mayBeBusy, takeTry } from "./session-door.ts";

/** What somebody does with his own proofs of identity. */
export function meDoor(api: FastifyInstance, limit: ClientLimit): void {
  const changes = { config: { despite: ["password-change", "second-factor-set-up"] as const } };
  api.post("/me/password", changes, async (request, reply) => {
    takeTry(limit, request, reply);
    const members = readMembers(request.body);
    const [present, next] = [members.secret("password"), members.secret("newPassword")];
    members.done();
    const { session } = signedInOf(request);
    const work = changePassword(peopleParts(request), session, { present, next }, placeOf(request));
    const changed = await mayBeBusy(reply, work);
    if ("wrong" in changed) throw problem("wrong-password");
    if ("faults" in changed) {
      const faults = changed.faults.map((fault) => ({ pointer: "/newPassword", ...PASSWORD_WORDS[fault] }));
      throw problem("weak-password", faults);
    }
    return answerOpened(request, reply, changed.opened);
  });

  const setsUp = { config: { despite: ["second-factor-set-up"] as const } };
  api.post("/me/totp", setsUp, async (request) => {
    // Who has one shows it before another takes its place.
    needRecentSecondFactor(request);
    const { secret, uri } = await beginTotp(peopleParts(request), signedInOf(request).session, request.ip);
    return { secret, uri, qr: qrSvg(uri) };
  });

  api.post("/me/totp/confirm", setsUp, async (request, reply) => {
    takeTry(limit, request, reply);
    const members = readMembers(request.body);
    const code = members.secret("code");
    members.done();
    const { session } = signedInOf(request);
    const confirmed = await finishTotp(peopleParts(request), session, code, placeOf(request));
    if (confirmed === null) throw problem("wrong-code");
    const { opened, recoveryCodes } = confirmed;
    return { ...(await answerOpened(request, reply, opened)), recoveryCodes };
  });

  api.post("/me/recovery-codes", async (request) => {
    needRecentSecondFactor(request, true);
    const codes = await renewRecoveryCodes(peopleParts(request), signedInOf(request).session, request.ip);
    return { recoveryCodes: codes };
  });
}
