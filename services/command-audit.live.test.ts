import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { appendFile, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { type TestContext, test } from "vitest";
import { run } from "./command-audit.ts";
import { databaseUrl, type Ended, runHere } from "./shared/testing/command-line.ts";
import { filePlace } from "./witness/places/file-place.ts";
import { openTeller } from "./witness/tell-places.ts";
import { logScene } from "./witness/testing/log-scene.ts";

/** Node.js of the machine as well, where it has one of its own: what an auditor may have. */
const NODES = [process.execPath, "/usr/bin/node"].filter((node) => existsSync(node));

/** 25 events of agency-a and 5 of agency-b, three checkpoints, a second place. */
async function installation(context: TestContext) {
  const scene = await logScene(context);
  const witness = scene.witness();
  const place = join(scene.dataDir, "audit/checkpoints.jsonl");
  const teller = openTeller(scene.database, filePlace(place), scene.log);
  const seal = async (): Promise<void> => {
    await scene.settle();
    await witness.look();
    await teller.look();
    scene.later(31);
  };
  const [begun] = [scene.now().at];
  await scene.recordMany(10);
  await seal();
  // What a line of text is, is not the same to every program.
  await scene.record({ actorName: "ก\u2028ข\u0085ค\r\n", actor: "person:odd" });
  await scene.recordMany(9);
  for (let n = 0; n < 5; n++)
    await scene.record({ agencyId: "agency-b", actor: "client:other", outcome: "denied" });
  await seal();
  await scene.recordMany(5);
  await seal();
  const here = { SARABAN_DATA_DIR: scene.dataDir, DATABASE_URL: databaseUrl(scene.address) };
  return {
    ...scene,
    place,
    seal,
    begun,
    audit: (...args: string[]) => runHere(run, here, ["audit", ...args]),
    /** The verifier as an auditor runs it: from a folder with nothing else, and nothing of the environment. */
    offline: (node: string, cwd: string, ...args: string[]): Promise<Ended> =>
      new Promise((resolve) => {
        execFile(node, ["verify.mjs", ...args], { cwd, env: {} }, (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
        );
      }),
  };
}

test("saraban audit: verify, read, prove", async (context) => {
  const { expect } = context;
  const { audit, query, place, dataDir, offline } = await installation(context);
  const whole = await audit("verify", "--json");
  expect(whole).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(whole.stdout)).toMatchObject({
    verified: true,
    figures: { leaves: 30, signed: 30, checkpoints: 3, elsewhere: 3 },
  });
  expect((await audit("verify")).stdout).toMatch(/events in the tree {3}30 .*Everything is in order/s);

  const denied = JSON.parse((await audit("read", "--outcome", "denied", "--json")).stdout);
  expect(denied.events).toHaveLength(5);
  expect(denied.events[0]).toMatchObject({
    actor: "client:other",
    agencyId: "agency-b",
    subject: { kind: "letter" },
  });
  const page = JSON.parse(
    (await audit("read", "--limit", "4", "--before", "9", "--action", "letter", "--json")).stdout,
  );
  expect(page.events.map(({ seq }: { seq: number }) => seq)).toEqual([8, 7, 6, 5]);
  expect(page.next).toBe(5);
  const odd = await audit("read", "--actor", "person:odd");
  expect(odd.stdout).toMatch(/person:odd \(ก\u2028ข ค {2}\)/u);
  expect((await audit("read", "--from", "yesterday")).code).toBe(64);
  expect((await audit("read", "--subject", "nothing", "--to", "31/5/2400")).stdout).toMatch(/No event/);
  // Who read stands there too.
  const own = JSON.parse((await audit("read", "--action", "audit.read", "--json")).stdout);
  expect(own.events.length).toBeGreaterThanOrEqual(5);
  expect(own.events.at(-1)).toMatchObject({
    actor: expect.stringMatching(/^operator:./),
    door: "cli",
    detail: { outcome: "denied" },
  });

  const [{ id = "" } = {}] = await query<{ id: string }>("select id from saraban.audit_event where seq = 13");
  const proof = join(dataDir, "proof.json");
  expect((await audit("prove", id, "--out", proof)).stdout).toMatch(/Leaf 12 of 30.*proved by 5 hashes/s);
  const folder = join(dataDir, "empty");
  await mkdir(folder);
  await copyFile("services/audit/log/offline/verify.mjs", join(folder, "verify.mjs"));
  for (const node of NODES) {
    const checked = await offline(node, folder, proof, "--against", place);
    expect(checked, node).toMatchObject({ code: 0, stderr: "" });
    expect(checked.stdout).toContain("Number 13 of a log of 30 events");
  }
  const forged = JSON.parse(readFileSync(proof, "utf8"));
  await writeFile(proof, JSON.stringify({ ...forged, event: forged.event.replace("allowed", "denied") }));
  expect(await offline(process.execPath, folder, proof)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("does not stand in the log"),
  });
  await query(
    "begin; set local session_replication_role = replica; update saraban.audit_event set actor = 'nobody' where seq = 13; commit",
  );
  expect(await audit("prove", id)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("it was changed"),
  });
  expect(await audit("prove", "99999")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no such event"),
  });
  const found = await audit("verify");
  expect(found).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/event-changed: event 13 .*changed after it was signed/),
  });
  expect((await audit("verify", "--against", "/nowhere")).code).toBe(64);
}, 120_000);

test("an export is checked with Node.js alone, in a folder with nothing else", async (context) => {
  const { expect } = context;
  const { audit, offline, dataDir, place, seal, recordMany, later, now, begun } = await installation(context);
  const from = begun.toISOString();
  const until = new Date(now().at.getTime() - 31_000).toISOString(); // without the last five
  const folder = join(dataDir, "export");
  const made = await audit("export", "--from", from, "--to", until, "--agency", "agency-a", "--out", folder);
  expect(made).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("20 events, of 5 beside them the hash alone, 2 checkpoints"),
  });
  for (const node of NODES) {
    const checked = await offline(node, folder, "--against", place);
    expect(checked, node).toMatchObject({ code: 0, stderr: "" });
    expect(checked.stdout).toMatch(
      /20 events \(of 5 more only the hash\), 2 checkpoints.*2 checkpoints are the same \(1 more.*In order/s,
    );
    expect(checked.stdout).toContain("ถูกต้อง");
  }
  // What belongs to another agency is not told.
  const events = await readFile(join(folder, "events.jsonl"), "utf8");
  expect(events).not.toContain("agency-b");
  expect(events.split("\n")).toHaveLength(26);

  const cases: [string, (text: string) => string, RegExp][] = [
    [
      "events.jsonl",
      (text) => text.replace("person:odd", "person:ood"),
      /events.jsonl:11-25: these lines are not those/,
    ],
    [
      "events.jsonl",
      (text) => text.split("\n").toSpliced(3, 1).join("\n"),
      /events.jsonl:1-10: .*lines are missing at its end/s,
    ],
    ["events.jsonl", (text) => `${text}${text.split("\n")[0]}\n`, /more lines than were signed/],
    [
      "events.jsonl",
      (text) =>
        [
          ...text.trimEnd().split("\n").slice(0, 23),
          ...text.trimEnd().split("\n").slice(23).reverse(),
          "",
        ].join("\n"),
      /events.jsonl:11-25/,
    ],
    [
      "checkpoints.jsonl",
      (text) =>
        text.replace(
          /"jws":"([^"]{300})/,
          (_all, jws: string) => `"jws":"${jws.slice(0, -1)}${jws.endsWith("A") ? "B" : "A"}`,
        ),
      /checkpoints.jsonl:1: it is not signed/,
    ],
    ["checkpoints.jsonl", (text) => text.split("\n").slice(1).join("\n"), /In order/], // a stretch that is longer
    [
      "checkpoints.jsonl",
      (text) => text.split("\n").slice(0, 1).join("\n"),
      /more lines than were signed.*ends before/s,
    ],
    ["manifest.json", (text) => text.replace('"firstLeaf": 0', '"firstLeaf": 10'), /NOT in order/],
    ["keys.json", () => '{"keys":[]}', /Cannot tell: there is no public key/],
  ];
  for (const [file, change, said] of cases) {
    const path = join(folder, file);
    const text = await readFile(path, "utf8");
    await writeFile(path, change(text));
    const checked = await offline(process.execPath, folder);
    expect.soft(checked.stdout, `${file}, ${said}`).toMatch(said);
    expect.soft(checked.code).toBe(/In order/.test(String(said)) ? 0 : /Cannot/.test(String(said)) ? 2 : 1);
    await writeFile(path, text);
  }
  // The second place says otherwise: all of it was written anew.
  const lines = (await readFile(place, "utf8")).split("\n");
  const other = join(dataDir, "other.jsonl");
  await writeFile(other, lines.map((line) => line.replace(/"jws":"eyJ[^"]*"/, '"jws":"x"')).join("\n"));
  expect(await offline(process.execPath, folder, "--against", other)).toMatchObject({ code: 2 });

  // The next export begins where a checkpoint ends; as an archive. What is not under a checkpoint yet is left out.
  later(60);
  const next = now().at.toISOString();
  await recordMany(3);
  await seal();
  await recordMany(2);
  const archive = join(dataDir, "export.zip");
  const zipped = await audit("export", "--from", next, "--to", "2099-01-01T00:00:00Z", "--out", archive);
  expect(zipped.stdout).toMatch(/3 events, of \d hash|3 events, of 1 beside/);
  const unpacked = join(dataDir, "unpacked");
  await mkdir(unpacked);
  for (const [name, octets] of Object.entries(unzipSync(await readFile(archive))))
    await writeFile(join(unpacked, name), octets);
  const checked = await offline(process.execPath, unpacked);
  expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining("3 events") });
  await appendFile(join(unpacked, "events.jsonl"), "{}\n");
  expect((await offline(process.execPath, unpacked)).code).toBe(1);
  expect(
    (await audit("export", "--from", "1/1/2400", "--to", "2/1/2400", "--out", join(dataDir, "none"))).code,
  ).toBe(1);
}, 120_000);
