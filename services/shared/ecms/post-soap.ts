import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { PassThrough, type Readable } from "node:stream";
import type { EcmsNode } from "../letter/directory.ts";
import { type FindAddresses, guardedLookup } from "../runtime/guarded-lookup.ts";
import { openPrivateAddresses } from "../runtime/private-addresses.ts";
import { readSecret } from "../runtime/settings.ts";

/** What every call of a node of others has in common. */
export interface NodeLimits {
  /** Whether addresses of private networks may be called (ecms.allowPrivate). */
  readonly allowPrivate: boolean;
  /** A node that neither takes nor gives anything for so long is given up; the whole call may take ten times as long. */
  readonly idleMs: number;
  /** Of an answer, in octets. */
  readonly largestAnswer: number;
  /** Breaks the calls off. */
  readonly stopping: AbortSignal;
  /** Addresses of a host name; the system's own look-up where nothing is given. */
  readonly find?: FindAddresses;
}

/** A message of the protocol: what `pieces` gives is exactly so long. */
export interface SoapMessage {
  readonly sizeBytes: number;
  readonly pieces: AsyncIterable<string | Buffer> | Iterable<string | Buffer>;
}

/** The body has to be read to its end or destroyed; it fails with a NodeCallFailed. */
export interface NodeAnswer {
  readonly status: number;
  readonly contentType: string;
  /** Of the node, as it was connected to. */
  readonly remoteAddress: string;
  readonly body: Readable;
}

/** No answer, or only a part of one. The message is ours or a code of the system, never the node's words. */
export class NodeCallFailed extends Error {
  override readonly name = "NodeCallFailed";
  /** Whether the whole message had left when the line broke: it may have been taken. */
  readonly isSent: boolean;
  /** The node cannot be reached or says nothing: so it is with every other message for it. */
  readonly isAway: boolean;
  constructor(words: string, how: { readonly isSent: boolean; readonly isAway: boolean }) {
    super(words);
    this.isSent = how.isSent;
    this.isAway = how.isAway;
  }
}

const WHOLE_CALL = 10;
const NOT_PUBLIC = "its address is in a private network, which ecms.allowPrivate does not allow";

/**
 * Posts one message to an e-CMS node, over a connection of its own, no redirects. A large message is read as the node takes
 * it, and its answer is given as it comes. An answer that comes before the message has been sent ends the sending.
 * @throws NodeCallFailed; and whatever `pieces` throws
 */
export async function postSoap(
  node: EcmsNode,
  message: SoapMessage,
  limits: NodeLimits,
): Promise<NodeAnswer> {
  const place = new URL(node.url);
  const { idleMs, stopping } = limits;
  const wholeCall = AbortSignal.timeout(WHOLE_CALL * idleMs);
  const signal = AbortSignal.any([wholeCall, stopping]);
  let isSent = false;
  let isSilent = false;
  const wordsOf = (error: NodeJS.ErrnoException): string => {
    if (stopping.aborted) return "broken off: this service stops";
    if (wholeCall.aborted) return `not done within ${(WHOLE_CALL * idleMs) / 1000} s`;
    // An answer that had begun only hears that it was cut.
    if (isSilent) return `silent for ${idleMs / 1000} s`;
    return error.code === undefined ? error.message : `${error.code}`;
  };
  let request: ReturnType<typeof requestPlain>;
  try {
    request = (place.protocol === "https:" ? requestTls : requestPlain)(place, {
      method: "POST",
      agent: false,
      headers: {
        "content-type": "text/xml; charset=utf-8",
        "content-length": message.sizeBytes,
        // SOAP 1.1 §6.1.1 wants one; the clients that are known send none, and no node looks at it.
        soapaction: '""',
        accept: "text/xml",
        "accept-encoding": "identity",
        ...credentialsOf(node),
      },
      lookup: lookupOf(place, limits),
      signal,
      maxHeaderSize: 16 * 1024,
    });
  } catch (error) {
    throw new NodeCallFailed(wordsOf(error as Error), { isSent: false, isAway: true });
  }
  request.setTimeout(idleMs, () => {
    isSilent = true;
    request.destroy(new Error("silent"));
  });
  request.on("finish", () => {
    isSent = true;
  });
  const answered = new Promise<NodeAnswer>((resolve, reject) => {
    request.on("response", (response) => resolve(answerOf(response, limits, wordsOf)));
    request.on("error", (error: NodeJS.ErrnoException) => {
      const isCut = isSent && (error.code === "ECONNRESET" || error.code === "EPIPE");
      reject(new NodeCallFailed(wordsOf(error), { isSent, isAway: !isCut && !stopping.aborted }));
    });
  });
  // Awaited below, or beside the sending.
  answered.catch(() => {});
  let isAnswered = false;
  const settled = answered.then(
    () => {
      isAnswered = true;
    },
    () => {
      isAnswered = true;
    },
  );
  try {
    for await (const piece of message.pieces) {
      if (isAnswered) break;
      if (!request.write(piece)) await Promise.race([once(request, "drain").catch(() => {}), settled]);
    }
    if (!isAnswered) request.end();
  } catch (error) {
    request.destroy();
    throw error;
  }
  return answered;
}

/** Read anew each time: a password that was changed in its file is in force without a restart. */
function credentialsOf({ user, passwordEnv }: EcmsNode): { readonly authorization?: string } {
  if (user === undefined || passwordEnv === undefined) return {};
  const words = `${user}:${readSecret({ env: passwordEnv })}`;
  return { authorization: `Basic ${Buffer.from(words).toString("base64")}` };
}

function lookupOf(place: URL, { allowPrivate, find }: NodeLimits) {
  const isPrivate = openPrivateAddresses();
  const mayCall = (address: string): boolean => !isPrivate(address) || (allowPrivate && !isNever(address));
  return guardedLookup(place, { find: find ?? findAddresses, mayCall, refusal: NOT_PUBLIC });
}

/** Names of the system too: inside government networks nodes often stand in no DNS. */
async function findAddresses(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** What no setting opens: this machine but by its own name, and link-local addresses, where clouds keep their secrets. */
function isNever(address: string): boolean {
  return /^(0|127|169\.254)\.|^(::1?|::ffff:.*|fe[89ab].*)$/i.test(address);
}

function answerOf(
  response: IncomingMessage,
  { largestAnswer }: NodeLimits,
  wordsOf: (error: Error) => string,
): NodeAnswer {
  const body = new PassThrough();
  let bytes = 0;
  const fail = (words: string): void => {
    body.destroy(new NodeCallFailed(words, { isSent: true, isAway: false }));
    response.destroy();
  };
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > largestAnswer)
      fail(`its answer is larger than ${largestAnswer} octets (ecms.maxAnswerBytes)`);
    else if (!body.write(chunk)) {
      response.pause();
      body.once("drain", () => response.resume());
    }
  });
  response.on("end", () => body.end());
  response.on("error", (error) => fail(`broke off in its answer: ${wordsOf(error)}`));
  response.on("close", () => {
    if (!response.complete) fail("broke off in its answer");
  });
  // Who has read enough lets the line go.
  body.on("close", () => response.destroy());
  body.on("error", () => {});
  return {
    status: response.statusCode ?? 0,
    contentType: (response.headers["content-type"] ?? "").replace(/[^\x20-\x7e]/g, "").slice(0, 200),
    remoteAddress: response.socket.remoteAddress ?? "",
    body,
  };
}
