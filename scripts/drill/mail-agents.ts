import { setTimeout as pause } from "node:timers/promises";
import type { SampleLetter } from "../../services/shared/testing/sample-letters.ts";
import { openSmtpSender, type SmtpSender } from "../smtp-sender.ts";

/** What a sender knows of a letter in the end. */
export interface SentLetter {
  readonly letter: SampleLetter;
  /** Ids of every 250 that was heard; empty: none was. */
  readonly acceptedAs: readonly string[];
  readonly attempts: number;
  /** A final refusal (5xx). */
  readonly refusal: string | null;
}

export interface Agents {
  /** Letters that have their 250 by now. */
  readonly accepted: number;
  readonly attempts: number;
  /** Connections cut by us in the middle of a dialogue. */
  readonly cuts: number;
  /** What is known of each letter by now. */
  readonly sent: readonly SentLetter[];
  /** Resolves when every letter has its 250 or its refusal. */
  readonly done: Promise<void>;
}

const AGENTS = 6;
/** A real agent waits half an hour (RFC 5321 §4.5.4.1); the drill has less time. */
const RETRY_MS = { least: 200, most: 1_200 };
/** Letters sent over one connection before it is closed. */
const PER_CONNECTION = 10;
const TIMEOUT_MS = 20_000;

/**
 * Sends letters as other offices' mail servers do: over several connections, each letter until it has its 250; after a
 * 4xx, a broken connection or silence the same octets again. Some connections are cut by the sender at a random moment.
 * @param options.dueMs when a letter may go, in ms from now
 * @param options.mayGo resolves when a letter may go; the last ones wait for the last fault
 * @param options.cutShare of the attempts, cut at a random moment
 */
export function sendAsAgents(options: {
  readonly port: number;
  readonly letters: readonly SampleLetter[];
  dueMs(index: number): number;
  mayGo(index: number): Promise<void>;
  readonly cutShare: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
}): Agents {
  const { port, letters, random, signal } = options;
  const startedMs = performance.now();
  const sent = letters.map((letter) => ({
    letter,
    acceptedAs: [] as string[],
    attempts: 0,
    refusal: null as string | null,
  }));
  let next = 0;
  let cuts = 0;

  const agent = async (): Promise<void> => {
    let sender: SmtpSender | undefined;
    let left = 0;
    while (next < sent.length) {
      const index = next++;
      const one = sent[index] as (typeof sent)[number];
      const { letter } = one;
      await options.mayGo(index);
      const earlyMs = options.dueMs(index) - (performance.now() - startedMs);
      if (earlyMs > 0) await pause(earlyMs, undefined, { signal });
      while (one.acceptedAs.length === 0 && one.refusal === null) {
        signal.throwIfAborted();
        one.attempts += 1;
        let cut: NodeJS.Timeout | undefined;
        try {
          if (!sender || left === 0) {
            await sender?.quit();
            sender = undefined;
            sender = await openSmtpSender("127.0.0.1", port, { timeoutMs: TIMEOUT_MS });
            left = PER_CONNECTION;
          }
          left -= 1;
          const cutting = sender;
          if (random() < options.cutShare) {
            cut = setTimeout(() => {
              cuts += 1;
              cutting.destroy();
            }, random() * 12);
          }
          const delivery = await sender.deliver({
            from: letter.mailFrom,
            to: [letter.to],
            octets: letter.octets,
          });
          if (delivery.kind === "accepted") one.acceptedAs.push(...delivery.ids);
          else if (delivery.reply.code >= 500) one.refusal = delivery.reply.text;
          else throw new Error(delivery.reply.text);
        } catch {
          sender?.destroy();
          sender = undefined;
          await pause(RETRY_MS.least + random() * (RETRY_MS.most - RETRY_MS.least), undefined, { signal });
        } finally {
          clearTimeout(cut);
        }
      }
    }
    await sender?.quit();
  };
  const done = Promise.all(Array.from({ length: AGENTS }, agent)).then(() => {});
  done.catch(() => {});
  return {
    get accepted() {
      return sent.filter(({ acceptedAs }) => acceptedAs.length > 0).length;
    },
    get attempts() {
      return sent.reduce((sum, { attempts }) => sum + attempts, 0);
    },
    get cuts() {
      return cuts;
    },
    sent,
    done,
  };
}
