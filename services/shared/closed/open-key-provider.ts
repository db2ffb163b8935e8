import { fromProject, type Settings } from "../runtime/settings.ts";
import { openFileKeys } from "./file-key-provider.ts";
import { closedKeyFolder } from "./key-files.ts";
import type { KeyPlace, KeyProvider } from "./key-provider.ts";
import { openVaultKeys } from "./vault-key-provider.ts";

/**
 * The keys that closed.keys names. With a key server, what key files had wrapped before still opens, and is wrapped by the
 * server when it is wrapped anew: so an office moves to a key server with `saraban keys rotate` alone.
 */
export function openKeyProvider(
  { dataDir, closed }: Pick<Settings, "dataDir" | "closed">,
  lettersOf: (place: KeyPlace) => Promise<number>,
): KeyProvider {
  const files = openFileKeys({ folder: closedKeyFolder(dataDir), lettersOf });
  if (closed.keys === "file") return files;
  const { tokenFile, namespace, caFile, timeoutMs, keyPrefix } = closed.vault;
  const vault = openVaultKeys({
    url: closed.keys,
    tokenFile: tokenFile === "" ? "" : fromProject(tokenFile),
    caFile: caFile === "" ? "" : fromProject(caFile),
    namespace,
    timeoutMs,
    keyPrefix,
    lettersOf,
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
    trouble: async () => (await vault.trouble()) ?? (await files.trouble()),
    close() {
      vault.close();
      files.close();
    },
  };
}
