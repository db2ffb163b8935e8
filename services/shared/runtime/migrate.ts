import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Kysely, PostgresDialect, sql } from "kysely";
import { type Migration, type MigrationProvider, Migrator } from "kysely/migration";
import { type DatabaseAddress, openAdminPool } from "./database.ts";

/** Oldest PostgreSQL that the SQL here is written for. */
const OLDEST_SERVER = 150_000;

/** A database that cannot be used as it is; the message says what to do. */
export class DatabaseUnfit extends Error {
  override readonly name = "DatabaseUnfit";
}

/**
 * Brings the database to the newest of the numbered files in `folder`; safe when several processes do it at once
 * (kysely's migrator holds a lock). Each file runs in one transaction; what ran before must not have been edited.
 * @returns the names of the files applied now
 * @throws DatabaseUnfit when the server is too old, its locale would break Thai search, or an applied file has changed
 */
export async function migrate(address: DatabaseAddress, folder: string): Promise<string[]> {
  const database = new Kysely<Record<string, never>>({
    dialect: new PostgresDialect({ pool: openAdminPool(address) }),
  });
  try {
    await refuseUnfitServer(database);
    await database.transaction().execute(async (transaction) => {
      // "if not exists" does not see what another migration is making at the same moment.
      await sql`select pg_advisory_xact_lock(hashtext('saraban.migrate'))`.execute(transaction);
      await sql`create schema if not exists saraban`.execute(transaction);
    });
    const migrator = new Migrator({
      db: database.withSchema("saraban"),
      provider: sqlFiles(folder),
      migrationTableSchema: "saraban",
    });
    const { error, results } = await migrator.migrateToLatest();
    if (error) throw error;
    await refuseEditedFiles(database, folder);
    return (results ?? [])
      .filter((result) => result.status === "Success")
      .map((result) => result.migrationName);
  } finally {
    await database.destroy();
  }
}

function sqlFiles(folder: string): MigrationProvider {
  return {
    async getMigrations() {
      const migrations: Record<string, Migration> = {};
      for (const { name, text } of await readFiles(folder)) {
        migrations[name] = {
          async up(db) {
            await sql`set local search_path = saraban`.execute(db);
            await sql.raw(text).execute(db);
            await sql`create table if not exists saraban.applied_file (name text primary key, sha256 text not null)`.execute(
              db,
            );
            await sql`insert into saraban.applied_file (name, sha256) values (${name}, ${digest(text)})`.execute(
              db,
            );
          },
        };
      }
      return migrations;
    },
  };
}

async function readFiles(folder: string): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_.+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (file) => ({
      name: file.replace(/\.sql$/, ""),
      text: await readFile(join(folder, file), "utf8"),
    })),
  );
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function refuseEditedFiles(database: Kysely<Record<string, never>>, folder: string): Promise<void> {
  const applied = await sql<{
    name: string;
    sha256: string;
  }>`select name, sha256 from saraban.applied_file`.execute(database);
  const files = new Map((await readFiles(folder)).map(({ name, text }) => [name, digest(text)]));
  const edited = applied.rows.filter((row) => files.get(row.name) !== row.sha256).map((row) => row.name);
  if (edited.length > 0) {
    throw new DatabaseUnfit(
      `schemas/database: ${edited.join(", ")} differ from what this database was made with. Restore the files; changes go into a new numbered file.`,
    );
  }
}

async function refuseUnfitServer(database: Kysely<Record<string, never>>): Promise<void> {
  const { rows } = await sql<{ version: number; encoding: string; ctype: string }>`
    select current_setting('server_version_num')::int as version, pg_encoding_to_char(encoding) as encoding, datctype as ctype
      from pg_database where datname = current_database()`.execute(database);
  const server = rows[0];
  if (!server) throw new DatabaseUnfit("the database cannot be read");
  if (server.version < OLDEST_SERVER) {
    throw new DatabaseUnfit(
      `PostgreSQL ${Math.floor(server.version / 10_000)} is too old: 15 or later is needed`,
    );
  }
  // With LC_CTYPE=C PostgreSQL takes Thai letters for punctuation: substring search would need a scan of every letter.
  if (server.encoding !== "UTF8" || /^(C|POSIX)$/i.test(server.ctype)) {
    throw new DatabaseUnfit(
      `the database has encoding ${server.encoding} and LC_CTYPE ${server.ctype}; make it with: CREATE DATABASE saraban ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' TEMPLATE template0`,
    );
  }
}
