import { connect, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Settings } from "../shared/runtime/settings.ts";

/** What the scanner said of a message. Of a signature only letters, digits and . _ - / : + stay; at most 100 of them. */
export type ScanResult =
  | { readonly state: "clean" }
  | { readonly state: "infected"; readonly signature: string }
  | { readonly state: "unscanned"; readonly reason: UnscannedReason };

/**
 * too-large: beyond scanner.maxBytes or clamd's own limit, and it will be so next time. no-answer: nobody there, silent
 * for too long, or gone in the middle. scanner-error: it answered, but neither "clean" nor "infected".
 */
export type UnscannedReason = "too-large" | "no-answer" | "scanner-error";

/** What becomes of the message. go-on-marked: read as any other, with the problem "not-scanned". */
export type ScanDecision = "go-on" | "go-on-marked" | "refuse" | "hold";

export interface Scanner {
  /**
   * Scans one message: the stored octets as a whole, for clamd knows MIME and archives. Whatever the scanner does ends in
   * a result within scanner.timeoutSeconds, counted from the moment that a connection is free.
   * @throws the error of `octets` when they cannot be read: that is the disk's fault and not the scanner's
   */
  scan(octets: Buffer | Readable, sizeBytes: number): Promise<ScanResult>;
  /** Null while the scanner answers, else what is wrong, in words for an operator; within 3 s. */
  trouble(): Promise<string | null>;
}

const CHUNK_BYTES = 64 * 1024;
/** A truthful reply is "stream: NAME FOUND"; what is longer comes from something else than clamd. */
const MAX_REPLY_BYTES = 4 * 1024;
const CONNECT_WITHIN_MS = 5_000;
const PING_WITHIN_MS = 2_500;
const MAX_SIGNATURE_CHARACTERS = 100;

/**
 * The scanner of the settings; null when there is none (scanner.address is empty). Connects to nothing yet.
 *
 * clamd's INSTREAM, with a connection for each message and so many at once as scanner.connections says: a connection that
 * is used again (IDSESSION) would let one message's broken reply be taken for the next one's verdict.
 */
export function openScanner(settings: Settings["scanner"]): Scanner | null {
  if (settings.address === "") return null;
  const address = connectionOf(settings.address);
  const turns = boundTurns(settings.connections);
  return {
    async scan(octets, sizeBytes) {
      if (sizeBytes > settings.maxBytes) {
        if (!Buffer.isBuffer(octets)) octets.destroy();
        return { state: "unscanned", reason: "too-large" };
      }
      const leave = await turns.enter();
      try {
        const reply = await ask(address, "zINSTREAM\0", octets, settings.timeoutSeconds * 1000);
        return reply === null ? { state: "unscanned", reason: "no-answer" } : resultOf(reply);
      } finally {
        leave();
        if (!Buffer.isBuffer(octets)) octets.destroy();
      }
    },
    async trouble() {
      const reply = await ask(address, "zPING\0", null, PING_WITHIN_MS);
      if (reply === "PONG") return null;
      const how = reply === null ? "does not answer" : "gives answers that are not those of clamd";
      const what = settings.whenDown === "hold" ? "letters wait for it" : "letters go on unscanned";
      return `the virus scanner (${settings.address}) ${how}; ${what}`;
    },
  };
}

/** What the settings make of a result. A message that is too large will be so for ever: it never waits. */
export function decideScan(result: ScanResult, whenDown: Settings["scanner"]["whenDown"]): ScanDecision {
  if (result.state === "clean") return "go-on";
  if (result.state === "infected") return "refuse";
  return result.reason === "too-large" || whenDown === "pass" ? "go-on-marked" : "hold";
}

type Address = { readonly path: string } | { readonly host: string; readonly port: number };

function connectionOf(address: string): Address {
  if (address.startsWith("unix:")) return { path: address.slice("unix:".length) };
  const { hostname, port } = new URL(address);
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

/** The reply to one command, without its end; null when there is none in time. @throws the error of `octets` */
async function ask(
  address: Address,
  command: string,
  octets: Buffer | Readable | null,
  withinMs: number,
): Promise<string | null> {
  const socket = connect({ ...address, noDelay: true });
  const reply = hearReply(socket);
  const giveUp = (): void => void socket.destroy();
  const overdue = setTimeout(giveUp, withinMs);
  const unconnected = setTimeout(giveUp, Math.min(CONNECT_WITHIN_MS, withinMs));
  socket.once("connect", () => clearTimeout(unconnected));
  try {
    await say(socket, command, octets);
    return await reply;
  } finally {
    clearTimeout(overdue);
    clearTimeout(unconnected);
    socket.destroy();
  }
}

/** What was said up to the first NUL; null when the connection ends before it. Never rejects. */
function hearReply(socket: Socket): Promise<string | null> {
  return new Promise((resolve) => {
    let heard = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk.subarray(0, MAX_REPLY_BYTES + 1 - heard.length)]);
      const end = heard.indexOf(0);
      if (end === -1 && heard.length <= MAX_REPLY_BYTES) return;
      resolve(heard.toString("latin1", 0, end === -1 ? heard.length : end));
      socket.destroy();
    });
    // Half a reply is none: the beginning of "stream: OK-ish.Trojan FOUND" must not be taken for "stream: OK".
    socket.on("close", () => resolve(null));
    socket.on("error", () => resolve(null));
  });
}

/** Says the command and, in chunks with their lengths, the octets. Faults of the connection are for hearReply to tell. */
async function say(socket: Socket, command: string, octets: Buffer | Readable | null): Promise<void> {
  await put(socket, Buffer.from(command, "latin1"));
  if (octets === null) return;
  for await (const piece of octets instanceof Buffer ? chunksOf(octets) : octets) {
    for (const chunk of chunksOf(piece as Buffer)) {
      if (socket.destroyed) return;
      const head = Buffer.alloc(4);
      head.writeUInt32BE(chunk.length);
      await put(socket, Buffer.concat([head, chunk]));
      // A scanner that has had enough says so and closes: it is to be heard before the next write fails.
      await nextTurn();
    }
  }
  await put(socket, Buffer.alloc(4));
}

/** Resolves when the kernel took the bytes, or never will. */
function put(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()));
}

function* chunksOf(octets: Buffer): Generator<Buffer> {
  // A chunk of length 0 would end the stream, so an empty piece gives none.
  for (let at = 0; at < octets.length; at += CHUNK_BYTES) yield octets.subarray(at, at + CHUNK_BYTES);
}

function resultOf(reply: string): ScanResult {
  if (reply === "stream: OK") return { state: "clean" };
  const signature = /^stream: (.+) FOUND$/s.exec(reply)?.[1];
  if (signature !== undefined) return { state: "infected", signature: safeSignature(signature) };
  const reason = /^INSTREAM size limit exceeded/.test(reply) ? "too-large" : "scanner-error";
  return { state: "unscanned", reason };
}

function safeSignature(signature: string): string {
  return signature.slice(0, MAX_SIGNATURE_CHARACTERS).replaceAll(/[^A-Za-z0-9._\-/:+]/g, "_");
}

/** At most `most` have entered and not left; the others wait, first come first served. */
function boundTurns(most: number): { enter(): Promise<() => void> } {
  const waiting: (() => void)[] = [];
  let free = most;
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };
  return {
    async enter() {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return leave;
    },
  };
}
