import { Readable } from "node:stream";
import { type SealedSpool, sealRequest } from "../../shared/closed/seal-request.ts";
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
import { type ClosedQueue, levelOfItem } from "./closed-item.ts";
import { NodeTrouble, refusedBy } from "./node-trouble.ts";
import type { AgencyNode } from "./queue-store.ts";

export interface AskParts {
  readonly store: ByteStore;
  /** Null where no node is appointed for classified letters. */
  readonly closed?: Pick<ClosedQueue, "spools"> | null;
  readonly limits: NodeLimits;
}

/** Longer ones are told apart by their beginning. */
const MOST_ID = 500;

/** Sealed: of a classified letter, under whose level it goes on. */
export type FetchedOctets =
  | { readonly spooled: SpooledBytes }
  | { readonly sealed: SealedSpool; readonly level: "confidential" | "secret" };

/** The item that is first in a queue. */
export interface FetchedItem {
  readonly processId: string;
  /** Null when the item in it cannot be read; then `fault` says why. */
  readonly response: SoapResponse | null;
  readonly fault: EcmsFault | null;
  /** SHA-256 of the answer's octets as they came. */
  readonly sha256: string;
  /** These octets, in the store or sealed. Whoever has the item lets go of them. */
  readonly octets: FetchedOctets;
  readonly contentType: string;
  readonly remoteAddress: string;
}

/**
 * Asks for the first item of the queue. It stays there until it is deleted.
 * @returns null when the queue is empty
 * @throws NodeTrouble, NodeCallFailed, StoreError
 */
export async function fetchItem(
  node: EcmsNode & Pick<AgencyNode, "level">,
  { store, closed, limits }: AskParts,
): Promise<FetchedItem | null> {
  const answer = await postSoap(node, wholeMessage(pollRequest(addressed(node))), limits);
  const { status, body, contentType, remoteAddress } = answer;
  if (status !== 200) {
    body.destroy();
    throw new NodeTrouble(`the node answers with HTTP ${status}`);
  }
  // Of an appointed node nothing lies on a disk in the clear before it is known what it is.
  if (node.level !== undefined && closed)
    return fetchSealed(node, body, { store, spools: closed.spools, limits }, { contentType, remoteAddress });
  const spooled = await store.spool(body, { limitBytes: limits.largestAnswer }).finally(() => body.destroy());
  const held = { sha256: spooled.sha256, octets: { spooled }, contentType, remoteAddress };
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

async function fetchSealed(
  node: EcmsNode & Pick<AgencyNode, "level">,
  body: Readable,
  { store, spools, limits }: Pick<AskParts, "store" | "limits"> & Pick<ClosedQueue, "spools">,
  came: Pick<FetchedItem, "contentType" | "remoteAddress">,
): Promise<FetchedItem | null> {
  const sealed = await sealRequest(spools)
    .spool(body, { limitBytes: limits.largestAnswer })
    .finally(() => body.destroy());
  const { sha256 } = sealed.spool.content;
  let isHeld = false;
  try {
    const read = await readSoapResponse(sealed.spool.read() as AsyncIterable<Buffer>, null);
    const processId = "fault" in read ? await processIdOf(sealed.spool.read()) : read.processId;
    if (!("fault" in read) && read.errors.length > 0) throw refusedBy("to give what waits", read.errors);
    if (processId === null) {
      if ("fault" in read) throw new NodeTrouble(`the node's answer cannot be read (${read.fault})`);
      return null;
    }
    const said = "fault" in read ? { response: null, fault: read.fault } : { response: read, fault: null };
    const level = levelOfItem(node, said.response);
    const item = { ...said, ...came, sha256, processId: processId.slice(0, MOST_ID) };
    if (level === null)
      return { ...item, octets: { spooled: await sealed.spool.release(store, limits.largestAnswer) } };
    isHeld = true;
    return { ...item, octets: { sealed, level } };
  } finally {
    if (!isHeld) await sealed.drop();
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
function processIdIn(
  { inline, sha256 }: SpooledBytes,
  store: Pick<ByteStore, "openStored">,
): Promise<string | null> {
  return processIdOf(inline === null ? store.openStored(sha256) : Readable.from([inline]));
}

async function processIdOf(octets: Readable): Promise<string | null> {
  let head = Buffer.alloc(0);
  for await (const chunk of octets as AsyncIterable<Buffer>) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= HEAD_BYTES) break;
  }
  const text = head.subarray(0, HEAD_BYTES).toString("utf8");
  const [, found = ""] = /<[Pp]rocessID>([^<>&]{1,500})</.exec(text) ?? [];
  return found.trim() === "" ? null : found.trim();
}
