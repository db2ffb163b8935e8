import { type Kysely, type RawBuilder, sql } from "kysely";
import type { DocumentMark } from "../../shared/closed/document-marks.ts";
import type { DocumentKey } from "../../shared/ecms/message.ts";
import type { EcmsNode } from "../../shared/letter/directory.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { inTransaction, type Transaction } from "../../shared/runtime/database.ts";
import { newId } from "../../shared/runtime/ids.ts";

/** An agency served here, and the node of others that it uses. */
export interface AgencyNode extends EcmsNode {
  readonly agencyId: string;
  /** Ten digits. */
  readonly organisationId: string;
  /** Its central address. */
  readonly address: string;
  readonly pollSeconds: number;
  /** The gravest class of letters that it is appointed to give. */
  readonly level?: "confidential" | "secret";
}

/** An item of a queue, as the tables remember it. */
export interface PulledItem {
  readonly agencyId: string;
  /** URL of the node. */
  readonly node: string;
  readonly processId: string;
}

/** What was taken or noted of an item earlier. */
export interface KnownItem {
  readonly intakeId: string | null;
  /** Of the octets that it came in; null where it became no arrival of its own. */
  readonly sha256: string | null;
  /** Whether the node was heard to delete it. */
  readonly isDeleted: boolean;
}

/** The arrival that holds a letter's identity on the wire. */
export interface StandingDocument {
  readonly documentId: string;
  readonly intakeId: string;
  /** It was refused or sent back: its sender has heard so, and may send the letter again under the same number. */
  readonly isSentBack: boolean;
}

/** What is remembered of the queues at other nodes. */
export interface QueueMemory {
  /** Makes the rows agree with the directory. @returns nodes that agencies use, in the order of their ids */
  enlist(): Promise<AgencyNode[]>;
  find(item: PulledItem): Promise<KnownItem | undefined>;
  findDocument(agencyId: string, key: DocumentKey): Promise<StandingDocument | undefined>;
  /** Whether a classified letter from a node, with one of these identities, stands. */
  isClosedDocument(agencyId: string, marks: readonly DocumentMark[]): Promise<boolean>;
  /** Remembers an item that becomes no arrival of its own, and why. */
  note(item: PulledItem, intakeId: string, note: string): Promise<void>;
  markDeleted(item: PulledItem): Promise<void>;
  /** Domain of the office with this number in the directory: a partner's, or an agency's served here. */
  domainOf(organisationId: string): Promise<string | null>;
  /** Ten digits of the office that sent us a letter with this number and date; null when there is none. */
  senderOf(agencyId: string, letterId: string, correspondenceDate: string): Promise<string | null>;
  /** @param looked whether the queue was read to its end @param trouble in words for an operator; null for none */
  recordLook(agencyId: string, looked: boolean, trouble: string | null): Promise<void>;
}

export function openQueueMemory(database: Kysely<Tables>): QueueMemory {
  const asRoom = <Result>(
    agencies: readonly string[],
    work: (transaction: Transaction<Tables>) => Promise<Result>,
  ): Promise<Result> => inTransaction(database, { actor: "worker:intake", agencies }, work);

  return {
    async enlist() {
      const { rows } = await sql<Omit<AgencyNode, keyof EcmsNode> & { node: EcmsNode | null }>`
        select id as "agencyId", organisation_id as "organisationId", mailbox || '@' || domain as address,
               case when active and organisation_id is not null then ecms -> 'node' end as node,
               coalesce((ecms #>> '{node,pollSeconds}')::integer, 60) as "pollSeconds"
          from agency order by id`.execute(database);
      const nodes = rows.flatMap(({ node, ...agency }) => (node === null ? [] : [{ ...node, ...agency }]));
      await asRoom(
        rows.map(({ agencyId }) => agencyId),
        async (transaction) => {
          await sql`update ecms_node set active = false
                     where active and agency_id <> all (${nodes.map(({ agencyId }) => agencyId)}::text[])`.execute(
            transaction,
          );
          for (const { agencyId, url } of nodes)
            await sql`
              insert into ecms_node (agency_id, url) values (${agencyId}, ${url})
                on conflict (agency_id) do update set active = true, url = excluded.url,
                  looked_at = case when ecms_node.url = excluded.url then ecms_node.looked_at end,
                  trouble = case when ecms_node.url = excluded.url then ecms_node.trouble end,
                  trouble_since = case when ecms_node.url = excluded.url then ecms_node.trouble_since end`.execute(
              transaction,
            );
        },
      );
      return nodes;
    },

    find: ({ agencyId, node, processId }) =>
      asRoom([agencyId], async (transaction) => {
        const { rows } = await sql<KnownItem>`
          select p.intake_id as "intakeId", i.sha256, p.deleted_at is not null as "isDeleted"
            from ecms_pulled p left join intake i on i.id = p.intake_id and p.note = ''
           where p.agency_id = ${agencyId} and p.node = ${node} and p.process_id = ${processId}`.execute(
          transaction,
        );
        return rows[0];
      }),

    findDocument: (agencyId, { letterId, correspondenceDate, senderDepartment, acceptDepartment }) =>
      asRoom([agencyId], async (transaction) => {
        const { rows } = await sql<StandingDocument>`
          select d.process_id as "documentId", d.intake_id as "intakeId",
                 coalesce(t.decision in ('rejected', 'invalid') or o.outcome = 'refused', false) as "isSentBack"
            from ecms_document d left join outcome o on o.intake_id = d.intake_id left join tray_decision t on t.intake_id = d.intake_id
           where d.letter_id = ${letterId} and d.correspondence_date = ${correspondenceDate} and d.deleted_at is null
             and d.sender_department = ${senderDepartment} and d.accept_department = ${acceptDepartment}`.execute(
          transaction,
        );
        return rows[0];
      }),

    isClosedDocument: (agencyId, marks) =>
      asRoom([agencyId], async (transaction) => {
        const { rows } = await sql`
          select from closed_document where agency_id = ${agencyId} and deleted_at is null
             and identity = any (${marks.map(({ identity }) => identity)}::bytea[]) limit 1`.execute(
          transaction,
        );
        return rows.length > 0;
      }),

    note: (item, intakeId, note) =>
      asRoom([item.agencyId], async (transaction) => {
        await rememberingItem(item, intakeId, note).execute(transaction);
      }),

    markDeleted: ({ agencyId, node, processId }) =>
      asRoom([agencyId], async (transaction) => {
        await sql`update ecms_pulled set deleted_at = now()
                   where agency_id = ${agencyId} and node = ${node} and process_id = ${processId}`.execute(
          transaction,
        );
      }),

    async domainOf(organisationId) {
      const { rows } = await sql<{ domain: string }>`
        select domain from partner where active and organisation_id = ${organisationId}
        union all
        select domain from agency where active and organisation_id = ${organisationId} limit 1`.execute(
        database,
      );
      return rows[0]?.domain ?? null;
    },

    senderOf: (agencyId, letterId, correspondenceDate) =>
      asRoom([agencyId], async (transaction) => {
        const { rows } = await sql<{ sender: string }>`
          select sender_department as sender from ecms_document
           where agency_id = ${agencyId} and letter_id = ${letterId} and correspondence_date = ${correspondenceDate}
           order by came_at desc limit 1`.execute(transaction);
        return rows[0]?.sender ?? null;
      }),

    recordLook: (agencyId, looked, trouble) =>
      asRoom([agencyId], async (transaction) => {
        await sql`update ecms_node set trouble = ${trouble},
            looked_at = case when ${looked}::boolean then now() else looked_at end,
            trouble_since = case when ${trouble}::text is not null then coalesce(trouble_since, now()) end
          where agency_id = ${agencyId}`.execute(transaction);
        // An answer to a deletion may be lost: what is in an empty queue no more was deleted.
        if (looked)
          await sql`update ecms_pulled p set deleted_at = now() from ecms_node n
                     where n.agency_id = ${agencyId} and p.agency_id = n.agency_id and p.node = n.url and p.deleted_at is null`.execute(
            transaction,
          );
      }),
  };
}

/** Remembers an item, for the transaction that holds its arrival: a second process that takes it in breaks the row's key. */
export function rememberingItem(
  { agencyId, node, processId }: PulledItem,
  intakeId: string,
  note: string,
): RawBuilder<unknown> {
  return sql`insert into ecms_pulled (agency_id, node, process_id, intake_id, note, pulled_at)
               values (${agencyId}, ${node}, ${processId}, ${intakeId}, ${note}, now())`;
}

/** Remembers a letter's identity beside its arrival. @param before the row that holds it now, of a letter that was sent back */
export function rememberingDocument(
  agencyId: string,
  intakeId: string,
  key: DocumentKey,
  before: StandingDocument | undefined,
): RawBuilder<unknown>[] {
  const { letterId, correspondenceDate, senderDepartment, acceptDepartment } = key;
  const insert = sql`
    insert into ecms_document (process_id, agency_id, intake_id, letter_id, correspondence_date, sender_department, accept_department, came_at)
      values (${newId()}, ${agencyId}, ${intakeId}, ${letterId}, ${correspondenceDate}, ${senderDepartment}, ${acceptDepartment}, now())`;
  if (before === undefined) return [insert];
  return [sql`update ecms_document set deleted_at = now() where process_id = ${before.documentId}`, insert];
}

/** Whether an error says that another process took the same item in, or the same letter. */
export function isTakenAlready(error: unknown): boolean {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return (
    code === "23505" &&
    (constraint === "ecms_pulled_pkey" ||
      constraint === "ecms_document_once" ||
      constraint === "closed_document_once")
  );
}
