import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { openFileKeys } from "../../shared/closed/file-key-provider.ts";
import { closedKeyFolder } from "../../shared/closed/key-files.ts";
import { acceptInto } from "../../shared/letter/arrival/accept-letter.ts";
import { systemClock } from "../../shared/letter/stamp.ts";
import { openWritePipe } from "../../shared/runtime/database.ts";
import { openLog } from "../../shared/runtime/log.ts";
import { openStore } from "../../shared/runtime/store.ts";
import { adminQueries, roomDatabase } from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { letterItem, notifierItem, startEcmsNode } from "../../shared/testing/ecms-node.ts";
import { columnsWith, filesWith } from "../../shared/testing/find-words.ts";
import { openClosedQueue } from "./open-closed-queue.ts";
import { pullQueue } from "./pull-queue.ts";
import { openQueueMemory } from "./queue-store.ts";

const MARK = "ขนุนหนัง8W2";
const item = (secretCode: string, id = "นร ๑๒๐๐/๖๑", padding = 0) =>
  letterItem()
    .replace(/<ram:SecretCode>\d+/u, `<ram:SecretCode>${secretCode}`)
    .replace(/<ram:ID>[^<]+/u, `<ram:ID>${id}`)
    .replace(/<ram:Subject>[^<]*/u, `<ram:Subject>แผน ${MARK} ${"x".repeat(padding)}`);

/** agency-a with a node that it has appointed for letters up to a level, or for none. */
async function scene(context: TestContext, level: "confidential" | "secret" | null) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const node = await startEcmsNode(context);
  await query(
    "update saraban.agency set organisation_id = '0199900000', ecms = jsonb_build_object('node', jsonb_strip_nulls(jsonb_build_object('url', $1::text, 'pollSeconds', 3600, 'level', $2::text))) where id = 'agency-a'",
    [node.url, level],
  );
  await query(
    "update saraban.partner set organisation_id = '0101200000' where domain = 'opdc.example.go.th'",
  );
  const dataDir = mkdtempSync(join(tmpdir(), "saraban-queue-"));
  const lettersDir = join(dataDir, "letters");
  const said: string[] = [];
  const log = { info: (...words: unknown[]) => said.push(JSON.stringify(words)), warn: () => {} };
  const silent = openLog("silent", "test");
  const pipe = openWritePipe(address, "saraban_intake", 2, silent);
  const database = roomDatabase(context, address, "saraban_intake", 4);
  const closed = await openClosedQueue({
    database,
    address,
    lettersDir,
    openKeys: (usedBy) => openFileKeys({ folder: closedKeyFolder(dataDir), usedBy }),
    now: systemClock(),
    log: silent,
  });
  context.onTestFinished(async () => {
    await closed.close();
    await pipe.close();
    rmSync(dataDir, { recursive: true });
  });
  const memory = openQueueMemory(database);
  const [enlisted] = await memory.enlist();
  if (!enlisted) throw new Error("no node");
  const parts = {
    store: await openStore({ dir: lettersDir }),
    acceptLetter: acceptInto({ room: "intake", database, pipe }, systemClock()),
    closed,
    memory,
    limits: {
      allowPrivate: false,
      idleMs: 5_000,
      largestAnswer: 4 * 1024 * 1024,
      stopping: new AbortController().signal,
    },
    log,
  };
  return {
    ...{ query, node, dataDir, said },
    look: () => pullQueue(enlisted, { seen: new Map(), unreadable: 0 }, parts, () => false),
    arrivals: () =>
      query<{ level: string | null; job: string; sender_domain: string | null }>(
        "select i.closed_level as level, w.job, i.sender_domain from saraban.intake i join saraban.outbox w on w.subject_id = i.id order by i.arrival_seq",
      ),
  };
}

test("an appointed node's classified letters are closed, small and large, and say nothing anywhere", async (context) => {
  const { expect } = context;
  const { node, look, arrivals, query, dataDir, said } = await scene(context, "secret");
  for (const [code, id, padding] of [
    ["002", "นร 1/1", 0],
    ["003", "นร 1/2", 0],
    ["003", "นร 1/3", 200_000],
  ] as const)
    node.put(item(code, id, padding));
  await look();
  expect(node.queue).toEqual([]);
  expect(await arrivals()).toEqual(
    ["confidential", "secret", "secret"].map((level) => ({
      level,
      job: "register-closed",
      sender_domain: null,
    })),
  );
  expect(await query("select distinct client_id, deleted_at from saraban.closed_document")).toEqual([
    { client_id: null, deleted_at: null },
  ]);
  expect(await columnsWith(query, [MARK])).toEqual([]);
  expect(await filesWith(dataDir, [MARK])).toEqual([]);
  // The log tells of none of them.
  expect(said).toEqual([]);
  // Given once more, under another id too: it is here already.
  node.put(item("003", "นร ๑/๒"));
  await look();
  expect(node.queue).toEqual([]);
  expect(await arrivals()).toHaveLength(3);
});

test("killed between the commit and the deletion an appointed node's letter is not taken twice", async (context) => {
  const { expect } = context;
  const { node, look, arrivals } = await scene(context, "secret");
  node.put(item("003"));
  node.fault = (operation, count) =>
    operation === "CorrespondenceLetterDeleteRequest" && count === 0 ? "drops" : undefined;
  await expect(look()).rejects.toThrow();
  expect(await arrivals()).toHaveLength(1);
  await look();
  expect(node.queue).toEqual([]);
  expect(await arrivals()).toHaveLength(1);
});

test("by default, and for what is graver than the node is appointed for, it is the road of all mail, on which it is refused", async (context) => {
  const { expect } = context;
  const unappointed = await scene(context, null);
  for (const code of ["002", "003", "004"]) unappointed.node.put(item(code, `นร 1/${code}`));
  await unappointed.look();
  expect((await unappointed.arrivals()).map(({ level, job }) => [level, job])).toEqual(
    Array(3).fill([null, "read-letter"]),
  );
  const lower = await scene(context, "confidential");
  for (const code of ["001", "002", "003", "004"]) lower.node.put(item(code, `นร 1/${code}`));
  lower.node.put(notifierItem("ReceiveLetterNotifier", "0101200000"));
  await lower.look();
  expect((await lower.arrivals()).map(({ level, job }) => [level, job])).toEqual([
    [null, "read-letter"],
    ["confidential", "register-closed"],
    ...Array(3).fill([null, "read-letter"]),
  ]);
});
