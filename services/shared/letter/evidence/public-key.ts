/** An Ed25519 public key as a JWK (RFC 8037 §2). */
export interface PublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  /** 32 octets, base64url. */
  readonly x: string;
}

/** A key that receipts are checked with. */
export interface PublicKey {
  readonly kid: string;
  readonly jwk: PublicJwk;
  /** Domain of the partner that publishes it; null for this installation's own, and for a key file given by hand. */
  readonly holder: string | null;
  /** It signs no more; what it signed stands. */
  readonly retiredAt: Date | null;
  /** It got into wrong hands: what is signed with it proves nothing. */
  readonly revokedAt: Date | null;
}

/** A JWK set (RFC 7517 §5) as we publish it at /.well-known/jwks.json. */
export interface PublicKeySet {
  readonly keys: readonly PublishedKey[];
  /**
   * Members of our own, which other readers leave aside: a revoked key must not stand where any library would believe it,
   * and who checks an old receipt has to hear more than "unknown".
   */
  readonly revoked: readonly (PublishedKey & { readonly revokedAt: string })[];
}

interface PublishedKey extends PublicJwk {
  readonly kid: string;
  readonly alg: "EdDSA";
  readonly use: "sig";
}

/** A kid stands in the protected header as it is, so it needs no escape there. */
export const KID = /^[!#-[\]-~]{1,128}$/;
const MOST_KEYS = 200;

/** The key set of these keys: retired ones too, or what they signed could not be checked any more. */
export function jwks(keys: readonly PublicKey[]): PublicKeySet {
  return {
    keys: keys.filter(({ revokedAt }) => revokedAt === null).map(published),
    revoked: keys.flatMap((key) =>
      key.revokedAt === null ? [] : [{ ...published(key), revokedAt: key.revokedAt.toISOString() }],
    ),
  };
}

function published({ kid, jwk: { kty, crv, x } }: PublicKey): PublishedKey {
  return { kty, crv, x, kid, alg: "EdDSA", use: "sig" };
}

/**
 * The keys of a key set that somebody else has published: Ed25519 signing keys with a kid; others are left aside, as RFC
 * 7517 §5 wants it.
 * @param set parsed JSON, whatever it is
 * @param holder domain of the partner that published it; null for a file given by hand
 * @returns null when it is no key set
 */
export function readJwks(set: unknown, holder: string | null): PublicKey[] | null {
  if (typeof set !== "object" || set === null) return null;
  const { keys, revoked } = set as { keys?: unknown; revoked?: unknown };
  if (!Array.isArray(keys)) return null;
  const revokedKeys = Array.isArray(revoked) ? revoked : [];
  return [
    ...keys.slice(0, MOST_KEYS).flatMap((key) => readKey(key, holder, null)),
    ...revokedKeys.slice(0, MOST_KEYS).flatMap((key) => readKey(key, holder, revocationOf(key))),
  ];
}

function readKey(given: unknown, holder: string | null, revokedAt: Date | null): PublicKey[] {
  if (typeof given !== "object" || given === null) return [];
  const { kid, alg, use } = given as Record<string, unknown>;
  const jwk = readJwk(given);
  if (jwk === null || typeof kid !== "string" || !KID.test(kid)) return [];
  if (use !== undefined && use !== "sig") return [];
  if (alg !== undefined && alg !== "EdDSA" && alg !== "Ed25519") return [];
  return [{ kid, jwk, holder, retiredAt: null, revokedAt }];
}

/** The public half in a JWK; null when it is no Ed25519 key. A private half that stands beside it is not taken along. */
export function readJwk(given: unknown): PublicJwk | null {
  if (typeof given !== "object" || given === null) return null;
  const { kty, crv, x } = given as Record<string, unknown>;
  if (kty !== "OKP" || crv !== "Ed25519" || typeof x !== "string" || !/^[A-Za-z0-9_-]{43}$/.test(x))
    return null;
  return { kty, crv, x };
}

/** One that is said to be revoked is, even when the day cannot be read. */
function revocationOf(given: unknown): Date {
  const at = new Date(String((given as { revokedAt?: unknown } | null)?.revokedAt));
  return Number.isNaN(at.getTime()) ? new Date(0) : at;
}
