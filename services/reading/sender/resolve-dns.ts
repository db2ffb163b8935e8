import { Resolver } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";
import { SettingsError } from "../../shared/runtime/settings.ts";

/** As mailauth asks: a name and a type of record (TXT, MX, A …). Rejects with the `code` of node:dns (ENOTFOUND …). */
export type AskDns = (name: string, type: string) => Promise<string[]>;

export interface Dns {
  /**
   * Answers for one step of checking one message. After `mostQuestions` questions that no earlier answer covers, or
   * `withinMs` from the first one, every further question rejects with ETIMEOUT: a sender chooses what is asked for,
   * and must not be able to choose how long a letter's reader is busy.
   */
  forStep(mostQuestions: number, withinMs: number): AskDns;
  /** Ends what is still being asked. */
  close(): void;
}

// node:dns does not tell the TTL of TXT records. Keys and policies are announced days before they change.
const KEEP_ANSWER_MS = 300_000;
const KEEP_ABSENCE_MS = 60_000;
/** A server that is down is asked again soon, but not by each of the letters that wait. */
const KEEP_TROUBLE_MS = 10_000;
const MOST_CACHED = 10_000;
const MOST_CACHED_CHARACTERS = 8 * 1024 * 1024;
/** The longest real ones (keys of 4,096 bits, SPF with many networks) stay under 4 KiB. */
const MOST_ANSWER_CHARACTERS = 16 * 1024;
const MOST_RECORDS = 200;
const ABSENT = new Set(["ENOTFOUND", "ENODATA", "EBADNAME"]);
/** What can be asked for; SPF macros and signatures may name anything. */
const ASKABLE = /^[!-~]{1,253}$/;

type Cached = { answer: Promise<string[]>; until: number; characters: number };

/**
 * Opens a resolver of its own with a cache. Asks over UDP, and over TCP where an answer is cut off.
 *
 * @param servers `192.0.2.53`, `192.0.2.53:5353` or `[2001:db8::53]:5353`, commas between them; empty: the system's
 * @param timeoutMs longest time for one question
 * @param now a monotonic clock in ms
 * @throws SettingsError for what is no server
 */
export function openDns(servers: string, timeoutMs: number, now = () => performance.now()): Dns {
  // Two attempts, the first of them short enough that the second fits into the time.
  const resolver = new Resolver({ timeout: Math.max(Math.floor(timeoutMs / 3), 50), tries: 2 });
  const chosen = readServers(servers);
  if (chosen.length > 0) resolver.setServers(chosen);
  const cache = new Map<string, Cached>();
  let characters = 0;

  const forget = (key: string, entry: Cached): void => {
    if (cache.get(key) !== entry) return;
    cache.delete(key);
    characters -= entry.characters;
  };
  const known = (key: string): Promise<string[]> | undefined => {
    const entry = cache.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > now()) return entry.answer;
    forget(key, entry);
    return undefined;
  };
  const ask = (key: string, name: string, type: string): Promise<string[]> => {
    const answer = within(resolver.resolve(name, type) as Promise<unknown>, timeoutMs).then(usable);
    const entry: Cached = { answer, until: Number.POSITIVE_INFINITY, characters: key.length };
    cache.set(key, entry);
    characters += entry.characters;
    const settle = (keepMs: number, more: number): void => {
      if (cache.get(key) !== entry) return;
      entry.until = now() + keepMs;
      entry.characters += more;
      characters += more;
      for (const [oldest, old] of cache) {
        if (cache.size <= MOST_CACHED && characters <= MOST_CACHED_CHARACTERS) break;
        forget(oldest, old);
      }
    };
    answer.then(
      (records) => settle(KEEP_ANSWER_MS, lengthOf(records)),
      (error) => settle(ABSENT.has(codeOf(error)) ? KEEP_ABSENCE_MS : KEEP_TROUBLE_MS, 0),
    );
    return answer;
  };

  return {
    forStep(mostQuestions, withinMs) {
      let left = mostQuestions;
      let deadline: number | undefined;
      return async (name, type) => {
        const plain = name.toLowerCase().replace(/\.$/, "");
        if (!ASKABLE.test(plain)) throw dnsError("EBADNAME");
        const key = `${type} ${plain}`;
        const present = known(key);
        deadline ??= now() + withinMs;
        const remains = deadline - now();
        if (present === undefined && (left <= 0 || remains <= 0)) throw dnsError("ETIMEOUT");
        if (present === undefined) left--;
        // A copy: who asks may sort or change what it got.
        return [...(await within(present ?? ask(key, plain, type), Math.max(remains, 1)))];
      };
    },
    close: () => resolver.cancel(),
  };
}

/** @throws SettingsError for what is no server */
function readServers(text: string): string[] {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== "");
  const faults = entries.filter((entry) => {
    const [, bracketed, plain, port] =
      /^(?:\[([^\]]{1,45})\]|([^:[\]]{1,15}))(?::(\d{1,5}))?$/.exec(entry) ?? [];
    const address = bracketed ?? plain ?? entry;
    if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return true;
    return bracketed === undefined ? isIP(address) === 0 : !isIPv6(bracketed);
  });
  if (faults.length > 0)
    throw new SettingsError(
      faults.map((entry) => `senders.dnsServers: ${JSON.stringify(entry)} is no server; write 192.0.2.53:53`),
    );
  return entries;
}

/** An answer of a size that nothing needs is as good as none, and does not fill the cache. */
function usable(answer: unknown): string[] {
  const records = Array.isArray(answer) ? (answer as string[]) : [];
  if (records.length === 0) throw dnsError("ENODATA");
  if (records.length > MOST_RECORDS || lengthOf(records) > MOST_ANSWER_CHARACTERS) throw dnsError("ENODATA");
  return records;
}

function lengthOf(records: readonly unknown[]): number {
  let length = 0;
  for (const record of records) {
    if (typeof record === "string") length += record.length;
    else if (Array.isArray(record)) length += lengthOf(record) + record.length;
    else length += 64;
  }
  return length;
}

async function within<Result>(pending: Promise<Result>, ms: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(dnsError("ETIMEOUT")), ms);
  });
  try {
    return await Promise.race([pending, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Only the code: names that were asked for come from letters, and messages of errors end in logs. */
function dnsError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}
