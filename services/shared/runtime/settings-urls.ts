import pg from "pg";
import { namesThisMachine } from "./guarded-lookup.ts";

/** The formats that schemas/settings.schema.json gives to settings that hold a URL; each is read as its user reads it. */
const READ: Readonly<Record<string, (text: string) => void>> = {
  // Only node-postgres knows what it takes (a socket's folder for the host, a bare % in a password). Connects nowhere.
  "database-url": (text) => void new pg.Client({ connectionString: text }),
  "redis-url": readUrl,
  "smarthost-url": (text) => {
    if (readUrl(text).hostname === "") throw new UrlFault("it names no host");
  },
  "public-url": (text) => {
    const url = readUrl(text);
    if (url.username !== "" || url.password !== "")
      throw new UrlFault("it stands in every receipt and must hold no name and no password");
  },
  "key-server-url": (text) => {
    if (text === "file") return;
    const url = readUrl(text);
    if (url.username !== "" || url.password !== "")
      throw new UrlFault("the key server's token stands in closed.vault.tokenFile, not in its URL");
    if (url.protocol === "http:" && !namesThisMachine(url))
      throw new UrlFault("keys go over https alone, but for a key server on this machine");
  },
  // unix:/path is no address that could be wrong before it is used.
  "scanner-url": (text) => void (text.startsWith("tcp:") && readUrl(text)),
};

export const URL_FORMATS = Object.keys(READ);

/** Says what is wrong in words that tell nothing of the URL: it may hold a password. */
class UrlFault extends Error {}

/**
 * What keeps a URL from being used, or null. The scheme is the schema's pattern's matter.
 * Told at the start: the rooms would find out one by one, each with a stack in place of words.
 */
export function urlFault(format: string, text: string): string | null {
  if (text === "") return null;
  try {
    READ[format]?.(text);
    return null;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (error instanceof UrlFault) return error.message;
    if (error instanceof URIError)
      return "its % signs do not spell UTF-8 characters; % itself is written %25";
    if (code === "ENOENT" || code === "EACCES") return "a file it names cannot be read";
    return "it cannot be read as a URL (port: 1 to 65535; @ / : ? # % in a name or password as %40 %2F %3A %3F %23 %25)";
  }
}

function readUrl(text: string): URL {
  const url = new URL(text);
  decodeURIComponent(url.username);
  decodeURIComponent(url.password);
  if (url.port === "0") throw new UrlFault("a port is a number from 1 to 65535");
  return url;
}
