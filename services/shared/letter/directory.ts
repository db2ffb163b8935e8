import { createPublicKey } from "node:crypto";
import { namesThisMachine } from "../runtime/guarded-lookup.ts";
import { normaliseLetterNumber } from "./letter-number.ts";
import { DEFAULT_OFFICE, type Office, officeFaults } from "./office-hours.ts";
import type { OutboundRules } from "./outbound.ts";
import { holderOf } from "./own-address.ts";
import type { Channel } from "./register-line.ts";
import type { SenderRules } from "./sender-rules.ts";

/** An agency served here, as config/agencies.yaml has it. */
export interface Agency {
  readonly id: string;
  readonly domain: string;
  readonly mailbox: string;
  readonly nameThai: string;
  readonly nameEnglish: string;
  readonly receiverName: string;
  /** Code letters and owner number of its own letters (นร 0505); without it outbound letters cannot be numbered. */
  readonly letterCode?: string;
  /** How letters of a channel are registered; automatic where nothing is said. */
  readonly registration?: Readonly<Partial<Record<Channel, "automatic" | "clerk">>>;
  /** Whether its tray has to be opened each half working day (Annex 7). Default: true when a clerk registers. */
  readonly trayDuty?: boolean;
  readonly office?: Partial<Office>;
  /** What becomes of letters by how sure their sender is. */
  readonly senders?: SenderRules;
  readonly contacts?: AgencyContacts;
  /** Who may sign its outbound letters off. */
  readonly outbound?: OutboundRules;
  readonly receipts?: ReceiptRules;
  /** รหัสตัวอักษรโรมัน that the names of its own files begin with (Annex 7), in capitals. */
  readonly romanCode?: string;
  /** Ten digits of the government's list of offices, the first two of them the ministry's: 0199900000. */
  readonly organisationId?: string;
  readonly ecms?: AgencyEcms;
}

/** By which version of the protocol a node is spoken to: 1.0 of about 2012, 2.0 of 2020. */
export const ECMS_DIALECTS = ["1.0", "2.0"] as const;
export type EcmsDialect = (typeof ECMS_DIALECTS)[number];

/** `ecms` of an agency: the e-CMS node of others that it uses, if it uses one. */
export interface AgencyEcms {
  readonly node?: EcmsNode & {
    /** Seconds between two looks into its queue there; default 60. */ readonly pollSeconds?: number;
    /** The gravest class of letters that this node is appointed to give; left out: none that is classified. */
    readonly level?: "confidential" | "secret";
  };
}

/** An e-CMS node of others, as it is spoken to. */
export interface EcmsNode {
  /** http://…/ecms-ws01/service2, or https. */
  readonly url: string;
  /** Default 2.0. */
  readonly dialect?: EcmsDialect;
  /** For HTTP Basic, where the node asks for it; old ones do not. */
  readonly user?: string;
  /** SARABAN_SECRET_…: in which variable the password of `user` stands (or, with _FILE, the name of its file). */
  readonly passwordEnv?: string;
}

/** `receipts` of an agency in config/agencies.yaml. */
export interface ReceiptRules {
  /** Whether the sender is told when the responsible officer has opened the letter. Default: false. */
  readonly handedOver?: boolean;
}

/** Mail addresses of people of the agency, who are told of what nobody may open; in a domain of the agency. */
export interface AgencyContacts {
  /** นายทะเบียนข้อมูลข่าวสารลับ: told that a classified letter was refused. */
  readonly classifiedRegistrar?: string;
  /** Told of what went wrong with a letter, such as a virus. */
  readonly clerk?: string;
}

/** An agency whose letters are registered without asking an officer. */
export interface Partner {
  readonly domain: string;
  readonly nameThai: string;
  /** รหัสตัวพยัญชนะ of its letter numbers (Annex 1), such as นร. */
  readonly codeLetters?: string;
  /** รหัสตัวอักษรโรมัน that the names of its files begin with (Annex 7), such as OPDC. */
  readonly romanCode?: string;
  /** Its central address (saraban@…): letters for it go there. */
  readonly mailbox?: string;
  /** Where it publishes the keys that its receipts are signed with: https, or http on this machine. */
  readonly keysUrl?: string;
  /** Keys that it gave by other ways, beside those at keysUrl. */
  readonly keys?: readonly PartnerKey[];
  /** Ten digits of the government's list of offices. */
  readonly organisationId?: string;
  /** Its e-CMS node: letters and notifiers for it are posted there. */
  readonly ecms?: EcmsNode;
}

/** Public half of an Ed25519 key (RFC 8037). */
export interface PartnerKey {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly kid: string;
  readonly alg?: "EdDSA" | "Ed25519";
  readonly use?: "sig";
}

export interface Directory {
  readonly agencies: readonly Agency[];
  readonly partners: readonly Partner[];
}

/** What is wrong with the agencies beyond what the schema says. */
export function agenciesFaults(agencies: readonly Agency[]): string[] {
  // The tables keep domains in lower case (RFC 5321 §2.4: letter case makes no other domain).
  return [
    ...repeated(agencies.map(({ id }) => id.toLowerCase())).map((id) => `id ${id} stands there twice`),
    ...repeated(agencies.map(({ domain }) => domain.toLowerCase())).map(
      (domain) => `domain ${domain} stands there twice`,
    ),
    ...agencies.flatMap(({ id, office }) =>
      officeFaults({ ...DEFAULT_OFFICE, ...office }).map((fault) => `office of ${id}: ${fault}`),
    ),
    ...agencies.flatMap(({ id, letterCode }) =>
      letterCodeFaults(letterCode).map((fault) => `letterCode of ${id} ${fault}`),
    ),
    ...agencies.flatMap((agency) =>
      contactFaults(agency).map((fault) => `contacts of ${agency.id}: ${fault}`),
    ),
    ...repeatedOrganisations(agencies),
    ...agencies.flatMap(({ id, organisationId, ecms }) =>
      nodeFaults(organisationId, ecms?.node).map((fault) => `ecms.node of ${id}: ${fault}`),
    ),
  ];
}

/** What is wrong with the partners beyond what the schema says. */
export function partnersFaults(partners: readonly Partner[]): string[] {
  return [
    ...repeated(partners.map(({ domain }) => domain.toLowerCase())).map(
      (domain) => `domain ${domain} stands there twice`,
    ),
    ...partners.flatMap(partnerFaults),
    ...repeatedOrganisations(partners),
    ...partners.flatMap(({ domain, organisationId, ecms }) =>
      nodeFaults(organisationId, ecms).map((fault) => `ecms of ${domain}: ${fault}`),
    ),
  ];
}

/** An office is known by its number on that wire: of two with the same one letters would go to either. */
function repeatedOrganisations(offices: readonly { readonly organisationId?: string }[]): string[] {
  const given = offices.flatMap(({ organisationId = "" }) => (organisationId === "" ? [] : [organisationId]));
  return repeated(given).map((id) => `organisationId ${id} stands there twice`);
}

/** Old nodes have no TLS: what they are asked carries no secret, and what does goes over https alone. */
function nodeFaults(organisationId: string | undefined, node: EcmsNode | undefined): string[] {
  if (node === undefined) return [];
  const url = URL.parse(node.url);
  const isGood =
    url !== null && /^https?:$/.test(url.protocol) && url.username + url.password + url.hash === "";
  const isOpen = isGood && url.protocol === "http:" && !namesThisMachine(url);
  return [
    ...(isGood ? [] : ["url is to be written such as http://HOST/ecms-ws01/service2, without a password"]),
    ...(node.user !== undefined && isOpen ? ["user: a password goes over https alone"] : []),
    ...(organisationId === undefined
      ? ["organisationId is missing, by which letters are addressed there"]
      : []),
  ];
}

/** An answer cites our number, and is found by it: so it has to be composed the way that numbers are read back. */
function letterCodeFaults(letterCode: string | undefined): string[] {
  if (letterCode === undefined) return [];
  const readBack = normaliseLetterNumber(`${letterCode}/1`)?.slice(0, -"/1".length);
  if (readBack === letterCode) return [];
  return [
    readBack === undefined
      ? `gives no numbers that could be read back; write it such as นร 0505 or นร (กพ) 0505`
      : `is to be written ${readBack}`,
  ];
}

/**
 * What they are told is for nobody outside; and told to the central mailbox it would come back as a letter.
 */
function contactFaults(agency: Agency): string[] {
  return Object.entries(agency.contacts ?? {}).flatMap(([name, address]: [string, string]) => {
    const holder = holderOf(address, agency);
    if (holder === "own") return [];
    return holder === "foreign"
      ? [`${name} ${address} is not in the agency's domain; use an address in ${agency.domain}`]
      : [`${name} ${address} is the central mailbox itself; use a person's or an office's address`];
  });
}

/** Where receipts are checked by what stands here, a wrong key or a key fetched in the clear is a forger's way in. */
function partnerFaults({ domain, keysUrl, keys = [] }: Partner): string[] {
  return [
    ...(keysUrl === undefined || isSafeUrl(keysUrl)
      ? []
      : [`keysUrl of ${domain} is an https URL without a password, or http on this machine`]),
    ...repeated(keys.map(({ kid }) => kid)).map((kid) => `keys of ${domain}: kid ${kid} stands there twice`),
    ...keys
      .filter((key) => !isPublicKey(key))
      .map(({ kid }) => `keys of ${domain}: x of ${kid} is no public key of Ed25519`),
  ];
}

function isSafeUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.username !== "" || url.password !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && namesThisMachine(url));
}

function isPublicKey({ kty, crv, x }: PartnerKey): boolean {
  try {
    createPublicKey({ key: { kty, crv, x }, format: "jwk" });
    return true;
  } catch {
    return false;
  }
}

/** A central address begins with saraban (Annex 7); a unit's goes on behind an underscore. */
const CENTRAL_ADDRESS = /^saraban(?:_[a-z0-9.-]+)?@/i;

/** What is allowed and yet looks wrong, for whoever starts the service to read. */
export function directoryWarnings({ partners }: Directory): string[] {
  return partners.flatMap(({ domain, mailbox }) =>
    mailbox === undefined || CENTRAL_ADDRESS.test(mailbox)
      ? []
      : [`mailbox ${mailbox} of partner ${domain} does not begin with saraban, as central addresses do`],
  );
}

function repeated(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
