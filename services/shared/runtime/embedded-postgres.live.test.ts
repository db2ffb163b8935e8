import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { expect, type TestContext, test } from "vitest";
import { type EmbeddedPostgres, findRunningPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";
import { describeBinaries, findPostgresPackage, placeBinaries } from "./embedded-postgres-binaries.ts";
import { unnamedServerUid } from "./embedded-postgres-cluster.ts";

const weAreRoot = process.getuid?.() === 0;
const log = { info: () => {}, warn: () => {} };
const nobody = { uid: 65534, gid: 65534 };

/** A directory that only its owner may enter, removed after the test. */
async function closedDir(context: TestContext): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), "saraban-closed-"));
  context.onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function start(context: TestContext, dataDir: string, more = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log, ...more });
  context.onTestFinished(() => server.stop());
  return server;
}

async function ask(connection: pg.ClientConfig, sql: string): Promise<unknown[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: "array" })).rows.flat();
  } finally {
    await client.end();
  }
}

interface Child {
  process: ChildProcess;
  serverPid: number;
  end: Promise<unknown>;
}

/** Another saraban process that has started the server and waits. */
async function startInChild(context: TestContext, dataDir: string, who: object = {}): Promise<Child> {
  const module = new URL("./embedded-postgres.ts", import.meta.url).href;
  const script = `
    import { startEmbeddedPostgres } from ${JSON.stringify(module)};
    const log = { info() {}, warn() {} };
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log });
    console.log(server.pid);
    process.stdin.once("data", async () => { await server.stop(); process.exit(0); });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    ...who,
    stdio: "pipe",
    cwd: "/",
  });
  const end = once(child, "exit");
  context.onTestFinished(async () => {
    // Not killed if it still lives: it takes its socket directory away.
    child.stdin.end("stop\n");
    await end;
  });
  child.stdin.on("error", () => {});
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints += chunk.toString("utf8");
  });
  const [said] = await Promise.race([
    once(child.stdout, "data"),
    end.then(() => Promise.reject(new Error(complaints || "the child said nothing"))),
  ]);
  return { process: child, serverPid: Number(said), end };
}

function processIsThere(pid: number): boolean {
  // A zombie still has a directory; it is gone for our purpose.
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

function groupOf(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2];
}

test("starts on a Unix socket only, as the letters need it, and stops", async (context) => {
  const dataDir = await closedDir(context);
  const server = await start(context, dataDir);
  const settings = ["listen_addresses", "data_checksums", "fsync", "server_encoding"];
  expect(
    await ask(
      server.connection,
      `SELECT current_database(), ${settings.map((s) => `current_setting('${s}')`)}`,
    ),
  ).toEqual(["saraban", "", "on", "on", "UTF8"]);
  const ofDatabase =
    "SELECT datctype, datlocprovider, datlocale FROM pg_database WHERE datname = current_database()";
  expect(await ask(server.connection, ofDatabase)).toEqual(["C.UTF-8", "b", "C.UTF-8"]);
  await ask(server.connection, "CREATE EXTENSION pg_trgm");
  expect(await ask(server.connection, "SELECT cardinality(show_trgm('น้ำ')) > 0")).toEqual([true]);
  expect(findRunningPostgres(dataDir)).toEqual(server.connection);
  await server.stop();
  expect(await server.exited).toEqual({ code: 0, signal: null, asked: true });
  expect(existsSync(server.socketDir)).toBe(false);
  expect(findRunningPostgres(dataDir)).toBeUndefined();
});

test("only we and root may enter the socket's directory", async (context) => {
  const server = await start(context, await closedDir(context));
  const mode = spawnSync("stat", ["-c", "%a %u", server.socketDir], { encoding: "utf8" }).stdout.trim();
  expect(mode).toBe(`700 ${weAreRoot ? unnamedServerUid : process.getuid?.()}`);
  if (!weAreRoot) return;
  const entry = spawnSync("ls", [server.socketDir], { ...nobody, cwd: "/", encoding: "utf8" });
  expect(entry.stderr).toMatch(/Permission denied/);
});

test("keeps data over a restart, also when the folder has moved", async (context) => {
  const parent = await closedDir(context);
  const before = path.join(parent, "ก่อน");
  const first = await start(context, before);
  await ask(first.connection, "CREATE TABLE entry AS SELECT 7 AS number");
  await first.stop();
  await rename(before, path.join(parent, "after"));
  const second = await start(context, path.join(parent, "after"));
  expect(await ask(second.connection, "SELECT number FROM entry")).toEqual([7]);
});

test("starts in what root has copied without owners", async (context) => {
  if (!weAreRoot) return context.skip("only root makes such copies");
  const parent = await closedDir(context);
  const first = await start(context, path.join(parent, "data"));
  await ask(first.connection, "CREATE TABLE entry AS SELECT 7 AS number");
  await first.stop();
  await cp(path.join(parent, "data"), path.join(parent, "copy"), { recursive: true });
  await chmod(path.join(parent, "copy/postgres/cluster"), 0o755);
  const second = await start(context, path.join(parent, "copy"));
  expect(await ask(second.connection, "SELECT number FROM entry")).toEqual([7]);
});

test("as root in a folder only root may enter, from a package without its links", async (context) => {
  if (!weAreRoot) return context.skip("only root must change its user");
  const project = await closedDir(context);
  const installed = findPostgresPackage().nativeDir;
  const nativeDir = path.join(project, "package/native");
  await cp(installed, nativeDir, { recursive: true });
  for (const name of await readdir(path.join(nativeDir, "lib"))) {
    if (/\.so(?:\.\d+)?$/.test(name) && existsSync(path.join(installed, "lib", name))) {
      if (isLink(path.join(installed, "lib", name))) await rm(path.join(nativeDir, "lib", name));
    }
  }
  await cp(path.join(installed, "../package.json"), path.join(project, "package/package.json"));
  const binaries = describeBinaries(nativeDir, path.join(project, "package/package.json"));
  const copies = await closedDir(context);
  await chmod(copies, 0o755);
  const server = await start(context, path.join(project, "data"), { binaries, copyParents: [copies] });
  expect(await ask(server.connection, "SELECT 1")).toEqual([1]);
  expect(readlinkSync(`/proc/${server.pid}/exe`).startsWith(copies)).toBe(true);
  expect(readFileSync(`/proc/${server.pid}/status`, "utf8")).toMatch(
    new RegExp(`^Uid:\\s+${unnamedServerUid}\\s`, "m"),
  );
});

function isLink(file: string): boolean {
  try {
    readlinkSync(file);
    return true;
  } catch {
    return false;
  }
}

test("a copy of the binaries is made once, repaired, and never taken from somebody else", async (context) => {
  const copies = await closedDir(context);
  await chmod(copies, 0o755);
  const found = findPostgresPackage();
  const hidden = path.join(await closedDir(context), "native");
  await cp(found.nativeDir, hidden, { recursive: true });
  await chmod(path.join(hidden, "bin/initdb"), 0o600);
  const binaries = { ...found, nativeDir: hidden };
  const place = (): Promise<string> => placeBinaries(binaries, {}, [copies]);
  const [copy, same] = await Promise.all([place(), place()]);
  expect(same).toBe(copy);
  await truncate(path.join(copy, "bin/postgres"), 1000);
  expect(await place()).toBe(copy);
  expect(await readdir(copies)).toEqual([path.basename(copy)]);
  if (!weAreRoot) return;
  await chown(copy, nobody.uid, nobody.gid);
  await expect(place()).rejects.toThrow(/made by somebody else/);
});

test("runs as an ordinary user in a folder of its own", async (context) => {
  const dataDir = await closedDir(context);
  if (weAreRoot) await chown(dataDir, nobody.uid, nobody.gid);
  const child = await startInChild(context, dataDir, weAreRoot ? nobody : {});
  expect(groupOf(child.serverPid)).not.toBe(groupOf(child.process.pid as number));
  const connection = findRunningPostgres(dataDir);
  expect(await ask(connection as pg.ClientConfig, "SELECT 1")).toEqual([1]);
  child.process.stdin?.write("stop\n");
  await child.end;
  expect(processIsThere(child.serverPid)).toBe(false);
});

test("the server ends soon after the process that was killed", async (context) => {
  const dataDir = await closedDir(context);
  const child = await startInChild(context, dataDir);
  await ask(findRunningPostgres(dataDir) as pg.ClientConfig, "CREATE TABLE entry AS SELECT 7 AS number");
  child.process.kill("SIGKILL");
  await expect.poll(() => processIsThere(child.serverPid), { timeout: 60_000 }).toBe(false);
  const next = await start(context, dataDir);
  expect(await ask(next.connection, "SELECT number FROM entry")).toEqual([7]);
});

test("a left-over server that nobody ended is ended by the next start", async (context) => {
  const dataDir = await closedDir(context);
  const child = await startInChild(context, dataDir);
  await ask(findRunningPostgres(dataDir) as pg.ClientConfig, "CREATE TABLE entry AS SELECT 7 AS number");
  // The shell that watches, too.
  const others = readFileSync(`/proc/${child.process.pid}/task/${child.process.pid}/children`, "utf8")
    .trim()
    .split(" ");
  for (const pid of others) if (Number(pid) !== child.serverPid) process.kill(Number(pid), "SIGKILL");
  child.process.kill("SIGKILL");
  await child.end;
  expect(processIsThere(child.serverPid)).toBe(true);
  const next = await start(context, dataDir);
  expect(processIsThere(child.serverPid)).toBe(false);
  expect(await ask(next.connection, "SELECT number FROM entry")).toEqual([7]);
});

test("two on one data directory: the second is refused and told by whom", async (context) => {
  const dataDir = await closedDir(context);
  const child = await startInChild(context, dataDir);
  await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toThrow(
    `process ${child.process.pid}, since`,
  );
  expect(processIsThere(child.serverPid)).toBe(true);
});

test("an interrupted making of the cluster leaves nothing in the way", async (context) => {
  const dataDir = await closedDir(context);
  await mkdir(path.join(dataDir, "postgres/cluster.new/base"), { recursive: true });
  await writeFile(path.join(dataDir, "postgres/cluster.new/PG_VERSION"), "18\n");
  const server = await start(context, dataDir);
  expect(await ask(server.connection, "SELECT 1")).toEqual([1]);
  expect(readdirSync(path.join(dataDir, "postgres"))).not.toContain("cluster.new");
});

test("tells when the server ends unasked", async (context) => {
  const server = await start(context, await closedDir(context));
  process.kill(server.pid, "SIGQUIT");
  expect(await server.exited).toMatchObject({ asked: false });
});

test("says what is wrong: another version, a setting that does not fit", async (context) => {
  const dataDir = await closedDir(context);
  const settings = { shared_buffers: "much" };
  await expect(startEmbeddedPostgres({ dataDir, log, settings })).rejects.toThrow(/"shared_buffers": "much"/);
  await writeFile(path.join(dataDir, "postgres/cluster/PG_VERSION"), "17\n");
  await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toThrow(/made by PostgreSQL 17.*pg_dump/);
});
