import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { CertificateFilePair } from "../../testing/certificates.ts";

/**
 * What we use of the transit engine's HTTP API (the public description of HashiCorp Vault: api-docs/secret/transit and
 * system/health), answers and refusals in its words, over real HTTP. Not a keeper of anything: its keys are in memory.
 */
export interface TransitServer {
  readonly url: string;
  readonly port: number;
  readonly token: string;
  /** What was asked for, without the bodies: "POST transit/decrypt/NAME". */
  readonly asked: string[];
  /** What came with the last request. */
  readonly last: { headers: IncomingMessage["headers"]; body: Record<string, unknown> };
  makeKey(name: string, options?: { derived?: boolean }): void;
  /** The version is gone, as after a trim or a restored older backup. */
  removeVersion(name: string, version: number): void;
  removeKey(name: string): void;
  setMinDecryption(name: string, version: number): void;
  sealed: boolean;
  /** Every answer comes so late. */
  delayMs: number;
  /** The next requests are answered so, or their connection is cut ("cut"); "garbage": 200 and a page. */
  readonly next: (number | "cut" | "garbage" | "huge" | "empty")[];
  stop(): Promise<void>;
}

interface TransitKey {
  readonly derived: boolean;
  readonly versions: Map<number, { readonly key: Buffer; readonly made: number }>;
  latest: number;
  oldest: number;
}

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function startTransitServer(options: {
  readonly tls?: CertificateFilePair;
  readonly namespace?: string;
  readonly mount?: string;
}): Promise<TransitServer> {
  const { namespace = "", mount = "transit" } = options;
  const token = `hvs.${randomBytes(12).toString("hex")}`;
  const keys = new Map<string, TransitKey>();
  const keyOf = (name: string): TransitKey => {
    const key = keys.get(name);
    if (!key) throw new Refusal(400, "encryption key not found");
    return key;
  };
  const server: TransitServer = {
    url: "",
    port: 0,
    token,
    asked: [],
    last: { headers: {}, body: {} },
    makeKey(name, { derived = true } = {}) {
      const versions = new Map([[1, { key: randomBytes(32), made: now() }]]);
      keys.set(name, { derived, versions, latest: 1, oldest: 1 });
    },
    removeVersion: (name, version) => void keyOf(name).versions.delete(version),
    removeKey: (name) => void keys.delete(name),
    setMinDecryption(name, version) {
      keyOf(name).oldest = version;
    },
    sealed: false,
    delayMs: 0,
    next: [],
    stop: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };

  const answer = (
    method: string,
    path: string,
    headers: IncomingMessage["headers"],
    body: Record<string, unknown>,
  ): unknown => {
    if (server.sealed) throw new Refusal(503, "Vault is sealed");
    if (headers["x-vault-token"] !== token) throw new Refusal(403, "permission denied");
    if ((headers["x-vault-namespace"] ?? "") !== namespace) throw new Refusal(403, "permission denied");
    const [engine, verb = "", ...rest] = path.split("/");
    if (engine !== mount) throw new Refusal(404, `no handler for route "${path}". route entry not found.`);
    if (verb === "keys") return answerKeys(method, rest);
    if (method !== "POST") throw new Refusal(405, "unsupported operation");
    if (verb === "datakey") {
      if (rest[0] !== "plaintext") throw new Refusal(400, "Invalid path, must be 'plaintext' or 'wrapped'");
      const plain = randomBytes(32);
      return { plaintext: plain.toString("base64"), ciphertext: encrypt(keyOf(rest[1] ?? ""), plain, body) };
    }
    const key = keyOf(rest[0] ?? "");
    if (verb === "encrypt")
      return { ciphertext: encrypt(key, Buffer.from(String(body["plaintext"]), "base64"), body) };
    if (verb === "decrypt") return { plaintext: decrypt(key, body).toString("base64") };
    if (verb === "rewrap") return { ciphertext: encrypt(key, decrypt(key, body), body) };
    throw new Refusal(404, "unsupported path");
  };
  const answerKeys = (method: string, [name = "", act]: string[]): unknown => {
    const key = keys.get(name);
    if (!key && act === undefined) throw new Refusal(404, "");
    if (act === "rotate" && method === "POST") {
      const found = keyOf(name);
      found.latest++;
      found.versions.set(found.latest, { key: randomBytes(32), made: now() });
      return undefined;
    }
    const { derived, versions, latest, oldest } = keyOf(name);
    const made = Object.fromEntries([...versions].map(([version, each]) => [version, each.made]));
    return {
      name,
      type: "aes256-gcm96",
      derived,
      keys: made,
      latest_version: latest,
      min_decryption_version: oldest,
    };
  };

  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const path = (request.url ?? "").replace(/^\/v1\//, "");
    const method = request.method ?? "";
    server.asked.push(`${method} ${path}`);
    if (server.delayMs > 0) await wait(server.delayMs);
    const unusual = server.next.shift();
    if (unusual === "cut") return void request.socket.destroy();
    if (unusual === "garbage") return send(response, 200, "<html>It works!</html>");
    if (unusual === "huge") return send(response, 200, JSON.stringify({ data: "x".repeat(100_000) }));
    if (unusual === "empty") return send(response, 200, JSON.stringify({ data: {} }));
    if (typeof unusual === "number") return send(response, unusual, '{"errors":["internal error"]}');
    if (path === "sys/health") return send(response, server.sealed ? 503 : 200, '{"initialized":true}');
    const body = chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString("utf8"));
    Object.assign(server.last, { headers: request.headers, body });
    try {
      const data = answer(method, path, request.headers, body);
      if (data === undefined) send(response, 204, "");
      else send(response, 200, JSON.stringify({ request_id: "r", lease_id: "", data }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      send(response, error.status, JSON.stringify({ errors: error.message === "" ? [] : [error.message] }));
    }
  };
  const { tls } = options;
  const http = tls
    ? createTlsServer({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }, listener)
    : createServer(listener);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const url = `${tls ? "https://localhost" : "http://127.0.0.1"}:${port}/${mount}`;
  return Object.assign(server, { port, url });
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "application/json" }).end(text);
}

const now = (): number => Math.floor(Date.now() / 1000);

function keyFor({ derived, versions }: TransitKey, version: number, body: Record<string, unknown>): Buffer {
  const key = versions.get(version)?.key;
  if (!key) throw new Refusal(400, "invalid ciphertext: version is too new");
  if (!derived) return key;
  if (typeof body["context"] !== "string")
    throw new Refusal(400, "missing 'context' for key derivation; the key was created using a derived key");
  return Buffer.from(hkdfSync("sha256", key, "", Buffer.from(body["context"], "base64"), 32));
}

function encrypt(key: TransitKey, plain: Buffer, body: Record<string, unknown>): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyFor(key, key.latest, body), nonce);
  const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return `vault:v${key.latest}:${sealed.toString("base64")}`;
}

function decrypt(key: TransitKey, body: Record<string, unknown>): Buffer {
  const [, version = "", sealed = ""] = /^vault:v(\d+):(.+)$/.exec(String(body["ciphertext"])) ?? [];
  if (version === "") throw new Refusal(400, "invalid ciphertext: no prefix");
  if (Number(version) < key.oldest)
    throw new Refusal(400, "ciphertext or signature version is disallowed by policy (too old)");
  const octets = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv(
    "aes-256-gcm",
    keyFor(key, Number(version), body),
    octets.subarray(0, 12),
  );
  decipher.setAuthTag(octets.subarray(-16));
  try {
    return Buffer.concat([decipher.update(octets.subarray(12, -16)), decipher.final()]);
  } catch {
    throw new Refusal(400, "cipher: message authentication failed");
  }
}
