import { readFileSync } from "node:fs";
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientError,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  calculatePKCECodeChallenge,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  ResponseBodyError,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from "openid-client";
import type { Log } from "../../shared/runtime/log.ts";
import { fromProject, type Settings, SettingsError } from "../../shared/runtime/settings.ts";

/** A sign-in that begins: where the browser goes, and what its answer has to fit. */
export interface OidcBegun {
  readonly url: URL;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** Who the provider says it is. */
export interface OidcIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** Null unless the provider has verified it. */
  readonly email: string | null;
  /** By one of the values that oidc.secondFactorValues names, in amr or acr. */
  readonly hasSecondFactor: boolean;
}

export interface OidcClient {
  begin(redirectUri: string): Promise<OidcBegun>;
  /**
   * @param currentUrl the redirect address with the query that the browser has brought
   * @returns null when the answer is none that the provider gave for this sign-in
   */
  finish(currentUrl: URL, begun: Omit<OidcBegun, "url">): Promise<OidcIdentity | null>;
}

const SCOPE = "openid profile email";
const ANSWER_WITHIN_SECONDS = 10;

/**
 * Null where no provider is set. What it says of itself is asked at the first sign-in, so that one that is away stops nothing else.
 * @throws SettingsError
 */
export function openOidcClient(settings: Settings["access"]["oidc"], log: Log): OidcClient | null {
  if (settings.issuer === "") return null;
  if (settings.clientId === "") throw new SettingsError(["access.oidc.issuer needs access.oidc.clientId"]);
  let known: Promise<Configuration> | undefined;
  const provider = (): Promise<Configuration> => {
    known ??= discover(settings).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
  return {
    async begin(redirectUri) {
      const [state, nonce, codeVerifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()];
      const url = buildAuthorizationUrl(await provider(), {
        redirect_uri: redirectUri,
        scope: SCOPE,
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: "S256",
      });
      return { url, state, nonce, codeVerifier };
    },
    async finish(currentUrl, { state, nonce, codeVerifier }) {
      const config = await provider();
      try {
        const tokens = await authorizationCodeGrant(config, currentUrl, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        });
        const claims: Readonly<Record<string, unknown>> = tokens.claims() ?? {};
        const sub = String(claims["sub"]);
        // Many providers put no more than the subject into the token itself.
        const more = isMissing(claims, settings) ? await fetchUserInfo(config, tokens.access_token, sub) : {};
        return identityOf({ ...more, ...claims }, config.serverMetadata().issuer, settings);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        log.warn({ err: error }, "an answer of the OpenID provider was refused");
        return null;
      }
    },
  };
}

async function discover(settings: Settings["access"]["oidc"]): Promise<Configuration> {
  const { issuer, clientId, clientSecretFile } = settings;
  // The setting's pattern lets plain HTTP stand for this machine alone.
  const execute = issuer.startsWith("http:") ? [allowInsecureRequests] : [];
  const found = await discovery(new URL(issuer), clientId, undefined, None(), {
    execute,
    timeout: ANSWER_WITHIN_SECONDS,
  });
  const metadata = found.serverMetadata();
  const secret = clientSecretFile === "" ? null : readFileSync(fromProject(clientSecretFile), "utf8").trim();
  const methods = metadata.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  const how = methods.includes("client_secret_basic") ? ClientSecretBasic : ClientSecretPost;
  const config = new Configuration(
    metadata,
    clientId,
    secret ?? undefined,
    secret === null ? None() : how(secret),
  );
  config.timeout = ANSWER_WITHIN_SECONDS;
  for (const change of execute) change(config);
  // The signature of the identity too, not the connection alone that it came over.
  enableNonRepudiationChecks(config);
  return config;
}

function isMissing(
  claims: Readonly<Record<string, unknown>>,
  { claim, bindByEmail }: Settings["access"]["oidc"],
): boolean {
  return claims[claim] === undefined || (bindByEmail && claims["email"] === undefined);
}

function identityOf(
  claims: Readonly<Record<string, unknown>>,
  issuer: string,
  { claim, secondFactorValues }: Settings["access"]["oidc"],
): OidcIdentity | null {
  const { [claim]: subject, email, email_verified: isVerified, amr, acr } = claims;
  if (typeof subject !== "string" || subject === "") return null;
  const wanted = secondFactorValues.split(/[\s,]+/).filter((value) => value !== "");
  const shown = [amr, acr].flat().filter((value) => typeof value === "string");
  return {
    issuer,
    subject,
    email: typeof email === "string" && isVerified === true ? email : null,
    hasSecondFactor: wanted.some((value) => shown.includes(value)),
  };
}

/** What the browser has brought is wrong; anything else (the provider is away, our secret is wrong) is ours. */
function isRefusal(error: unknown): boolean {
  if (error instanceof AuthorizationResponseError) return true;
  if (error instanceof ResponseBodyError) return error.error === "invalid_grant";
  // A state, nonce or signature that does not fit.
  return (
    error instanceof ClientError && /^OAUTH_(?:INVALID_RESPONSE|JWT_|PARSE_ERROR)/.test(error.code ?? "")
  );
}
