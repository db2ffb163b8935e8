import { CompiledQuery, Kysely, PostgresDialect, type Transaction } from "kysely";
import pg from "pg";
import type { Log } from "./log.ts";
import { namingStatements, withNamedStatements } from "./named-statements.ts";
import { pipelined } from "./pipelined-transaction.ts";

/** How to reach a PostgreSQL: a URL, or the fields of node-postgres (the embedded server: host is a socket folder). */
export type DatabaseAddress = { readonly connectionString: string } | EmbeddedAddress;

interface EmbeddedAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** The roles of schemas/database: each room connects under its own and can do no more than it needs. */
export type RoomRole =
  | "saraban_intake"
  | "saraban_reading"
  | "saraban_registry"
  | "saraban_notification"
  | "saraban_queue"
  | "saraban_http"
  | "saraban_search"
  | "saraban_print"
  | "saraban_audit"
  | "saraban_clock"
  | "saraban_access"
  | "saraban_classified"
  | "saraban_witness";

/** Who acts, and for which agencies: stated in every transaction, read by row-level security. */
export interface Acting {
  readonly actor: `worker:${string}` | `person:${string}` | `client:${string}`;
  readonly agencies: readonly string[];
  /** AGENCY/UNIT: of these agencies the person sees these units alone (schemas/database/0013); not said: nobody is confined. */
  readonly units?: readonly string[];
  /** Whether the person has shown the second factor, as classified letters want it. */
  readonly secondFactor?: boolean;
}

export type { Kysely, Transaction };

/** int8 as number: our counts and sizes stay far below 2^53. Dates (without time) stay text, they have no zone. */
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);
types.setTypeParser(pg.types.builtins.DATE, (text: string) => text);

/**
 * Rooms all of whose statements find their rows by key, whatever is asked for. Left to itself, PostgreSQL plans some of
 * their look-ups anew for each batch, because it believes lists of unknown length to be long: that took longer than the
 * look-ups.
 */
const PLANNED_ONCE: ReadonlySet<string> = new Set<RoomRole>(["saraban_registry", "saraban_notification"]);

/**
 * Rooms that ask for nothing but rows whose key they have. In the first minutes of an installation, before its tables have
 * been measured, PostgreSQL believes letters' octets to be so few that it reads all of them for each letter.
 */
const BY_KEY_ALONE: ReadonlySet<string> = new Set<RoomRole>(["saraban_reading"]);

/** Settings of PostgreSQL that hold for each connection from its first statement. */
export type SessionSettings = Readonly<Record<string, string>>;

/** Options for node-postgres. */
export function connectionOptions(
  address: DatabaseAddress,
  role: RoomRole,
  session: SessionSettings = {},
): pg.PoolConfig {
  const settings = {
    // The room's role is in force from the first statement.
    role,
    search_path: "saraban",
    timezone: "UTC",
    // A worker that is stopped in the middle of a transaction (SIGSTOP, a paused machine) must not hold a book's lock for
    // long: the server ends its session.
    idle_in_transaction_session_timeout: "15s",
    lock_timeout: "20s",
    statement_timeout: "60s",
    ...(PLANNED_ONCE.has(role) ? { plan_cache_mode: "force_generic_plan" } : {}),
    ...(BY_KEY_ALONE.has(role) ? { enable_seqscan: "off" } : {}),
    ...session,
  };
  return {
    ...address,
    types,
    application_name: role,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(" "),
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  };
}

/** A pool with the rights of the address itself, for making tables and reading config into them; never for letters. */
export function openAdminPool(address: DatabaseAddress): pg.Pool {
  const pool = new pg.Pool({
    ...address,
    types,
    max: 2,
    application_name: "saraban_migrate",
    connectionTimeoutMillis: 10_000,
  });
  pool.on("error", () => {}); // an idle connection was cut: the next query opens another or says why it cannot
  return pool;
}

/** A database handle under a room's role. Connects with the first query. */
export function openDatabase<Tables>(
  address: DatabaseAddress,
  role: RoomRole,
  poolSize: number,
  log: Log,
  session: SessionSettings = {},
): Kysely<Tables> {
  const options = connectionOptions(address, role, session);
  const pool = openRoomPool({ ...options, max: poolSize, pipeline: true }, log);
  const opening = new Set(["begin", STATE_ACTING, STATE_PERSON]);
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: withNamedStatements(pool, opening) }) });
}

/** Writes whole transactions whose statements are known beforehand. */
export interface WritePipe {
  /**
   * Sends all statements at once, without waiting for the answer to each, then commits: two waits for the server in
   * place of one a statement. `beforeCommit` runs when all are written and only the commit is missing.
   * @throws the first statement's error; then nothing is written
   */
  write(
    acting: Acting,
    statements: readonly CompiledQuery[],
    beforeCommit: () => Promise<void>,
  ): Promise<void>;
  close(): Promise<void>;
}

/** A pipe into the database under a room's role, for the one place where every millisecond is a sender's wait. */
export function openWritePipe(
  address: DatabaseAddress,
  role: RoomRole,
  connections: number,
  log: Log,
): WritePipe {
  const pool = openRoomPool({ ...connectionOptions(address, role), max: connections, pipeline: true }, log);
  const ask = namingStatements();
  return {
    async write(acting, statements, beforeCommit) {
      const client = await pool.connect();
      let broken: Error | undefined;
      try {
        const sent = [
          client.query("begin"),
          ask(client, ...statementOf(acting)),
          ...statements.map(({ sql: text, parameters }) => ask(client, text, parameters)),
        ];
        const failed = (await Promise.allSettled(sent)).find((result) => result.status === "rejected");
        if (failed) throw failed.reason;
        await beforeCommit();
        await client.query("commit");
      } catch (error) {
        await client.query("rollback").catch((cause: Error) => {
          broken = cause;
        });
        throw error;
      } finally {
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}

function openRoomPool(options: pg.PoolConfig, log: Log): pg.Pool {
  const pool = new pg.Pool(options);
  // An idle connection that the server cut is replaced by the pool; without a listener it would end the process.
  pool.on("error", (error) => log.warn({ err: error }, "an idle database connection was lost"));
  // One that is cut while lent out, between two statements, tells its client only: the next statement fails.
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

const STATE_ACTING = "select set_config('saraban.actor', $1, true), set_config('saraban.agencies', $2, true)";
/** Besides, what only people have: workers and programs, whose transactions are the many, are spared it. */
const STATE_PERSON = `${STATE_ACTING}, set_config('saraban.units', $3, true), set_config('saraban.second_factor', $4, true)`;

/**
 * The statement that says who acts.
 * @throws when a unit's name would say two things: then nothing is seen
 */
function statementOf({ actor, agencies, units = [], secondFactor = false }: Acting): [string, string[]] {
  const stated = [actor, agencies.join(",")];
  if (units.length === 0 && !secondFactor) return [STATE_ACTING, stated];
  const unfit = units.find((unit) => !/^[^,/\s]+\/[^,/\s]+$/u.test(unit));
  if (unfit !== undefined) throw new Error(`not AGENCY/UNIT: ${unfit}`);
  return [STATE_PERSON, [...stated, units.join(","), secondFactor ? "yes" : ""]];
}

/**
 * Runs `work` in one transaction (READ COMMITTED) that states who acts. Without the statement row-level security
 * shows nothing. The statement lasts until the end of the transaction and cannot leak to the next user of the connection.
 */
export function inTransaction<Tables, Result>(
  database: Kysely<Tables>,
  acting: Acting,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return database.transaction().execute((plain) =>
    pipelined(plain, async (transaction) => {
      await transaction.executeQuery(CompiledQuery.raw(...statementOf(acting)));
      return work(transaction);
    }),
  );
}

/**
 * Waits for statements that were asked for at once: they go to the server together, are carried out in the order in which
 * they were asked for, and cost one wait. Unlike Promise.all it waits for the others too when one fails, so that none is
 * left over when the transaction ends.
 * @throws the first error that says what went wrong: after it every other one fails for no reason of its own
 */
export async function together<Results extends readonly unknown[]>(
  ...asked: { readonly [At in keyof Results]: Promise<Results[At]> }
): Promise<Results> {
  const answers = await Promise.allSettled(asked);
  const failed = answers
    .filter((answer) => answer.status === "rejected")
    .map(({ reason }) => reason as unknown);
  if (failed.length > 0) throw failed.find((reason) => !isTransactionAborted(reason)) ?? failed[0];
  return answers.map((answer) => (answer as PromiseFulfilledResult<unknown>).value) as unknown as Results;
}

/** 25P02: an earlier statement of the transaction has failed. */
function isTransactionAborted(reason: unknown): boolean {
  return (reason as { readonly code?: unknown }).code === "25P02";
}

/**
 * Runs `work` on one state of the database (REPEATABLE READ, read only): what is committed meanwhile is not seen, and nobody
 * is blocked. A statement that takes longer than `withinMs` ends it.
 */
export function inSnapshot<Tables, Result>(
  database: Kysely<Tables>,
  acting: Acting,
  withinMs: number,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return database
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute((plain) =>
      pipelined(plain, async (transaction) => {
        const [statement, stated] = statementOf(acting);
        await transaction.executeQuery(
          CompiledQuery.raw(`${statement}, set_config('statement_timeout', $${stated.length + 1}, true)`, [
            ...stated,
            String(withinMs),
          ]),
        );
        return work(transaction);
      }),
    );
}

/** Whether an error can come from one row's values (SQLSTATE class 22 data exception, 23 integrity constraint). */
export function isDataFault(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && /^2[23]/.test(code);
}
