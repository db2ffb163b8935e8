import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { inject, type TestContext } from "vitest";
import { type DeliveryReport, SAYS_NOTHING } from "../../../shared/letter/delivery-report.ts";
import { systemClock } from "../../../shared/letter/stamp.ts";
import { openUploads } from "../../../shared/letter/uploaded-files.ts";
import { newId } from "../../../shared/runtime/ids.ts";
import { openLog } from "../../../shared/runtime/log.ts";
import { adminQueries, letReadLettersWait, roomDatabase } from "../../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../../shared/testing/database.ts";
import { openSmtpSink, type SinkAnswer, type SunkMessage } from "../../../shared/testing/smtp-sink.ts";
import { openSmarthost } from "../../mail/smarthost.ts";
import { openIssuer } from "../../receipts/issue-evidence.ts";
import { type RecordReportParts, recordReport } from "../../record-report.ts";
import { type SendLetterParts, sendLetter } from "../send-letter.ts";

export interface SceneFile {
  readonly name: string;
  readonly content: Buffer;
  /** In the file store rather than in the table. */
  readonly isLarge?: boolean;
}

export interface SceneRecipient {
  readonly name: string;
  readonly domain: string;
  readonly address: string;
  /** Default: mail. */
  readonly channel?: "mail" | "ecms";
}

export const OPDC: SceneRecipient = {
  name: "เลขาธิการ ก.พ.ร.",
  domain: "opdc.example.go.th",
  address: "saraban@opdc.example.go.th",
};
export const MOT: SceneRecipient = {
  name: "ปลัดกระทรวงคมนาคม",
  domain: "mot.example.go.th",
  address: "saraban@mot.example.go.th",
};

/** What is known of a recipient, oldest first. */
export interface SeenEvent {
  readonly what: string;
  readonly source: string;
  readonly proof: string;
  readonly evidence_id: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A letter of agency-a that was approved and sent, as the registry leaves it behind, and mail servers that it goes to. */
export async function letterScene(
  context: TestContext,
  answer: (message: SunkMessage) => SinkAnswer | undefined = () => undefined,
  smarthost?: string,
) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const dataDir = mkdtempSync(join(tmpdir(), "saraban-letters-"));
  const sink = await openSmtpSink({ onMessage: answer });
  const transport = openSmarthost(smarthost ?? sink.url, 2, "test");
  context.onTestFinished(async () => {
    transport.close();
    await sink.close();
    rmSync(dataDir, { recursive: true });
  });
  const log = openLog("silent", "test");
  const uploads = await openUploads(dataDir);
  let aheadMs = 0;
  const refreshed: string[] = [];
  const parts: SendLetterParts & RecordReportParts = {
    database: roomDatabase(context, address, "saraban_notification"),
    now: () => {
      const { at, clock } = systemClock()();
      return { at: new Date(at.getTime() + aheadMs), clock };
    },
    transport,
    giveUpAfterHours: 120,
    withTokens: true,
    log,
    issuer: openIssuer({ dataDir, publicUrl: "", log }),
    uploads,
    partnerKeys: {
      async refresh(domain) {
        refreshed.push(domain);
        return null;
      },
    },
  };
  const job = (subjectId: string) => ({ outboxId: 1, agencyId: "agency-a", subjectId, workKey: subjectId });
  const handOn = (name: string, subjectId: string) =>
    query(
      `insert into saraban.outbox (job, agency_id, subject_id, work_key) values ($1, 'agency-a', $2, $3) on conflict do nothing`,
      [name, subjectId, subjectId],
    );
  return {
    ...{ query, address, sink, parts, refreshed, dataDir },
    wait: (seconds: number) => {
      aheadMs += seconds * 1000;
    },
    /** @returns ids of letter and recipients */
    async letter({
      recipients = [OPDC],
      subject = "ขอเชิญประชุม",
      text = "เรียน งานสารบรรณ\nขอส่งหนังสือมาเพื่อโปรดลงทะเบียนรับ" as string | null,
      secrecy = "normal",
      number = 12,
      files = [
        { name: "AGENCYA_0101_12_2569.pdf", content: Buffer.from("%PDF-1.4 letter") },
      ] as readonly SceneFile[],
    } = {}): Promise<{ id: string; recipients: string[] }> {
      const id = newId();
      const book = secrecy === "normal" ? "agency-a.outbound.ordinary" : "agency-a.outbound.classified";
      const [, , series = ""] = book.split(".");
      await query(
        `insert into saraban.book (id, agency_id, direction, series) values ($1, 'agency-a', 'outbound', $2) on conflict do nothing`,
        [book, series],
      );
      const kept: { id: string; name: string }[] = [];
      for (const { name, content, isLarge = false } of files) {
        const fileId = newId();
        if (isLarge)
          await uploads.spool(Readable.from([content], { objectMode: false }), {
            limitBytes: content.length,
          });
        await query(
          `insert into saraban.uploaded_file (id, agency_id, name, media_type, sha256, size_bytes, content, uploaded_by, uploaded_at)
             values ($1, 'agency-a', $2, 'application/pdf', $3, $4, $5, 'person:test', now())`,
          [
            fileId,
            name,
            createHash("sha256").update(content).digest("hex"),
            content.length,
            isLarge ? null : content,
          ],
        );
        kept.push({ id: fileId, name });
      }
      const given = recipients.map((recipient, index) => ({ ...recipient, id: newId(), no: index + 1 }));
      // The book's own rules are the registry's to keep.
      await query(
        `begin; set local session_replication_role = replica;
         insert into saraban.entry (book_id, agency_id, year, number, registered_at, clock, registered_by, registered_by_name, channel,
             letter_number, letter_number_printed, letter_date, letter_from, letter_to, subject, urgency, secrecy, "references", enclosures)
           values ('${book}', 'agency-a', 2026, ${number}, now(), '{}', 'person:test', 'ทดสอบ', 'paper', 'ทก 0101/${number}', 'ทก ๐๑๐๑/${number}',
             '2026-11-20', 'หน่วยงานทดสอบ ก', 'ตามรายชื่อ', $word$${subject}$word$, 'urgent', '${secrecy}',
             array['หนังสือ ที่ นร 1200/55 ลงวันที่ 9 เมษายน 2569'], array['ระเบียบวาระ จำนวน 1 ฉบับ']);
         insert into saraban.outbound_letter (id, agency_id, series, state, version, facts, drafted_by, drafted_by_name, drafted_at,
             book_id, year, number, sent_at)
           values ('${id}', 'agency-a', 'ordinary', 'sent', 1, $json$${JSON.stringify({ subject, ...(text === null ? {} : { text }) })}$json$,
             'person:test', 'ทดสอบ', now(), '${book}', 2026, ${number}, now());
         insert into saraban.outbound_file (letter_id, agency_id, no, file_id, name)
           select '${id}', 'agency-a', no, id, name from rows from (jsonb_to_recordset('${JSON.stringify(kept)}') as (id uuid, name text))
             with ordinality as given (id, name, no);
         insert into saraban.outbound_recipient (id, letter_id, agency_id, no, name, domain, address, channel)
           select id, '${id}', 'agency-a', no, name, domain, address, coalesce(channel, 'mail')
             from jsonb_to_recordset('${JSON.stringify(given)}') as given (id uuid, no integer, name text, domain text, address text, channel text);
         commit`,
      );
      for (const recipient of given) await handOn("send-letter", recipient.id);
      return { id, recipients: given.map((recipient) => recipient.id) };
    },
    /** Something that a clerk did with a letter: its event, and the work for each recipient. */
    async event(
      letter: { id: string; recipients: readonly string[] },
      what: "resent" | "recall-requested",
      recipientId: string | null = null,
      details: object = {},
    ): Promise<string> {
      const id = newId();
      await query(
        `insert into saraban.outbound_event (id, letter_id, agency_id, event_no, what, version, recipient_id, details, reason, made_by,
             made_by_name, made_at, clock)
           select $1, $2, 'agency-a', coalesce(max(event_no), 0) + 1, $3, 1, $4, $5, 'ส่งผิดหน่วยงาน', 'person:test', 'ทดสอบ', now(), '{}'
             from saraban.outbound_event where letter_id = $2`,
        [id, letter.id, what, recipientId, JSON.stringify(details)],
      );
      if (what === "recall-requested")
        await query("update saraban.outbound_letter set recalled_at = now() where id = $1", [letter.id]);
      for (const recipient of recipientId === null ? letter.recipients : [recipientId])
        await handOn("send-letter", recipient);
      return id;
    },
    send: (recipientId: string) => sendLetter(parts, job(recipientId)),
    /** A mail to `to` as reading leaves it behind, and its "record-report". */
    async answer(
      to: string,
      report: Partial<DeliveryReport>,
      kind = "auto-reply",
      { sender = "saraban@opdc.example.go.th", references = [] as string[] } = {},
    ): Promise<string> {
      const [id = ""] = await letReadLettersWait(query, [{ verdict: "ignored", senderAddress: sender }]);
      await query(
        `begin; set local session_replication_role = replica;
         update saraban.intake set recipients = array['${to}'] where id = '${id}';
         update saraban.reading set kind = '${kind}', report = $json$${JSON.stringify({ ...SAYS_NOTHING, ...report })}$json$::jsonb,
           "references" = string_to_array('${references.join(" ")}', ' ') where intake_id = '${id}'; commit`,
      );
      await handOn("record-report", id);
      await recordReport(parts, job(id));
      return id;
    },
    events: (recipientId: string) =>
      query<SeenEvent>(
        "select what, source, proof, evidence_id, details from saraban.recipient_event where recipient_id = $1 order by id",
        [recipientId],
      ),
    notices: (recipientId: string) =>
      query<{ id: string; kind: string; state: string; reason: string; message_id: string }>(
        "select id, kind, state, reason, message_id from saraban.notice where recipient_id = $1 order by made_at, id",
        [recipientId],
      ),
    jobs: (name: string) =>
      query<{ subject_id: string }>("select subject_id from saraban.outbox where job = $1", [name]),
  };
}

export type LetterScene = Awaited<ReturnType<typeof letterScene>>;
