import type { DocumentSignature } from "../../shared/ecms/document-signature.ts";
import type { Notifier } from "../../shared/ecms/message.ts";
import type { GovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import type { JsonLetter } from "../../shared/letter/arrival/json-letter.ts";
import type { MimePart } from "../../shared/mime/parse-mime.ts";
import type { PartContent } from "../../shared/mime/part-content.ts";
import type { Attachment, ReadingProblem } from "../reading.ts";

/** What a program's request holds, before it is looked into: by the door's protocol, and then all the same. */
export interface ProgramBody {
  /** The facts as the sender states them; null for a notifier, and for what cannot be read. */
  readonly stated: StatedFacts | null;
  readonly files: readonly ProgramFile[];
  readonly notifier: Notifier | null;
  readonly signature: DocumentSignature | null;
  readonly problems: readonly ReadingProblem[];
}

export type StatedFacts =
  | { readonly form: "document"; readonly document: GovernmentDocument }
  | { readonly form: "json"; readonly letter: JsonLetter };

export interface ProgramFile {
  readonly part: MimePart;
  /** As the sender says. */
  readonly role: Extract<Attachment["role"], "main" | "enclosure">;
}

/** What no reader could make sense of. */
export function unreadableBody(...problems: readonly ReadingProblem[]): ProgramBody {
  return { stated: null, files: [], notifier: null, signature: null, problems };
}

/** A file that came in JSON or XML as the part of a mail that it would have been: the same readers look into both. */
export function asPart(
  file: {
    readonly name: string | null;
    readonly mediaType: string;
    readonly sizeBytes: number;
    readonly sha256: string;
    readonly intact: boolean;
    readonly content: PartContent | null;
  },
  partId: string,
): MimePart {
  const { name, mediaType, sizeBytes, sha256, intact, content } = file;
  // RFC 2231: exactly the name, whatever a mail would take for an encoded word.
  const named: [string, string][] =
    name === null ? [] : [["filename*", `utf-8''${encodeURIComponent(name.toWellFormed())}`]];
  return {
    partId,
    headers: [],
    contentType: { value: mediaType === "" ? "application/octet-stream" : mediaType, parameters: new Map() },
    disposition: { value: "attachment", parameters: new Map(named) },
    encoding: "",
    within: [],
    sizeBytes,
    sha256,
    intact,
    octets: null,
    content,
    message: null,
  };
}
