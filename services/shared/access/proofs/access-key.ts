import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { chmod, link, mkdir, open, readFile, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../runtime/log.ts";

/** What is kept with the access key: sealed for whoever has a copy of the database alone. */
export interface AccessKey {
  /** @param about whose it is; a sealed text in another row opens for nobody */
  seal(plain: Buffer, about: string): Buffer;
  /** @throws AccessKeyWrong when another key has sealed it, or it was changed */
  unseal(sealed: Buffer, about: string): Buffer;
  /** A name for something that must not stand in the database as it is. @returns hex */
  markOf(purpose: "guard" | "csrf", text: string): string;
}

/** The message says what to do. */
export class AccessKeyWrong extends Error {
  override readonly name = "AccessKeyWrong";
}

const NAME = "access.key";
const KEY_BYTES = 32;
const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_NAME_BYTES = 8;

/**
 * The access key of an installation, DATA/keys/access/access.key: made at the first use, whichever process is first. All
 * processes of room http and the commands beside them have to have the same one.
 */
export async function openAccessKey(dataDir: string, log: Log): Promise<AccessKey> {
  const folder = join(dataDir, "keys", "access");
  const path = join(folder, NAME);
  let key = await readKey(path, log);
  if (key === null) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    await writeOnce(path, randomBytes(KEY_BYTES));
    key = await readKey(path, log);
  }
  if (key === null) throw new Error(`the access key (${path}) was removed while it was made`);
  return accessKeyOf(key, path);
}

/** @param path for messages: where the key is kept */
export function accessKeyOf(key: Buffer, path: string): AccessKey {
  const derived = (purpose: string, bytes: number): Buffer =>
    Buffer.from(hkdfSync("sha256", key, "", `saraban access ${purpose}`, bytes));
  const sealing = derived("seal", KEY_BYTES);
  const name = derived("name", KEY_NAME_BYTES);
  const marks = { guard: derived("guard", KEY_BYTES), csrf: derived("csrf", KEY_BYTES) };
  return {
    seal(plain, about) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", sealing, nonce).setAAD(Buffer.from(about));
      const text = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Buffer.of(FORMAT), name, nonce, text, cipher.getAuthTag()]);
    },
    unseal(sealed, about) {
      const from = 1 + KEY_NAME_BYTES;
      if (sealed[0] !== FORMAT || !sealed.subarray(1, from).equals(name))
        throw new AccessKeyWrong(
          `sealed with another access key than ${path}: put the one back that it was sealed with, or have it set up anew (saraban user totp reset ID)`,
        );
      const nonce = sealed.subarray(from, from + NONCE_BYTES);
      const cipher = createDecipheriv("aes-256-gcm", sealing, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(about)).setAuthTag(sealed.subarray(-TAG_BYTES));
      try {
        return Buffer.concat([
          cipher.update(sealed.subarray(from + NONCE_BYTES, -TAG_BYTES)),
          cipher.final(),
        ]);
      } catch (cause) {
        throw new AccessKeyWrong("what was sealed with the access key has been changed", { cause });
      }
    },
    markOf: (purpose, text) => createHmac("sha256", marks[purpose]).update(text).digest("hex"),
  };
}

/** A link appears whole or not at all, and never takes the place of a file that another process has put there. */
async function writeOnce(path: string, key: Buffer): Promise<void> {
  const part = `${path}.${randomBytes(8).toString("hex")}`;
  const file = await open(part, "wx", 0o600);
  try {
    await file.writeFile(`${key.toString("base64url")}\n`);
    await file.sync();
    await link(part, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } finally {
    await file.close();
    await unlink(part);
  }
}

async function readKey(path: string, log: Log): Promise<Buffer | null> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  if (((await stat(path)).mode & 0o077) !== 0)
    log.warn({ path }, "others than this user may read the access key: set its mode to 0600");
  const key = Buffer.from(text.trim(), "base64url");
  if (key.length !== KEY_BYTES)
    throw new AccessKeyWrong(`${path} is no access key: ${KEY_BYTES} octets in base64url`);
  return key;
}
