import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { InboxAcknowledgement, InboxItem, InboxList } from "../../shared/letter/exchange-types.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import { waitOf } from "../act-door.ts";
import { actingForClient, type Client, clientOf, noteCall } from "../clients/client-access.ts";
import type { DoorParts } from "../door-parts.ts";
import { asFile } from "../file-headers.ts";
import { openMemoryBudget } from "../letters/memory-budget.ts";
import { problem } from "../problem.ts";
import { isUuid, type Parameters, readParameters } from "../read-parameters.ts";
import { openAnswer } from "../send-answer.ts";
import { whenClosed } from "../when-closed.ts";
import { findItem, finishItem, INBOX_SCOPES, noteFetched, waitingItems } from "./inbox-store.ts";
import { openFile } from "./open-file.ts";
import { showItem } from "./show-item.ts";

const DEFAULT_PAGE = 20;
const LONGEST_PAGE = 100;
const MOST_LOOKS = 10;
/** The largest letters in JSON are 8 MiB, and take four times that. */
const FILE_MEMORY_BYTES = 64 * 1024 * 1024;
const MOST_FILES_WAITING = 500;

/**
 * The inbox of a program: GET /inbox/next is the oldest item that it has not acknowledged, the same one each time, and waits for
 * one with Prefer: wait=N (204: there is none); POST /inbox/ID/acknowledge takes it away. GET /inbox lists what waits, GET
 * /inbox/ID is one item, also when it was acknowledged, GET /inbox/ID/files/N a file of its letter.
 */
export function inboxDoor(api: FastifyInstance, parts: DoorParts): void {
  const { database, now, inboxes, log } = parts;
  const memory = openMemoryBudget(FILE_MEMORY_BYTES, MOST_FILES_WAITING);
  const config = { scopes: INBOX_SCOPES, programsOnly: true } as const;
  const sendItem = openAnswer("inboxItem");
  const sendList = openAnswer("inboxList");
  const sendAcknowledgement = openAnswer("inboxAcknowledgement");

  const nextItem = (client: Client): Promise<InboxItem | null> =>
    inTransaction(database, actingForClient(client), async (transaction) => {
      // A letter that is taken back at this moment is not told, and the next one waits behind it.
      for (let look = 0; look < MOST_LOOKS; look++) {
        const [item] = await waitingItems(transaction, client, null, 1);
        if (!item) return null;
        await noteFetched(transaction, [item], now().at);
        const shown = await showItem(transaction, item);
        if (shown !== null) return shown;
      }
      return null;
    });

  api.get("/inbox/next", { config }, async (request, reply) => {
    const client = clientOf(request);
    const asked = waitOf(request.headers["prefer"]);
    // RFC 7240 §3: only of what was asked for.
    if (asked !== null) reply.header("preference-applied", `wait=${asked}`);
    let item = await nextItem(client);
    if (item === null && asked !== null && asked > 0) {
      await inboxes.wait(client, asked * 1000, goneSignal(reply));
      item = await nextItem(client);
    }
    if (item === null) return reply.code(204).send();
    noteCall(request, { subjectId: item.id });
    return sendItem(request, reply, item);
  });

  api.get<{ Querystring: Parameters }>("/inbox", { config }, async (request, reply) => {
    const client = clientOf(request);
    const parameters = readParameters(request.query);
    const after = parameters.text("after");
    const isSeq = /^[1-9]\d{0,14}$/.test(after);
    if (after !== "" && !isSeq)
      parameters.fault("after", "is next of an earlier answer", "ต้องเป็นค่า next จากคำตอบก่อนหน้า");
    const limit = parameters.integer("limit", 1, LONGEST_PAGE, DEFAULT_PAGE);
    parameters.done();
    const list = await inTransaction(database, actingForClient(client), async (transaction) => {
      const rows = await waitingItems(transaction, client, isSeq ? Number(after) : null, limit + 1);
      const page = rows.slice(0, limit);
      await noteFetched(transaction, page, now().at);
      const items: InboxItem[] = [];
      for (const item of page) {
        const shown = await showItem(transaction, item);
        if (shown !== null) items.push(shown);
      }
      const next = rows.length > limit ? String(page.at(-1)?.seq) : null;
      return { items, next } satisfies InboxList;
    });
    return sendList(request, reply, list);
  });

  api.get("/inbox/:itemId", { config }, async (request, reply) => {
    const client = clientOf(request);
    const itemId = itemAsked(request);
    const item = await inTransaction(database, actingForClient(client), async (transaction) => {
      const found = await findItem(transaction, client, itemId);
      if (!found) return null;
      await noteFetched(transaction, [found], now().at);
      return showItem(transaction, found);
    });
    if (item === null) throw problem("not-found");
    return sendItem(request, reply, item);
  });

  api.post("/inbox/:itemId/acknowledge", { config }, async (request, reply) => {
    const client = clientOf(request);
    const itemId = itemAsked(request);
    const doneAt = await inTransaction(database, actingForClient(client), (transaction) =>
      finishItem(transaction, client, itemId, now().at),
    );
    if (!doneAt) throw problem("not-found");
    const acknowledged = { id: itemId, acknowledgedAt: doneAt.toISOString() };
    return sendAcknowledgement(request, reply, acknowledged satisfies InboxAcknowledgement);
  });

  api.get<{ Params: { no: string } }>("/inbox/:itemId/files/:no", { config }, async (request, reply) => {
    const client = clientOf(request);
    const itemId = itemAsked(request);
    const { no } = request.params;
    if (!/^[1-9]\d{0,2}$/.test(no)) throw problem("not-found");
    const file = await openFile({ ...parts, memory }, client, itemId, Number(no));
    if (!file) throw problem("not-found");
    file.content.once("error", (err) => log.error({ err, item: itemId }, "a file of a letter was not read"));
    whenClosed(reply, () => file.content.destroy());
    return asFile(reply, file).send(file.content);
  });
}

function itemAsked(request: FastifyRequest): string {
  const { itemId } = request.params as { itemId: string };
  if (!isUuid(itemId)) throw problem("not-found");
  const id = itemId.toLowerCase();
  noteCall(request, { subjectId: id });
  return id;
}

function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  whenClosed(reply, () => gone.abort());
  return gone.signal;
}
