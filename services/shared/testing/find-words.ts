import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { adminQueries } from "./arrivals.ts";

/** The spellings in which a word may lie somewhere: as it is, in base64 at each of three places, in hex, URL and JSON escapes. */
export function spellingsOf(word: string): Buffer[] {
  const octets = Buffer.from(word, "utf8");
  const inBase64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), octets, Buffer.alloc(2)]).toString("base64");
    // Letters that its neighbours have a part in are left out.
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + octets.length) * 8) / 6));
  });
  const escaped = JSON.stringify(word)
    .slice(1, -1)
    .replace(/[^\x20-\x7e]/gu, (letter) =>
      [...letter].map((each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
    );
  const texts = [
    word,
    encodeURIComponent(word),
    escaped,
    ...inBase64,
    ...inBase64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
    octets.toString("hex"),
    octets.toString("hex").toUpperCase(),
  ];
  return [...new Set(texts)].map((text) => Buffer.from(text, "utf8")).concat(Buffer.from(word, "utf16le"));
}

/** Files below a folder that hold one of the words in any spelling; what goes away meanwhile is none. */
export async function filesWith(folder: string, words: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const octets = await readFile(path).catch(() => Buffer.alloc(0));
    for (const word of wordsIn(octets, words)) found.push(`${path}: ${word}`);
    // A name is a place for words, too.
    for (const word of wordsIn(Buffer.from(entry.name), words)) found.push(`${path}: name, ${word}`);
  }
  return found;
}

/** Columns of all tables, of whatever schema, that hold one of the words: as text, and the octets of bytea. */
export async function columnsWith(
  query: ReturnType<typeof adminQueries>,
  words: readonly string[],
): Promise<string[]> {
  const columns = await query<{ schema: string; table: string; column: string; type: string }>(
    `select n.nspname as schema, c.relname as table, a.attname as column, format_type(a.atttypid, null) as type
       from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'm', 'p') and a.attnum > 0 and not a.attisdropped
        and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_toast%'`,
  );
  const found: string[] = [];
  for (const { schema, table, column, type } of columns) {
    const name = `"${column}"`;
    const text = type === "bytea" ? `encode(${name}, 'hex')` : `${name}::text`;
    const rows = await query<{ value: string }>(
      `select ${text} as value from "${schema}"."${table}" where ${name} is not null`,
    );
    for (const { value } of rows) {
      const octets = type === "bytea" ? Buffer.from(value, "hex") : Buffer.from(value, "utf8");
      // Arrays and JSON hold octets in hex, too.
      for (const word of wordsIn(octets, words)) found.push(`${schema}.${table}.${column}: ${word}`);
    }
  }
  return [...new Set(found)];
}

export function wordsIn(octets: Buffer, words: readonly string[]): string[] {
  return words.filter((word) => spellingsOf(word).some((spelling) => octets.includes(spelling)));
}
