import { fromProject, type Settings } from "../runtime/settings.ts";
import { openFileKeys } from "./file-key-provider.ts";
import { closedKeyFolder } from "./key-files.ts";
import type { KeyProvider, UsedBy } from "./key-provider.ts";
import { openVaultKeys } from "./vault-key-provider.ts";

/**
 * The keys that closed.keys names. With a key server, what key files had wrapped before still opens, and is wrapped by the
 * server when it is wrapped anew: so an office moves to a key server with `saraban keys rotate` alone.
 */
export function openKeyProvider(
  { dataDir, closed }: Pick<Settings, "dataDir" | "closed">,
  usedBy: UsedBy,
): KeyProvider {
  const files = openFileKeys({ folder: closedKeyFolder(dataDir), usedBy });
  if (closed.keys === "file") return files;
  const { tokenFile, namespace, caFile, timeoutMs, keyPrefix } = closed.vault;
  const vault = openVaultKeys({
    url: closed.keys,
    tokenFile: tokenFile === "" ? "" : fromProject(tokenFile),
    caFile: caFile === "" ? "" : fromProject(caFile),
    namespace,
    timeoutMs,
    keyPrefix,
    usedBy,
  });
  return withFilesBefore(vault, files);
}

export function withFilesBefore(vault: KeyProvider, files: KeyProvider): KeyProvider {
  const isFileWrapped = (wrapped: string): boolean => wrapped.startsWith("file:");
  return {
    ...vault,
    unwrap: (of, wrapped) => (isFileWrapped(wrapped) ? files : vault).unwrap(of, wrapped),
    async rewrap(of, wrapped) {
      if (!isFileWrapped(wrapped)) return vault.rewrap(of, wrapped);
      const key = await files.unwrap(of, wrapped);
      try {
        return await vault.wrap(of, key);
      } finally {
        key.fill(0);
      }
    },
    /** Those of files go on opening; the newest is the server's. */
    async versions(place) {
      const before = (await files.versions(place)).map((each) => ({ ...each, newest: false }));
      return [...before, ...(await vault.versions(place))];
    },
    trouble: async () => (await vault.trouble()) ?? (await files.trouble()),
    close() {
      vault.close();
      files.close();
    },
  };
}
