import type { WrappedKeys } from "../wrapped-keys.ts";

/** Wrapped keys by subject, with the manners of the tables. */
export function keysInMemory(): WrappedKeys & { readonly rows: Map<string, string> } {
  const rows = new Map<string, string>();
  const prefixOf = (wrapped: string): string => wrapped.slice(0, wrapped.lastIndexOf(":") + 1);
  const sorted = () => [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    rows,
    async groups() {
      const prefixes = [...new Set([...rows.values()].map(prefixOf))].sort();
      return prefixes.map((prefix) => {
        const those = sorted().filter(([, wrapped]) => prefixOf(wrapped) === prefix);
        const [[subject, wrappedKey] = ["", ""]] = those;
        return { prefix, keys: those.length, letters: those.length, sample: { subject, wrappedKey } };
      });
    },
    async list(_place, newestPrefix, after, limit) {
      return sorted()
        .filter(([id, wrapped]) => id > after && (newestPrefix === "" || !wrapped.startsWith(newestPrefix)))
        .slice(0, limit)
        .map(([id, wrappedKey]) => ({ id, subject: id, wrappedKey }));
    },
    async replace(_place, changes) {
      const fitting = changes.filter(({ id, wrappedKey }) => rows.get(id) === wrappedKey);
      for (const { id, rewrapped } of fitting) rows.set(id, rewrapped);
      return fitting.length;
    },
  };
}
