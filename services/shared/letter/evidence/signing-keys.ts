import type { Transaction } from "kysely";
import type { Log } from "../../runtime/log.ts";
import type { Tables } from "../tables.ts";
import type { AuditCheckpoint } from "./evidence.ts";
import { keyFolder, readKeys, writeKey } from "./key-folder.ts";
import { newestCheckpoint } from "./newest-checkpoint-store.ts";
import { newSigningKey, publicHalf, type SigningKey } from "./sign-evidence.ts";
import { inForceElsewhere, lockSigningKeys, newestInForce, publishKeys } from "./signing-key-store.ts";

/** Signs receipts and calls for this installation. */
export interface EvidenceIssuer {
  /** Address of the installation on the Internet, without a slash at its end; "" when it has none. */
  readonly publicUrl: string;
  /**
   * The key that signs now: the newest of this process's folder that is neither retired nor revoked. The database is asked
   * once a transaction, so a rotation is in force from its commit on. Where there is none, one is made.
   * @param at when, for a key that has to be made
   */
  signer(transaction: Transaction<Tables>, at: Date): Promise<SigningKey>;
  /** The newest checkpoint of the audit log, a few seconds old at most; null while there is none. */
  checkpoint(transaction: Transaction<Tables>): Promise<AuditCheckpoint | null>;
}

/** Asked for once in so long, so that it costs a letter nothing. */
const CHECKPOINT_GOOD_FOR_MS = 5_000;

/** Reads nothing yet: the folder is looked into when the first receipt is signed. */
export function openIssuer({
  dataDir,
  publicUrl,
  log,
}: {
  readonly dataDir: string;
  readonly publicUrl: string;
  readonly log: Log;
}): EvidenceIssuer {
  const folder = keyFolder(dataDir);
  const held = new Map<string, SigningKey>();
  const hold = (key: SigningKey): void => void held.set(key.kid, key);
  const inForce = async (transaction: Transaction<Tables>): Promise<SigningKey | undefined> =>
    held.get((await newestInForce(transaction, [...held.keys()])) ?? "");
  // Works that share a transaction would not wait for each other's lock, and each make a key.
  const found = new WeakMap<Transaction<Tables>, Promise<SigningKey>>();
  let checkpoint: AuditCheckpoint | null = null;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  return {
    publicUrl: publicUrl.replace(/\/+$/, ""),
    async checkpoint(transaction) {
      const nowMs = performance.now();
      if (nowMs - askedAtMs < CHECKPOINT_GOOD_FOR_MS) return checkpoint;
      const before = askedAtMs;
      askedAtMs = nowMs; // whoever asks meanwhile takes the one before
      try {
        checkpoint = await newestCheckpoint(transaction);
      } catch (error) {
        askedAtMs = before;
        throw error;
      }
      return checkpoint;
    },
    signer(transaction, at) {
      const known = found.get(transaction) ?? find(transaction, at);
      found.set(transaction, known);
      return known;
    },
  };

  async function find(transaction: Transaction<Tables>, at: Date): Promise<SigningKey> {
    const known = await inForce(transaction);
    if (known) return known;
    await lockSigningKeys(transaction);
    const inFolder = await readKeys(folder, log);
    for (const key of inFolder) hold(key);
    // A key whose row is missing was made by who fell before the commit, or is older than a restored backup: what it
    // has signed is out there, and must stay checkable.
    const rows = inFolder.map(({ kid, privateKey }) => ({ kid, jwk: publicHalf(privateKey) }));
    await publishKeys(transaction, rows, at);
    return (await inForce(transaction)) ?? (await makeKey(transaction, at));
  }

  async function makeKey(transaction: Transaction<Tables>, at: Date): Promise<SigningKey> {
    const elsewhere = await inForceElsewhere(transaction, [...held.keys()]);
    const key = await newSigningKey();
    await writeKey(folder, key);
    await publishKeys(transaction, [{ kid: key.kid, jwk: publicHalf(key.privateKey) }], at);
    hold(key);
    log.warn({ kid: key.kid }, "receipts are signed with a new key from now on");
    if (elsewhere.length > 0) {
      log.error(
        { kids: elsewhere },
        "keys that sign receipts are not in this service's folder: they are another host's, or lost; retire what is lost (saraban receipt rotate)",
      );
    }
    return key;
  }
}
