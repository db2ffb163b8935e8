import type { Readable } from "node:stream";
import type { GovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import type { WireDocument, WireObject } from "../../shared/ecms/write-document.ts";
import { storedObjects } from "./stored-objects.ts";

export interface OpenDocument {
  readonly document: WireDocument;
  /** Lets go of the octets, however far they were read. */
  close(): Promise<void>;
}

type Objects = AsyncGenerator<AsyncIterable<Buffer>>;

/**
 * A letter that came as a SOAP request, as it came, with its binary objects out of the stored octets. The answer has the main
 * letter first, so a request that has it elsewhere is passed through twice, and one in the usual order once.
 */
export function echoDocument(found: GovernmentDocument, openRaw: () => Readable): OpenDocument {
  const opened = new Set<Objects>();
  const readers = new Map<WireObject["role"], () => Promise<AsyncIterable<Buffer>>>();
  const reader = (): ((role: WireObject["role"]) => Promise<AsyncIterable<Buffer>>) => {
    const objects = storedObjects(openRaw());
    opened.add(objects);
    let at = 0;
    return async (role) => {
      for (;;) {
        const next = await objects.next();
        const of = found.objects[at++]?.role;
        if (next.done === true || of === undefined) throw new Error("a stored request has lost an object");
        if (of === role) return next.value;
        for await (const _passedOver of next.value);
      }
    };
  };
  const isOrdered = found.objects.every(
    ({ role }, at) => role === "attachment" || found.objects.slice(0, at).every((one) => one.role === "main"),
  );
  let shared: ReturnType<typeof reader> | undefined;
  const open = (role: WireObject["role"]): Promise<AsyncIterable<Buffer>> => {
    let own = readers.get(role);
    if (own === undefined) {
      shared ??= reader();
      const next = isOrdered || readers.size === 0 ? shared : reader();
      own = () => next(role);
      readers.set(role, own);
    }
    return own();
  };
  return {
    document: {
      ...found,
      objects: found.objects.map(({ role, mimeCode }) => ({ role, mimeCode, open: () => open(role) })),
    },
    async close() {
      for (const objects of opened) await objects.return(undefined);
    },
  };
}
