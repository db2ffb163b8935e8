import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { newId } from "../../../shared/runtime/ids.ts";
import type { NewClient } from "../../clients/client-admin-store.ts";
import { openDesk } from "../../testing/desk.ts";
import { textOf } from "./soap.ts";

export const ECMS_PATH = "/ecms-ws01/service2";

export interface SoapAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly xml: string;
}

/** The HTTP room alone, with clients that are known by HTTP Basic; by default one of a partner's. */
export async function openNode(context: TestContext, ...clients: Partial<NewClient>[]) {
  const desk = await openDesk(context);
  const { query } = desk;
  const made = await Promise.all((clients.length === 0 ? [{}] : clients).map((one) => desk.addClient(one)));
  const post = async (
    body: string | Buffer | ReadableStream,
    as = 0,
    headers: Record<string, string> = { "content-type": "text/xml; encoding='utf-8'" },
  ): Promise<SoapAnswer> => {
    const { id, secret } = made[as] as { id: string; secret: string };
    const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
    const response = await fetch(`${desk.url}${ECMS_PATH}`, {
      method: "POST",
      body,
      headers: { authorization, ...headers },
      duplex: "half",
    } as RequestInit);
    return { status: response.status, headers: response.headers, xml: await response.text() };
  };
  /** Something that waits for a client, as room notification lays it there. @returns its id */
  const layItem = async (
    as: number,
    kind: "letter" | "receipt" | "news" | "dispute",
    {
      intakeId = null,
      receiptId = null,
      newsId = null,
      agencyId = "agency-a",
    }: Readonly<Record<string, string | null>>,
  ): Promise<string> => {
    const id = newId();
    await query(
      `insert into saraban.client_item (id, client_id, agency_id, kind, intake_id, receipt_id, news_id, made_at)
         values ($1, $2, $3, $4, $5, $6, $7, now())`,
      [id, made[as]?.id, agencyId, kind, intakeId, receiptId, newsId],
    );
    return id;
  };
  /** What room reading writes of an arrival. */
  const writeReading = (
    intakeId: string,
    reading: Readonly<Record<string, unknown>> = {},
    agencyId = "agency-a",
  ) =>
    query(
      `insert into saraban.reading (intake_id, agency_id, read_at, verdict, reason, kind, number, number_printed, letter_date, subject,
           letter_from, letter_to, sender_address, urgency, secrecy, attachments, report)
         select $1, $2, now(), 'ready', 'test', r.kind, r.number, r.number_printed, r.letter_date, r.subject, r.letter_from,
                r.letter_to, r.sender_address, r.urgency, 'normal', coalesce(r.attachments, '[]'), r.report
           from jsonb_populate_record(null::saraban.reading, $3) r`,
      [
        intakeId,
        agencyId,
        JSON.stringify({
          kind: "letter",
          number: "นร 1200/61",
          number_printed: "นร ๑๒๐๐/๖๑",
          letter_date: "2020-04-20",
          subject: "ขอเชิญประชุม",
          letter_from: "สำนักงาน ก.พ.ร.",
          letter_to: "ผู้อำนวยการ",
          sender_address: "saraban@opdc.example.go.th",
          urgency: "urgent",
          ...reading,
        }),
      ],
    );
  /** A mail, or what was fetched from another node, as room intake stores it. @returns the arrival's id */
  const writeArrival = async (octets: Buffer, door: "smtp" | "ecms" = "smtp"): Promise<string> => {
    const id = newId();
    const sha256 = createHash("sha256").update(octets).digest("hex");
    await query(
      "insert into saraban.stored_body (agency_id, sha256, size_bytes, content) values ('agency-a', $1, $2, $3)",
      [sha256, octets.length, octets],
    );
    await query(
      `insert into saraban.intake (id, agency_id, transaction_id, door, mail_from, recipients, remote_address, helo, smtp_utf8, tls,
           bare_newlines, sha256, size_bytes, arrived_at, clock, media_type)
         values ($1, 'agency-a', $1, $4, 'saraban@opdc.example.go.th', '{saraban@agency-a.example.go.th}', '127.0.0.1', 'x', false,
           false, false, $2, $3, now(), '{}', $5)`,
      [id, sha256, octets.length, door, door === "smtp" ? null : "text/xml"],
    );
    return id;
  };
  const kept = async () => ({
    arrivals: (await query("select 1 from saraban.intake")).length,
    files: (await readdir(join(desk.dataDir, "letters"), { recursive: true, withFileTypes: true })).filter(
      (one) => one.isFile(),
    ).length,
  });
  return { ...desk, made, post, layItem, writeReading, writeArrival, kept };
}

export function errorCodeOf({ xml }: SoapAnswer): string | null {
  return textOf(xml, "ErrorCode");
}
