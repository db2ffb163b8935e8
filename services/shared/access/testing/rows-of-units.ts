import type { adminQueries } from "../../testing/arrivals.ts";

type Query = ReturnType<typeof adminQueries>;

/** A unit's things: one row in each table, all of one arrival, line, letter, act … */
export interface UnitsThings {
  readonly unit: string | null;
  readonly number: number;
  readonly arrival: string;
  readonly letter: string;
  readonly notice: string;
  readonly act: string;
  readonly order: string;
  readonly file: string;
}

export function thingsOf(unit: string | null, number: number): UnitsThings {
  const id = (kind: number) => `00000000-0000-7000-8000-${String(kind * 1000 + number).padStart(12, "0")}`;
  return {
    unit,
    number,
    arrival: id(1),
    letter: id(2),
    notice: id(3),
    act: id(4),
    order: id(5),
    file: id(6),
  };
}

/** What carries an agency and may be read by the room http, by the catalogue: a table made tomorrow is among them. */
export async function tablesOfHttp(query: Query): Promise<string[]> {
  const rows = await query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'saraban' and c.relkind = 'r' and c.relrowsecurity
        and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'agency_id' and not a.attisdropped)
        and has_any_column_privilege('saraban_http', c.oid, 'select')
      order by 1`,
  );
  return rows.map(({ name }) => name);
}

/**
 * Writes one row of each unit into each table, without a life that would lead there: keys, triggers and checks are off, only
 * what tells whose a row is is right.
 */
export async function fillTables(
  query: Query,
  tables: readonly string[],
  units: readonly UnitsThings[],
): Promise<void> {
  for (const table of tables) {
    const columns = await query<{ name: string; type: string; needed: boolean }>(
      `select a.attname as name, format_type(a.atttypid, null) as type,
              a.attnotnull and not a.atthasdef and a.attidentity = '' as needed
         from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped`,
      [`saraban.${table}`],
    );
    const checks = await query<{ name: string }>(
      "select conname as name from pg_constraint where conrelid = $1::regclass and contype = 'c'",
      [`saraban.${table}`],
    );
    const drops = checks.map(({ name }) => `alter table saraban.${table} drop constraint "${name}";`);
    const inserts = units.map((things) => {
      const filled = columns
        .map(({ name, type, needed }) => [
          name,
          linkOf(table, name, things) ?? (needed ? anyOf(type, things) : null),
        ])
        .filter(([, value]) => value !== null);
      return `insert into saraban.${table} (${filled.map(([name]) => `"${name}"`).join(", ")})
                values (${filled.map(([, value]) => value).join(", ")}) on conflict do nothing;`;
    });
    await query(
      `begin; ${drops.join("")} set local session_replication_role = replica; ${inserts.join("")} commit;`,
    );
  }
}

/** Keys that lead from table to table. */
function linkOf(table: string, column: string, things: UnitsThings): string | null {
  const own: Readonly<Record<string, string>> = {
    intake: things.arrival,
    outbound_letter: things.letter,
    notice: things.notice,
    act: things.act,
    print_order: things.order,
    uploaded_file: things.file,
  };
  const links: Readonly<Record<string, string | number | null | undefined>> = {
    id: own[table],
    agency_id: "agency-a",
    unit: things.unit,
    intake_id: things.arrival,
    letter_id: things.letter,
    notice_id: things.notice,
    act_id: things.act,
    order_id: things.order,
    file_id: things.file,
    book_id: "agency-a.inbound.ordinary",
    year: 2026,
    number: things.number,
  };
  const value = links[column];
  return value === undefined || value === null ? null : `'${value}'`;
}

/** Something of the type, another one for each unit. */
function anyOf(type: string, { number }: UnitsThings): string {
  if (type === "uuid") return "gen_random_uuid()";
  if (type.endsWith("[]")) return "'{}'";
  if (type === "jsonb") return "'{}'";
  if (type === "boolean") return "true";
  if (type === "bytea") return "'x'";
  if (type === "date" || type.startsWith("timestamp")) return "'2026-11-02'";
  return `'${number}'`;
}
