import { setTimeout as pause } from "node:timers/promises";
import type { ProgramAnswer, ProgramClient } from "../../services/shared/testing/program-client.ts";
import type { ProgramLetter } from "../../services/shared/testing/program-letters.ts";
import type { InboxWatch } from "./watch-inboxes.ts";

export interface HandedIn {
  /** Of the arrivals, in the order of the letters. */
  readonly ids: readonly string[];
  /** From the first octet of the request to the last of the answer, for each letter. */
  readonly answerMs: readonly number[];
  /** From the first octet of the request until its receipt was seen in the inbox. */
  readonly registeredMs: readonly number[];
  /** From the first request to the last receipt. */
  readonly lastSeenMs: number;
}

/** The slowest machine that makes sense gets this for the next receipt; then the bench fails instead of waiting for ever. */
const NEXT_RECEIPT_WITHIN_MS = 60_000;

/**
 * Hands letters in over kept connections: as fast as they are taken, or at a steady rate, the moments fixed beforehand.
 * @throws Error when one is not taken in, or gets no receipt
 */
export async function handInLetters(options: {
  readonly programs: ReadonlyMap<string, ProgramClient>;
  readonly inboxes: InboxWatch;
  readonly letters: readonly ProgramLetter[];
  readonly connections: number;
  readonly perSecond?: number | undefined;
}): Promise<HandedIn> {
  const { programs, inboxes, letters, connections, perSecond } = options;
  const begunMs: number[] = [];
  const answerMs: number[] = [];
  const answers: ProgramAnswer[] = [];
  let next = 0;
  const startedMs = performance.now();
  const sender = async (): Promise<void> => {
    while (next < letters.length) {
      const index = next++;
      const letter = letters[index] as ProgramLetter;
      if (perSecond !== undefined) {
        const earlyMs = (index / perSecond) * 1000 - (performance.now() - startedMs);
        if (earlyMs > 0) await pause(earlyMs);
      }
      const beganMs = performance.now();
      const answer = await (programs.get(letter.domain) as ProgramClient).handIn(letter);
      begunMs[index] = beganMs;
      answerMs[index] = performance.now() - beganMs;
      answers[index] = answer;
    }
  };
  await Promise.all(Array.from({ length: connections }, sender));
  const ids = await inboxes.arrivalsOf(answers.map(idOf));
  await inboxes.waitFor(ids, NEXT_RECEIPT_WITHIN_MS);
  const seenMs = ids.map((id) => inboxes.seen.get(id) as number);
  return {
    ids,
    answerMs,
    registeredMs: seenMs.map((at, index) => at - (begunMs[index] as number)),
    lastSeenMs: Math.max(...seenMs) - Math.min(...begunMs),
  };
}

/** Id of the arrival; of SOAP the ProcessID of the letter. @throws Error when it was not taken in */
function idOf({ status, headers, text }: ProgramAnswer): string {
  const place = status === 202 ? /^\/api\/v1\/letters\/(\S+)$/.exec(headers.location ?? "") : null;
  const taken = status === 200 ? /<ProcessID>([^<]+)<\/ProcessID>/.exec(text.slice(0, 2_000)) : place;
  if (taken?.[1] === undefined || text.includes("<ErrorDetail>"))
    throw new Error(`a letter was answered ${status}: ${text.slice(0, 500)}`);
  return taken[1];
}
