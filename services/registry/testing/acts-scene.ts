import { join } from "node:path";
import { inject, type TestContext } from "vitest";
import type { ActDetails, ActName, NormalisedFacts } from "../../shared/letter/act.ts";
import { openCalendar } from "../../shared/letter/holidays.ts";
import type { OutboundFacts } from "../../shared/letter/outbound.ts";
import { systemClock, type TrustedNow } from "../../shared/letter/stamp.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { openLog } from "../../shared/runtime/log.ts";
import { projectDir } from "../../shared/runtime/settings.ts";
import {
  adminQueries,
  letReadLettersWait,
  type ReadLetter,
  roomDatabase,
} from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { deemByCalendar } from "../deem-receipt.ts";
import { doAct } from "../do-act.ts";
import { drainBook } from "../register-letter.ts";

export const INBOUND = "agency-a.inbound.ordinary";
export const OUTBOUND = "agency-a.outbound.ordinary";

const log = openLog("silent", "test");
const quarantine = { keepDays: 30, classifiedKeepDays: 7 };
const deem = deemByCalendar(openCalendar(join(projectDir, "config/holidays")), log);

/** What a clerk asks; by somchai where nobody is named. */
export interface Asked {
  readonly intakeId?: string;
  readonly earlierIntakeId?: string;
  readonly bookId?: string;
  readonly year?: number;
  readonly number?: number;
  readonly letterId?: string;
  readonly facts?: NormalisedFacts;
  readonly details?: ActDetails;
  readonly reason?: string;
  readonly by?: string;
}

export interface Line {
  readonly book_id: string;
  readonly year: number;
  readonly number: number;
  readonly status: string;
  readonly subject: string | null;
  readonly letter_number: string | null;
  readonly remarks: string | null;
  readonly registered_by_name: string | null;
  readonly registered_at: Date;
}

/** A registry with a book of its own, and a door through which acts come in. */
export async function actsScene(
  context: TestContext,
  now: TrustedNow = systemClock(),
  held: () => string | null = () => null,
) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const database = roomDatabase(context, address, "saraban_registry", 8);
  const parts = { database, now, batchSize: 50, maxFailures: 3, reasonToHold: held, deem, quarantine, log };
  await query("update saraban.agency set letter_code = 'ทก 0101'");
  const ask = async (act: ActName, asked: Asked): Promise<string> => {
    const id = newId();
    await query(
      `insert into saraban.act (id, agency_id, act, intake_id, earlier_intake_id, book_id, year, number, letter_id, facts, details,
           reason, made_by, made_by_name, made_at, clock)
         values ($1, 'agency-a', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'สมชาย ทดสอบ', now(), '{}')`,
      [
        id,
        act,
        asked.intakeId,
        asked.earlierIntakeId,
        asked.bookId,
        asked.year,
        asked.number,
        asked.letterId,
        JSON.stringify(asked.facts ?? {}),
        JSON.stringify(asked.details ?? {}),
        asked.reason ?? "",
        asked.by ?? "person:somchai",
      ],
    );
    await query(
      `insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('do-act', 'agency-a', $1::uuid, $1::text)`,
      [id],
    );
    return id;
  };
  const result = async (id: string) => {
    const [row] = await query<{ result: string; reason: string; number: number | null; year: number | null }>(
      "select result, reason, number, year from saraban.act_result where act_id = $1",
      [id],
    );
    return row;
  };
  const carryOut = (id: string) => doAct(parts, "agency-a", id);
  const handedOn = async (job: string) =>
    (
      await query<{ subject_id: string }>(
        "select subject_id from saraban.outbox where job = $1 order by id",
        [job],
      )
    ).map(({ subject_id }) => subject_id);
  return {
    address,
    query,
    parts,
    ask,
    carryOut,
    result,
    async do(act: ActName, asked: Asked) {
      const id = await ask(act, asked);
      const waits = await carryOut(id);
      return { id, waits, ...(await result(id)) };
    },
    /** Letters that have been read; those that are not ready lie in the tray. */
    async tray(letters: readonly ReadLetter[]): Promise<string[]> {
      const ids = await letReadLettersWait(query, letters);
      await drainBook(parts, "agency-a", INBOUND);
      return ids;
    },
    drain: () => drainBook(parts, "agency-a", INBOUND),
    lines: (book: string) =>
      query<Line>("select * from saraban.register_line where book_id = $1 order by year, number", [book]),
    /** Subjects of a job's open work, in the order in which it was handed on. */
    handedOn,
    notices: () => handedOn("notify-sender"),
  };
}

/** What an agency's clerks need for letters of their own: partners with and without a mailbox, somebody who may sign. */
export async function outboundScene(
  context: TestContext,
  ...rest: [now?: TrustedNow, held?: () => string | null]
) {
  const scene = await actsScene(context, ...rest);
  await scene.query(`
    update saraban.agency set roman_code = null;
    update saraban.partner set mailbox = case when domain in ('opdc.example.go.th', 'mot.example.go.th') then 'saraban@' || domain end;
    insert into saraban.clerk (id, name, agencies, token_sha256, rights) values
      ('somchai', 'สมชาย ทดสอบ', '{agency-a}', repeat('a', 64), '{approve}'),
      ('somsri', 'สมศรี ทดสอบ', '{agency-a}', repeat('b', 64), '{approve}'),
      ('junior', 'ผู้ช่วย ทดสอบ', '{agency-a}', repeat('c', 64), '{}'),
      ('gone', 'ผู้ลา ทดสอบ', '{agency-a}', repeat('d', 64), '{approve}');
    update saraban.clerk set active = false where id = 'gone'`);
  return {
    ...scene,
    /** @returns ids, in order */
    async upload(
      files: readonly { readonly name: string; readonly sizeBytes?: number }[],
    ): Promise<string[]> {
      const rows = files.map(({ name, sizeBytes = 4 }) => ({ id: newId(), name, sizeBytes }));
      await scene.query(
        `insert into saraban.uploaded_file (id, agency_id, name, media_type, sha256, size_bytes, uploaded_by, uploaded_at)
           select id, 'agency-a', name, 'application/pdf', repeat('e', 64), "sizeBytes", 'person:somchai', now()
             from jsonb_to_recordset($1::jsonb) as (id uuid, name text, "sizeBytes" bigint)`,
        [JSON.stringify(rows)],
      );
      return rows.map(({ id }) => id);
    },
    /** Drafts a letter to the OPDC, by somchai. @returns its id */
    async draft(letter: Partial<OutboundFacts> = {}): Promise<string> {
      const letterId = newId();
      const drafted = await scene.do("draft", { letterId, details: { letter: { ...LETTER, ...letter } } });
      if (drafted.result !== "done") throw new Error(`refused: ${drafted.reason}`);
      return letterId;
    },
    letter: async (id: string) =>
      (await scene.query<OutboundRow>("select * from saraban.outbound_letter where id = $1", [id]))[0],
    events: async (id: string) =>
      (
        await scene.query<{ what: string }>(
          "select what from saraban.outbound_event where letter_id = $1 order by event_no",
          [id],
        )
      ).map(({ what }) => what),
  };
}

export const LETTER: OutboundFacts = {
  series: "ordinary",
  subject: "ขอเชิญประชุม",
  text: "เรียน ผู้อำนวยการ",
  recipients: [{ partner: "opdc.example.go.th" }],
  files: [],
};

interface OutboundRow {
  readonly state: string;
  readonly version: number;
  readonly number: number | null;
  readonly year: number | null;
  readonly facts: OutboundFacts;
  readonly sent_at: Date | null;
  readonly recalled_at: Date | null;
}
