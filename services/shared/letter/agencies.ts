import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Pool } from "pg";
import { projectDir, readJson, readYaml, type Settings, SettingsError } from "../runtime/settings.ts";

/** An agency served here, as config/agencies.yaml has it. */
export interface Agency {
  readonly id: string;
  readonly domain: string;
  readonly mailbox: string;
  readonly nameThai: string;
  readonly nameEnglish: string;
  readonly receiverName: string;
}

/** An agency whose letters are registered without asking an officer. */
export interface Partner {
  readonly domain: string;
  readonly nameThai: string;
  /** รหัสตัวพยัญชนะ of its letter numbers (Annex 1), such as นร. */
  readonly codeLetters?: string;
}

export interface Directory {
  readonly agencies: readonly Agency[];
  readonly partners: readonly Partner[];
}

/** Reads both files and checks them. @throws SettingsError that names the file, the place and what is allowed */
export function readDirectory(settings: Settings): Directory {
  const agencies = checked<Agency>(settings.agenciesFile, "agencies");
  const partners = checked<Partner>(settings.partnersFile, "partners");
  const faults = [
    ...repeated(agencies.map(({ id }) => id)).map(
      (id) => `${settings.agenciesFile}: id ${id} stands there twice`,
    ),
    ...repeated(agencies.map(({ domain }) => domain)).map(
      (domain) => `${settings.agenciesFile}: domain ${domain} stands there twice`,
    ),
    ...repeated(partners.map(({ domain }) => domain)).map(
      (domain) => `${settings.partnersFile}: domain ${domain} stands there twice`,
    ),
  ];
  if (faults.length > 0) throw new SettingsError(faults);
  return { agencies, partners };
}

function checked<Row>(file: string, list: "agencies" | "partners"): Row[] {
  const content = readYaml(file);
  const schema = readJson(join(projectDir, `schemas/${list}.schema.json`));
  const validate = new Ajv2020({ allErrors: true }).compile(schema);
  if (!validate(content)) {
    throw new SettingsError(
      (validate.errors ?? []).map(({ instancePath, message, params }) => {
        const place = instancePath.replace(/^\//, "").replaceAll("/", ".") || "the file";
        const extra =
          params["additionalProperty"] === undefined ? "" : `: ${String(params["additionalProperty"])}`;
        return `${file}: ${place} ${message ?? "is not allowed"}${extra}`;
      }),
    );
  }
  return content[list] as Row[];
}

function repeated(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

/** Makes the tables agree with the files; what is no longer in them becomes inactive and keeps its books. */
export async function storeDirectory(pool: Pool, { agencies, partners }: Directory): Promise<void> {
  await pool.query(
    `with given as (select * from jsonb_to_recordset($1::jsonb) as
         (id text, domain text, mailbox text, "nameThai" text, "nameEnglish" text, "receiverName" text)),
       gone as (update saraban.agency set active = false, updated_at = now() where active and id not in (select id from given))
     insert into saraban.agency (id, domain, mailbox, name_th, name_en, receiver_name)
       select id, lower(domain), lower(mailbox), "nameThai", "nameEnglish", "receiverName" from given
       on conflict (id) do update set domain = excluded.domain, mailbox = excluded.mailbox, name_th = excluded.name_th,
         name_en = excluded.name_en, receiver_name = excluded.receiver_name, active = true, updated_at = now()`,
    [JSON.stringify(agencies)],
  );
  await pool.query(
    `with given as (select * from jsonb_to_recordset($1::jsonb) as (domain text, "nameThai" text, "codeLetters" text)),
       gone as (update saraban.partner set active = false, updated_at = now() where active and domain not in (select lower(domain) from given))
     insert into saraban.partner (domain, name_th, code_letters) select lower(domain), "nameThai", "codeLetters" from given
       on conflict (domain) do update set name_th = excluded.name_th, code_letters = excluded.code_letters, active = true, updated_at = now()`,
    [JSON.stringify(partners)],
  );
}
