import type { adminQueries } from "../../shared/testing/arrivals.ts";

/** A client, as saraban client registers one. */
export interface SceneClient {
  readonly id: string;
  /** Null: a node, which passes on what many offices say. */
  readonly senderDomain: string | null;
  readonly scopes: readonly string[];
  readonly active?: boolean;
}

/** What programs add to a scene: clients, letters that they handed in, and what lies in their inboxes. */
export function programScene(query: ReturnType<typeof adminQueries>) {
  return {
    client: ({ id, senderDomain, scopes, active = true }: SceneClient) =>
      query(
        `insert into saraban.client (id, agency_id, name, sender_domain, scopes, active) values ($1, 'agency-a', 'ทดสอบ', $2, $3, $4)`,
        [id, senderDomain, scopes, active],
      ),
    /** Has an arrival be one that came by program. */
    byProgram: (
      intakeId: string,
      {
        door = "api",
        clientId = null as string | null,
        senderDomain = "opdc.example.go.th" as string | null,
      } = {},
    ) =>
      query(
        `begin; set local session_replication_role = replica;
         update saraban.intake set door = '${door}', media_type = 'application/json', mail_from = '',
             client_id = ${clientId === null ? "null" : `'${clientId}'`}, sender_domain = ${senderDomain === null ? "null" : `'${senderDomain}'`}
           where id = '${intakeId}';
         update saraban.reading set standing = 'proved', sender_address = null where intake_id = '${intakeId}'; commit`,
      ),
    items: (clientId: string) =>
      query<{
        id: string;
        kind: string;
        intake_id: string | null;
        type: string | null;
        news_id: string | null;
      }>(
        `select c.id, c.kind, c.intake_id, c.news_id::text, p.type from saraban.client_item c left join saraban.receipt p on p.id = c.receipt_id
          where c.client_id = $1 order by c.seq`,
        [clientId],
      ),
  };
}
