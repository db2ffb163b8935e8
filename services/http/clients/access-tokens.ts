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
        return { clientId: sub, mark: String(secret), scopes: SCOPES.filter((one) => given.has(one)) };
      } catch (error) {
        // Whatever is wrong with a stranger's token is his affair; that our own key cannot be read is ours.
        if (isOurs(error)) throw error;
        return null;
      }
    },
  };
}

function isOurs(error: unknown): boolean {
  return !String((error as { code?: unknown }).code).startsWith("ERR_J");
}
