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
  /** Answers of the server that were lost on their way: the letter was sent again although it had its 250. */
  readonly lostAnswers: number;
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
/** Of so many letters one has to be sent twice because its first 250 is lost. */
const ANSWER_LOST_EVERY = 50;

/**
 * Sends letters as other offices' mail servers do: over several connections, each letter until it has its 250; after a
 * 4xx, a broken connection or silence the same octets again. Some connections are cut by the sender at a random moment,
 * and now and then a 250 does not reach the sender.
 * @param options.mayGo resolves when a letter may go
 * @param options.cutShare of the attempts, cut at a random moment
 */
export function sendAsAgents(options: {
  readonly port: number;
  readonly letters: readonly SampleLetter[];
  mayGo(index: number): Promise<void>;
  readonly cutShare: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
}): Agents {
  const { port, letters, random, signal } = options;
  const sent = letters.map((letter) => ({
    letter,
    acceptedAs: [] as string[],
    attempts: 0,
    refusal: null as string | null,
  }));
  let next = 0;
  let cuts = 0;
  let lostAnswers = 0;

  const agent = async (): Promise<void> => {
    let sender: SmtpSender | undefined;
    let left = 0;
    while (next < sent.length) {
      const index = next++;
      const one = sent[index] as (typeof sent)[number];
      const { letter } = one;
      await options.mayGo(index);
      let loseAnswer = index % ANSWER_LOST_EVERY === 13;
      let done = false;
      while (!done) {
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
          if (delivery.kind === "accepted") {
            // A promise is a promise, whether its words arrive or not.
            one.acceptedAs.push(...delivery.ids);
            if (loseAnswer) {
              loseAnswer = false;
              lostAnswers += 1;
              throw new Error("the answer is lost");
            }
          } else if (delivery.reply.code >= 500) one.refusal = delivery.reply.text;
          else throw new Error(delivery.reply.text);
          done = true;
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
    get lostAnswers() {
      return lostAnswers;
    },
    get cuts() {
      return cuts;
    },
    sent,
    done,
  };
}
