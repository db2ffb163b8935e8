import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { FindAddresses } from "../../shared/runtime/guarded-lookup.ts";
import { checkedLookup } from "./webhook-address.ts";
import type { WebhookAnswer } from "./webhook-store.ts";

export interface PostParts {
  readonly find: FindAddresses;
  /** Whether addresses of private networks may be called. */
  readonly allowPrivate: boolean;
  readonly timeoutMs: number;
  /** Breaks a call off. */
  readonly stopping: AbortSignal;
}

/** As much of an answer is read; the rest is left in the line. */
const LARGEST_ANSWER = 4 * 1024;
const LONGEST_REPLY = 300;
/** A server that asks for patience, or has not heard the whole request; every other 4xx stays what it is. */
const TRY_AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

/** What came of a call; `away`: why the server did not answer at all, null when it did. */
export type PostedEvent = WebhookAnswer & { readonly away: string | null };

/**
 * Posts a body once, over a connection of its own: no redirects, an end after `timeoutMs`. Never throws.
 * accepted: 2xx. permanent: 4xx, but for TRY_AGAIN. unknown: the line broke when all was sent. transient: everything else.
 */
export async function postEvent(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  { find, allowPrivate, timeoutMs, stopping }: PostParts,
): Promise<PostedEvent> {
  const { promise, resolve } = Promise.withResolvers<PostedEvent>();
  let isSent = false;
  const fail = (error: Error & { code?: string }): void => {
    const isLate = error.name === "TimeoutError" || error.name === "AbortError";
    const words = isLate ? `no answer within ${timeoutMs / 1000} s` : `${error.code ?? ""} ${error.message}`;
    const reply = oneLine(words);
    resolve({ result: isSent ? "unknown" : "transient", status: null, reply, away: reply });
  };
  try {
    const request = (url.protocol === "https:" ? requestTls : requestPlain)(
      url,
      {
        method: "POST",
        agent: false,
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
        lookup: checkedLookup(url, find, allowPrivate),
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), stopping]),
        maxHeaderSize: 16 * 1024,
      },
      (response) => {
        const status = response.statusCode ?? 0;
        const held: Buffer[] = [];
        let bytes = 0;
        // The status decides; words that never end, or break off, change nothing about it.
        const end = (): void => {
          const words = oneLine(`${status} ${Buffer.concat(held).toString("utf8", 0, LARGEST_ANSWER)}`);
          resolve({ result: resultOf(status), status, reply: words, away: null });
          request.destroy();
        };
        response.on("data", (chunk: Buffer) => {
          held.push(chunk);
          bytes += chunk.length;
          if (bytes >= LARGEST_ANSWER) end();
        });
        response.on("end", end);
        response.on("error", end);
      },
    );
    request.on("finish", () => {
      isSent = true;
    });
    request.on("error", fail);
    request.end(body);
  } catch (error) {
    fail(error as Error);
  }
  return promise;
}

function resultOf(status: number): WebhookAnswer["result"] {
  if (status >= 200 && status < 300) return "accepted";
  return status >= 400 && status < 500 && !TRY_AGAIN.has(status) ? "permanent" : "transient";
}

function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Bidi_Control}\s]+/gu, " ")
    .trim()
    .slice(0, LONGEST_REPLY);
}
