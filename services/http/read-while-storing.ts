import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { StoreError } from "../shared/runtime/store-errors.ts";

/** What is to become of a request: its octets are kept, or let go. */
export interface Judged<Verdict> {
  readonly keep: boolean;
  readonly verdict: Verdict;
}

export interface ReadRequest<Verdict, Spooled> {
  readonly verdict: Verdict;
  /** Its octets; null where the verdict was to let them go. */
  readonly spooled: Spooled | null;
}

/** Where octets go: the store, or what seals them first. */
export interface Spooling<Spooled> {
  spool(octets: Readable, options: { readonly limitBytes: number }): Promise<Spooled>;
}

/**
 * Reads a request and stores its octets in the same pass, so that a large one is neither held nor read twice. The store is told
 * of the end only after the verdict: what is not to be kept leaves no file behind. A request that is refused in its middle is
 * still heard to its end, as old clients read no answer before they have sent everything.
 * @param read may stop before the end of what it is given, when it refuses
 * @throws StoreError; the source's own error when the client goes away
 */
export async function readWhileStoring<Found, Verdict, Spooled>(
  source: Readable,
  store: Spooling<Spooled>,
  limitBytes: number,
  read: (octets: AsyncIterable<Buffer>) => Promise<Found>,
  judge: (found: Found) => Promise<Judged<Verdict>>,
): Promise<ReadRequest<Verdict, Spooled>> {
  const toReader = new PassThrough();
  toReader.on("error", () => {}); // destroyed below, when the store or the client fails
  let hasRead = false;
  const reading = read(toReader).finally(() => {
    hasRead = true;
  });
  reading.catch(() => {}); // told where it is awaited
  const state: { judged: Judged<Verdict> | null } = { judged: null };
  const passing = async function* (): AsyncGenerator<Buffer> {
    let sizeBytes = 0;
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > limitBytes) throw new StoreError("too-large", `more than ${limitBytes} bytes`);
      if (toReader.destroyed) await reading;
      else if (!hasRead && !toReader.write(chunk)) await Promise.race([once(toReader, "drain"), reading]);
      if (hasRead) state.judged ??= await judge(await reading);
      if (state.judged?.keep !== false) yield chunk;
    }
    toReader.end();
    state.judged ??= await judge(await reading);
    if (!state.judged.keep) throw new LetGo();
  };
  const octets = Readable.from(passing(), { highWaterMark: 1 });
  try {
    const spooled = await store.spool(octets, { limitBytes });
    if (state.judged === null) throw new Error("stored without a verdict");
    return { verdict: state.judged.verdict, spooled };
  } catch (error) {
    if (error instanceof LetGo && state.judged) return { verdict: state.judged.verdict, spooled: null };
    throw error;
  } finally {
    toReader.destroy();
    octets.destroy();
  }
}

/** Has the store give up what it holds. */
class LetGo extends Error {}
