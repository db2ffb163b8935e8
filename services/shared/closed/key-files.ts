import { randomBytes } from "node:crypto";
import { chown, type FileHandle, link, mkdir, open, readdir, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { nameIncoming, sweepIncoming } from "../runtime/store-incoming.ts";
import { syncDirectory } from "../runtime/store-spill.ts";
import { CLOSED_LEVELS, type ClosedLevel, KeyFault, type KeyPlace, nameOf } from "./key-provider.ts";
import { nameOfKey } from "./wrap-key.ts";

/**
 * Wrapping keys in files: DATA/keys/closed/AGENCY.LEVEL.vVERSION.json, each with one version, for this user's eyes alone.
 * A file is written once and never again: a crash while a key is rotated, or two processes that rotate at once, cannot
 * cost a version that letters are sealed under, as the rewriting of one file with all of them could.
 */
export function closedKeyFolder(dataDir: string): string {
  return join(dataDir, "keys", "closed");
}

export interface FileKey {
  readonly version: number;
  /** 32 octets */
  readonly key: Buffer;
  readonly keyName: string;
  readonly madeAt: Date;
}

const FORM = "saraban closed key 1";
const FILE_NAME = /^([a-z0-9][a-z0-9-]{0,62})\.([a-z-]{1,20})\.v([1-9][0-9]{0,8})\.json$/;
const LARGEST_FILE = 4096;

export function keyFile(folder: string, { agencyId, level }: KeyPlace, version: number): string {
  return join(folder, `${agencyId}.${level}.v${version}.json`);
}

export interface KnownFile extends KeyPlace {
  readonly version: number;
}

/** What the names in the folder say, from the oldest version; empty when there is no folder. @throws KeyFault */
export async function listKeyFiles(folder: string): Promise<KnownFile[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw unreadable(folder, error);
  });
  const known = names.flatMap((name): KnownFile[] => {
    const [, agencyId = "", level = "", version = ""] = FILE_NAME.exec(name) ?? [];
    if (!CLOSED_LEVELS.some((each) => each === level)) return [];
    return [{ agencyId, level: level as ClosedLevel, version: Number(version) }];
  });
  return known.sort((a, b) => a.version - b.version);
}

/** Null when there is no such file. @throws KeyFault when others may read it, or it is not what its name says */
export async function readKeyFile(folder: string, place: KeyPlace, version: number): Promise<FileKey | null> {
  const path = keyFile(folder, place, version);
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw unreadable(path, error);
  }
  try {
    const { mode, size } = await file.stat();
    if ((mode & 0o077) !== 0) {
      throw new KeyFault(
        "unfit",
        `others than this user may read the key file ${path} (mode ${(mode & 0o777).toString(8)}). Set it to 0600 (chmod 600); if somebody may have read it, rotate: saraban keys rotate ${place.agencyId} ${place.level}`,
        { place, version },
      );
    }
    const found = size > LARGEST_FILE ? null : parseKey(await file.readFile(), place, version);
    if (found) return found;
  } finally {
    await file.close();
  }
  throw new KeyFault(
    "damaged",
    `the key file ${path} is not the key of ${nameOf(place, version)} as it was written: put it back from the backup of the keys`,
    { place, version },
  );
}

function parseKey(octets: Buffer, { agencyId, level }: KeyPlace, version: number): FileKey | null {
  try {
    const said = JSON.parse(octets.toString("utf8")) as Record<string, unknown>;
    const key = Buffer.from(String(said["key"]), "base64url");
    const keyName = nameOfKey(key);
    const isWhole = key.length === 32 && said["name"] === keyName && said["form"] === FORM;
    const isOfPlace = said["agency"] === agencyId && said["level"] === level && said["version"] === version;
    return isWhole && isOfPlace ? { version, key, keyName, madeAt: new Date(String(said["madeAt"])) } : null;
  } catch {
    return null;
  } finally {
    octets.fill(0);
  }
}

/**
 * Makes a key file, unless another process was first. When this resolves, that file is on disk with its name and its
 * folder: nothing may be sealed under a key that a power cut takes away.
 */
export async function makeKeyFile(
  folder: string,
  place: KeyPlace,
  version: number,
  now: Date,
): Promise<void> {
  await makeFolder(folder);
  await sweepIncoming(folder, now.getTime());
  const part = join(folder, (await nameIncoming())());
  const key = randomBytes(32);
  const said = { form: FORM, agency: place.agencyId, level: place.level, version, name: nameOfKey(key) };
  const octets = Buffer.from(
    `${JSON.stringify({ ...said, madeAt: now.toISOString(), key: key.toString("base64url") })}\n`,
  );
  const file = await open(part, "wx", 0o600);
  try {
    await file.writeFile(octets);
    await sameOwner(part, folder);
    await file.sync();
    // A link appears whole or not at all, and never takes the place of a key that another process has put there.
    await link(part, keyFile(folder, place, version)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } finally {
    key.fill(0);
    octets.fill(0);
    await file.close();
    await unlink(part);
  }
  // Also when it was another's: that one may have died before it got here.
  await syncDirectory(folder);
}

/** @throws KeyFault when others may put files there */
export async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw unreadable(folder, error);
  });
  if (found === null || (found.mode & 0o022) === 0) return;
  throw new KeyFault(
    "unfit",
    `others than this user may put keys into ${folder} (mode ${(found.mode & 0o777).toString(8)}): set it to 0700 (chmod 700)`,
  );
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  await checkFolder(folder);
  if (first === undefined) return;
  // Each new folder, for the user whose data folder it is, and durable.
  const above = dirname(first);
  for (let at = folder; at !== above; at = dirname(at)) {
    await sameOwner(at, above);
    await syncDirectory(at);
  }
  await syncDirectory(above);
}

/** Root may rotate keys; the services that run as another user must still read them. */
async function sameOwner(path: string, as: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await stat(as);
  await chown(path, uid, gid);
}

function unreadable(path: string, cause: unknown): KeyFault {
  const { code = "" } = cause as NodeJS.ErrnoException;
  return new KeyFault(
    "unfit",
    `${path} cannot be read (${code}) by the user that this runs as: it has to belong to it`,
    { cause },
  );
}
