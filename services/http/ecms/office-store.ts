import { type Kysely, sql } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";

/** An office that has a number in the government's list, as GetOrganizationList tells it. */
export interface ListedOffice {
  readonly organisationId: string;
  readonly nameThai: string;
  /** "" where the directory has none. */
  readonly nameEnglish: string;
  /** Served here: its letters are sent to this door. */
  readonly isOwn: boolean;
  /** Of a partner's own e-CMS node; "" where the directory has none. */
  readonly nodeUrl: string;
}

/** More stand in no list of the government. */
const MOST_OFFICES = 20_000;

/** All of them, by their number; an agency served here that stands among the partners too once. */
export async function listOffices(database: Kysely<Tables>): Promise<ListedOffice[]> {
  const { rows } = await sql<ListedOffice>`
    select a.organisation_id as "organisationId", a.name_th as "nameThai", coalesce(a.name_en, '') as "nameEnglish",
           true as "isOwn", '' as "nodeUrl"
      from agency a where a.active and a.organisation_id is not null
    union all
    select p.organisation_id, p.name_th, '', false, coalesce(p.ecms->>'url', '')
      from partner p
     where p.active and p.organisation_id is not null
       and not exists (select from agency a where a.active and a.organisation_id = p.organisation_id)
     order by 1 limit ${MOST_OFFICES}`.execute(database);
  return rows;
}
