import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, test } from "vitest";
import { adminQueries } from "../testing/arrivals.ts";
import { databaseForTest } from "../testing/database.ts";
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
