import { type Kysely, sql } from "kysely";
import { tenDigits } from "../../shared/ecms/codes.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** An office of the directory: an agency served here, or a partner of them. */
export interface Office {
  readonly domain: string;
  /** Ten digits of the government's list; null where the directory has none. */
  readonly organisationId: string | null;
  readonly nameThai: string;
  /** Of an agency served here; null for a partner. */
  readonly agency: { readonly id: string; readonly mailbox: string } | null;
}

export interface OfficeDirectory {
  /** @param organisationId ten digits, or the older form of five */
  byOrganisation(organisationId: string): Promise<Office | null>;
  byDomain(domain: string): Promise<Office | null>;
  /** An agency served here. */
  agency(agencyId: string): Promise<Office & { readonly agency: NonNullable<Office["agency"]> }>;
}

/** Agencies and partners change when a service starts; a request must not wait for them each time. */
const KEPT_MS = 5_000;

interface Offices {
  readonly byOrganisation: ReadonlyMap<string, Office>;
  readonly byDomain: ReadonlyMap<string, Office>;
  readonly byAgency: ReadonlyMap<string, Office>;
  readonly readMs: number;
}

/** The directory as the tables have it; what was read counts for some seconds. */
export function openOfficeDirectory(
  database: Kysely<Tables>,
  nowMs: () => number = Date.now,
): OfficeDirectory {
  let offices: Offices | undefined;
  let reading: Promise<Offices> | undefined;
  const current = async (): Promise<Offices> => {
    if (offices && nowMs() - offices.readMs < KEPT_MS) return offices;
    reading ??= readOffices(database, nowMs()).finally(() => {
      reading = undefined;
    });
    offices = await reading;
    return offices;
  };
  return {
    async byOrganisation(organisationId) {
      const { byOrganisation } = await current();
      return byOrganisation.get(tenDigits(organisationId) ?? organisationId) ?? null;
    },
    async byDomain(domain) {
      return (await current()).byDomain.get(domain.toLowerCase()) ?? null;
    },
    async agency(agencyId) {
      const office = (await current()).byAgency.get(agencyId);
      if (!office?.agency) throw new Error("an agency of a client is not served here any more");
      return { ...office, agency: office.agency };
    },
  };
}

async function readOffices(database: Kysely<Tables>, readMs: number): Promise<Offices> {
  // An agency served here comes before a partner's row of the same office: its letters need not leave the house.
  const { rows } = await sql<Omit<Office, "agency"> & { id: string | null; mailbox: string | null }>`
    select domain, organisation_id as "organisationId", name_th as "nameThai", null as id, null as mailbox
      from partner where active
    union all
    select domain, organisation_id, name_th, id, mailbox from agency where active`.execute(database);
  const offices = rows.map(
    ({ id, mailbox, ...office }): Office => ({
      ...office,
      agency: id === null || mailbox === null ? null : { id, mailbox },
    }),
  );
  return {
    byDomain: new Map(offices.map((office) => [office.domain, office])),
    byOrganisation: new Map(
      offices.flatMap((office) => (office.organisationId === null ? [] : [[office.organisationId, office]])),
    ),
    byAgency: new Map(
      offices.flatMap((office) => (office.agency === null ? [] : [[office.agency.id, office]])),
    ),
    readMs,
  };
}
