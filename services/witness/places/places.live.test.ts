import { createSocket } from "node:dgram";
import { once } from "node:events";
import { appendFile, readFile, rm, stat, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { openTeller } from "../tell-places.ts";
import { logScene } from "../testing/log-scene.ts";
import { filePlace } from "./file-place.ts";
import type { Place, ToldCheckpoint } from "./place.ts";
import { placeFiles, readPlaces } from "./read-places.ts";
import { syslogPlace } from "./syslog-place.ts";

const CHECKPOINT: ToldCheckpoint = {
  treeSize: 7,
  root: "A".repeat(43),
  madeAt: new Date("2026-11-22T01:30:00Z"),
  jws: "eyJ.eyJ.x",
};
const LINE = `{"treeSize":7,"root":"${CHECKPOINT.root}","madeAt":"2026-11-22T01:30:00.000Z","jws":"eyJ.eyJ.x"}`;
const nothing = async () => [];

test("a file gets each checkpoint as a line of its own, also behind one that was cut off", async (context) => {
  const { dataDir } = await logScene(context);
  const path = join(dataDir, "other/disk/checkpoints.jsonl");
  const place = filePlace(path);
  await place.tell([CHECKPOINT, CHECKPOINT]);
  expect(await readFile(path, "utf8")).toBe(`${LINE}\n${LINE}\n`);
  expect((await stat(path)).mode & 0o777 & ~0o640).toBe(0);
  await appendFile(path, LINE.slice(0, 40));
  await place.tell([CHECKPOINT]);
  expect((await readFile(path, "utf8")).split("\n")).toEqual([LINE, LINE, LINE.slice(0, 40), LINE, ""]);
});

test("a second place that fails is told of loudly, tried again, and then has all", async (context) => {
  const scene = await logScene(context);
  const witness = scene.witness({ checkpointSeconds: 1 });
  const blocked = join(scene.dataDir, "blocked");
  await writeFile(blocked, ""); // a file where a folder has to be
  const path = join(blocked, "checkpoints.jsonl");
  let nowMs = 0;
  const teller = openTeller(scene.database, filePlace(path), scene.log, () => nowMs);
  for (let n = 0; n < 3; n++) {
    await scene.recordMany(2);
    await scene.settle();
    await witness.look();
    await teller.look();
    scene.later(2);
  }
  expect(teller.trouble()).toMatch(/second place of the audit log \(file .*\) is not told: (ENOTDIR|EEXIST)/);
  expect(scene.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  const [behind] = await scene.query<{ seconds: number }>(
    "select untold_seconds as seconds from saraban.audit_log_figures()",
  );
  expect(behind?.seconds).not.toBe(0);
  await rm(blocked);
  await teller.look(); // the pause after a failure is not over
  expect(teller.trouble()).not.toBeNull();
  nowMs = 120_000;
  await teller.look();
  expect(teller.trouble()).toBeNull();
  expect((await readFile(path, "utf8")).trim().split("\n")).toHaveLength(3);
  expect(await scene.query("select untold_seconds from saraban.audit_log_figures()")).toEqual([
    { untold_seconds: 0 },
  ]);
  // Another process goes on where this one stood.
  await scene.recordMany(1);
  await scene.settle();
  await witness.look();
  await openTeller(scene.database, filePlace(path), scene.log).look();
  expect((await readFile(path, "utf8")).trim().split("\n")).toHaveLength(4);
});

test("a place that is new begins with the newest checkpoint", async (context) => {
  const scene = await logScene(context);
  const witness = scene.witness({ checkpointSeconds: 1 });
  for (let n = 0; n < 3; n++) {
    await scene.recordMany(1);
    await scene.settle();
    await witness.look();
    scene.later(2);
  }
  const told: number[] = [];
  const place: Place = {
    name: "test",
    wantsAll: true,
    tell: async (checkpoints) => void told.push(...checkpoints.map(({ treeSize }) => treeSize)),
  };
  await openTeller(scene.database, place, scene.log).look();
  expect(told).toEqual([3]);
});

test("syslog by UDP and by TCP: RFC 5424, octets counted on a stream", async () => {
  const expected = new RegExp(
    `^<109>1 2026-11-22T01:30:00\\.000Z [!-~]+ saraban \\d+ checkpoint - ${LINE.replace(/[{}.]/g, "\\$&")}$`,
  );
  const udp = createSocket("udp4");
  udp.bind(0, "127.0.0.1");
  await once(udp, "listening");
  const datagram = once(udp, "message");
  await syslogPlace("udp", "127.0.0.1", udp.address().port).tell([CHECKPOINT]);
  expect(String((await datagram)[0])).toMatch(expected);
  udp.close();

  const chunks: Buffer[] = [];
  const server = createServer((socket) => socket.on("data", (octets) => chunks.push(octets)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await syslogPlace("tcp", "127.0.0.1", port).tell([CHECKPOINT, CHECKPOINT]);
  await pause(50);
  const [, count = "", rest = ""] = /^(\d+) (.*)$/s.exec(Buffer.concat(chunks).toString()) ?? [];
  expect(rest.slice(0, Number(count))).toMatch(expected);
  expect(rest.slice(Number(count))).toMatch(/^\d+ <109>1 /);
  server.close();
  await expect(syslogPlace("tcp", "127.0.0.1", port).tell([CHECKPOINT])).rejects.toThrow(/ECONNREFUSED/);
});

test("second places by setting; what is none is told", async () => {
  const names = (setting: string) => readPlaces(setting, "/data", nothing).map(({ name }) => name);
  expect(names("")).toEqual(["file /data/audit/checkpoints.jsonl"]);
  expect(names("/mnt/a.jsonl, syslog+tls://logs.example.go.th, syslog://[2001:db8::1]:5514")).toEqual([
    "file /mnt/a.jsonl",
    "syslog+tls://logs.example.go.th:6514",
    "syslog+udp://2001:db8::1:5514",
  ]);
  expect(names("https://other.example.go.th/api/v1/witness/checkpoints")).toHaveLength(1);
  for (const wrong of ["http://other.example.go.th/", "ftp://x/", "syslog+x://h", "https://user:word@h/"])
    expect(() => names(wrong), wrong).toThrow(/audit.secondPlace/);
  expect(placeFiles("", "/data")).toEqual(["/data/audit/checkpoints.jsonl"]);
  expect(placeFiles("syslog://h", "/data")).toEqual([]);
});
