import {
  checkPlace,
  KeyFault,
  type KeyPlace,
  type KeyProvider,
  type KeyVersion,
  nameOf,
  type UsedBy,
  type WrappedFor,
} from "./key-provider.ts";
import { openVault, type VaultAnswer, type VaultOptions } from "./vault-client.ts";

export interface VaultKeyOptions extends VaultOptions {
  /** Keys are named PREFIX + AGENCY.LEVEL. */
  readonly keyPrefix: string;
  readonly usedBy: UsedBy;
}

const WRAPPED = /^vault:v([1-9][0-9]{0,8}):[A-Za-z0-9+/=]{1,400}$/;

/**
 * Keys in a transit engine (HashiCorp Vault, OpenBao): they never leave it, and each wrapping and unwrapping is a request
 * that it can refuse and record. Keys are made there by whoever runs it, never by us: one that is gone shall be missed.
 *
 * The context (agency, level, subject) goes with each request. A key with derived=true makes another key of it, so that a
 * wrapped key opens for its own letter alone; other keys ignore it, and then the sealed form, which names its letter, is
 * what keeps letters apart.
 */
export function openVaultKeys(options: VaultKeyOptions): KeyProvider {
  const vault = openVault(options);
  const pathOf = (verb: string, { agencyId, level }: KeyPlace): string =>
    `${vault.mount}/${verb}/${options.keyPrefix}${agencyId}.${level}`;

  const ask = async (verb: string, of: WrappedFor, body: object, version?: number): Promise<VaultAnswer> => {
    checkPlace(of, of.subject);
    try {
      return await vault.call("POST", pathOf(verb, of), { ...body, context: contextOf(of) });
    } catch (error) {
      throw await explained(error, of, version);
    }
  };
  const explained = async (error: unknown, of: WrappedFor, version?: number): Promise<unknown> => {
    if (!(error instanceof KeyFault) || !["lost", "damaged"].includes(error.fault)) return error;
    const sealed = error.fault === "lost" ? await options.usedBy(of) : null;
    const words = sealed === null ? "" : `; sealed for that agency and level: ${sealed} (saraban keys check)`;
    return new KeyFault(error.fault, `${nameOf(of, version)}: ${error.message}${words}`, {
      place: of,
      ...(version === undefined ? {} : { version }),
      cause: error,
    });
  };
  const unwrap = async (of: WrappedFor, wrapped: string): Promise<Buffer> => {
    const answer = await ask("decrypt", of, { ciphertext: wrapped }, versionOf(wrapped, of));
    return keyIn(answer);
  };
  const keyOf = async (place: KeyPlace): Promise<VaultAnswer | null> => {
    try {
      return await vault.call("GET", pathOf("keys", place));
    } catch (error) {
      if (error instanceof KeyFault && error.fault === "lost") return null;
      throw error;
    }
  };
  const versions = async (place: KeyPlace): Promise<KeyVersion[]> => {
    checkPlace(place);
    const found = await keyOf(place);
    const { keys = {}, latest_version: latest, min_decryption_version: oldest = 0 } = found?.data ?? {};
    return Object.entries(keys as Record<string, unknown>)
      .map(([version, made]) => ({
        version: Number(version),
        madeAt: madeAt(made),
        newest: Number(version) === latest,
        prefix: `vault:v${version}:`,
      }))
      .filter(({ version }) => version >= Number(oldest))
      .sort((a, b) => a.version - b.version);
  };

  return {
    async newDataKey(of) {
      const answer = await ask("datakey/plaintext", of, { bits: 256 });
      return { key: keyIn(answer), wrapped: wrappedIn(answer) };
    },
    async wrap(of, key) {
      return wrappedIn(await ask("encrypt", of, { plaintext: key.toString("base64") }));
    },
    unwrap,
    async rewrap(of, wrapped) {
      const version = versionOf(wrapped, of);
      return wrappedIn(await ask("rewrap", of, { ciphertext: wrapped }, version));
    },
    async rotate(place) {
      checkPlace(place);
      await vault.call("POST", `${pathOf("keys", place)}/rotate`, {}, true);
      const newest = (await versions(place)).find((each) => each.newest);
      if (newest) return newest.version;
      throw new KeyFault("lost", `the key server has no key of ${nameOf(place)} that it could rotate`, {
        place,
      });
    },
    versions,
    async trouble() {
      try {
        const status = await vault.health();
        // 429: a standby, which hands on what it is asked; 472, 473: replicas.
        if (status === 503) return "the key server is sealed: whoever holds its unseal keys opens it";
        if (status === 501) return "the key server was never set up (vault operator init)";
        if (status === 472) return "the key server is a replica for disasters, which serves nobody";
        return null;
      } catch (error) {
        if (error instanceof KeyFault) return error.message;
        throw error;
      }
    },
    close: vault.close,
  };
}

function contextOf({ agencyId, level, subject }: WrappedFor): string {
  return Buffer.from(["saraban closed key 1", agencyId, level, subject, ""].join("\n")).toString("base64");
}

function versionOf(wrapped: string, of: WrappedFor): number {
  const version = WRAPPED.exec(wrapped)?.[1];
  if (version !== undefined) return Number(version);
  throw new KeyFault("lost", `the key of ${of.subject} (${nameOf(of)}) was not wrapped by a key server`, {
    place: of,
  });
}

function keyIn({ data }: VaultAnswer): Buffer {
  const key = Buffer.from(String(data["plaintext"] ?? ""), "base64");
  if (key.length === 32) return key;
  throw new KeyFault("unfit", "the key server's answer holds no key of 256 bits");
}

function wrappedIn({ data }: VaultAnswer): string {
  const wrapped = String(data["ciphertext"] ?? "");
  if (WRAPPED.test(wrapped)) return wrapped;
  throw new KeyFault("unfit", "the key server's answer holds no wrapped key");
}

/** Seconds since 1970, or (keys with a public half) an object with a date; neither is needed for anything but a list. */
function madeAt(made: unknown): Date {
  const said =
    typeof made === "object" && made !== null ? (made as Record<string, unknown>)["creation_time"] : made;
  const date = typeof said === "number" ? new Date(said * 1000) : new Date(String(said));
  return Number.isNaN(date.getTime()) ? new Date(0) : date;
}
