import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { dayOfIsoDate, startOfDayMs } from "../../shared/letter/bangkok-day.ts";
import { placeOfFault, schemaFault } from "../../shared/runtime/schema-faults.ts";
import {
  fromProject,
  projectDir,
  readJson,
  readSecret,
  readYaml,
  type SecretPlace,
  SettingsError,
} from "../../shared/runtime/settings.ts";

/** How we prove who we are to a token server (RFC 6749). */
export interface TokenGrant {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: SecretPlace | null;
  readonly scope: string | null;
  /** Null: the client's own credentials are the grant (§4.4). */
  readonly refreshToken: SecretPlace | null;
}

/** A mailbox on another server, defaults filled in. */
export interface HostedMailbox {
  readonly id: string;
  readonly agencyId: string;
  readonly host: string;
  readonly port: number;
  readonly security: "tls" | "starttls" | "none";
  /** Certificates to trust, PEM; null: the public authorities. */
  readonly ca: string | null;
  readonly user: string;
  readonly secret:
    | { readonly kind: "password"; readonly place: SecretPlace }
    | { readonly kind: "oauth2"; readonly grant: TokenGrant };
  readonly folder: string;
  readonly since: Date | null;
  readonly after: {
    readonly when: "accepted" | "registered";
    readonly flag: string | null;
    readonly moveTo: string | null;
  };
  readonly pollMs: number;
  readonly maxMessageBytes: number;
  readonly authservId: string | null;
}

/** A mailbox as the file has it (schemas/mailboxes.schema.json). */
interface MailboxEntry {
  id: string;
  agency: string;
  host: string;
  port?: number;
  security?: HostedMailbox["security"];
  caFile?: string;
  user: string;
  passwordEnv?: string;
  passwordFile?: string;
  oauth2?: {
    tokenUrl: string;
    clientId: string;
    clientSecretEnv?: string;
    clientSecretFile?: string;
    scope?: string;
    refreshTokenEnv?: string;
    refreshTokenFile?: string;
  };
  folder?: string;
  since?: string;
  after?: { when?: "accepted" | "registered"; flag?: string | null; moveTo?: string | null };
  pollSeconds?: number;
  maxMessageBytes?: number;
  authservId?: string;
}

/**
 * Reads config/mailboxes.yaml and checks it, with the secrets and certificates that it names.
 * @param agencies ids of the agencies that are served here
 * @throws SettingsError with all faults at once, each with file, place and what to do; without any secret
 */
export function readMailboxes(
  file: string,
  agencies: readonly string[],
  env?: NodeJS.ProcessEnv,
): readonly HostedMailbox[] {
  const content = readYaml(file);
  const validate = new Ajv2020({
    allErrors: true,
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
  }).compile(readJson(join(projectDir, "schemas/mailboxes.schema.json")));
  if (!validate(content)) {
    throw new SettingsError([
      ...new Set(
        (validate.errors ?? [])
          .filter(({ schemaPath }) => !/\/oneOf\/\d/.test(schemaPath))
          .map((error) => `${file}: ${faultOf(error)}`),
      ),
    ]);
  }
  const entries = content["mailboxes"] as MailboxEntry[];
  const faults: string[] = [];
  const mailboxes = entries.map((entry, index) => {
    const at = `${file}: mailboxes.${index} (${entry.id})`;
    if (entries.findIndex(({ id }) => id === entry.id) !== index)
      faults.push(`${at}: the id stands there twice; give each mailbox one of its own`);
    if (!agencies.includes(entry.agency))
      faults.push(`${at}: agency ${entry.agency} is not in the list of agencies; use one of its ids`);
    return hostedMailbox(entry, (fault) => faults.push(`${at}: ${fault}`), env);
  });
  const places = mailboxes.map(placeOf);
  places.forEach((place, index) => {
    if (places.indexOf(place) !== index)
      faults.push(
        `${file}: mailboxes.${index}: folder ${place} stands there twice; it can be read only once`,
      );
  });
  if (faults.length > 0) throw new SettingsError(faults);
  return mailboxes;
}

/** The folder that the UIDs of a mailbox speak of. */
export function placeOf({ user, host, folder }: Pick<HostedMailbox, "user" | "host" | "folder">): string {
  return `${user}@${host.toLowerCase()}/${folder}`;
}

/** Depth of the place at fault → what is wanted there. */
const ONE_OF: Readonly<Record<number, string>> = {
  2: "needs exactly one of passwordEnv, passwordFile and oauth2",
  3: "needs scope, or a refresh token (refreshTokenEnv or refreshTokenFile)",
};

function faultOf(error: ErrorObject): string {
  if (error.keyword !== "oneOf") return schemaFault(error);
  const place = placeOfFault(error);
  return `${place} ${ONE_OF[place.split(".").length] ?? error.message}`;
}

function hostedMailbox(
  entry: MailboxEntry,
  fault: (words: string) => void,
  env: NodeJS.ProcessEnv | undefined,
): HostedMailbox {
  const security = entry.security ?? "tls";
  if (security === "none" && !isLoopback(entry.host))
    fault(
      "security none sends the password in the clear: allowed to 127.0.0.1 and ::1 only; use tls or starttls",
    );
  const firstDay = entry.since === undefined ? null : dayOfIsoDate(entry.since);
  if (entry.since !== undefined && firstDay === null) fault(`since: there is no day ${entry.since}`);
  return {
    id: entry.id,
    agencyId: entry.agency,
    host: entry.host,
    port: entry.port ?? (security === "tls" ? 993 : 143),
    security,
    ca: entry.caFile === undefined ? null : certificatesOf(entry.caFile, fault),
    user: entry.user,
    secret: secretOf(entry, fault, env),
    folder: entry.folder ?? "INBOX",
    since: firstDay === null ? null : new Date(startOfDayMs(firstDay)),
    after: {
      when: entry.after?.when ?? "registered",
      flag: entry.after?.flag === undefined ? "\\Seen" : entry.after.flag,
      moveTo: entry.after?.moveTo ?? null,
    },
    pollMs: (entry.pollSeconds ?? 60) * 1000,
    maxMessageBytes: entry.maxMessageBytes ?? 52_428_800,
    authservId: entry.authservId ?? null,
  };
}

function secretOf(
  { passwordEnv, passwordFile, oauth2 }: MailboxEntry,
  fault: (words: string) => void,
  env: NodeJS.ProcessEnv | undefined,
): HostedMailbox["secret"] {
  const place = (name: string, variable?: string, file?: string): SecretPlace | null => {
    const given = variable !== undefined ? { env: variable } : file !== undefined ? { file } : null;
    try {
      if (given !== null) readSecret(given, env);
    } catch (error) {
      fault(`${name}: ${(error as Error).message}`);
    }
    return given;
  };
  if (oauth2 === undefined)
    return { kind: "password", place: place("password", passwordEnv, passwordFile) as SecretPlace };
  const url = URL.parse(oauth2.tokenUrl);
  if (url === null) fault("oauth2.tokenUrl is not a URL");
  else if (url.protocol !== "https:" && !isLoopback(url.hostname))
    fault("oauth2.tokenUrl would carry the secret in the clear: use https");
  return {
    kind: "oauth2",
    grant: {
      tokenUrl: oauth2.tokenUrl,
      clientId: oauth2.clientId,
      clientSecret: place("clientSecret", oauth2.clientSecretEnv, oauth2.clientSecretFile),
      scope: oauth2.scope ?? null,
      refreshToken: place("refreshToken", oauth2.refreshTokenEnv, oauth2.refreshTokenFile),
    },
  };
}

function certificatesOf(file: string, fault: (words: string) => void): string | null {
  try {
    const text = readFileSync(fromProject(file), "utf8");
    if (!text.includes("-----BEGIN CERTIFICATE-----")) fault(`caFile ${file} holds no certificate in PEM`);
    return text;
  } catch (error) {
    fault(`caFile: ${(error as Error).message}`);
    return null;
  }
}

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  return bare === "localhost" || bare === "::1" || (isIP(bare) === 4 && bare.startsWith("127."));
}
