import { createHash } from "node:crypto";
import type { TestContext } from "vitest";
import type { Tables } from "../letter/tables.ts";
import {
  type DatabaseAddress,
  type Kysely,
  openAdminPool,
  openDatabase,
  type RoomRole,
} from "../runtime/database.ts";
import { newId } from "../runtime/ids.ts";
import { openLog } from "../runtime/log.ts";

/** A database handle under a room's role, closed when the test ends. */
export function roomDatabase(
  context: TestContext,
  address: DatabaseAddress,
  role: RoomRole,
  poolSize = 4,
): Kysely<Tables> {
  const database = openDatabase<Tables>(address, role, poolSize, openLog("silent", "test"));
  context.onTestFinished(() => database.destroy());
  return database;
}

/** Statements with all rights, for setting a scene and for looking at what came of it. */
export function adminQueries(context: TestContext, address: DatabaseAddress) {
  const pool = openAdminPool(address);
  context.onTestFinished(() => pool.end());
  return async <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
    (await pool.query<Row>(text, values)).rows;
}

/** A letter that has been read and waits in the inbound book of its agency. */
export interface ReadLetter {
  readonly agencyId?: string;
  readonly verdict?: "ready" | "triage" | "ignored" | "refused";
  readonly number?: string | null;
  readonly letterDate?: string | null;
  readonly senderAddress?: string;
  readonly from?: string | null;
  readonly mailFrom?: string;
  readonly contentDigest?: string;
  readonly arrivedAt?: Date;
  readonly secrecy?: string;
  /** Of the reading. */
  readonly reason?: string;
  readonly standing?: string;
  readonly letterDigest?: string;
  /** Names of attached files; none by default. */
  readonly files?: readonly string[];
  readonly unit?: string | null;
  /** Octets; by default one that nobody else has. */
  readonly sha256?: string;
}

/** Writes arrivals with their readings and their open "register-letter" work, in order. @returns the intake ids */
export async function letReadLettersWait(
  query: ReturnType<typeof adminQueries>,
  letters: readonly ReadLetter[],
): Promise<string[]> {
  const rows = letters.map((letter, place) => {
    const id = newId();
    return {
      id,
      place,
      sha: letter.sha256 ?? createHash("sha256").update(id).digest("hex"),
      agency: letter.agencyId ?? "agency-a",
      verdict: letter.verdict ?? "ready",
      number: letter.number === undefined ? `นร 1200/${id}` : letter.number,
      date: letter.letterDate === undefined ? "2020-04-09" : letter.letterDate,
      sender: letter.senderAddress ?? "saraban@opdc.example.go.th",
      from: letter.from === undefined ? "สำนักงาน ก.พ.ร." : letter.from,
      mailFrom: letter.mailFrom ?? letter.senderAddress ?? "saraban@opdc.example.go.th",
      digest: letter.contentDigest ?? id,
      arrived: (letter.arrivedAt ?? new Date()).toISOString(),
      secrecy: letter.secrecy ?? "normal",
      reason: letter.reason ?? "test",
      standing: letter.standing ?? "unchecked",
      letterDigest: letter.letterDigest ?? null,
      unit: letter.unit ?? null,
      attachments: (letter.files ?? []).map((name) => ({ name, inline: false })),
    };
  });
  await query(
    `with given as (select * from jsonb_to_recordset($1::jsonb) as
         (id uuid, sha text, agency text, verdict text, number text, date date, sender text, "from" text, "mailFrom" text,
          digest text, arrived timestamptz, secrecy text, reason text, standing text, "letterDigest" text, attachments jsonb,
          unit text, place bigint)),
       bodies as (insert into saraban.stored_body (agency_id, sha256, size_bytes, content)
         select agency, sha, 1, 'x' from given on conflict do nothing returning 1),
       arrivals as (insert into saraban.intake (id, agency_id, transaction_id, door, mail_from, recipients, remote_address,
           helo, smtp_utf8, tls, bare_newlines, sha256, size_bytes, arrived_at, clock, unit)
         select id, agency, id, 'smtp', "mailFrom", array['saraban@' || agency || '.example.go.th'], '127.0.0.1', 'test',
           false, false, false, sha, 1, arrived, '{"state":"unsynchronised"}', unit from given order by place returning *),
       readings as (insert into saraban.reading (intake_id, agency_id, read_at, verdict, reason, kind, message_id,
           content_digest, sender_address, sender_agency, number_printed, number, letter_date, subject, letter_from, urgency, secrecy,
           standing, letter_digest, attachments)
         select id, agency, arrived, verdict, reason, 'letter', '<' || id || '@opdc.example.go.th>', digest, sender, 'ผู้ส่ง', number,
           number, date, case when secrecy = 'normal' then 'เรื่องทดสอบ' end, case when secrecy = 'normal' then "from" end,
           'normal', secrecy, standing, "letterDigest", attachments from given returning 1)
     insert into saraban.outbox (job, agency_id, subject_id, work_key, arrival_seq)
       select 'register-letter', agency_id, id, agency_id || '.inbound.ordinary', arrival_seq from arrivals order by arrival_seq`,
    [JSON.stringify(rows)],
  );
  return rows.map(({ id }) => id);
}
