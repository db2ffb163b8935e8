import pg from "pg";
import { connectionOptions, type DatabaseAddress } from "../../services/shared/runtime/database.ts";

/** What the peer writes of a letter that it does not read from the tables itself. */
export interface PeerLetter {
  readonly intakeId: string;
  readonly deemedAt: Date | null;
  readonly deemedBasis: string;
}

/** Clients that each take one number in one transaction, again and again. */
export interface LockedRow {
  /** Numbers letters with `connections` at once until the time is over or none is left. @returns numbers a second */
  register(waiting: PeerLetter[], connections: number, forMs: number): Promise<number>;
  /** Counter and one narrow row, nothing else. @returns numbers a second */
  count(connections: number, forMs: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * One letter, as a good programmer without batches would do it: lock and counter in one row, all that belongs to the
 * letter in the same transaction. It looks for no duplicate, and letters get their numbers in the order in which the
 * clients come to the lock. One statement is a transaction of its own and one wait for the server: between the lock and
 * the commit nobody waits for a client. Tried beside it, with 8 connections: counter first, then a statement a table, each
 * waiting for its answer: a quarter fewer. Counter last, or all sent at once in node-postgres' pipeline mode: no difference
 * that could be told from the machine's noise, at twice the client's CPU time.
 * $1 the letter, $2 state of the clock, $3 and $4 deemed receipt, $5 the book.
 */
const REGISTER = `
  with numbered as (
         update book set turn = turn + 1 where id = $5 returning id, turn as number, clock_timestamp() as at),
       entered as (
         insert into entry (book_id, agency_id, year, number, intake_id, registered_at, clock, registered_by, arrived_at,
             channel, letter_number, letter_number_printed, letter_date, letter_from, letter_to, subject, urgency, kind,
             "references", reference_numbers, enclosures, unit, sender_domain, deemed_received_at, deemed_basis)
           select n.id, i.agency_id, extract(year from n.at at time zone 'Asia/Bangkok'), n.number, i.id, n.at, $2::jsonb,
                  'rule:automatic', i.arrived_at, i.door, r.number, r.number_printed, r.letter_date, r.letter_from,
                  r.letter_to, r.subject, r.urgency, r.letter_kind,
                  array(select c ->> 'printed' from jsonb_array_elements(r.citations) c),
                  array(select distinct c ->> 'number' from jsonb_array_elements(r.citations) c where c ->> 'number' is not null),
                  r.enclosures, i.unit, split_part(r.sender_address, '@', 2), $3, $4
             from numbered n, intake i join reading r on r.intake_id = i.id where i.id = $1
         returning agency_id, intake_id, registered_at, clock, registered_by),
       decided as (
         insert into outcome (intake_id, agency_id, outcome, reason, decided_at, clock, decided_by)
           select intake_id, agency_id, 'registered', 'letter', registered_at, clock, registered_by from entered),
       done as (delete from outbox where job = 'register-letter' and subject_id = $1)
  insert into outbox (job, agency_id, subject_id, work_key)
    select 'notify-sender', agency_id, intake_id, intake_id::text from entered`;

const COUNT = `
  with numbered as (update bench.counter set number = number + 1 where id = $1 returning number)
  insert into bench.line select number, 'one line' from numbered`;

const CLOCK = JSON.stringify({ state: "unsynchronised", reason: "no reference clock is configured" });

/** Opens the connections under the registry's role; the book must be there. */
export async function openLockedRow(
  address: DatabaseAddress,
  agencyId: string,
  mostConnections: number,
): Promise<LockedRow> {
  const options = connectionOptions(address, "saraban_registry");
  // Who acts is stated once for the connection: a wait less for each letter than the service's own way.
  const acting = `-c saraban.actor=worker:bench -c saraban.agencies=${agencyId}`;
  const clients = Array.from(
    { length: mostConnections },
    () => new pg.Client({ ...options, options: `${options.options} ${acting}` }),
  );
  await Promise.all(clients.map((client) => client.connect()));

  const repeat = async (connections: number, forMs: number, next: () => pg.QueryConfig | undefined) => {
    const startMs = performance.now();
    let done = 0;
    const loop = async (client: pg.Client): Promise<void> => {
      while (performance.now() - startMs < forMs) {
        const statement = next();
        if (!statement) return;
        await client.query(statement);
        done += 1;
      }
    };
    await Promise.all(clients.slice(0, connections).map(loop));
    return (done * 1000) / (performance.now() - startMs);
  };

  const bookId = `${agencyId}.inbound.ordinary`;
  return {
    register: (waiting, connections, forMs) =>
      repeat(connections, forMs, () => {
        const letter = waiting.shift();
        return (
          letter && {
            name: "register",
            text: REGISTER,
            values: [letter.intakeId, CLOCK, letter.deemedAt, letter.deemedBasis, bookId],
          }
        );
      }),
    count: (connections, forMs) =>
      repeat(connections, forMs, () => ({ name: "count", text: COUNT, values: [1] })),
    async close() {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}
