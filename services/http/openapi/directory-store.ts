import { type Kysely, sql } from "kysely";
import { tenDigits } from "../../shared/ecms/codes.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** An office as the directory lists it. */
export interface ListedOffice {
  readonly domain: string;
  /** Ten digits; null where config/ has none. */
  readonly organisationId: string | null;
  readonly nameThai: string;
  readonly mailbox: string | null;
  readonly codeLetters: string | null;
  readonly romanCode: string | null;
  /** Of an agency served here; null for a partner. */
  readonly agencyId: string | null;
  /** Whether it has an e-CMS node to which letters for it are posted. */
  readonly hasNode: boolean;
}

/**
 * Agencies served here and their partners, by domain; public facts, without row-level security.
 * @param wanted a part of the name, a domain, or an organisation's number (ten digits, or the five of the older form); "": all
 * @param after domain that the page begins after; "" for the first page
 */
export async function listOffices(
  database: Kysely<Tables>,
  wanted: string,
  after: string,
  limit: number,
): Promise<ListedOffice[]> {
  const organisation = tenDigits(wanted) ?? wanted;
  const { rows } = await sql<ListedOffice>`
    with office as (
      select domain, organisation_id, name_th, mailbox || '@' || domain as mailbox, null as code_letters, roman_code,
             id as agency_id, true as has_node
        from agency where active
      union all
      select domain, organisation_id, name_th, mailbox, code_letters, roman_code, null, ecms ->> 'url' is not null
        from partner p where active and not exists (select from agency a where a.active and a.domain = p.domain))
    select domain, organisation_id as "organisationId", name_th as "nameThai", mailbox, code_letters as "codeLetters",
           roman_code as "romanCode", agency_id as "agencyId", has_node as "hasNode"
      from office
     where domain collate "C" > ${after} collate "C"
       and (${wanted} = '' or strpos(lower(name_th), lower(${wanted})) > 0 or domain = lower(${wanted})
         or organisation_id = ${organisation})
     order by domain collate "C" limit ${limit}`.execute(database);
  return rows;
}
