import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";

/** A field of a message's head as it stands there, in lower-case name and unfolded body (latin1). */
export interface HeadField {
  readonly name: string;
  readonly body: string;
}

export interface SenderOctets {
  readonly fields: readonly HeadField[];
  /** The message again from its first octet, for the checks of its signatures. */
  readonly octets: Readable;
}

const MOST_HEAD_BYTES = 256 * 1024;
/** Unfolding costs the library the square of a field's lines. */
const MOST_HEAD_LINES = 3_000;
/** Each signature costs a key from DNS and, with a length or canonicalisation of its own, a hash over the body. */
const MOST_SIGNATURES = 10;
const MOST_ARC_SETS = 10;
/** Lines of mail end after 998 octets. One that never ends would be copied again with each chunk. */
const MOST_LINE_BYTES = 128 * 1024;
const CHUNK_BYTES = 64 * 1024;

/**
 * Reads the head of a message and gives the whole of it for checking, bounded in what it can cost: of more than 10 DKIM
 * signatures the topmost 10 stay, a chain of more than 10 ARC sets is left out, and a line beyond all measure is broken,
 * so that a signature over it fails.
 *
 * @returns null when the head is beyond all measure; the stream is destroyed then
 * @throws the error of the stream when it cannot be read
 */
export async function openSenderOctets(octets: Buffer | Readable): Promise<SenderOctets | null> {
  const stream = Buffer.isBuffer(octets) ? Readable.from(chunksOf(octets)) : octets;
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  let end = -1;
  for (;;) {
    const { value, done } = await chunks.next();
    if (done) {
      end = head.length;
      break;
    }
    const from = Math.max(head.length - 3, 0);
    head = Buffer.concat([head, value]);
    end = endOfHead(head, from);
    if (end >= 0) break;
    if (head.length > MOST_HEAD_BYTES) break;
  }
  const lines =
    end < 0
      ? []
      : head
          .subarray(0, end)
          .toString("latin1")
          .split(/\r?\n/, MOST_HEAD_LINES + 1);
  if (end < 0 || end > MOST_HEAD_BYTES || lines.length > MOST_HEAD_LINES) {
    stream.destroy();
    return null;
  }
  const blocks = blocksOf(lines);
  const kept = blocks.filter(keeping(blocks));
  const text = kept.flatMap((block) => block.lines).join("\r\n");
  const first = Buffer.from(blocks.length === kept.length ? lines.join("\r\n") : `${text}\r\n\r\n`, "latin1");
  return {
    fields: blocks.filter(({ name }) => name !== "").map(fieldOf),
    octets: Readable.from(bounded(first, head.subarray(end), chunks, stream)),
  };
}

async function* chunksOf(octets: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < octets.length; at += CHUNK_BYTES) yield octets.subarray(at, at + CHUNK_BYTES);
}

/** Index behind the empty line, or -1. As the library sees it: LF or CRLF, also where the head is empty. */
function endOfHead(head: Buffer, from: number): number {
  if (head[0] === 10) return 1;
  if (head[0] === 13 && head[1] === 10) return 2;
  for (let at = head.indexOf(10, from); at >= 0; at = head.indexOf(10, at + 1)) {
    if (head[at + 1] === 10) return at + 2;
    if (head[at + 1] === 13 && head[at + 2] === 10) return at + 3;
  }
  return -1;
}

type Block = { name: string; lines: string[] };

function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  for (const line of lines) {
    const last = blocks.at(-1);
    if (last && /^[ \t]/.test(line)) last.lines.push(line);
    else if (line !== "") blocks.push({ name: nameOf(line), lines: [line] });
  }
  // The library finds a name that is folded before its colon: here it has none until its lines are put together.
  for (const block of blocks) if (block.name === "") block.name = nameOf(block.lines.join(""));
  return blocks;
}

function nameOf(line: string): string {
  const colon = line.indexOf(":");
  return colon > 0 && colon < 200 ? line.slice(0, colon).trim().toLowerCase() : "";
}

function fieldOf({ name, lines }: Block): HeadField {
  const line = lines.join(" ");
  return { name, body: line.slice(line.indexOf(":") + 1).trim() };
}

function keeping(blocks: readonly Block[]): (block: Block) => boolean {
  const withoutArc = blocks.filter(({ name }) => name === "arc-seal").length > MOST_ARC_SETS;
  let signatures = 0;
  return ({ name }) => {
    if (name === "dkim-signature") return ++signatures <= MOST_SIGNATURES;
    return !(withoutArc && name.startsWith("arc-"));
  };
}

async function* bounded(
  head: Buffer,
  rest: Buffer,
  chunks: AsyncIterator<Buffer>,
  stream: Readable,
): AsyncGenerator<Buffer> {
  yield head;
  let line = 0;
  let turn = 0;
  let afterCr = false;
  let chunk: Buffer | undefined = rest;
  try {
    while (chunk !== undefined) {
      if (chunk.length > 0) {
        // Bare LF are made CRLF here: the library does it octet by octet, with a turn of its own for each.
        const whole = withCrlf(chunk, afterCr);
        afterCr = chunk[chunk.length - 1] === 13;
        const last = whole.lastIndexOf(10);
        const longest = longestLine(whole, line);
        line = last < 0 ? line + whole.length : whole.length - last - 1;
        yield whole;
        if (longest > MOST_LINE_BYTES) {
          line = 0;
          yield Buffer.from("\r\n");
        }
      }
      // A message in memory would otherwise be hashed in one turn, and everything else of the process would wait.
      if (++turn % 16 === 0) await nextTurn();
      const next: IteratorResult<Buffer> = await chunks.next();
      chunk = next.done ? undefined : next.value;
    }
  } finally {
    stream.destroy();
  }
}

function withCrlf(chunk: Buffer, afterCr: boolean): Buffer {
  let bare = false;
  for (let at = chunk.indexOf(10); at >= 0 && !bare; at = chunk.indexOf(10, at + 1))
    bare = at === 0 ? !afterCr : chunk[at - 1] !== 13;
  if (!bare) return chunk;
  const text = chunk.toString("latin1").replace(/\r?\n/g, "\r\n");
  // The CR before this chunk's first LF has been given already.
  return Buffer.from(afterCr && chunk[0] === 10 ? text.slice(1) : text, "latin1");
}

/** The line that has begun before counts on; only whether it is too long matters. */
function longestLine(chunk: Buffer, begun: number): number {
  const first = chunk.indexOf(10);
  return first < 0 ? begun + chunk.length : begun + first;
}
