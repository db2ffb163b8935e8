import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { inject, type TestContext } from "vitest";
import { systemClock } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { openDatabase, openWritePipe } from "../../shared/runtime/database.ts";
import { openLog } from "../../shared/runtime/log.ts";
import { openStore } from "../../shared/runtime/store.ts";
import { adminQueries, roomDatabase } from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { acceptInto } from "../accept-letter.ts";
import { recipientFinder } from "../find-recipient.ts";
import type { HostedMailbox } from "../imap/imap-config.ts";
import { type ImapDoorParts, type OpenImapDoor, openImapDoor } from "../imap/imap-door.ts";
import { openMailboxLocks } from "../imap/imap-lock-store.ts";
import { openMailboxMemory } from "../imap/imap-store.ts";
import { MAILBOX_PASSWORD } from "./dovecot.ts";

/** A mailbox of agency-a on a server here; the password is a file of the scene's. */
export function testMailbox(
  user: string,
  port: number,
  secretFile: string,
  other: Partial<HostedMailbox> = {},
): HostedMailbox {
  return {
    id: user,
    agencyId: "agency-a",
    host: "127.0.0.1",
    port,
    security: "none",
    ca: null,
    user,
    secret: { kind: "password", place: { file: secretFile } },
    folder: "INBOX",
    since: null,
    after: { when: "registered", flag: "\\Seen", moveTo: null },
    pollMs: 20_000,
    maxMessageBytes: 50_000_000,
    authservId: null,
    ...other,
  };
}

export interface PulledRow {
  readonly uid: number;
  readonly intakeId: string | null;
  readonly note: string;
  readonly filed: boolean;
  readonly mailFrom: string | null;
  readonly recipients: string[] | null;
  readonly unit: string | null;
  readonly sha256: string | null;
}

/** A database and a byte store of a test's own, and doors that lead there. */
export async function mailboxScene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const dir = mkdtempSync(join(tmpdir(), "imap-test-"));
  context.onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const log = openLog("silent", "test");
  const database = roomDatabase(context, address, "saraban_intake");
  const pipe = openWritePipe(address, "saraban_intake", 2, log);
  context.onTestFinished(() => pipe.close());
  const query = adminQueries(context, address);
  const store = await openStore({ dir: join(dir, "letters") });
  const memory = openMailboxMemory(database);
  const said: { fields: object; message: string }[] = [];
  const doors: OpenImapDoor[] = [];
  const say = (fields: object, message: string) => said.push({ fields, message });

  /** Opens the doors of one process: they share its locks. */
  const open = async (
    mailboxes: readonly HostedMailbox[],
    other: Partial<ImapDoorParts> = {},
  ): Promise<{ close(): Promise<void> }> => {
    await memory.enlist(mailboxes);
    const lockDatabase = openDatabase<Tables>(address, "saraban_intake", 1, log);
    const locks = openMailboxLocks(lockDatabase);
    const opened = mailboxes.map((mailbox) =>
      openImapDoor(mailbox, {
        store,
        memory,
        locks,
        acceptLetter: acceptInto({ database, pipe }, systemClock()),
        findRecipient: recipientFinder([
          { agencyId: "agency-a", domain: "agency-a.example.go.th", mailbox: "saraban" },
          { agencyId: "agency-b", domain: "agency-b.example.go.th", mailbox: "saraban" },
        ]),
        address: "saraban@agency-a.example.go.th",
        log: { info: say, warn: say },
        waits: { first: 50, most: 400, firstRefused: 300, mostRefused: 2_000, filing: 50 },
        patience: { answerWithinMs: 3_000, listWithinMs: 3_000 },
        ...other,
      }),
    );
    doors.push(...opened);
    let closed = false;
    const close = async (): Promise<void> => {
      if (closed) return;
      closed = true;
      await Promise.all(opened.map((door) => door.close(1_000)));
      await locks.close();
      await lockDatabase.destroy();
    };
    context.onTestFinished(close);
    return { close };
  };

  /** What has become of a mailbox's messages, by UID. */
  const messages = (mailbox: string) =>
    query<PulledRow>(
      `select m.uid, m.intake_id as "intakeId", m.note, m.filed_at is not null as filed, i.mail_from as "mailFrom",
              i.recipients, i.unit, m.sha256
         from saraban.imap_message m left join saraban.intake i on i.id = m.intake_id
        where m.mailbox_id = $1 order by m.numbering, m.uid`,
      [mailbox],
    );
  const mailboxRow = async (mailbox: string) =>
    (
      await query<{ uid_validity: number; last_uid: number; trouble: string | null; looked_at: Date | null }>(
        "select uid_validity, last_uid, trouble, looked_at from saraban.imap_mailbox where id = $1",
        [mailbox],
      )
    )[0];
  /** What the registry writes: the outcome of every arrival that has none. */
  const decide = () =>
    query(`insert into saraban.outcome (intake_id, agency_id, outcome, reason, decided_at, clock, decided_by)
             select id, agency_id, 'triage', 'test', now(), '{}', 'test' from saraban.intake on conflict do nothing`);
  return { address, dir, query, store, memory, said, open, messages, mailboxRow, decide };
}

/** Asks until the answer is the wanted one. @throws Error with the last answer */
export async function until<Answer>(
  ask: () => Promise<Answer> | Answer,
  wanted: (answer: Answer) => boolean,
  withinMs = 90_000,
): Promise<Answer> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (performance.now() > endMs)
      throw new Error(`not within ${withinMs} ms; last: ${JSON.stringify(answer)}`);
    await pause(20);
  }
}

/** A letter as a server delivered it. */
export function letterText(
  number: string,
  head = "Return-Path: <saraban@opdc.example.go.th>\r\n",
  body = "เรียน ทดสอบ",
): string {
  return `${head}Received: from mx.example.go.th by imap.example.go.th; Thu, 01 Oct 2026 09:00:00 +0700\r\nFrom: saraban@opdc.example.go.th\r\nTo: saraban@agency-a.example.go.th\r\nMessage-ID: <${number}@opdc.example.go.th>\r\nSubject: test ${number}\r\n\r\n${body}\r\n`;
}

export { MAILBOX_PASSWORD };
