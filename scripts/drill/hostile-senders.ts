import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { sampleLetter } from "../../services/shared/testing/sample-letters.ts";
import { openSmtpSender, type SmtpSender } from "../smtp-sender.ts";
import type { MakeHostile } from "./hostile-messages.ts";

/** What the senders know in the end. */
export interface SentRecord {
  /** Id of each 250 to the SHA-256 of the octets that were sent. */
  readonly confirmed: Map<string, string>;
  /** Ids of the innocent client's letters; with refusedInnocent, all that it tried to send. */
  readonly innocent: string[];
  refusedInnocent: number;
  /** Hostile messages that were answered with 5xx. */
  refused: number;
  /** Transactions without an answer: the connection ended. What was sent may have arrived. */
  unanswered: number;
  /** By performance.now(): when the service last answered a message. */
  answeredMs: number;
  /** It has not answered for so long that the senders went away. */
  gaveUp: boolean;
}

interface SendersParts {
  readonly port: number;
  readonly record: SentRecord;
  readonly signal: AbortSignal;
}

const CONNECTIONS = 6;
const PER_CONNECTION = 200;
const TIMEOUT_MS = 30_000;
const AGAIN_AFTER_MS = 500;
const TRIES = 20;
const INNOCENT_EVERY_MS = 200;
/** A service that takes nothing any more, or does nothing with what it took, is a finding, and no reason to wait for ever. */
const GIVE_UP_MS = 120_000;

/**
 * Sends hostile messages over several connections, as fast as `mayGo` lets them: it says within seconds whether one may.
 * @throws the signal's reason
 */
export async function sendHostile(
  { port, record, signal }: SendersParts,
  { messages, make, mayGo }: { messages: number; make: MakeHostile; mayGo(): Promise<boolean> },
): Promise<void> {
  let next = 0;
  const client = async (): Promise<void> => {
    const connection = keptConnection(port);
    while (next < messages && !record.gaveUp) {
      const mail = make(next++);
      while (!(await mayGo()) && !isOver(record)) signal.throwIfAborted();
      for (let tries = 1; tries <= TRIES; tries++) {
        signal.throwIfAborted();
        if (isOver(record)) break;
        try {
          const delivery = await (await connection.get()).deliver(mail);
          record.answeredMs = performance.now();
          if (delivery.kind === "accepted") confirm(record, delivery.ids, mail.octets);
          else if (delivery.reply.code >= 500) record.refused += 1;
          else throw new Error(delivery.reply.text);
          break;
        } catch {
          connection.drop();
          record.unanswered += 1;
          await pause(AGAIN_AFTER_MS, undefined, { signal });
        }
      }
    }
    await connection.end();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
}

/** Another client, which sends an ordinary letter at a steady pace until `until` has come, each until it has its answer. */
export async function sendInnocent(
  { port, record, signal }: SendersParts,
  { seed, until }: { seed: number; until: AbortSignal },
): Promise<void> {
  const connection = keptConnection(port);
  for (let index = 0; !until.aborted; index++) {
    const { mailFrom, to, octets } = sampleLetter(index, { seed, sizeBytes: 4096 });
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted();
      try {
        const delivery = await (await connection.get()).deliver({ from: mailFrom, to: [to], octets });
        if (delivery.kind === "accepted") {
          confirm(record, delivery.ids, octets);
          record.innocent.push(...delivery.ids);
        } else if (delivery.reply.code >= 500) record.refusedInnocent += 1;
        else throw new Error(delivery.reply.text);
        break;
      } catch {
        connection.drop();
        if (tries === TRIES || record.gaveUp) {
          record.refusedInnocent += 1;
          break;
        }
        await pause(AGAIN_AFTER_MS, undefined, { signal });
      }
    }
    await pause(INNOCENT_EVERY_MS, undefined, { signal });
  }
  await connection.end();
}

function isOver(record: SentRecord): boolean {
  record.gaveUp ||= performance.now() - record.answeredMs > GIVE_UP_MS;
  return record.gaveUp;
}

/** The CR LF before the final dot belongs to the message (RFC 5321 §4.1.1.4); an empty one is ended by the dot alone. */
function confirm(record: SentRecord, ids: readonly string[], octets: Buffer): void {
  const hash = createHash("sha256").update(octets);
  if (octets.length > 0 && octets.subarray(-2).toString("latin1") !== "\r\n") hash.update("\r\n");
  const sha256 = hash.digest("hex");
  for (const id of ids) record.confirmed.set(id, sha256);
}

/** A connection that is opened when it is needed and again after some messages. */
function keptConnection(port: number) {
  let sender: SmtpSender | undefined;
  let left = 0;
  return {
    async get(): Promise<SmtpSender> {
      if (sender && left === 0) {
        await sender.quit();
        sender = undefined;
      }
      if (!sender) left = PER_CONNECTION;
      sender ??= await openSmtpSender("127.0.0.1", port, { timeoutMs: TIMEOUT_MS });
      left -= 1;
      return sender;
    },
    drop(): void {
      sender?.destroy();
      sender = undefined;
    },
    async end(): Promise<void> {
      await sender?.quit();
    },
  };
}
