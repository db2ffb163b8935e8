import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { type IncomingMessage, Agent as PlainAgent, request as requestPlain } from "node:http";
import { request as requestTls, Agent as TlsAgent } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import { KeyFault } from "./key-provider.ts";
import { refusalOf } from "./vault-refusals.ts";

export interface VaultOptions {
  /** https://vault.example.go.th:8200/transit: the path is where the transit engine is mounted, "transit" without one. */
  readonly url: string;
  /** Read at each call, so that an agent may renew it. */
  readonly tokenFile: string;
  /** "": none */
  readonly namespace: string;
  /** PEM; "": the certificates that the system trusts. */
  readonly caFile: string;
  /** Of one try. */
  readonly timeoutMs: number;
  /** Pause before the second try; four times as long before the third. */
  readonly retryDelayMs?: number;
}

export interface VaultAnswer {
  readonly status: number;
  /** The answer's `data`, or the whole where there is none. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly errors: readonly string[];
}

export interface VaultClient {
  readonly mount: string;
  /**
   * Asks /v1/PATH. Tries again twice when nobody answers, or the server is overloaded.
   * @param once not again: asked twice it would be done twice
   * @throws KeyFault for anything but 2xx
   */
  call(method: "GET" | "POST", path: string, body?: object, once?: boolean): Promise<VaultAnswer>;
  /** /v1/sys/health, whose status is the answer. @throws KeyFault unreachable */
  health(): Promise<number>;
  close(): void;
}

const TRIES = 3;
const LARGEST_ANSWER = 64 * 1024;
/** Too many requests; the servers behind it are busy or change places (412: this one does not have what another wrote yet). */
const TRY_AGAIN: ReadonlySet<number> = new Set([412, 429, 500, 502, 503, 504]);

/** Speaks HashiCorp Vault's HTTP API, as OpenBao does too. @throws KeyFault when the CA's file cannot be read */
export function openVault(options: VaultOptions): VaultClient {
  const { timeoutMs, namespace, retryDelayMs = 100 } = options;
  const url = new URL(options.url);
  const isTls = url.protocol === "https:";
  const agent = isTls
    ? new TlsAgent({ keepAlive: true, maxSockets: 8, ...caOf(options.caFile) })
    : new PlainAgent({ keepAlive: true, maxSockets: 8 });

  const once = async (method: string, path: string, headers: Record<string, string>, body: Buffer | null) => {
    const { promise, resolve, reject } = Promise.withResolvers<VaultAnswer>();
    const request = (isTls ? requestTls : requestPlain)(
      new URL(`/v1/${path}`, url),
      { agent, method, headers, signal: AbortSignal.timeout(timeoutMs), maxHeaderSize: 16 * 1024 },
      (response) => readAnswer(response).then(resolve, reject),
    );
    request.on("error", reject);
    request.end(body ?? undefined);
    return promise;
  };

  const headersFor = async (body: Buffer | null): Promise<Record<string, string>> => ({
    "x-vault-token": await readToken(options.tokenFile),
    "x-vault-request": "true",
    ...(namespace === "" ? {} : { "x-vault-namespace": namespace }),
    ...(body ? { "content-type": "application/json", "content-length": String(body.length) } : {}),
  });

  return {
    mount: url.pathname.replaceAll(/^\/+|\/+$/g, "").replace(/^v1(\/|$)/, "") || "transit",
    async call(method, path, given, isOnce = false) {
      const body = given ? Buffer.from(JSON.stringify(given)) : null;
      try {
        for (let tried = 1; ; tried++) {
          const isLast = isOnce || tried === TRIES;
          try {
            const answer = await once(method, path, await headersFor(body), body);
            if (answer.status >= 200 && answer.status < 300) return answer;
            const isSealed = answer.errors.some((each) => each.includes("sealed"));
            if (isLast || isSealed || !TRY_AGAIN.has(answer.status)) throw refusalOf(url.host, path, answer);
          } catch (error) {
            if (error instanceof KeyFault) throw error;
            if (isLast) throw unreachable(url.host, timeoutMs, error);
          }
          // Spread out, so that the doors that lost the same server do not come back as one.
          await wait(retryDelayMs * 4 ** (tried - 1) * (0.5 + Math.random()));
        }
      } finally {
        body?.fill(0);
      }
    },
    async health() {
      try {
        return (await once("GET", "sys/health", {}, null)).status;
      } catch (error) {
        throw unreachable(url.host, timeoutMs, error);
      }
    },
    close: () => agent.destroy(),
  };
}

async function readAnswer(response: IncomingMessage): Promise<VaultAnswer> {
  const held: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_ANSWER) throw new Error("its answer is too large");
    held.push(chunk);
  }
  const octets = Buffer.concat(held);
  const status = response.statusCode ?? 0;
  try {
    const said = (octets.length === 0 ? {} : JSON.parse(octets.toString("utf8"))) as Record<string, unknown>;
    const errors = Array.isArray(said["errors"]) ? said["errors"].map(String) : [];
    return { status, data: (said["data"] ?? said) as Record<string, unknown>, errors };
  } catch (cause) {
    // A proxy's page in front of it; its status says enough.
    if (status < 200 || status >= 300) return { status, data: {}, errors: [] };
    throw new Error("its answer is no JSON", { cause });
  } finally {
    for (const each of [...held, octets]) each.fill(0);
  }
}

/** @throws KeyFault */
async function readToken(path: string): Promise<string> {
  if (path === "")
    throw new KeyFault(
      "unfit",
      "the key server wants a token: set closed.vault.tokenFile to the file that holds it",
    );
  try {
    const file = await open(path, "r");
    try {
      const { mode } = await file.stat();
      if ((mode & 0o007) !== 0) {
        throw new KeyFault(
          "unfit",
          `anybody on this machine may read the key server's token in ${path} (mode ${(mode & 0o777).toString(8)}): set it to 0600 (chmod 600), and have a new token made`,
        );
      }
      const token = (await file.readFile("utf8")).trim();
      if (/^[\x21-\x7e]{1,8000}$/.test(token)) return token;
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof KeyFault) throw cause;
    const { code = "" } = cause as NodeJS.ErrnoException;
    throw new KeyFault("unfit", `the key server's token in ${path} cannot be read (${code})`, { cause });
  }
  throw new KeyFault("unfit", `the file ${path} holds no token of a key server`);
}

function caOf(path: string): { ca?: Buffer } {
  if (path === "") return {};
  try {
    return { ca: readFileSync(path) };
  } catch (cause) {
    const { code = "" } = cause as NodeJS.ErrnoException;
    throw new KeyFault("unfit", `closed.vault.caFile: ${path} cannot be read (${code})`, { cause });
  }
}

function unreachable(host: string, timeoutMs: number, cause: unknown): KeyFault {
  const { name, code, message } = cause as Error & { code?: string };
  const isLate = name === "TimeoutError" || name === "AbortError";
  const why = isLate ? `no answer within ${timeoutMs / 1000} s` : `${code ?? ""} ${message}`.trim();
  return new KeyFault("unreachable", `the key server ${host} does not answer: ${why.slice(0, 300)}`, {
    cause,
  });
}
