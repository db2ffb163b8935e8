import { createHash, randomBytes } from "node:crypto";
import { newId } from "../runtime/ids.ts";
import type { adminQueries } from "./arrivals.ts";

/** A classified letter that a program has handed in, and that waits for its number. */
export interface ClosedLetterWaits {
  readonly agencyId?: string;
  readonly level?: "confidential" | "secret";
  readonly clientId?: string;
  readonly door?: "api" | "ecms";
  readonly arrivedAt?: Date;
  /** Equal for the same request; by default one that nobody else has. */
  readonly likeness?: Buffer;
}

/** Registers a program of the OPDC that is appointed for classified letters. */
export async function appointProgram(
  query: ReturnType<typeof adminQueries>,
  id = "opdc-closed",
  agencyId = "agency-a",
): Promise<void> {
  await query(
    `insert into saraban.client (id, agency_id, name, sender_domain, scopes, level)
       values ($1, $2, 'ระบบทดสอบ', 'opdc.example.go.th', '{submit,receipts}', 'secret')`,
    [id, agencyId],
  );
}

/** Writes arrivals as the door leaves them, their octets and facts being random, with open "register-closed" work, in order. */
export async function letClosedLettersWait(
  query: ReturnType<typeof adminQueries>,
  letters: readonly ClosedLetterWaits[],
): Promise<string[]> {
  const rows = letters.map((letter, place) => {
    const id = newId();
    return {
      id,
      place,
      sha: createHash("sha256").update(id).digest("hex"),
      agency: letter.agencyId ?? "agency-a",
      level: letter.level ?? "confidential",
      client: letter.clientId ?? "opdc-closed",
      door: letter.door ?? "api",
      arrived: (letter.arrivedAt ?? new Date()).toISOString(),
      likeness: (letter.likeness ?? randomBytes(32)).toString("hex"),
    };
  });
  await query(
    `with given as (select * from jsonb_to_recordset($1::jsonb) as
         (id uuid, sha text, agency text, level text, client text, door text, arrived timestamptz, likeness text, place bigint)),
       bodies as (insert into saraban.stored_body (agency_id, sha256, size_bytes, content)
         select agency, sha, 1, 'x' from given returning 1),
       arrivals as (insert into saraban.intake (id, agency_id, transaction_id, door, mail_from, recipients, remote_address,
           helo, smtp_utf8, tls, bare_newlines, media_type, client_id, sender_domain, sha256, size_bytes, arrived_at, clock, closed_level)
         select id, agency, id, door, '', array['saraban@' || agency || '.example.go.th'], '127.0.0.1', '',
           false, false, false, 'application/vnd.saraban.sealed', client, 'opdc.example.go.th', sha, 1, arrived,
           '{"state":"unsynchronised"}', level from given order by place returning *),
       letters as (insert into saraban.closed_letter (id, agency_id, direction, level, level_at_birth, intake_id, sealed_facts,
           wrapped_key, key_version, made_at, clock, handed_in_sha256, handed_in_bytes, likeness)
         select id, agency, 'inbound', level, level, id, 'x', 'test', 1, arrived, '{"state":"unsynchronised"}',
           encode(sha256(id::text::bytea), 'hex'), 1234, decode(likeness, 'hex') from given returning 1),
       parts as (insert into saraban.closed_body (letter_id, agency_id, part, sha256, size_bytes, wrapped_key, key_version)
         select id, agency, 0, sha, 1, 'test', 1 from given returning 1)
     insert into saraban.outbox (job, agency_id, subject_id, work_key, arrival_seq)
       select 'register-closed', agency_id, id, agency_id || '.inbound.classified', arrival_seq from arrivals order by arrival_seq`,
    [JSON.stringify(rows)],
  );
  return rows.map(({ id }) => id);
}
