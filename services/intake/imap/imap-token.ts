import { request as requestPlainly } from "node:http";
import { request as requestOverTls } from "node:https";
import { readSecret } from "../../shared/runtime/settings.ts";
import type { TokenGrant } from "./imap-config.ts";
import { MailboxTrouble } from "./imap-trouble.ts";

const ANSWER_WITHIN_MS = 15_000;
const LARGEST_ANSWER_BYTES = 64 * 1024;
/** A token is renewed so long before its end: a connection may take a while to come about. */
const SPARE_MS = 60_000;

export interface Tokens {
  /** A token that is valid now. @throws MailboxTrouble, without any secret */
  give(): Promise<string>;
  /** The mail server does not take the last one, whatever it was said to last. */
  forget(): void;
}

/**
 * Access tokens of an OAuth 2.0 token server (RFC 6749 §4.4 client credentials, §6 refresh token), asked for when the last
 * one is about to end. A refresh token that the server exchanges for another is kept in memory only.
 * @param ca certificates to trust besides the public authorities; null: none
 */
export function openTokens(grant: TokenGrant, ca: string | null, nowMs: () => number = Date.now): Tokens {
  let token = "";
  let validUntilMs = 0;
  let exchanged: string | undefined;
  const give = async (): Promise<string> => {
    if (nowMs() < validUntilMs) return token;
    const form = new URLSearchParams({ client_id: grant.clientId });
    try {
      if (grant.clientSecret !== null) form.set("client_secret", readSecret(grant.clientSecret));
      form.set("grant_type", grant.refreshToken === null ? "client_credentials" : "refresh_token");
      if (grant.refreshToken !== null) form.set("refresh_token", exchanged ?? readSecret(grant.refreshToken));
    } catch (cause) {
      throw new MailboxTrouble((cause as Error).message, { refused: true });
    }
    if (grant.scope !== null) form.set("scope", grant.scope);
    const { status, body } = await post(grant.tokenUrl, form.toString(), ca).catch((cause: Error) => {
      const { code } = cause as { code?: unknown };
      const why = typeof code === "string" && /^\w{1,60}$/.test(code) ? ` (${code})` : "";
      throw new MailboxTrouble(`the token server does not answer${why}`, { cause });
    });
    const answer = parsed(body);
    const given = answer["access_token"];
    if (
      status !== 200 ||
      typeof given !== "string" ||
      given === "" ||
      !/^[\x21-\x7e]{1,16384}$/.test(given)
    ) {
      const code =
        typeof answer["error"] === "string" && /^\w{1,60}$/.test(answer["error"]) ? answer["error"] : status;
      // 4xx: our grant is wrong, which the next try will not mend; 429 and 5xx may pass.
      const refused = status >= 400 && status < 500 && status !== 429;
      // The operator's next one, in the file, must not need a restart to be used.
      if (refused) exchanged = undefined;
      throw new MailboxTrouble(`the token server gives no token (${code})`, { refused });
    }
    const seconds = Number(answer["expires_in"]);
    token = given;
    validUntilMs =
      nowMs() + (Number.isFinite(seconds) ? Math.min(seconds, 86_400) * 1000 : 300_000) - SPARE_MS;
    const next = answer["refresh_token"];
    if (grant.refreshToken !== null && typeof next === "string" && next !== "") exchanged = next;
    return token;
  };
  return {
    give,
    forget: () => {
      validUntilMs = 0;
    },
  };
}

function post(url: string, form: string, ca: string | null): Promise<{ status: number; body: string }> {
  const request = url.startsWith("https:") ? requestOverTls : requestPlainly;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        ...(ca === null ? {} : { ca }),
      },
      (response) => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        response.on("data", (piece: Buffer) => {
          bytes += piece.length;
          if (bytes > LARGEST_ANSWER_BYTES) response.destroy(new Error("the answer is too large"));
          else pieces.push(piece);
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString("utf8") }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(form);
  });
}

function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
