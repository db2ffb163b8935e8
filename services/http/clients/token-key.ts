import { createPrivateKey } from "node:crypto";
import { chmod, link, mkdir, open, readFile, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { errors } from "jose";
import {
  newSigningKey,
  publicHalf,
  type SigningKey,
  thumbprint,
} from "../../shared/letter/evidence/sign-evidence.ts";
import type { Log } from "../../shared/runtime/log.ts";

/** The key that access tokens are signed with; not one of receipts, which room http never sees. */
export interface TokenKey {
  /** Made at the first use. */
  current(): Promise<SigningKey>;
  /** @throws an error of jose when it is not the one in force */
  named(kid: string): Promise<SigningKey>;
}

const NAME = "access-tokens.jwk";
/** Tokens with names of keys that do not exist cost one look at the file in so long. */
const LOOK_AGAIN_AFTER_MS = 5_000;

/**
 * One file for all processes of this room that share the data folder: whichever is first makes it. Where an operator
 * removes it, a new key is made with the next token after a start, and tokens of the old one are over.
 */
export function openTokenKey(folder: string, nowMs: () => number, log: Log): TokenKey {
  let inForce: Promise<SigningKey> | undefined;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  const look = (): Promise<SigningKey> => {
    lookedAtMs = nowMs();
    const looking = readOrMake(folder, log);
    inForce = looking;
    looking.catch(() => {
      if (inForce === looking) inForce = undefined;
    });
    return looking;
  };
  const current = (): Promise<SigningKey> => inForce ?? look();
  return {
    current,
    async named(kid) {
      let key = await current();
      // Another process may have made a new one.
      if (key.kid !== kid && nowMs() - lookedAtMs >= LOOK_AGAIN_AFTER_MS) key = await look();
      if (key.kid !== kid) throw new errors.JWKSNoMatchingKey();
      return key;
    },
  };
}

async function readOrMake(folder: string, log: Log): Promise<SigningKey> {
  const path = join(folder, NAME);
  const found = await readKey(path, log);
  if (found) return found;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  await writeOnce(path, await newSigningKey());
  const key = await readKey(path, log);
  if (!key) throw new Error(`the key of access tokens (${path}) was removed while it was made`);
  return key;
}

/** A link appears whole or not at all, and never takes the place of a file that another process has put there. */
async function writeOnce(path: string, { kid, privateKey }: SigningKey): Promise<void> {
  const part = `${path}.${kid}`;
  const file = await open(part, "wx", 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ ...privateKey.export({ format: "jwk" }), kid })}\n`);
    await file.sync();
    await link(part, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } finally {
    await file.close();
    await unlink(part);
  }
}

async function readKey(path: string, log: Log): Promise<SigningKey | null> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  if (((await stat(path)).mode & 0o077) !== 0)
    log.warn({ path }, "others than this user may read the key of access tokens: set its mode to 0600");
  const privateKey = createPrivateKey({ key: JSON.parse(text), format: "jwk" });
  return { kid: await thumbprint(publicHalf(privateKey)), privateKey };
}
