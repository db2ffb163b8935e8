import { createHash } from "node:crypto";
import { tenDigits } from "../../shared/ecms/codes.ts";
import type { DocumentKey, SoapResponse } from "../../shared/ecms/message.ts";
import type { NodeLimits } from "../../shared/ecms/post-soap.ts";
import type { GovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import { isoDateOf } from "../../shared/ecms/wire-date.ts";
import type { AcceptLetter, Envelope } from "../../shared/letter/arrival/envelope.ts";
import type { ByteStore } from "../../shared/runtime/store.ts";
import { askForDeletion, type FetchedItem, type FetchedOctets, fetchItem } from "./ask-node.ts";
import { type ClosedQueue, isClosedHere, takeInClosedItem } from "./closed-item.ts";
import { NodeTrouble } from "./node-trouble.ts";
import {
  type AgencyNode,
  isTakenAlready,
  type PulledItem,
  type QueueMemory,
  rememberingDocument,
  rememberingItem,
} from "./queue-store.ts";

/** Where items of queues go, and what is remembered of them. */
export interface PullParts {
  readonly store: ByteStore;
  readonly acceptLetter: AcceptLetter;
  /** Null where no node is appointed for classified letters. */
  readonly closed?: ClosedQueue | null;
  readonly memory: QueueMemory;
  readonly limits: NodeLimits;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/** What is kept of a queue from one look to the next, besides what the tables remember. */
export interface PullProgress {
  /** ProcessID of each item that was dealt with → digest of what it said; the oldest are forgotten. */
  readonly seen: Map<string, string>;
  /** Looks in a row in which the first item could not be read. */
  unreadable: number;
}

/** As the known clients do: a long queue is read in several looks, between which this service can stop. */
export const MOST_ITEMS = 20;
const MOST_SEEN = 1_000;
/** An item that is broken XML may have broken on its way. It is taken as it is after so many looks, for others wait behind it. */
const GIVE_UP_AT = 20;

/**
 * One look into a queue at another node: takes in what is first there, commits it, has it deleted, and so on until the
 * queue is empty. An item that was committed and not deleted (we were killed, or the line broke) is first there again: it is
 * known by its ProcessID, and only deleted.
 * @param stopping asked between two items
 * @returns whether there may be more
 * @throws NodeTrouble, NodeCallFailed, and errors of store and database; what was taken in stays taken in
 */
export async function pullQueue(
  node: AgencyNode,
  progress: PullProgress,
  parts: PullParts,
  stopping: () => boolean,
): Promise<boolean> {
  const dealtWith = new Set<string>();
  for (let count = 0; count < MOST_ITEMS && !stopping(); count++) {
    const fetched = await fetchItem(node, parts);
    if (fetched === null) return false;
    try {
      const { processId } = fetched;
      if (dealtWith.has(processId))
        throw new NodeTrouble("the node gives an item again that it said was deleted");
      dealtWith.add(processId);
      const item = await dealWith(node, fetched, progress, parts);
      await askForDeletion(node, processId, parts);
      await parts.memory.markDeleted(item);
    } finally {
      await letGo(fetched);
    }
  }
  return true;
}

/** @returns the row under which the item is remembered */
async function dealWith(
  node: AgencyNode,
  fetched: FetchedItem,
  progress: PullProgress,
  parts: PullParts,
): Promise<PulledItem> {
  const { memory, log } = parts;
  const { processId, response, octets, sha256 } = fetched;
  const item: PulledItem = { agencyId: node.agencyId, node: node.url, processId };
  const named = { agency: node.agencyId, node: node.url, item: processId };
  if (response === null && fetched.fault === "not-well-formed" && ++progress.unreadable < GIVE_UP_AT)
    throw new NodeTrouble("the first item of the queue is no XML");
  progress.unreadable = 0;
  const known = await memory.find(item);
  const said = digestOf(response, sha256);
  const isSame =
    known !== undefined &&
    (!known.isDeleted || known.sha256 === sha256 || progress.seen.get(processId) === said);
  remember(progress, processId, said);
  if (isSame) {
    log.info({ ...named, letter: known.intakeId }, "an item of the queue was taken in before");
    return item;
  }
  // A node that begins to count anew gives other items under the same ids.
  const fresh = known === undefined ? item : { ...item, processId: `${processId} ${said.slice(0, 16)}` };
  if (known !== undefined && (await memory.find(fresh)) !== undefined) return fresh;
  const key = response?.document ? keyOf(response.document, node) : null;
  const standing = key === null ? undefined : await memory.findDocument(node.agencyId, key);
  if (standing !== undefined && standing.intakeId === known?.intakeId) return item;
  if (standing !== undefined && !standing.isSentBack) {
    log.info({ ...named, letter: standing.intakeId }, "the same letter as an earlier item of the queue");
    await memory.note(fresh, standing.intakeId, "the same letter as an earlier item");
    return fresh;
  }
  const envelope = await envelopeOf(node, fetched, memory);
  if ("sealed" in octets) return dealWithClosed(fresh, fetched, octets, key, envelope, parts);
  const { spooled } = octets;
  try {
    const { intakeIds } = await parts.acceptLetter(envelope, spooled, ({ intakeId, agencyId }) => [
      rememberingItem(fresh, intakeId, ""),
      ...(key === null ? [] : rememberingDocument(agencyId, intakeId, key, standing)),
    ]);
    log.info({ ...named, letter: intakeIds[0], bytes: spooled.sizeBytes }, "accepted");
  } catch (error) {
    if (!isTakenAlready(error)) throw error;
    throw new NodeTrouble("another process reads this queue too", { cause: error });
  }
  return fresh;
}

/** Nothing is said of it but what stands in the tables, which only the appointed may read. */
async function dealWithClosed(
  item: PulledItem,
  { response }: FetchedItem,
  { sealed, level }: Extract<FetchedOctets, { sealed: unknown }>,
  key: DocumentKey | null,
  envelope: Envelope,
  { closed, memory }: PullParts,
): Promise<PulledItem> {
  const document = response?.document;
  if (!closed || !document) throw new Error("an item that is sealed is a letter of an appointed node");
  // The same letter as an earlier item: it is here, and only has to go there.
  if (key !== null && (await isClosedHere(closed, memory, item.agencyId, key))) return item;
  const mediaType = envelope.program?.mediaType ?? "text/xml";
  // In whose name it came stands among its facts.
  const bare = { ...envelope, program: { mediaType, clientId: null, senderDomain: null } };
  try {
    await takeInClosedItem(closed, item, {
      ...{ document, key, level, sealed, mediaType },
      envelope: bare,
      at: new Date(),
    });
  } catch (error) {
    if (!isTakenAlready(error)) throw error;
    throw new NodeTrouble("another process reads this queue too", { cause: error });
  }
  return item;
}

async function letGo({ octets }: FetchedItem): Promise<void> {
  if ("sealed" in octets) await octets.sealed.drop();
  else octets.spooled.discard();
}

function remember({ seen }: PullProgress, processId: string, said: string): void {
  seen.delete(processId);
  seen.set(processId, said);
  const [oldest] = seen.keys();
  if (seen.size > MOST_SEEN && oldest !== undefined) seen.delete(oldest);
}

/** Of what an item says, whatever the node writes around it (ProcessTime). */
function digestOf(response: SoapResponse | null, sha256: string): string {
  if (response === null) return sha256;
  const { document, notifier } = response;
  const letter = document && {
    ...document,
    objects: document.objects.map(({ role, mimeCode, sha256: digest }) => [role, mimeCode, digest]),
  };
  return createHash("sha256")
    .update(JSON.stringify([letter, notifier]))
    .digest("hex");
}

/** A letter's identity on the wire, offices by ten digits; null where it lacks one. */
function keyOf(
  { id, correspondenceDate, sender, receiver }: GovernmentDocument,
  node: AgencyNode,
): DocumentKey | null {
  const date = isoDateOf(correspondenceDate);
  const senderDepartment = tenDigits(sender.departmentId);
  if (id === null || date === null || senderDepartment === null) return null;
  const acceptDepartment = tenDigits(receiver.departmentId) ?? node.organisationId;
  return { letterId: id, correspondenceDate: date, senderDepartment, acceptDepartment };
}

async function envelopeOf(
  node: AgencyNode,
  { response, contentType, remoteAddress }: FetchedItem,
  memory: QueueMemory,
): Promise<Envelope> {
  const { agencyId, address, url } = node;
  const { protocol, host } = new URL(url);
  return {
    door: "ecms",
    mailFrom: "",
    recipients: [{ address, agencyId, unit: null }],
    remoteAddress,
    helo: host,
    smtpUtf8: false,
    tls: protocol === "https:",
    program: {
      // By application/xml the readers of arrivals know a letter that is in no envelope.
      mediaType: /^text\/xml\b/i.test(contentType) ? contentType : "text/xml",
      clientId: null,
      senderDomain: response === null ? null : await senderOf(node, response, memory),
    },
  };
}

/** Whose it is, in the directory: the node vouches for it. */
async function senderOf(
  { agencyId, organisationId }: AgencyNode,
  { document, notifier }: SoapResponse,
  memory: QueueMemory,
): Promise<string | null> {
  if (document) {
    const office = tenDigits(document.sender.departmentId);
    return office === null ? null : memory.domainOf(office);
  }
  if (!notifier) return null;
  const office = tenDigits(notifier.acceptDepartment);
  if (notifier.type !== "InvalidAcceptIDNotifier")
    return office === null || office === organisationId ? null : memory.domainOf(office);
  // The department in it is the one that gave the number, which is ours.
  const date = isoDateOf(notifier.correspondenceDate);
  if (notifier.letterId === null || date === null) return null;
  const sender = await memory.senderOf(agencyId, notifier.letterId, date);
  return sender === null ? null : memory.domainOf(sender);
}
