import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Pool, PoolClient } from "pg";
import { schemaFault } from "../runtime/schema-faults.ts";
import { projectDir, readJson, readYaml, type Settings, SettingsError } from "../runtime/settings.ts";
import { type Agency, agenciesFaults, type Directory, type Partner, partnersFaults } from "./directory.ts";

/** Reads both files and checks them. @throws SettingsError that names the file, the place and what is allowed */
export function readDirectory(settings: Settings): Directory {
  const agencies = checked<Agency>(settings.agenciesFile, "agencies");
  const partners = checked<Partner>(settings.partnersFile, "partners");
  const { agenciesFile, partnersFile } = settings;
  const faults = [
    ...agenciesFaults(agencies).map((fault) => `${agenciesFile}: ${fault}`),
    ...partnersFaults(partners).map((fault) => `${partnersFile}: ${fault}`),
  ];
  if (faults.length > 0) throw new SettingsError(faults);
  return { agencies, partners };
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

/**
 * Makes the tables agree with the files; what is no longer in them becomes inactive and keeps its books.
 * A domain may move from one agency to another, or two may exchange theirs (their numbers too): only one active agency has it at a time, so
 * whoever gives one up becomes inactive in a statement before the one that makes all of the file's agencies active.
 */
export async function storeDirectory(pool: Pool, { agencies, partners }: Directory): Promise<void> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin");
    await storeAgencies(client, JSON.stringify(agencies));
    await storePartners(client, JSON.stringify(partners));
    await storePartnerKeys(client, partners);
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
        select from jsonb_to_recordset($1::jsonb) as given (id text, domain text, "organisationId" text)
         where given.id = a.id and lower(given.domain) = a.domain
           and given."organisationId" is not distinct from a.organisation_id)`,
    [agencies],
  );
  await client.query(
    `insert into saraban.agency (id, domain, mailbox, name_th, name_en, receiver_name, letter_code, registration, office, senders, contacts,
         outbound, receipts, roman_code, organisation_id, ecms, tray_duty_since)
       select id, lower(domain), lower(mailbox), "nameThai", "nameEnglish", "receiverName", "letterCode",
              coalesce(registration, '{}'), coalesce(office, '{}'), coalesce(senders, '{}'), coalesce(contacts, '{}'),
              coalesce(outbound, '{}'), coalesce(receipts, '{}'), upper("romanCode"), "organisationId", coalesce(ecms, '{}'),
              case when coalesce("trayDuty", registration @? '$.* ? (@ == "clerk")', false) then now() end
         from jsonb_to_recordset($1::jsonb) as
           (id text, domain text, mailbox text, "nameThai" text, "nameEnglish" text, "receiverName" text, "letterCode" text,
            registration jsonb, office jsonb, senders jsonb, contacts jsonb, outbound jsonb, receipts jsonb, "romanCode" text, "organisationId" text,
            ecms jsonb, "trayDuty" boolean)
       on conflict (id) do update set domain = excluded.domain, mailbox = excluded.mailbox, name_th = excluded.name_th,
         name_en = excluded.name_en, receiver_name = excluded.receiver_name, letter_code = excluded.letter_code,
         registration = excluded.registration, office = excluded.office,
         senders = excluded.senders, contacts = excluded.contacts,
         outbound = excluded.outbound, receipts = excluded.receipts, roman_code = excluded.roman_code,
         organisation_id = excluded.organisation_id, ecms = excluded.ecms,
         -- The duty begins once, when it is first written down.
         tray_duty_since = case when excluded.tray_duty_since is not null then coalesce(agency.tray_duty_since, now()) end,
         active = true, updated_at = now()`,
    [agencies],
  );
}

async function storePartners(client: PoolClient, partners: string): Promise<void> {
  await client.query(
    `with given as (select * from jsonb_to_recordset($1::jsonb) as (domain text, "nameThai" text, "codeLetters" text, "romanCode" text,
         mailbox text, "keysUrl" text, "organisationId" text, ecms jsonb)),
       gone as (update saraban.partner set active = false, updated_at = now() where active and domain not in (select lower(domain) from given))
     insert into saraban.partner (domain, name_th, code_letters, roman_code, mailbox, keys_url, organisation_id, ecms)
       select lower(domain), "nameThai", "codeLetters", upper("romanCode"), mailbox, "keysUrl", "organisationId", coalesce(ecms, '{}') from given
       on conflict (domain) do update set name_th = excluded.name_th, code_letters = excluded.code_letters,
         roman_code = excluded.roman_code, mailbox = excluded.mailbox, keys_url = excluded.keys_url,
         organisation_id = excluded.organisation_id, ecms = excluded.ecms,
         active = true, updated_at = now()`,
    [partners],
  );
}

/** Keys that were fetched are let alone, but for those of a partner who is gone: room notification looks after them. */
async function storePartnerKeys(client: PoolClient, partners: readonly Partner[]): Promise<void> {
  const given = partners.flatMap(({ domain, keys = [] }) =>
    keys.map((jwk) => ({ domain: domain.toLowerCase(), kid: jwk.kid, jwk })),
  );
  await client.query(
    `update saraban.partner_key k set active = false
      where active and (source = 'config' and not exists (
          select from jsonb_to_recordset($1::jsonb) as given (domain text, kid text)
           where given.domain = k.domain and given.kid = k.kid)
        or not exists (select from saraban.partner p where p.domain = k.domain and p.active))`,
    [JSON.stringify(given)],
  );
  await client.query(
    `insert into saraban.partner_key (domain, kid, jwk, source)
       select domain, kid, jwk, 'config' from jsonb_to_recordset($1::jsonb) as (domain text, kid text, jwk jsonb)
       on conflict (domain, kid) do update set jwk = excluded.jwk, source = 'config', active = true, seen_at = now()`,
    [JSON.stringify(given)],
  );
}
