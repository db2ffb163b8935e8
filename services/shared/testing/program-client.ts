import { Agent, type IncomingHttpHeaders, request } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ProgramLetter } from "./program-letters.ts";

/** An answer as it came. */
export interface ProgramAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly sizeBytes: number;
  /** Of a JSON answer. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
  readonly body: any;
}

export interface ProgramRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream goes out in chunks. */
  readonly body?: string | Buffer | Readable;
}

/** A program of another system, over kept connections. */
export interface ProgramClient {
  /** "http://127.0.0.1:PORT" */
  readonly url: string;
  /** Access token of its id and secret, asked for once. @throws Error when there is none */
  token(): Promise<string>;
  /** @param path "/oauth/token" …; nothing is added that is not said */
  ask(path: string, what?: ProgramRequest): Promise<ProgramAnswer>;
  /** The same under /api/v1, with its token. */
  api(path: string, what?: ProgramRequest): Promise<ProgramAnswer>;
  /** POST to the e-CMS door, with HTTP Basic. */
  soap(body: string | Buffer | Readable, contentType?: string): Promise<ProgramAnswer>;
  /** By the door of its form. */
  handIn(
    letter: Pick<ProgramLetter, "contentType" | "octets">,
    headers?: Readonly<Record<string, string>>,
  ): Promise<ProgramAnswer>;
  close(): void;
}

/** What old clients send. */
const SOAP = "text/xml; encoding='utf-8'";
const ANSWERED_WITHIN_MS = 120_000;

/** @param httpUrl "http://127.0.0.1:PORT" */
export function openProgramClient(
  httpUrl: string,
  id: string,
  secret: string,
  connections = 20,
): ProgramClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const basic = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
  let known: Promise<string> | undefined;

  const ask = (path: string, { method, headers = {}, body }: ProgramRequest = {}): Promise<ProgramAnswer> =>
    new Promise((resolve, reject) => {
      const isWhole = typeof body === "string" || Buffer.isBuffer(body);
      const outgoing = request(`${httpUrl}${path}`, {
        agent,
        method: method ?? (body === undefined ? "GET" : "POST"),
        timeout: ANSWERED_WITHIN_MS,
        headers: { ...headers, ...(isWhole ? { "content-length": Buffer.byteLength(body) } : {}) },
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer to ${path}`)));
      outgoing.on("error", reject);
      outgoing.on("response", (incoming) => {
        const pieces: Buffer[] = [];
        incoming.on("data", (piece: Buffer) => pieces.push(piece));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const octets = Buffer.concat(pieces);
          const text = octets.toString("utf8");
          const isJson = /^application\/(?:[a-z-]+\+)?json\b/.test(incoming.headers["content-type"] ?? "");
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text,
            sizeBytes: octets.length,
            body: isJson && text !== "" ? JSON.parse(text) : undefined,
          });
        });
      });
      // An answer may come before the end of the request, and the connection be closed behind it.
      if (isWhole || body === undefined) outgoing.end(body);
      else pipeline(body, outgoing).catch(() => {});
    });

  const token = (): Promise<string> => {
    known ??= ask("/oauth/token", {
      headers: { authorization: basic, "content-type": "application/x-www-form-urlencoded" },
      body: "grant_type=client_credentials",
    }).then(({ status, body, text }) => {
      if (status !== 200) throw new Error(`no token for ${id}: ${status} ${text}`);
      return body.access_token as string;
    });
    return known;
  };
  const api = async (path: string, { headers, ...what }: ProgramRequest = {}): Promise<ProgramAnswer> =>
    ask(`/api/v1${path}`, { ...what, headers: { authorization: `Bearer ${await token()}`, ...headers } });
  const soap = (body: string | Buffer | Readable, contentType = SOAP): Promise<ProgramAnswer> =>
    ask("/ecms-ws01/service2", { headers: { authorization: basic, "content-type": contentType }, body });
  return {
    url: httpUrl,
    token,
    ask,
    api,
    soap,
    handIn: ({ contentType, octets }, headers = {}) =>
      contentType.startsWith("text/xml")
        ? soap(octets, contentType)
        : api("/letters", { headers: { "content-type": contentType, ...headers }, body: octets }),
    close: () => agent.destroy(),
  };
}
