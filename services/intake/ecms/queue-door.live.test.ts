import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { acceptInto } from "../../shared/letter/arrival/accept-letter.ts";
import { systemClock } from "../../shared/letter/stamp.ts";
import { openWritePipe } from "../../shared/runtime/database.ts";
import { openLog } from "../../shared/runtime/log.ts";
import { openStore } from "../../shared/runtime/store.ts";
import { adminQueries, roomDatabase } from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { letterItem, type NodeFault, notifierItem, startEcmsNode } from "../../shared/testing/ecms-node.ts";
import { MOST_ITEMS, type PullProgress, pullQueue } from "./pull-queue.ts";
import { openQueueMemory } from "./queue-store.ts";
import { openConfiguredQueues } from "./queues-from-settings.ts";

const OPDC_OFFICE = "0101200000";
const OUR_OFFICE = "0199900000";

/** agency-a as it uses a node of another office, and what its looks into the queue there leave behind. */
async function queueScene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const node = await startEcmsNode(context);
  await query(
    "update saraban.agency set organisation_id = $1, ecms = jsonb_build_object('node', jsonb_build_object('url', $2::text, 'pollSeconds', 3600)) where id = 'agency-a'",
    [OUR_OFFICE, node.url],
  );
  await query("update saraban.partner set organisation_id = $1 where domain = 'opdc.example.go.th'", [
    OPDC_OFFICE,
  ]);
  const dir = mkdtempSync(join(tmpdir(), "saraban-queue-"));
  const log = openLog("silent", "test");
  const pipe = openWritePipe(address, "saraban_intake", 2, log);
  context.onTestFinished(async () => {
    await pipe.close();
    rmSync(dir, { recursive: true });
  });
  const database = roomDatabase(context, address, "saraban_intake", 4);
  const memory = openQueueMemory(database);
  const parts = {
    store: await openStore({ dir }),
    acceptLetter: acceptInto({ room: "intake", database, pipe }, systemClock()),
    memory,
    limits: {
      allowPrivate: false,
      idleMs: 1_000,
      largestAnswer: 1024 * 1024,
      stopping: new AbortController().signal,
    },
    log,
  };
  const [enlisted] = await memory.enlist();
  if (!enlisted) throw new Error("no node");
  const progress: PullProgress = { seen: new Map(), unreadable: 0 };
  return {
    ...{ address, query, node, parts, database, log, enlisted },
    /** @param again with what a process that was started anew knows */
    look: (again?: "after a restart") =>
      pullQueue(enlisted, again ? { seen: new Map(), unreadable: 0 } : progress, parts, () => false),
    arrivals: () =>
      query<{
        id: string;
        door: string;
        media_type: string;
        client_id: string | null;
        sender_domain: string | null;
        recipients: string[];
        content: Buffer;
      }>(
        `select i.*, b.content from saraban.intake i join saraban.stored_body b using (agency_id, sha256) order by arrival_seq`,
      ),
    pulled: () =>
      query<{ process_id: string; intake_id: string; note: string; deleted: boolean }>(
        "select *, deleted_at is not null as deleted from saraban.ecms_pulled order by pulled_at, process_id",
      ),
    documents: () =>
      query(
        "select letter_id, correspondence_date, sender_department, accept_department, deleted_at is null as stands from saraban.ecms_document order by came_at",
      ),
  };
}

test("a letter and a notifier are taken in raw, in the queue's order, and deleted there after the commit", async (context) => {
  const { expect } = context;
  const { node, look, arrivals, pulled, documents, query } = await queueScene(context);
  const first = node.put(letterItem());
  const second = node.put(notifierItem("AcceptLetterNotifier", OPDC_OFFICE, "5521/2565"));
  expect(await look()).toBe(false);
  expect(node.queue).toEqual([]);
  const [letter, notifier] = await arrivals();
  const common = {
    door: "ecms",
    client_id: null,
    sender_domain: "opdc.example.go.th",
    recipients: ["saraban@agency-a.example.go.th"],
  };
  expect(letter).toMatchObject({ ...common, media_type: "text/xml; encoding='utf-8'" });
  expect(notifier).toMatchObject(common);
  expect(letter?.content.toString()).toContain(letterItem());
  expect(letter?.content.toString()).toContain("<CorrespondenceLetterInboundResponse>");
  expect(notifier?.content.toString()).toContain("5521/2565");
  expect(await pulled()).toMatchObject([
    { process_id: first, intake_id: letter?.id, note: "", deleted: true },
    { process_id: second, intake_id: notifier?.id, note: "", deleted: true },
  ]);
  expect(await documents()).toEqual([
    {
      letter_id: "นร ๑๒๐๐/๖๑",
      correspondence_date: "2020-04-20",
      sender_department: OPDC_OFFICE,
      accept_department: OUR_OFFICE,
      stands: true,
    },
  ]);
  expect(await query("select subject_id from saraban.outbox where job = 'read-letter' order by id")).toEqual([
    { subject_id: letter?.id },
    { subject_id: notifier?.id },
  ]);
});

test.for(["drops", "done-and-drops"] as const)(
  "killed or cut off between the commit and the deletion (%s): the item is not taken twice",
  async (fault, context) => {
    const { expect } = context;
    const { node, look, arrivals, pulled, parts, enlisted } = await queueScene(context);
    // A notifier has no identity of its own on the wire: it is known by its ProcessID alone.
    node.put(notifierItem("ReceiveLetterNotifier", OPDC_OFFICE));
    node.put(letterItem());
    node.fault = (operation, count) =>
      operation === "CorrespondenceLetterDeleteRequest" && count === 0 ? fault : undefined;
    await expect(look()).rejects.toThrow(/ECONNRESET|hang up/);
    expect(await arrivals()).toHaveLength(1);
    expect(await pulled()).toMatchObject([{ deleted: false }]);
    await look("after a restart");
    await parts.memory.recordLook(enlisted.agencyId, true, null);
    expect(node.queue).toEqual([]);
    expect(await arrivals()).toHaveLength(2);
    expect(await pulled()).toMatchObject([{ deleted: true }, { deleted: true }]);
  },
);

test("the same letter under another ProcessID is noted and deleted; once it was sent back it is a new one", async (context) => {
  const { expect } = context;
  const { node, look, arrivals, pulled, documents, query } = await queueScene(context);
  node.put(letterItem());
  node.put(letterItem());
  await look();
  const [first] = await arrivals();
  expect(await arrivals()).toHaveLength(1);
  expect((await pulled())[1]).toMatchObject({
    intake_id: first?.id,
    note: "the same letter as an earlier item",
    deleted: true,
  });
  await query(
    "insert into saraban.outcome (intake_id, agency_id, outcome, reason, decided_at, clock, decided_by) values ($1, 'agency-a', 'refused', 'x', now(), '{}', 'x')",
    [first?.id],
  );
  node.put(letterItem({ subject: "ฉบับแก้ไข" }));
  await look();
  expect(await arrivals()).toHaveLength(2);
  expect(await documents()).toMatchObject([{ stands: false }, { stands: true }]);
  expect(node.queue).toEqual([]);
});

test("a node that counts its items anew loses none; one that deletes nothing is found out and fills no book", async (context) => {
  const { expect } = context;
  const { node, look, arrivals } = await queueScene(context);
  node.put(letterItem(), "1");
  await look();
  node.put(letterItem({ number: "นร 1200/62" }), "1");
  await look("after a restart");
  expect(await arrivals()).toHaveLength(2);
  node.fault = (operation) => (operation === "CorrespondenceLetterDeleteRequest" ? "ignores" : undefined);
  node.put(notifierItem("ReceiveLetterNotifier", OPDC_OFFICE), "7");
  await expect(look()).rejects.toThrow("it said was deleted");
  await expect(look()).rejects.toThrow("it said was deleted");
  expect(await arrivals()).toHaveLength(3);
});

test("a look ends after so many items, and the next one goes on", async (context) => {
  const { expect } = context;
  const { node, look, arrivals } = await queueScene(context);
  for (let number = 1; number <= MOST_ITEMS + 2; number++)
    node.put(letterItem({ number: `นร 1200/${number}` }));
  expect(await look()).toBe(true);
  expect(await arrivals()).toHaveLength(MOST_ITEMS);
  expect(await look()).toBe(false);
  expect(await arrivals()).toHaveLength(MOST_ITEMS + 2);
});

test("an item that cannot be read is kept as it is for a clerk, and holds up nobody; broken XML is asked for again first", async (context) => {
  const { expect } = context;
  const { node, look, arrivals } = await queueScene(context);
  node.put(letterItem().replaceAll("GovernmentDocument:1.0", "Other"));
  node.put(letterItem({ number: "นร 1200/62" }));
  await look();
  const [unreadable, good] = await arrivals();
  expect(unreadable).toMatchObject({ sender_domain: null });
  expect(unreadable?.content.toString()).toContain("Other");
  expect(good).toMatchObject({ sender_domain: "opdc.example.go.th" });
  node.put("<rsm:Govern");
  await expect(look()).rejects.toThrow("no XML");
  expect(await arrivals()).toHaveLength(2);
  expect(node.queue).toHaveLength(1);
  node.queue.length = 0;
  node.put(letterItem({ number: "นร 1200/63", main: "QUJD".repeat(400_000) }));
  await expect(look()).rejects.toThrow(/larger than 1048576/);
  expect(await arrivals()).toHaveLength(2);
});

/** What a node does, and what an operator is told of it. */
const TROUBLES: readonly (readonly [NodeFault, string])[] = [
  [{ status: 503 }, "the node answers with HTTP 503"],
  [{ error: ["E-77", "ถ้อยคำของผู้อื่น"] }, "the node refuses to give what waits (E-77)"],
  [{ status: 200, body: "<html>login</html>" }, "the node's answer cannot be read (not-soap)"],
  ["silent", "the node does not answer as it should: silent for 1 s"],
  ["drops", "the node does not answer as it should: ECONNRESET"],
];

test("trouble is told in words of our own, and nothing is lost: started again, the door goes on where it was", async (context) => {
  const { expect } = context;
  const { node, address, parts, database, log, query, arrivals } = await queueScene(context);
  node.put(letterItem());
  const settings = { allowPrivate: false, timeoutSeconds: 1, maxAnswerBytes: 1024 * 1024 };
  const open = (told: () => void) =>
    openConfiguredQueues(settings, address, {
      ...parts,
      database,
      log: { ...log, warn: told } as typeof log,
    });
  const state = async () =>
    (await query<{ trouble: string | null; looked_at: Date | null }>("select * from saraban.ecms_node"))[0];
  for (const [fault, words] of TROUBLES) {
    node.fault = () => fault;
    const { promise: told, resolve } = Promise.withResolvers<void>();
    const queues = await open(resolve);
    await told;
    await queues.close(1_000);
    expect(await state()).toMatchObject({ trouble: words, looked_at: null });
  }
  expect(await arrivals()).toHaveLength(0);
  node.fault = () => undefined;
  const again = await open(() => {});
  await expect.poll(async () => (await state())?.trouble, { timeout: 10_000 }).toBeNull();
  await again.close(1_000);
  expect(await arrivals()).toHaveLength(1);
  expect(node.queue).toEqual([]);
});
