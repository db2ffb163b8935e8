import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { inject, type TestContext } from "vitest";
import { systemClock } from "../../shared/letter/stamp.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { openLog } from "../../shared/runtime/log.ts";
import { loadSettings } from "../../shared/runtime/settings.ts";
import { openStore } from "../../shared/runtime/store.ts";
import { adminQueries, roomDatabase } from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { openLetterBatches } from "../batch-letters.ts";
import { type Directory, type ReadingParts, readLetter } from "../read-letter.ts";
import type { Scanner, ScanResult } from "../scan-octets.ts";
import { openSenderChecks } from "../sender/sender-checks.ts";
import { openTurns } from "../take-turns.ts";
import { UNOPENED } from "../unread-reading.ts";

export interface ReadRow {
  verdict: string;
  reason: string;
  number: string | null;
  subject: string | null;
  secrecy: string;
  sender_name: string | null;
  sender_address: string | null;
  kind: string;
  standing: string;
  sender_check: Record<string, unknown>;
  report: Record<string, unknown> | null;
  problems: string[];
}

/** How a program's request came. */
export interface ProgramWay {
  readonly door: "api" | "ecms";
  readonly mediaType: string;
  readonly senderDomain: string | null;
}

/** A database, a byte store, and the parts of a reader whose senders are not checked. */
export async function readingScene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const folder = await mkdtemp(join(tmpdir(), "saraban-read-"));
  context.onTestFinished(() => rm(folder, { recursive: true }));
  const store = await openStore({ dir: folder, inlineLimitBytes: 1024 });
  const senders = openSenderChecks(loadSettings({}));
  context.onTestFinished(() => senders.close());
  const database = roomDatabase(context, address, "saraban_reading");
  const now = systemClock();
  const parts = {
    database,
    batches: openLetterBatches(database, now),
    inTurn: openTurns(2),
    store,
    directory: async (): Promise<Directory> => ({
      known: new Map([["opdc.example.go.th", { name: "สำนักงาน ก.พ.ร." }]]),
      rules: new Map(),
    }),
    readPdf: UNOPENED,
    senders,
    scanner: null as Scanner | null,
    whenScannerIsDown: "hold" as const,
    now,
    log: openLog("silent", "test"),
  };
  /** Stores a message as intake does. @returns the intake id */
  const storeMessage = async (
    octets: Buffer,
    mailFrom = "saraban@opdc.example.go.th",
    program: ProgramWay | null = null,
  ): Promise<string> => {
    const id = newId();
    const { inline, sha256, sizeBytes } = await store.spool(Readable.from([octets]), { limitBytes: 1e8 });
    await query(
      "insert into saraban.stored_body (agency_id, sha256, size_bytes, content) values ('agency-a', $1, $2, $3)",
      [sha256, sizeBytes, inline],
    );
    await query(
      `insert into saraban.intake (id, agency_id, transaction_id, door, mail_from, recipients, remote_address, helo, smtp_utf8,
             tls, bare_newlines, sha256, size_bytes, arrived_at, clock, media_type, sender_domain)
           values ($1, 'agency-a', $1, $5, $2, '{saraban@agency-a.example.go.th}', '::1', 'x', false, false, false, $3, $4, now(), '{}', $6, $7)`,
      [
        id,
        program === null ? mailFrom : "",
        sha256,
        sizeBytes,
        program?.door ?? "smtp",
        program?.mediaType ?? null,
        program?.senderDomain ?? null,
      ],
    );
    await query(
      "insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('read-letter', 'agency-a', $1::uuid, $1::text)",
      [id],
    );
    return id;
  };
  return {
    query,
    parts,
    store: storeMessage,
    /** Stores what a program handed in, and reads it. */
    async readProgram(
      octets: Buffer,
      program: ProgramWay,
    ): Promise<{ id: string; row: ReadRow | undefined }> {
      const id = await storeMessage(octets, "", program);
      return { id, ...(await readWith(parts, id, query)) };
    },
    /** Stores a message and reads it. @returns what reading wrote */
    async read(octets: Buffer, mailFrom?: string): Promise<{ id: string; row: ReadRow | undefined }> {
      const id = await storeMessage(octets, mailFrom);
      await readLetter(parts, { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id });
      const [row] = await query<ReadRow>("select * from saraban.reading where intake_id = $1", [id]);
      return { id, row };
    },
  };
}

export function letter(subject: string, body = "", extra = ""): Buffer {
  return Buffer.from(
    `From: =?utf-8?B?${Buffer.from("งานสารบรรณ").toString("base64")}?= <saraban@opdc.example.go.th>\r\nTo: saraban@agency-a.example.go.th\r\n` +
      `Subject: =?utf-8?B?${Buffer.from(subject).toString("base64")}?=\r\nMessage-ID: <${newId()}@opdc.example.go.th>\r\n${extra}` +
      `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${body}\r\n`,
  );
}

export function scannerThatSays(result: ScanResult): Scanner {
  return { scan: async () => result, trouble: async () => null };
}

export async function readWith(
  parts: ReadingParts,
  id: string,
  query: ReturnType<typeof adminQueries>,
): Promise<{ row: ReadRow | undefined }> {
  await readLetter(parts, { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id });
  const [row] = await query<ReadRow>("select * from saraban.reading where intake_id = $1", [id]);
  return { row };
}
