import { readFileSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { declaredSettings, type SettingDeclaration, settingFaults } from "./settings-schema.ts";

/** All settings, checked and frozen. Meaning, default and bounds of each: schemas/settings.schema.json. */
export interface Settings {
  readonly dataDir: string;
  readonly agenciesFile: string;
  readonly partnersFile: string;
  readonly mailboxesFile: string;
  readonly holidaysDir: string;
  readonly log: { readonly level: string };
  readonly database: { readonly url: string; readonly poolSize: number };
  readonly queue: {
    readonly redisUrl: string;
    readonly prefix: string;
    readonly resendAfterSeconds: number;
    readonly maxFailures: number;
  };
  readonly smtp: {
    readonly host: string;
    readonly port: number;
    readonly hostname: string;
    readonly maxMessageBytes: number;
    readonly maxRecipients: number;
    readonly maxClients: number;
    readonly maxClientsPerAddress: number;
    readonly idleTimeoutSeconds: number;
    readonly dataTimeoutSeconds: number;
    readonly trustedNetworks: string;
    readonly proxyNetworks: string;
    readonly tls: {
      readonly certFile: string;
      readonly keyFile: string;
      readonly port: number;
      readonly require: boolean;
    };
    readonly limits: {
      readonly connectionsPerMinute: number;
      readonly lettersPerMinute: number;
      readonly recipientsPerMinute: number;
      readonly errorsPerHour: number;
    };
    readonly greylist: {
      readonly enabled: boolean;
      readonly delaySeconds: number;
      readonly windowHours: number;
      readonly keepDays: number;
    };
  };
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly proxyNetworks: string;
    readonly publicUrl: string;
    readonly tls: { readonly certFile: string; readonly keyFile: string; readonly clientCaFile: string };
    readonly clientCertificateHeader: boolean;
    readonly tokenMinutes: number;
    readonly clientRequestsPerMinute: number;
  };
  readonly exchange: { readonly maxWaitingJobs: number };
  readonly ecms: {
    readonly path: string;
    readonly byAddress: boolean;
    readonly allowPrivate: boolean;
    readonly timeoutSeconds: number;
    readonly maxAnswerBytes: number;
  };
  readonly clock: {
    readonly servers: string;
    readonly minimumServers: number;
    readonly minPollSeconds: number;
    readonly maxPollSeconds: number;
    readonly warnMs: number;
    readonly hardMs: number;
    readonly maxAgeSeconds: number;
    readonly policy: "auto" | "flag" | "hold";
    readonly keepDays: number;
  };
  readonly reading: {
    readonly concurrency: number;
    readonly pdfProcesses: number;
    readonly pdfTimeoutSeconds: number;
    readonly pdfMemoryMb: number;
  };
  readonly senders: {
    readonly check: "auto" | "on" | "off";
    readonly dnsServers: string;
    readonly dnsTimeoutMs: number;
    readonly trustedRelays: string;
    readonly authservId: string;
    readonly governmentDomains: string;
    readonly trustedSealers: string;
    readonly undecidedMinutes: number;
  };
  readonly scanner: {
    readonly address: string;
    readonly maxBytes: number;
    readonly timeoutSeconds: number;
    readonly connections: number;
    readonly whenDown: "hold" | "pass";
  };
  readonly registry: { readonly batchSize: number };
  readonly notification: {
    readonly delivery: "smarthost" | "mx";
    readonly smarthostUrl: string;
    readonly withoutSmarthost: "auto" | "write-files" | "wait";
    readonly concurrency: number;
    readonly giveUpAfterHours: number;
    readonly arrivalAfterSeconds: number;
    readonly templatesDir: string;
    readonly receiptPdf: boolean;
    readonly returnPath: "token" | "null";
    readonly perDestination: number;
    readonly perDestinationPerMinute: number;
    readonly resolver: string;
    readonly mxPort: number;
    readonly tls: "opportunistic" | "required";
    readonly allowPrivate: boolean;
    readonly dkimKeysDir: string;
    readonly webhooksAllowPrivate: boolean;
    readonly watchEverySeconds: number;
    readonly warnAfterHours: number;
    readonly escalateAfterWorkingHours: number;
  };
  readonly closed: {
    readonly keys: string;
    readonly vault: {
      readonly tokenFile: string;
      readonly namespace: string;
      readonly caFile: string;
      readonly timeoutMs: number;
      readonly keyPrefix: string;
    };
  };
  readonly quarantine: { readonly keepDays: number; readonly classifiedKeepDays: number };
}

/** A fault in the settings or in a file they name: the program says it and exits 78 (EX_CONFIG of sysexits). */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.faults = faults;
  }
}

/** Folder of the project: settings files and schemas are found from here, whatever the working directory. */
export const projectDir = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

const PREFIX = "SARABAN_";
/** Variables of ours that are not settings: the file of settings itself, and what test programs are told. */
const NOT_SETTINGS = new Set(["SARABAN_CONFIG"]);
/** Secrets that a file of config/ names (mailboxes.yaml): any number of them, so the schema cannot list them. */
const SECRETS = "SARABAN_SECRET_";

/**
 * Reads config/default.yaml, then the file that SARABAN_CONFIG names, then the environment, and checks the whole.
 * A variable NAME may also be given as NAME_FILE, a file that holds the value (for secrets).
 * @throws SettingsError with all faults at once
 */
export function loadSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const schema = readJson(join(projectDir, "schemas/settings.schema.json"));
  const declared = declaredSettings(schema);
  const files = [join(projectDir, "config/default.yaml")];
  if (env["SARABAN_CONFIG"]) files.push(resolve(env["SARABAN_CONFIG"]));
  const tree: Record<string, unknown> = {};
  for (const file of files) merge(tree, readYaml(file));
  const faults = [
    ...applyEnvironment(tree, declared, env),
    ...unknownVariables(declared, env),
    ...settingFaults(schema, tree),
  ];
  if (faults.length > 0) throw new SettingsError(faults);
  const settings = tree as unknown as Settings;
  return deepFreeze({
    ...settings,
    dataDir: resolve(projectDir, settings.dataDir),
    agenciesFile: fromProject(settings.agenciesFile),
    partnersFile: fromProject(settings.partnersFile),
    mailboxesFile: fromProject(settings.mailboxesFile),
    holidaysDir: fromProject(settings.holidaysDir),
    notification: { ...settings.notification, templatesDir: fromProject(settings.notification.templatesDir) },
  });
}

/** Reads a YAML file whose top level is a mapping. @throws SettingsError that names the file and the place */
export function readYaml(file: string): Record<string, unknown> {
  try {
    const value: unknown = parse(readFileSync(file, "utf8")) ?? {};
    if (typeof value !== "object" || Array.isArray(value)) throw new Error("the top level is not a mapping");
    return value as Record<string, unknown>;
  } catch (error) {
    throw new SettingsError([`${file}: ${(error as Error).message}`]);
  }
}

export function readJson(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
}

/** Where a secret stands that a file of config/ needs: never in that file itself. */
export type SecretPlace = { readonly env: string } | { readonly file: string };

/**
 * Reads a secret from its variable (NAME, or a file named by NAME_FILE) or its file; each time anew, so that a secret that
 * was changed in its file is in force without a restart.
 * @throws Error that names the place, never the value
 */
export function readSecret(place: SecretPlace, env: NodeJS.ProcessEnv = process.env): string {
  const named = "env" in place ? place.env : undefined;
  if (named !== undefined && !named.startsWith(SECRETS)) throw new Error(`${named}: begins with ${SECRETS}`);
  const given = named === undefined ? undefined : env[named];
  const file = "file" in place ? fromProject(place.file) : env[`${named}_FILE`];
  if (given === undefined && file === undefined) throw new Error(`${named} is not set (nor ${named}_FILE)`);
  const secret = (given ?? readFileSync(file as string, "utf8")).trim();
  if (secret === "") throw new Error(`${given === undefined ? file : named} is empty`);
  return secret;
}

export function fromProject(path: string): string {
  return isAbsolute(path) ? path : join(projectDir, path);
}

function applyEnvironment(
  tree: Record<string, unknown>,
  declared: readonly SettingDeclaration[],
  env: NodeJS.ProcessEnv,
): string[] {
  const faults: string[] = [];
  for (const setting of declared) {
    const file = env[`${setting.env}_FILE`];
    let text = env[setting.env];
    if (text === undefined && file !== undefined) {
      try {
        text = readFileSync(file, "utf8").trim();
      } catch (error) {
        faults.push(`${setting.key} (${setting.env}_FILE): ${(error as Error).message}`);
        continue;
      }
    }
    if (text === undefined) continue;
    const path = setting.key.split(".");
    const name = path.pop() as string;
    let node = tree;
    for (const step of path) {
      if (typeof node[step] !== "object" || node[step] === null) node[step] = {};
      node = node[step] as Record<string, unknown>;
    }
    node[name] = fromText(text, setting);
  }
  return faults;
}

/** What cannot be read as the setting's type stays text, so that the schema's answer names the key and the value. */
function fromText(text: string, setting: SettingDeclaration): unknown {
  if (setting.type === "boolean" && (text === "true" || text === "false")) return text === "true";
  if ((setting.type === "integer" || setting.type === "number") && /^-?\d+(\.\d+)?$/.test(text)) {
    return Number(text);
  }
  return text;
}

/** A misspelt variable would silently leave the default in force; so each SARABAN_ variable must be known. */
function unknownVariables(declared: readonly SettingDeclaration[], env: NodeJS.ProcessEnv): string[] {
  const known = new Set(declared.flatMap((setting) => [setting.env, `${setting.env}_FILE`]));
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !name.startsWith(SECRETS))
    .filter((name) => !known.has(name) && !NOT_SETTINGS.has(name))
    .map((name) => `${name}: there is no such setting; known are the names in schemas/settings.schema.json`);
}

function merge(into: Record<string, unknown>, from: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(from)) {
    const present = into[key];
    if (isMapping(present) && isMapping(value)) merge(present, value);
    else into[key] = value;
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) if (isMapping(child)) deepFreeze(child);
  return Object.freeze(value);
}
