import type { Readable, Writable } from "node:stream";
import { MailParser } from "mailparser";
import { type Base64Check, checkBase64 } from "./check-base64.ts";
import { readStructuredField, type StructuredField, textParameter } from "./header-parameters.ts";
import type { ContentTaker, PartContent } from "./part-content.ts";

/**
 * The only file that knows mailparser. It is asked for the structure and the transfer decoding, as streams; text,
 * charsets, names and addresses are read from octets by our own code, because mailparser decodes unlabelled Thai
 * wrongly, joins the texts of all parts into one and is silent about broken base64.
 *
 * For that its version is pinned and four of its inner parts are used: `textTypes` (emptied: every leaf comes as an
 * attachment, undecoded), `createNode` (to count, to keep raw header lines and to see encoded octets), `hasFailed` (to
 * stop) and the splitter's `compareBoundary` (to allow white space behind a delimiter). parse-mime.test.ts and
 * mime-in-the-wild.test.ts fail when an upgrade takes one of them away.
 */
export type MimeLimits = {
  maxDepth: number;
  maxParts: number;
  maxHeaderBytes: number;
  /** Of all text parts of a message together, after transfer decoding; the rest is hashed and dropped. */
  maxTextBytes: number;
};

export type HeaderLine = { key: string; line: string };

export type MimePart = {
  /** IMAP style ("1.2"); parts of an attached message carry its id and a ">" in front ("2>1"). */
  partId: string;
  headers: readonly HeaderLine[];
  contentType: StructuredField;
  disposition: StructuredField;
  encoding: string;
  /** Content types of the multiparts around it, outermost first. */
  within: readonly string[];
  sizeBytes: number;
  sha256: string;
  /** False when octets said to be base64 are not. */
  intact: boolean;
  /** The first octets of a text or report, decoded from the transfer encoding; null for anything else. */
  octets: Buffer | null;
  /** Of an attachment; null for texts, attached messages, and what is larger than may be kept. */
  content: PartContent | null;
  /** For message/rfc822 within the limit of depth. */
  message: MimeMessage | null;
};

export type MimeProblem =
  | "too-deep"
  | "too-many-parts"
  | "header-too-large"
  | "unreadable-structure"
  | "no-parts";

export type MimeMessage = {
  headers: readonly HeaderLine[];
  contentType: StructuredField;
  parts: MimePart[];
  problems: Set<MimeProblem>;
};

type Node = {
  parentNode: Node | false;
  multipart: string | false;
  encoding: string | false;
  headers: { getList(): HeaderLine[] };
};
type Created = { headers: unknown; decoder?: Writable };
type CompareBoundary = (line: Buffer, start: number, boundary: Buffer) => number | false;
type Inner = {
  textTypes: string[];
  hasFailed: boolean;
  createNode(node: Node): Created;
  splitter: { compareBoundary: CompareBoundary };
};
type Leaf = { headers: unknown; content: Readable; checksum: string; size: number; release(): void };
type Draft = Omit<MimePart, "sizeBytes" | "sha256" | "intact" | "octets" | "content" | "message"> & {
  check: Base64Check | null;
};

/** Room left for texts, parts and contents; shared with attached messages, so that nesting does not multiply a limit. */
type Budget = { parts: number; textBytes: number; keeper: ContentTaker };

/** Fetches the body of the first field of that name, still as octets (one to a character), or null. */
export function rawField(headers: readonly HeaderLine[], key: string): string | null {
  const line = headers.find((header) => header.key === key)?.line;
  return line === undefined ? null : line.slice(line.indexOf(":") + 1);
}

/**
 * Parses a message as it streams by: memory is bounded by the limits, not by the message. Always reads the source
 * to its end, also when a limit is met, and never throws for what is in it.
 *
 * @param keeper holds the attachments' contents; its owner disposes of it when all readers are done
 */
export function parseMime(
  source: AsyncIterable<Buffer>,
  limits: MimeLimits,
  keeper: ContentTaker,
): Promise<MimeMessage> {
  const budget = { parts: limits.maxParts, textBytes: limits.maxTextBytes, keeper };
  return parseLevel(source, limits, budget, 0, "");
}

async function parseLevel(
  source: AsyncIterable<Buffer>,
  limits: MimeLimits,
  budget: Budget,
  level: number,
  prefix: string,
): Promise<MimeMessage> {
  const message: MimeMessage = {
    headers: [],
    contentType: readStructuredField("text/plain"),
    parts: [],
    problems: new Set(),
  };
  const parser = new MailParser({
    checksumAlgo: "sha256",
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipImageLinks: true,
    skipTextLinks: true,
    // Passed on to mailsplit. Attached messages are parsed by a call of this function, with depth counted through.
    ignoreEmbedded: true,
    maxHeadSize: limits.maxHeaderBytes,
    maxChildNodes: limits.maxParts + limits.maxDepth + 1,
  } as ConstructorParameters<typeof MailParser>[0]);
  const inner = parser as unknown as Inner;
  inner.textTypes = [];
  const compareBoundary = inner.splitter.compareBoundary.bind(inner.splitter);
  inner.splitter.compareBoundary = (line, start, boundary) =>
    compareBoundary(line, start, boundary) || compareBoundary(withoutPadding(line), start, boundary);

  const drafts = new Map<unknown, Draft>();
  const depths = new Map<Node, { depth: number; id: string; within: string[]; children: number }>();
  const leaves: Promise<void>[] = [];
  let stopped = false;
  const finished = Promise.withResolvers<void>();
  const stop = (problem: MimeProblem) => {
    message.problems.add(problem);
    stopped = true;
    inner.hasFailed = true;
    finished.resolve();
  };

  const createNode = inner.createNode.bind(parser);
  inner.createNode = (node) => {
    const created = createNode(node);
    // NUL (RFC 5322 §4.1 lets none be written) is dropped before any field is read: PostgreSQL's text and jsonb hold
    // none, and one in a Message-ID would keep a letter from ever being stored.
    const headers = node.headers.getList().map(({ key, line }) => ({ key, line: line.replaceAll("\0", "") }));
    const contentType = readStructuredField(rawField(headers, "content-type") ?? "text/plain");
    const parent = node.parentNode === false ? undefined : depths.get(node.parentNode);
    if (parent === undefined) {
      message.headers = headers;
      message.contentType = contentType;
    } else parent.children++;
    const depth = (parent?.depth ?? level) + 1;
    const id = parent === undefined ? "" : `${parent.id}${parent.id === "" ? "" : "."}${parent.children}`;
    if (depth > limits.maxDepth) stop("too-deep");
    if (--budget.parts < 0) stop("too-many-parts");
    if (node.multipart !== false) {
      depths.set(node, { depth, id, within: [...(parent?.within ?? []), contentType.value], children: 0 });
      return created;
    }
    const check = node.encoding === "base64" ? checkBase64() : null;
    if (check !== null && created.decoder !== undefined) seeWrites(created.decoder, check);
    drafts.set(created.headers, {
      partId: `${prefix}${id === "" ? "1" : id}`,
      headers,
      contentType,
      disposition: readStructuredField(rawField(headers, "content-disposition") ?? ""),
      encoding: node.encoding === false ? "" : node.encoding,
      within: parent?.within ?? [],
      check,
    });
    return created;
  };

  const readLeaf = async (leaf: Leaf) => {
    const draft = drafts.get(leaf.headers);
    if (draft === undefined) return leaf.release();
    const { check, ...described } = draft;
    const part: MimePart = {
      ...described,
      sizeBytes: 0,
      sha256: "",
      intact: true,
      octets: null,
      content: null,
      message: null,
    };
    message.parts.push(part);
    if (isAttachedMessage(draft)) {
      part.message = await parseLevel(leaf.content, limits, budget, level + 2, `${part.partId}>`);
      if (part.message.problems.has("too-deep")) stop("too-deep");
    } else if (isTextLike(draft)) {
      part.octets = await firstOctets(leaf.content, budget);
    } else {
      part.content = await budget.keeper.keep(leaf.content, part.partId);
    }
    part.sizeBytes = leaf.size;
    part.sha256 = leaf.checksum;
    part.intact = check === null || check.intact();
    leaf.release();
  };

  parser.on("data", (data: { type: string }) => {
    if (data.type === "attachment") {
      leaves.push(readLeaf(data as unknown as Leaf).catch(() => stop("unreadable-structure")));
    }
  });
  parser.once("end", () => finished.resolve());
  parser.on("error", (error: Error & { code?: string }) => stop(problemOf(error)));

  for await (const chunk of source) {
    if (!stopped && !parser.write(chunk)) await Promise.race([drained(parser), finished.promise]);
  }
  if (!stopped) parser.end();
  await finished.promise;
  if (stopped) parser.destroy();
  else await Promise.all(leaves);
  if (!stopped && message.parts.length === 0 && message.headers.length > 0) message.problems.add("no-parts");
  return message;
}

/** Both of mailsplit's limits throw the same code; it reads ahead of us, so either may be met before ours. */
function problemOf(error: Error & { code?: string }): MimeProblem {
  if (error.code !== "EMAXLEN") return "unreadable-structure";
  return /nodes/.test(error.message) ? "too-many-parts" : "header-too-large";
}

/** Not events.once: that rejects on an error, which the error listener has already turned into a problem. */
function drained(parser: MailParser): Promise<void> {
  return new Promise((resolve) => parser.once("drain", () => resolve()));
}

/** Lets a check see what is written to a decoder, before the decoder drops what it does not know. */
function seeWrites(decoder: Writable, check: Base64Check): void {
  const write = decoder.write.bind(decoder) as (chunk: Buffer) => boolean;
  decoder.write = ((chunk: Buffer) => {
    check.update(chunk);
    return write(chunk);
  }) as typeof decoder.write;
}

/** RFC 2046 §5.1.1: white space that a gateway put behind a delimiter is no part of it. */
function withoutPadding(line: Buffer): Buffer {
  if (line.length > 1_000) return line;
  let end = line.length;
  while (end > 0 && (line[end - 1] === 0x0a || line[end - 1] === 0x0d)) end--;
  let kept = end;
  while (kept > 0 && (line[kept - 1] === 0x20 || line[kept - 1] === 0x09)) kept--;
  return kept === end ? line : Buffer.concat([line.subarray(0, kept), line.subarray(end)]);
}

function isAttachedMessage({ contentType }: Draft): boolean {
  return contentType.value === "message/rfc822" || contentType.value === "message/global";
}

/** A text that a reader sees, or a report; not a file that happens to be text (an XML letter, a CSV). */
function isTextLike({ contentType, disposition }: Draft): boolean {
  const type = contentType.value;
  if (type.startsWith("message/") || type === "text/rfc822-headers") return true;
  const named = textParameter(disposition, "filename") ?? textParameter(contentType, "name");
  if (disposition.value === "attachment" || named !== null) return false;
  return type === "" || type.startsWith("text/") || !type.includes("/");
}

async function firstOctets(content: Readable, budget: Budget): Promise<Buffer> {
  const kept: Buffer[] = [];
  for await (const chunk of content as AsyncIterable<Buffer>) {
    if (budget.textBytes <= 0) continue;
    const head = chunk.subarray(0, budget.textBytes);
    budget.textBytes -= head.length;
    kept.push(head);
  }
  return Buffer.concat(kept);
}
