import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { LEVELS, type Level, OWN_SCOPES, SCOPES, type Scope } from "./http/clients/client.ts";
import {
  domainOfAgency,
  holderOfCertificate,
  knownDomains,
  type NewClient,
} from "./http/clients/client-admin-store.ts";
import { fingerprintOf } from "./http/clients/client-certificate.ts";
import { isClientId } from "./http/clients/client-store.ts";
import { ECMS_DIALECTS, type EcmsDialect } from "./shared/letter/directory.ts";
import type { openAdminPool } from "./shared/runtime/database.ts";

type AdminPool = ReturnType<typeof openAdminPool>;

/** What `saraban client` takes besides verb and id. */
export const CLIENT_OPTIONS = {
  json: { type: "boolean" },
  name: { type: "string" },
  agency: { type: "string" },
  sender: { type: "string" },
  node: { type: "boolean" },
  scope: { type: "string", multiple: true },
  level: { type: "string" },
  ecms: { type: "string" },
  certificate: { type: "string", multiple: true },
  network: { type: "string", multiple: true },
  overlap: { type: "string" },
  add: { type: "string" },
  remove: { type: "string" },
} as const;

export interface ClientOptions {
  readonly json?: boolean | undefined;
  readonly name?: string | undefined;
  readonly agency?: string | undefined;
  readonly sender?: string | undefined;
  readonly node?: boolean | undefined;
  readonly scope?: string[] | undefined;
  readonly level?: string | undefined;
  readonly ecms?: string | undefined;
  readonly certificate?: string[] | undefined;
  readonly network?: string[] | undefined;
  readonly overlap?: string | undefined;
  readonly add?: string | undefined;
  readonly remove?: string | undefined;
}

/** What is wrong with an option, in words for whoever typed it. */
export class OptionFault extends Error {}

/** A new client as the options describe it. @throws OptionFault */
export async function readNewClient(pool: AdminPool, id: string, options: ClientOptions): Promise<NewClient> {
  if (!isClientId(id))
    throw new OptionFault("an ID has small letters, digits, dots, hyphens and underscores, 63 at most");
  const name = options.name?.trim() ?? "";
  if (name === "" || name.length > 200) throw new OptionFault("--name says which program it is, and whose");
  const agencyId = options.agency ?? "";
  const domain = await domainOfAgency(pool, agencyId);
  if (domain === undefined) throw new OptionFault("--agency is an agency served here (config/agencies.yaml)");
  const senderDomain = await readSender(pool, options, domain);
  const certificates = (options.certificate ?? []).map(readFingerprint);
  for (const sha256 of certificates) await checkFree(pool, id, sha256);
  return {
    id,
    name,
    agencyId,
    senderDomain,
    scopes: readScopes(options, senderDomain === domain),
    level: oneOf<Level>("--level", LEVELS, options.level ?? "normal"),
    certificates,
    networks: (options.network ?? []).map(readNetwork),
    dialect: oneOf<EcmsDialect>("--ecms", ECMS_DIALECTS, options.ecms ?? "2.0"),
  };
}

/** In whose name: the agency's own, a partner's, or (a node) of whichever office each letter says. */
async function readSender(
  pool: AdminPool,
  { sender, node }: ClientOptions,
  own: string,
): Promise<string | null> {
  if (node === true && sender !== undefined) throw new OptionFault("--node and --sender exclude each other");
  if (node === true) return null;
  const wanted = (sender ?? own).toLowerCase();
  if (!(await knownDomains(pool)).includes(wanted))
    throw new OptionFault(`--sender ${wanted} is no domain of config/partners.yaml or config/agencies.yaml`);
  return wanted;
}

/** @param isOwn whether it is the agency's own system, and no node nor another office's. @throws OptionFault */
export function readScopes({ scope = [] }: ClientOptions, isOwn: boolean): Scope[] {
  const wanted = [...new Set(scope)].map((one) => oneOf<Scope>("--scope", SCOPES, one));
  if (wanted.length === 0)
    throw new OptionFault(`--scope is one of ${SCOPES.join(", ")}; at least one is needed`);
  const beyond = wanted.filter((one) => !isOwn && OWN_SCOPES.includes(one));
  if (beyond.length > 0)
    throw new OptionFault(
      `${beyond.join(", ")}: only the agency's own systems get that, not another office's nor a node`,
    );
  return wanted;
}

/** @param given a PEM file, or SHA-256 in hex as openssl prints it. @throws OptionFault */
export function readFingerprint(given: string): string {
  const hex = given.replaceAll(":", "").toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  try {
    return fingerprintOf(new X509Certificate(readFileSync(given)).raw);
  } catch {
    throw new OptionFault(`${given} is neither a certificate (PEM) nor its SHA-256 in hex`);
  }
}

/** One certificate names one client, or it names none. @throws OptionFault */
export async function checkFree(pool: AdminPool, id: string, sha256: string): Promise<void> {
  const holder = await holderOfCertificate(pool, sha256);
  if (holder !== undefined && holder !== id)
    throw new OptionFault(`the certificate ${sha256} is that of client ${holder}`);
}

/** In the form of PostgreSQL's cidr. @throws OptionFault */
export function readNetwork(given: string): string {
  const [address = "", prefix, ...more] = given.trim().split("/");
  const longest = isIP(address) === 6 ? 128 : 32;
  const length = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (isIP(address) === 0 || address.includes("%") || more.length > 0 || length < 1 || length > longest)
    throw new OptionFault(`${given} is no network; write 192.0.2.0/24 or 2001:db8::/32`);
  return `${address}/${length}`;
}

function oneOf<Value extends string>(option: string, allowed: readonly Value[], given: string): Value {
  const value = allowed.find((one) => one === given);
  if (value === undefined) throw new OptionFault(`${option} is one of ${allowed.join(", ")}`);
  return value;
}
