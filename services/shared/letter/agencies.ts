import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Pool, PoolClient } from "pg";
import { schemaFault } from "../runtime/schema-faults.ts";
import { projectDir, readJson, readYaml, type Settings, SettingsError } from "../runtime/settings.ts";
import { normaliseLetterNumber } from "./letter-number.ts";
import { DEFAULT_OFFICE, type Office, officeFaults } from "./office-hours.ts";
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
}

export interface Directory {
  readonly agencies: readonly Agency[];
  readonly partners: readonly Partner[];
}

/** Reads both files and checks them. @throws SettingsError that names the file, the place and what is allowed */
export function readDirectory(settings: Settings): Directory {
  const agencies = checked<Agency>(settings.agenciesFile, "agencies");
  const partners = checked<Partner>(settings.partnersFile, "partners");
  // The tables keep domains in lower case (RFC 5321 §2.4: letter case makes no other domain).
  const faults = [
    ...repeated(agencies.map(({ id }) => id.toLowerCase())).map(
      (id) => `${settings.agenciesFile}: id ${id} stands there twice`,
    ),
    ...repeated(agencies.map(({ domain }) => domain.toLowerCase())).map(
      (domain) => `${settings.agenciesFile}: domain ${domain} stands there twice`,
    ),
    ...agencies.flatMap(({ id, office }) =>
      officeFaults({ ...DEFAULT_OFFICE, ...office }).map(
        (fault) => `${settings.agenciesFile}: office of ${id}: ${fault}`,
      ),
    ),
    ...agencies.flatMap(({ id, letterCode }) =>
      letterCodeFaults(letterCode).map((fault) => `${settings.agenciesFile}: letterCode of ${id} ${fault}`),
    ),
    ...agencies.flatMap((agency) =>
      contactFaults(agency).map((fault) => `${settings.agenciesFile}: contacts of ${agency.id}: ${fault}`),
    ),
    ...repeated(partners.map(({ domain }) => domain.toLowerCase())).map(
      (domain) => `${settings.partnersFile}: domain ${domain} stands there twice`,
    ),
  ];
  if (faults.length > 0) throw new SettingsError(faults);
  return { agencies, partners };
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
function contactFaults({ domain, mailbox, contacts }: Agency): string[] {
  return Object.entries(contacts ?? {}).flatMap(([name, address]: [string, string]) => {
    const at = address.lastIndexOf("@");
    const local = address.slice(0, at).toLowerCase();
    const own = domain.toLowerCase();
    const theirs = address.slice(at + 1).toLowerCase();
    if (theirs !== own && !theirs.endsWith(`.${own}`))
      return [`${name} ${address} is not in the agency's domain; use an address in ${domain}`];
    const central = mailbox.toLowerCase();
    const isCentral = local === central || local.startsWith(`${central}_`) || local.startsWith(`${central}+`);
    return theirs === own && isCentral
      ? [`${name} ${address} is the central mailbox itself; use a person's or an office's address`]
      : [];
  });
}

function checked<Row>(file: string, list: "agencies" | "partners"): Row[] {
  const content = readYaml(file);
  const schema = readJson(join(projectDir, `schemas/${list}.schema.json`));
  const validate = new Ajv2020({ allErrors: true }).compile(schema);
  if (!validate(content)) {
    throw new SettingsError((validate.errors ?? []).map((error) => `${file}: ${schemaFault(error)}`));
  }
  return content[list] as Row[];
}

function repeated(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

/**
 * Makes the tables agree with the files; what is no longer in them becomes inactive and keeps its books.
 * A domain may move from one agency to another, or two may exchange theirs: only one active agency has it at a time, so
 * whoever gives one up becomes inactive in a statement before the one that makes all of the file's agencies active.
 */
export async function storeDirectory(pool: Pool, { agencies, partners }: Directory): Promise<void> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin");
    await storeAgencies(client, JSON.stringify(agencies));
    await storePartners(client, JSON.stringify(partners));
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch((cause: Error) => {
      broken = cause;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

async function storeAgencies(client: PoolClient, agencies: string): Promise<void> {
  await client.query(
    `update saraban.agency a set active = false, updated_at = now()
      where active and not exists (
        select from jsonb_to_recordset($1::jsonb) as given (id text, domain text)
         where given.id = a.id and lower(given.domain) = a.domain)`,
    [agencies],
  );
  await client.query(
    `insert into saraban.agency (id, domain, mailbox, name_th, name_en, receiver_name, letter_code, registration, office, senders, contacts, tray_duty_since)
       select id, lower(domain), lower(mailbox), "nameThai", "nameEnglish", "receiverName", "letterCode",
              coalesce(registration, '{}'), coalesce(office, '{}'), coalesce(senders, '{}'), coalesce(contacts, '{}'),
              case when coalesce("trayDuty", registration @? '$.* ? (@ == "clerk")', false) then now() end
         from jsonb_to_recordset($1::jsonb) as
           (id text, domain text, mailbox text, "nameThai" text, "nameEnglish" text, "receiverName" text, "letterCode" text,
            registration jsonb, office jsonb, senders jsonb, contacts jsonb, "trayDuty" boolean)
       on conflict (id) do update set domain = excluded.domain, mailbox = excluded.mailbox, name_th = excluded.name_th,
         name_en = excluded.name_en, receiver_name = excluded.receiver_name, letter_code = excluded.letter_code,
         registration = excluded.registration, office = excluded.office,
         senders = excluded.senders, contacts = excluded.contacts,
         -- The duty begins once, when it is first written down.
         tray_duty_since = case when excluded.tray_duty_since is not null then coalesce(agency.tray_duty_since, now()) end,
         active = true, updated_at = now()`,
    [agencies],
  );
}

async function storePartners(client: PoolClient, partners: string): Promise<void> {
  await client.query(
    `with given as (select * from jsonb_to_recordset($1::jsonb) as (domain text, "nameThai" text, "codeLetters" text, "romanCode" text)),
       gone as (update saraban.partner set active = false, updated_at = now() where active and domain not in (select lower(domain) from given))
     insert into saraban.partner (domain, name_th, code_letters, roman_code)
       select lower(domain), "nameThai", "codeLetters", upper("romanCode") from given
       on conflict (domain) do update set name_th = excluded.name_th, code_letters = excluded.code_letters,
         roman_code = excluded.roman_code, active = true, updated_at = now()`,
    [partners],
  );
}
