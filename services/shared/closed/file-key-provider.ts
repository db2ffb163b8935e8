import { randomBytes } from "node:crypto";
import {
  checkFolder,
  type FileKey,
  type KnownFile,
  keyFile,
  listKeyFiles,
  makeKeyFile,
  readKeyFile,
} from "./key-files.ts";
import {
  checkPlace,
  KeyFault,
  type KeyPlace,
  type KeyProvider,
  nameOf,
  type UsedBy,
  type WrappedFor,
} from "./key-provider.ts";
import { readWrapped, unwrapKey, wrapKey, wrappedPrefix } from "./wrap-key.ts";

export interface FileKeyOptions {
  /** closedKeyFolder(dataDir) */
  readonly folder: string;
  /**
   * Where something is sealed and no key is there, it was lost, and making a new one would hide that until somebody wants to
   * read what is sealed.
   */
  readonly usedBy: UsedBy;
  readonly now?: () => Date;
}

/** Keys in files of this machine (key-files.ts): those that open are held in memory. */
export function openFileKeys({ folder, usedBy, now = () => new Date() }: FileKeyOptions): KeyProvider {
  const held = new Map<string, FileKey>();
  let isClosed = false;

  const read = async (place: KeyPlace, version: number): Promise<FileKey | null> => {
    if (isClosed) throw new Error("the keys are closed");
    const name = keyFile(folder, place, version);
    const known = held.get(name);
    if (known) return known;
    const found = await readKeyFile(folder, place, version);
    if (found) held.set(name, found);
    return found;
  };
  const filesOf = async ({ agencyId, level }: KeyPlace): Promise<KnownFile[]> =>
    (await listKeyFiles(folder)).filter((file) => file.agencyId === agencyId && file.level === level);

  /** Read anew each time: what only this process still has in memory must seal nothing. Whoever has it clears it. */
  const newest = async (place: KeyPlace): Promise<FileKey> => {
    await checkFolder(folder);
    let version = (await filesOf(place)).at(-1)?.version;
    if (version === undefined) {
      const sealed = await usedBy(place);
      // Another process may have made it, and sealed with it, since we looked.
      version = (await filesOf(place)).at(-1)?.version;
      if (version === undefined && sealed !== null) throw lost(place, undefined, sealed);
    }
    if (version === undefined) await makeKeyFile(folder, place, 1, now());
    const key = await readKeyFile(folder, place, version ?? 1);
    if (key) return key;
    throw lost(place, version ?? 1, await usedBy(place));
  };

  const wrap = async (of: WrappedFor, dataKey: Buffer): Promise<string> => {
    checkPlace(of, of.subject);
    const { version, key } = await newest(of);
    const wrapped = wrapKey(dataKey, of, version, key);
    key.fill(0);
    return wrapped;
  };

  const unwrap = async (of: WrappedFor, wrapped: string): Promise<Buffer> => {
    checkPlace(of, of.subject);
    const parts = readWrapped(wrapped);
    if (!parts) throw notOurs(of, wrapped);
    const found = await read(of, parts.version);
    if (found?.keyName !== parts.keyName) throw lost(of, parts.version, await usedBy(of));
    const dataKey = unwrapKey(parts, of, found.key);
    if (dataKey) return dataKey;
    throw new KeyFault(
      "damaged",
      `the wrapped key of ${of.subject} (${nameOf(of, parts.version)}) was changed, or is that of another letter: put the row back from a backup of the database`,
      { place: of, version: parts.version },
    );
  };

  return {
    async newDataKey(of) {
      const key = randomBytes(32);
      return { key, wrapped: await wrap(of, key) };
    },
    wrap,
    unwrap,
    async rewrap(of, wrapped) {
      const dataKey = await unwrap(of, wrapped);
      try {
        return await wrap(of, dataKey);
      } finally {
        dataKey.fill(0);
      }
    },
    async rotate(place) {
      checkPlace(place);
      const { version, key } = await newest(place);
      key.fill(0);
      await makeKeyFile(folder, place, version + 1, now());
      return version + 1;
    },
    async versions(place) {
      checkPlace(place);
      const found = [];
      for (const { version } of await filesOf(place)) {
        const file = await readKeyFile(folder, place, version);
        if (!file) continue; // removed at this moment
        found.push({ version, madeAt: file.madeAt, prefix: wrappedPrefix(version, file.key) });
        file.key.fill(0);
      }
      return found.map((each, at) => ({ ...each, newest: at === found.length - 1 }));
    },
    async trouble() {
      try {
        await checkFolder(folder);
        for (const file of await listKeyFiles(folder)) {
          (await readKeyFile(folder, file, file.version))?.key.fill(0);
        }
        return null;
      } catch (error) {
        if (error instanceof KeyFault) return error.message;
        throw error;
      }
    },
    close() {
      isClosed = true;
      for (const { key } of held.values()) key.fill(0);
      held.clear();
    },
  };

  function lost(place: KeyPlace, version: number | undefined, sealed: string | null): KeyFault {
    const path = version === undefined ? folder : keyFile(folder, place, version);
    const missing =
      version === undefined
        ? "holds no key of them"
        : "is not there, or is another key than the one that sealed";
    return new KeyFault(
      "lost",
      `a key is lost: ${nameOf(place, version)}. ${path} ${missing}; sealed for that agency and level: ${sealed ?? "nothing"}. Put the files back from the backup of the keys: without them what they sealed stays closed for ever (saraban keys check says what that is)`,
      { place, ...(version === undefined ? {} : { version }) },
    );
  }
}

function notOurs(of: WrappedFor, wrapped: string): KeyFault {
  const kind = /^([a-z]{1,20}):v/.exec(wrapped)?.[1] ?? "an unknown keeper";
  return new KeyFault(
    "lost",
    `the key of ${of.subject} (${nameOf(of)}) was wrapped by ${kind}, and closed.keys says file: set it to what it was`,
    { place: of },
  );
}
