import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { readGovernmentDocument } from "../../shared/ecms/read-government-document.ts";

/**
 * The binary objects of a stored letter (a client's request, or another node's answer) in the order of the wire, empty ones
 * left out, decoded: one pass over the octets, however many there are, and no more in memory than a slice of each. Each is to be read to its end before the next.
 * @param raw destroyed when whoever reads the objects stops early
 * @throws when the octets are not there any more, or are not those that were taken in
 */
export async function* storedObjects(raw: Readable): AsyncGenerator<AsyncIterable<Buffer>> {
  const found: Readable[] = [];
  const all: Readable[] = [];
  let tell = (): void => {};
  let ended = false;
  const sink = {
    async keep(content: Readable) {
      found.push(content);
      all.push(content);
      tell();
      // The pass waits for whoever reads this object, and goes on when nobody does any more.
      await finished(content, { writable: false }).catch(() => {});
      return null;
    },
  };
  const reading = readGovernmentDocument(raw, sink).finally(() => {
    ended = true;
    tell();
  });
  reading.catch(() => {}); // told at the end
  try {
    for (;;) {
      const content = found.shift();
      if (content) {
        const octets: AsyncIterator<Buffer> = content[Symbol.asyncIterator]();
        const first = await octets.next();
        if (first.done !== true) yield wholeOf(first.value, octets);
      } else if (ended) {
        const document = await reading;
        if ("fault" in document) throw new Error(`stored octets cannot be read again: ${document.fault}`);
        return;
      } else {
        const { promise, resolve } = Promise.withResolvers<void>();
        tell = resolve;
        await promise;
      }
    }
  } finally {
    raw.destroy();
    for (const content of all) content.destroy();
  }
}

async function* wholeOf(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}
