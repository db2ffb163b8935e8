import { Readable } from "node:stream";
import { askNode, wholeMessage } from "../../shared/ecms/ask-node.ts";
import type { EcmsFault } from "../../shared/ecms/faults.ts";
import type { SoapResponse } from "../../shared/ecms/message.ts";
import { type NodeLimits, postSoap } from "../../shared/ecms/post-soap.ts";
import { readSoapResponse } from "../../shared/ecms/soap-response.ts";
import {
  type Addressed,
  messageIdAt,
  pollRequest,
  queueDeleteRequest,
} from "../../shared/ecms/write-soap.ts";
import type { EcmsNode } from "../../shared/letter/directory.ts";
import type { ByteStore, SpooledBytes } from "../../shared/runtime/store.ts";
import { NodeTrouble, refusedBy } from "./node-trouble.ts";

export interface AskParts {
  readonly store: ByteStore;
  readonly limits: NodeLimits;
}

/** Longer ones are told apart by their beginning. */
const MOST_ID = 500;

/** The item that is first in a queue. */
export interface FetchedItem {
  readonly processId: string;
  /** Null when the item in it cannot be read; then `fault` says why. */
  readonly response: SoapResponse | null;
  readonly fault: EcmsFault | null;
  /** The answer's octets as they came. Whoever has the item discards them. */
  readonly spooled: SpooledBytes;
  readonly contentType: string;
  readonly remoteAddress: string;
}

/**
 * Asks for the first item of the queue. It stays there until it is deleted.
 * @returns null when the queue is empty
 * @throws NodeTrouble, NodeCallFailed, StoreError
 */
export async function fetchItem(node: EcmsNode, { store, limits }: AskParts): Promise<FetchedItem | null> {
  const answer = await postSoap(node, wholeMessage(pollRequest(addressed(node))), limits);
  const { status, body, contentType, remoteAddress } = answer;
  if (status !== 200) {
    body.destroy();
    throw new NodeTrouble(`the node answers with HTTP ${status}`);
  }
  const spooled = await store.spool(body, { limitBytes: limits.largestAnswer }).finally(() => body.destroy());
  const held = { spooled, contentType, remoteAddress };
  let isHeld = false;
  try {
    const octets =
      spooled.inline === null ? store.openStored(spooled.sha256) : Readable.from([spooled.inline]);
    const read = await readSoapResponse(octets as AsyncIterable<Buffer>, null);
    if ("fault" in read) {
      const processId = await processIdIn(spooled, store);
      if (processId === null) throw new NodeTrouble(`the node's answer cannot be read (${read.fault})`);
      isHeld = true;
      return { ...held, processId, response: null, fault: read.fault };
    }
    if (read.errors.length > 0) throw refusedBy("to give what waits", read.errors);
    if (read.processId === null) return null;
    isHeld = true;
    return { ...held, processId: read.processId.slice(0, MOST_ID), response: read, fault: null };
  } finally {
    if (!isHeld) spooled.discard();
  }
}

/** Has an item deleted from the queue. @throws NodeTrouble, NodeCallFailed */
export async function askForDeletion(node: EcmsNode, processId: string, { limits }: AskParts): Promise<void> {
  const { status, read } = await askNode(node, queueDeleteRequest(addressed(node), processId), limits);
  if (status !== 200) throw new NodeTrouble(`the node answers with HTTP ${status}`);
  if ("fault" in read) throw new NodeTrouble(`the node's answer cannot be read (${read.fault})`);
  if (read.errors.length > 0) throw refusedBy("to delete what was fetched", read.errors);
}

/** Questions about the queue go to the agency's own node, and are about it. */
function addressed({ url, dialect = "2.0" }: EcmsNode): Addressed {
  return { messageId: messageIdAt(new Date()), to: url, dialect };
}

const HEAD_BYTES = 64 * 1024;

/** ProcessID of an answer that is not well-formed, or holds what cannot be read: it stands before the letter. */
async function processIdIn(
  { inline, sha256 }: SpooledBytes,
  store: Pick<ByteStore, "openStored">,
): Promise<string | null> {
  let head = inline ?? Buffer.alloc(0);
  if (inline === null) {
    for await (const chunk of store.openStored(sha256) as AsyncIterable<Buffer>) {
      head = Buffer.concat([head, chunk]);
      if (head.length >= HEAD_BYTES) break;
    }
  }
  const text = head.subarray(0, HEAD_BYTES).toString("utf8");
  const [, found = ""] = /<[Pp]rocessID>([^<>&]{1,500})</.exec(text) ?? [];
  return found.trim() === "" ? null : found.trim();
}
