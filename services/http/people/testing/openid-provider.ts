import { generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a test's provider says of somebody. */
export interface Account {
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly amr?: readonly string[];
}

export interface OpenIdProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly accounts: Map<string, Account>;
  /** Who signs in there next; null: somebody who gives up. */
  account: string | null;
  /** From now on it knows the address that we have browsers come back to. */
  expect(redirectUri: string): Promise<void>;
  /** A browser that goes there and signs in. @returns the address that it is sent back to */
  walk(url: string): Promise<string>;
  stop(): Promise<void>;
}

/** As much of oidc-provider (which has no types) as is used here. */
interface Provider {
  callback(): (request: IncomingMessage, response: ServerResponse) => void;
  interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
  readonly Grant: new (of: object) => { addOIDCScope(scope: string): void; save(): Promise<string> };
}

/** A real OpenID provider on this machine (oidc-provider), which asks nobody for a password. */
export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  let provider: Provider | undefined;
  const server = createServer((request, response) => {
    if (provider === undefined) return void response.writeHead(503).end();
    if (request.url?.startsWith("/interaction/")) return void finish(provider, request, response);
    provider.callback()(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const finish = (of: Provider, request: IncomingMessage, response: ServerResponse) =>
    of.interactionFinished(
      request,
      response,
      opened.account === null ? { error: "access_denied" } : { login: { accountId: opened.account } },
    );
  const opened: OpenIdProvider = {
    issuer,
    clientId: "saraban",
    clientSecret: "a secret of the test's own",
    accounts: new Map(),
    account: null,
    async expect(redirectUri) {
      const { default: Made } = (await import("oidc-provider" as string)) as {
        readonly default: new (issuer: string, configuration: object) => Provider;
      };
      provider = new Made(issuer, { ...configurationOf(opened, redirectUri), adapter: inMemory() });
    },
    async walk(url) {
      const cookies = new Map<string, string>();
      let next = url;
      for (let steps = 0; steps < 10 && next.startsWith(issuer); steps++) {
        const response = await fetch(next, {
          redirect: "manual",
          headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
        });
        for (const line of response.headers.getSetCookie()) {
          const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
          cookies.set(name, value);
        }
        const location = response.headers.get("location");
        if (location === null)
          throw new Error(`the provider goes no further: ${response.status} ${await response.text()}`);
        next = new URL(location, next).href;
      }
      return next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return opened;
}

function configurationOf({ accounts, clientId, clientSecret }: OpenIdProvider, redirectUri: string): object {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "test" }] },
    cookies: { keys: ["of this test alone"] },
    claims: { openid: ["sub", "amr"], email: ["email", "email_verified"], profile: [] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    pkce: { required: () => true },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, ...accounts.get(accountId) }),
    }),
    async loadExistingGrant({
      oidc,
    }: {
      oidc: { provider: Provider; client: object; session: { accountId: string } };
    }) {
      const grant = new oidc.provider.Grant({ clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  };
}

/** What oidc-provider keeps, by model; its own such adapter warns each time that it is none for production. */
function inMemory() {
  const kept = new Map<string, Record<string, unknown>>();
  return class {
    readonly model: string;
    constructor(model: string) {
      this.model = model;
    }
    async upsert(id: string, payload: Record<string, unknown>): Promise<void> {
      kept.set(`${this.model} ${id}`, payload);
    }
    async find(id: string): Promise<object | undefined> {
      return kept.get(`${this.model} ${id}`);
    }
    async findByUid(uid: string): Promise<object | undefined> {
      return [...kept].find(([key, payload]) => key.startsWith(this.model) && payload["uid"] === uid)?.[1];
    }
    async consume(id: string): Promise<void> {
      const payload = kept.get(`${this.model} ${id}`);
      if (payload !== undefined) payload["consumed"] = Math.floor(Date.now() / 1000);
    }
    async destroy(id: string): Promise<void> {
      kept.delete(`${this.model} ${id}`);
    }
    async revokeByGrantId(grantId: string): Promise<void> {
      for (const [key, payload] of kept) if (payload["grantId"] === grantId) kept.delete(key);
    }
  };
}
