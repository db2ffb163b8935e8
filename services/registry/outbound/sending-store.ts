import { sql, type Transaction } from "kysely";
import { FETCHING_SCOPE, type RecipientChannel } from "../../shared/letter/outbound.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** An office of the directory: a partner, or another agency served here. */
export interface KnownOffice {
  readonly domain: string;
  readonly name: string;
  /** Its central address; null when the directory names none. */
  readonly mailbox: string | null;
  /** Ten digits; null when the directory names none. */
  readonly organisationId: string | null;
  /** Whether it has an e-CMS node of its own. */
  readonly hasNode: boolean;
  /** Whether a program of its own fetches here what is for it. */
  readonly fetchesHere: boolean;
}

/** @param agencyId whose letter is to go there. @param domains in lower case */
export async function findOffices(
  transaction: Transaction<Tables>,
  agencyId: string,
  domains: readonly string[],
): Promise<ReadonlyMap<string, KnownOffice>> {
  const { rows } = await sql<KnownOffice>`
    select domain, name_th as name, mailbox, organisation_id as "organisationId", ecms ? 'url' as "hasNode",
           exists (select from client c where c.agency_id = ${agencyId} and c.sender_domain = partner.domain and c.active
                      and ${FETCHING_SCOPE} = any (c.scopes)) as "fetchesHere"
      from partner where active and domain = any (${domains})
    union all
    select domain, name_th, mailbox || '@' || domain, null, false, false from agency where active and domain = any (${domains})`.execute(
    transaction,
  );
  // An agency served here goes before a partner of the same domain: its mailbox is what it really receives at.
  return new Map(rows.map((office) => [office.domain, office]));
}

/** A file as it was uploaded. */
export interface UploadedFile {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
}

/** The files with these ids, in their order; those that are not there are left out. */
export async function findFiles(
  transaction: Transaction<Tables>,
  ids: readonly string[],
): Promise<readonly UploadedFile[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<UploadedFile>`
    select f.id, f.name, f.size_bytes as "sizeBytes"
      from unnest(${ids}::uuid[]) with ordinality as given (id, place) join uploaded_file f on f.id = given.id
     order by given.place`.execute(transaction);
  return rows;
}

/** To whom a letter goes, as it is kept. */
export interface Recipient {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  /** A mail address, or with e-CMS the ten digits of the office. */
  readonly address: string;
  readonly channel: RecipientChannel;
}

export async function insertRecipients(
  transaction: Transaction<Tables>,
  letterId: string,
  agencyId: string,
  recipients: readonly Recipient[],
): Promise<void> {
  const rows = recipients.map((recipient, index) => ({ ...recipient, no: index + 1 }));
  await sql`
    insert into outbound_recipient (id, letter_id, agency_id, no, name, domain, address, channel)
      select id, ${letterId}, ${agencyId}, no, name, domain, address, channel
        from jsonb_populate_recordset(null::outbound_recipient, ${JSON.stringify(rows)}::jsonb)`.execute(
    transaction,
  );
}

export async function insertFiles(
  transaction: Transaction<Tables>,
  letterId: string,
  agencyId: string,
  files: readonly { readonly id: string; readonly name: string }[],
): Promise<void> {
  if (files.length === 0) return;
  await transaction
    .insertInto("outbound_file")
    .values(
      files.map(({ id, name }, index) => ({
        letter_id: letterId,
        agency_id: agencyId,
        no: index + 1,
        file_id: id,
        name,
      })),
    )
    .execute();
}

/** Ids of the recipients of a letter that was sent, in order. */
export async function recipientsOf(
  transaction: Transaction<Tables>,
  letterId: string,
): Promise<readonly string[]> {
  const rows = await transaction
    .selectFrom("outbound_recipient")
    .select("id")
    .where("letter_id", "=", letterId)
    .orderBy("no")
    .execute();
  return rows.map(({ id }) => id);
}
