import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { type FormHead, readFormParts } from "./form-parts.ts";
import type { MimeMessage, MimePart } from "./parse-mime.ts";
import type { ContentTaker, PartContent } from "./part-content.ts";

/** A body of multipart/form-data (RFC 7578), as programs hand letters in. */
export interface FormBody {
  readonly parts: readonly FormPart[];
  readonly problems: MimeMessage["problems"];
}

export interface FormPart {
  /** Of the field; "" for a part without one. */
  readonly field: string;
  readonly part: MimePart;
}

/**
 * Parses a form as it streams by: each of its parts as the attachment of a mail that it would have been. Part ids are those of a
 * mail: "1" is the first part. Never throws for what is in it.
 * @param mediaType Content-Type of the request, with its boundary
 */
export async function parseForm(
  body: AsyncIterable<Buffer>,
  mediaType: string,
  keeper: ContentTaker,
): Promise<FormBody> {
  const parts: FormPart[] = [];
  const fault = await readFormParts(body, mediaType, async (head, content) => {
    const place = parts.length;
    const partId = String(place + 1);
    parts.push({ field: head.field, part: partOf(head, partId, { sizeBytes: 0, sha256: "" }, null) });
    const hash = createHash("sha256");
    let sizeBytes = 0;
    const measured = async function* (): AsyncGenerator<Buffer> {
      for await (const piece of content as AsyncIterable<Buffer>) {
        sizeBytes += piece.length;
        hash.update(piece);
        yield piece;
      }
    };
    const kept = await keeper.keep(Readable.from(measured(), { objectMode: false }), partId);
    const measure = { sizeBytes, sha256: hash.digest("hex") };
    parts[place] = { field: head.field, part: partOf(head, partId, measure, kept) };
  });
  const problems: MimeMessage["problems"] = new Set();
  if (fault === "too-many-parts") problems.add("too-many-parts");
  else if (fault !== null) problems.add("unreadable-structure");
  else if (parts.length === 0) problems.add("no-parts");
  return { parts, problems };
}

function partOf(
  { fileName, mediaType, encoding }: FormHead,
  partId: string,
  measure: Pick<MimePart, "sizeBytes" | "sha256">,
  content: PartContent | null,
): MimePart {
  // So senders of forms write a quotation mark. RFC 2231: exactly the name, whatever a mail would take for an encoded word.
  const name = fileName?.replaceAll("%22", '"').toWellFormed();
  const named: [string, string][] =
    name === undefined ? [] : [["filename*", `utf-8''${encodeURIComponent(name)}`]];
  return {
    partId,
    headers: [],
    contentType: { value: mediaType, parameters: new Map() },
    disposition: { value: "attachment", parameters: new Map(named) },
    encoding,
    within: [],
    ...measure,
    intact: true,
    octets: null,
    content,
    message: null,
  };
}

/** The octets of a part that is small enough to be held, such as the letter's facts; null where they are not to be had. */
export async function octetsOfPart(part: MimePart, mostBytes: number): Promise<Buffer | null> {
  return part.sizeBytes > mostBytes || part.content === null ? null : part.content.read();
}
