import { decodeHeader } from "./header-text.ts";
import { type MimeMessage, type MimePart, parseMime } from "./parse-mime.ts";
import type { ContentTaker } from "./part-content.ts";

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

const LIMITS = { maxDepth: 6, maxParts: 150, maxHeaderBytes: 64 * 1024, maxTextBytes: 1024 * 1024 };

/**
 * Parses a form as it streams by, by the parser of mails: the stored Content-Type is the head that HTTP left out. Part ids
 * are those of a mail: "1" is the first part.
 * @param mediaType Content-Type of the request, with its boundary
 */
export async function parseForm(
  body: AsyncIterable<Buffer>,
  mediaType: string,
  keeper: ContentTaker,
): Promise<FormBody> {
  const message = await parseMime(withHead(body, mediaType), LIMITS, keeper);
  const parts = message.parts.map((part) => {
    const { parameters } = part.disposition;
    // So senders of forms write a quotation mark, which mail writes otherwise.
    const name = parameters.get("filename")?.replaceAll("%22", '"');
    if (name !== undefined) parameters.set("filename", name);
    return { field: decodeHeader(parameters.get("name") ?? "").slice(0, 100), part };
  });
  return { parts, problems: message.problems };
}

async function* withHead(body: AsyncIterable<Buffer>, mediaType: string): AsyncGenerator<Buffer> {
  // A line end in it would begin another field.
  const type = mediaType.replace(/[\r\n\0]/g, " ");
  yield Buffer.from(`MIME-Version: 1.0\r\nContent-Type: ${type}\r\n\r\n`, "latin1");
  yield* body;
}

/** The octets of a part that is small enough to be held, such as the letter's facts; null where they are not to be had. */
export async function octetsOfPart(part: MimePart, mostBytes: number): Promise<Buffer | null> {
  if (part.sizeBytes > mostBytes) return null;
  if (part.octets !== null) return part.octets.length === part.sizeBytes ? part.octets : null;
  return part.content === null ? null : part.content.read();
}
