import { createPublicKey, type KeyObject } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { newId } from "../../shared/runtime/ids.ts";
import type { Log } from "../../shared/runtime/log.ts";
import type { Scope } from "./client.ts";
import { SCOPES } from "./client.ts";
import { openTokenKey } from "./token-key.ts";

/** What a token was given for. */
export interface TokenGrant {
  readonly clientId: string;
  /** Of the secret that it was given for (secretMark): a secret that is revoked takes its tokens along. */
  readonly mark: string;
  readonly scopes: readonly Scope[];
}

/** Access tokens: signed JWTs (RFC 9068) that every process of this room can check without asking another. */
export interface AccessTokens {
  /** Of each token. */
  readonly seconds: number;
  issue(grant: TokenGrant): Promise<string>;
  /** @returns null when it is none of ours, or not in force any more */
  read(token: string): Promise<TokenGrant | null>;
}

export interface TokenSettings {
  /** Where the key lies: DATA/keys/tokens. Made with the first token. */
  readonly folder: string;
  /** Who issues them, and for whom: this installation. */
  readonly issuer: string;
  readonly seconds: number;
  readonly nowMs: () => number;
  readonly log: Log;
}

const TYP = "at+jwt";
const ALGORITHM = "EdDSA";
const LONGEST_TOKEN = 2048;
const MOST_REMEMBERED = 1_000;
/** Two hosts' clocks may differ by so much. */
const TOLERANCE_SECONDS = 5;

export function openAccessTokens({ folder, issuer, seconds, nowMs, log }: TokenSettings): AccessTokens {
  const key = openTokenKey(folder, nowMs, log);
  const publicKeys = new WeakMap<KeyObject, KeyObject>();
  const publicOf = (privateKey: KeyObject): KeyObject => {
    const known = publicKeys.get(privateKey) ?? createPublicKey(privateKey);
    publicKeys.set(privateKey, known);
    return known;
  };
  const checked = rememberTokens();
  return {
    seconds,
    async issue({ clientId, mark, scopes }) {
      const { kid, privateKey } = await key.current();
      const at = Math.floor(nowMs() / 1000);
      return new SignJWT({ client_id: clientId, scope: scopes.join(" "), secret: mark })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYP, kid })
        .setIssuer(issuer)
        .setAudience(issuer)
        .setSubject(clientId)
        .setIssuedAt(at)
        .setExpirationTime(at + seconds)
        .setJti(newId())
        .sign(privateKey);
    },
    async read(token) {
      if (token.length > LONGEST_TOKEN) return null;
      const { kid: inForce } = await key.current();
      const known = checked.find(token, inForce, nowMs());
      if (known) return known;
      try {
        const { payload } = await jwtVerify(
          token,
          async ({ kid }) => publicOf((await key.named(kid ?? "")).privateKey),
          {
            algorithms: [ALGORITHM],
            typ: TYP,
            issuer,
            audience: issuer,
            currentDate: new Date(nowMs()),
            clockTolerance: TOLERANCE_SECONDS,
            requiredClaims: ["exp", "sub"],
          },
        );
        const { sub = "", secret = "", scope = "" } = payload;
        const given = new Set(String(scope).split(" "));
        const scopes = SCOPES.filter((one) => given.has(one));
        const grant: TokenGrant = { clientId: sub, mark: String(secret), scopes };
        checked.keep(token, (await key.current()).kid, Number(payload.exp) * 1000, grant);
        return grant;
      } catch (error) {
        // Whatever is wrong with a stranger's token is his affair; that our own key cannot be read is ours.
        if (isOurs(error)) throw error;
        return null;
      }
    },
  };
}

/**
 * A client shows one token some thousand times, and a signature takes a quarter of a millisecond each time. Only what it
 * says is remembered: whether client and secret are still in force is asked of the database with each request.
 */
function rememberTokens() {
  const tokens = new Map<
    string,
    { readonly kid: string; readonly untilMs: number; readonly grant: TokenGrant }
  >();
  return {
    find(token: string, kid: string, atMs: number): TokenGrant | null {
      const known = tokens.get(token);
      return known !== undefined && known.kid === kid && known.untilMs > atMs ? known.grant : null;
    },
    keep(token: string, kid: string, untilMs: number, grant: TokenGrant): void {
      const [oldest] = tokens.keys();
      if (tokens.size >= MOST_REMEMBERED && oldest !== undefined) tokens.delete(oldest);
      tokens.set(token, { kid, untilMs, grant });
    },
  };
}

function isOurs(error: unknown): boolean {
  return !String((error as { code?: unknown }).code).startsWith("ERR_J");
}
