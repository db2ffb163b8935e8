import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { adminQueries } from "../testing/arrivals.ts";
import { databaseForTest } from "../testing/database.ts";
import { newId } from "./ids.ts";
import { migrate } from "./migrate.ts";
import { projectDir } from "./settings.ts";

const FOLDER = join(projectDir, "schemas/database");

test("migrating twice, or many at once, does it once", async (context) => {
  const server = inject("testServer");
  const query = adminQueries(context, server.connection);
  const name = `test_empty_${process.pid}_${Date.now()}`;
  await query(`create database ${name} template template0`);
  const address = { ...server.connection, database: name };
  const applied = await Promise.all([
    migrate(address, FOLDER),
    migrate(address, FOLDER),
    migrate(address, FOLDER),
  ]);
  context.expect(applied.flat().filter((file) => file === "0001_foundation")).toHaveLength(1);
  context.expect(await migrate(address, FOLDER)).toEqual([]);
  await query(`drop database ${name}`);
});

test("an edited file is refused; a new one is applied", async (context) => {
  const { expect } = context;
  const address = await databaseForTest(inject("testServer"), context);
  const folder = await mkdtemp(join(tmpdir(), "saraban-sql-"));
  context.onTestFinished(() => rm(folder, { recursive: true }));
  await cp(FOLDER, folder, { recursive: true });
  await writeFile(join(folder, "9999_new.sql"), "create table extra (a int);");
  expect(await migrate(address, folder)).toEqual(["9999_new"]);
  await writeFile(join(folder, "9999_new.sql"), "create table extra (a int, b int);");
  await expect(migrate(address, folder)).rejects.toThrow(/9999_new differ/);
});

test("a database in which Thai letters are no letters is refused, with the statement that makes a good one", async (context) => {
  const server = inject("testServer");
  const query = adminQueries(context, server.connection);
  const name = `test_locale_${process.pid}_${Date.now()}`;
  await query(
    `create database ${name} encoding 'UTF8' locale_provider 'libc' lc_ctype 'C' lc_collate 'C' template template0`,
  );
  await context
    .expect(migrate({ ...server.connection, database: name }, FOLDER))
    .rejects.toThrow(/LC_CTYPE C; make it with: CREATE DATABASE/);
  await query(`drop database ${name}`);
});

/** A database as the files before this one have made it. */
async function olderInstallation(context: TestContext, before: string) {
  const server = inject("testServer");
  const name = `test_older_${newId().replaceAll("-", "_")}`;
  const admin = adminQueries(context, server.connection);
  context.onTestFinished(async () => void (await admin(`drop database ${name}`)));
  await admin(`create database ${name} template template0`);
  const address = { ...server.connection, database: name };
  const folder = await mkdtemp(join(tmpdir(), "saraban-sql-"));
  context.onTestFinished(() => rm(folder, { recursive: true }));
  const files = (await readdir(FOLDER)).filter((file) => file < before);
  for (const file of files) await cp(join(FOLDER, file), join(folder, file));
  await migrate(address, folder);
  return { address, query: adminQueries(context, address) };
}

test("0004 keeps what an installation of 0003 holds: arrivals, refusals, notices, and their octets", async (context) => {
  const { expect } = context;
  const { address, query } = await olderInstallation(context, "0004");
  const [letter, secret] = ["00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"];
  await query(
    `insert into saraban.agency (id, name_th, name_en, domain, mailbox, letter_code, receiver_name)
       values ('a', 'ก', 'A', 'a.example.go.th', 'saraban', 'กก 0101', 'ผู้รับ')`,
  );
  for (const [id, secrecy, verdict, kind] of [
    [letter, "normal", "triage", "acknowledgement"],
    [secret, "secret", "refused", "refusal"],
  ]) {
    const sha256 = createHash("sha256").update("x").digest("hex");
    await query(
      "insert into saraban.stored_body (agency_id, sha256, size_bytes, content) values ('a', $1, 1, 'x') on conflict do nothing",
      [sha256],
    );
    await query(
      `insert into saraban.intake (id, agency_id, transaction_id, door, mail_from, recipients, remote_address, helo, smtp_utf8,
           tls, bare_newlines, sha256, size_bytes, arrived_at, clock)
         values ($1, 'a', $1, 'smtp', 's@b.example.go.th', '{saraban@a.example.go.th}', '::1', 'x', false, false, false, $2, 1, now(), '{}')`,
      [id, sha256],
    );
    await query(
      `insert into saraban.reading (intake_id, agency_id, read_at, verdict, reason, kind, content_digest, urgency, secrecy)
         values ($1::uuid, 'a', now(), $2, 'x', 'letter', $1::text, 'normal', $3)`,
      [id, verdict, secrecy],
    );
    await query(
      `insert into saraban.notice (id, agency_id, intake_id, kind, recipient, message_id, facts, made_at, clock, state)
         values ($1::uuid, 'a', $1::uuid, $2, 's@b.example.go.th', $1::text, '{}', now(), '{}', 'due')`,
      [id, kind],
    );
  }
  expect(await migrate(address, FOLDER)).toContain("0004_intake");
  expect(await query("select distinct standing, sender_check, conflicts, scan from saraban.reading")).toEqual(
    [{ standing: "unchecked", sender_check: {}, conflicts: [], scan: {} }],
  );
  const again = `insert into saraban.notice select gen_random_uuid(), agency_id, intake_id, $1::text, recipient, $1::text, facts, made_at, clock, state
                   from saraban.notice where intake_id = '${secret}' and kind = 'refusal'`;
  await query(again, ["alert"]);
  await expect(query(again, ["refusal"])).rejects.toThrow("notice_once");
  expect(await query("select removed_at from saraban.stored_body")).toEqual([{ removed_at: null }]);
  await expect(query("delete from saraban.stored_body")).rejects.toThrow("append-only");
});

test("0007 takes away what BullMQ kept in PostgreSQL, and nothing of the outbox; a schema of that name that is not ours stays", async (context) => {
  const { expect } = context;
  const { address, query } = await olderInstallation(context, "0007");
  const theirs = await olderInstallation(context, "0007");
  const make = "create schema bullmq; create table bullmq.job (id bigint)";
  await query(
    `${make}; grant usage, create on schema bullmq to saraban_bullmq; grant all on bullmq.job to saraban_bullmq`,
  );
  await query("set role saraban_bullmq; create sequence bullmq.made_at_work; reset role");
  await query(`insert into saraban.outbox (job, agency_id, subject_id, work_key)
    values ('read-letter', 'a', gen_random_uuid(), 'x'), ('do-act', 'a', gen_random_uuid(), 'x')`);
  await theirs.query(make);
  const schemas = "select nspname as name from pg_namespace where nspname = 'bullmq'";
  expect(await migrate(address, FOLDER)).toContain("0007_queue");
  expect(await query(schemas)).toEqual([]);
  expect(await query("select job, queue from saraban.outbox order by id")).toEqual([
    { job: "read-letter", queue: "reading" },
    { job: "do-act", queue: "registry" },
  ]);
  expect(await migrate(theirs.address, FOLDER)).toContain("0007_queue");
  expect(await theirs.query(schemas)).toHaveLength(1);
});
