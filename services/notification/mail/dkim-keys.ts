import { createPrivateKey } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { domainToASCII } from "node:url";
import type { SendMailOptions } from "nodemailer";
import { SettingsError } from "../../shared/runtime/settings.ts";

/** How a message from an address is signed (RFC 6376); null for not at all. */
export type SignerFor = (fromAddress: string) => NonNullable<SendMailOptions["dkim"]> | null;

export const signNothing: SignerFor = () => null;

/** DOMAIN.SELECTOR.pem */
const KEY_FILE = /^((?:[a-z0-9-]{1,63}\.){1,8}[a-z0-9-]{1,63})\.([a-z0-9_-]{1,63})\.pem$/i;
/** RFC 8301 §3.2: signers should use at least 2048 bits. */
const SHORTEST_KEY_BITS = 2048;
/** A signature stands before the message, so all of it is read first: what is longer waits in a file. */
const IN_MEMORY_OCTETS = 1024 * 1024;

/**
 * Reads the keys that messages are signed with, for the domain of their From address, by every key that there is for it.
 * @param keysDir folder of files DOMAIN.SELECTOR.pem, RSA, for nobody but the service to read
 * @param cacheDir made if missing, and emptied: what a signature is made over waits here
 * @throws SettingsError with all faults at once
 */
export function readDkimKeys(keysDir: string, cacheDir: string): SignerFor {
  const faults: string[] = [];
  const byDomain = new Map<string, { domainName: string; keySelector: string; privateKey: string }[]>();
  for (const name of filesOf(keysDir, faults)) {
    const [, domain = "", selector = ""] = KEY_FILE.exec(name) ?? [];
    const path = join(keysDir, name);
    const fault = domain === "" ? "is not named DOMAIN.SELECTOR.pem" : faultOf(path);
    if (fault !== null) {
      faults.push(`notification.dkimKeysDir: ${path} ${fault}`);
      continue;
    }
    const domainName = domain.toLowerCase();
    const key = { domainName, keySelector: selector, privateKey: readFileSync(path, "utf8") };
    byDomain.set(domainName, [...(byDomain.get(domainName) ?? []), key]);
  }
  if (faults.length > 0) throw new SettingsError(faults);
  // A process that was killed leaves what it was signing.
  rmSync(cacheDir, { recursive: true, force: true });
  mkdirSync(cacheDir, { recursive: true, mode: 0o700 });
  return (fromAddress) => {
    const keys = byDomain.get(
      domainToASCII(fromAddress.slice(fromAddress.lastIndexOf("@") + 1)).toLowerCase(),
    );
    return keys ? { keys, cacheDir, cacheTreshold: IN_MEMORY_OCTETS } : null;
  };
}

function filesOf(folder: string, faults: string[]): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith("."));
  } catch (error) {
    faults.push(`notification.dkimKeysDir: ${folder} cannot be read (${(error as { code?: string }).code})`);
    return [];
  }
}

/** Without a word of what the file holds. */
function faultOf(path: string): string | null {
  try {
    const { mode } = statSync(path);
    if ((mode & 0o077) !== 0) return "can be read by others than the service: chmod 600";
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(readFileSync(path));
    if (asymmetricKeyType !== "rsa") return "is no RSA key";
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    return bits < SHORTEST_KEY_BITS ? `has ${bits} bits; ${SHORTEST_KEY_BITS} are needed` : null;
  } catch {
    return "holds no private key that can be read";
  }
}
