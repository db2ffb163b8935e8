import { createPrivateKey, type KeyObject } from "node:crypto";
import { chmod, mkdir, open, readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../runtime/log.ts";
import { publicHalf, type SigningKey, thumbprint } from "./sign-evidence.ts";

const KEY_FILE = /^([A-Za-z0-9_-]{43})\.jwk$/;
const MOST_KEYS = 1000;

/** Where private halves lie: nowhere else, and never in the database. */
export function keyFolder(dataDir: string): string {
  return join(dataDir, "keys", "receipts");
}

/**
 * Writes a private key as KID.jwk, for this user's eyes alone. When it resolves, file and name are on disk: a receipt must
 * not be signed with a key that is gone after a power cut.
 */
export async function writeKey(folder: string, { kid, privateKey }: SigningKey): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const part = join(folder, `.${kid}.${process.pid}`);
  const file = await open(part, "wx", 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ ...privateKey.export({ format: "jwk" }), kid })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, join(folder, `${kid}.jwk`));
  const directory = await open(folder, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The keys of a folder; empty when there is none. A file that is no key of its name is told in the log, and left aside. */
export async function readKeys(folder: string, log: Log): Promise<SigningKey[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const keys: SigningKey[] = [];
  for (const name of names.slice(0, MOST_KEYS)) {
    const kid = KEY_FILE.exec(name)?.[1];
    if (kid === undefined) continue;
    const path = join(folder, name);
    const privateKey = await readKey(path).catch(() => null);
    if (privateKey === null || (await thumbprint(publicHalf(privateKey))) !== kid) {
      log.error(
        { kid },
        "the file of a receipts' key cannot be read, or is that of another key: it signs nothing",
      );
      continue;
    }
    if (((await stat(path)).mode & 0o077) !== 0)
      log.warn({ kid }, "others than this user may read the file of a receipts' key: set its mode to 0600");
    keys.push({ kid, privateKey });
  }
  return keys;
}

async function readKey(path: string): Promise<KeyObject> {
  const key = createPrivateKey({ key: JSON.parse(await readFile(path, "utf8")), format: "jwk" });
  publicHalf(key); // throws for a key of another kind
  return key;
}
