import { once } from "node:events";
import type { Readable } from "node:stream";
import { Busboy, type BusboyHeaders } from "@fastify/busboy";

/** What stands before the octets of a part. */
export interface FormHead {
  /** Of the field; "" for a part without one. */
  readonly field: string;
  readonly fileName: string | null;
  /** In lower case, without parameters. */
  readonly mediaType: string;
  /** Content-Transfer-Encoding, in lower case; 7bit where none is named. The octets come as they are. */
  readonly encoding: string;
}

export type FormFault = "no-boundary" | "broken" | "too-many-parts";

/** A letter, and a hundred files. */
const MOST_PARTS = 101;
const LIMITS = { parts: MOST_PARTS, headerPairs: 20, headerSize: 8 * 1024 };

/**
 * Reads multipart/form-data (RFC 7578) as it streams by. The only reader of forms: what the door has judged and what is read of
 * the stored octets afterwards must be the same parts, also where their heads or the boundary can be understood in two ways.
 * @param take reads its part to the end, or lets it flow; where it fails, the form is broken
 * @returns what is wrong with the form as a whole, null where nothing is. Reads the octets to their end, and throws only what
 *   they throw
 */
export async function readFormParts(
  octets: AsyncIterable<Buffer>,
  mediaType: string,
  take: (head: FormHead, content: Readable) => Promise<void> | undefined,
): Promise<FormFault | null> {
  let parser: InstanceType<typeof Busboy>;
  try {
    parser = new Busboy({
      headers: { "content-type": mediaType } as BusboyHeaders,
      isPartAFile: () => true,
      preservePath: true,
      limits: LIMITS,
    });
  } catch {
    return "no-boundary";
  }
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const open = new Set<Readable>();
  const takings: Promise<void>[] = [];
  const state = { broken: false, tooMany: false };
  const breakOff = (): void => {
    state.broken = true;
    // Whoever reads a part must not wait for the rest of it.
    for (const content of open) content.destroy(new Error("the form breaks off"));
    end();
  };
  parser.on("file", (field, content, fileName, encoding, type) => {
    open.add(content);
    content.on("error", () => {});
    content.once("end", () => open.delete(content));
    const taking = take(
      {
        field: String(field ?? ""),
        fileName: typeof fileName === "string" ? fileName : null,
        mediaType: type,
        encoding,
      },
      content,
    );
    if (taking) takings.push(taking.catch(breakOff));
  });
  parser.on("partsLimit", () => {
    state.tooMany = true;
  });
  parser.on("finish", end);
  parser.on("error", breakOff);
  try {
    for await (const piece of octets) {
      if (!state.broken && !parser.write(piece))
        await Promise.race([once(parser, "drain").catch(() => {}), over]);
    }
  } catch (error) {
    breakOff();
    throw error;
  }
  if (!state.broken) parser.end();
  await over;
  await Promise.all(takings);
  if (state.broken) return "broken";
  return state.tooMany ? "too-many-parts" : null;
}
