import type { Pool } from "pg";

/**
 * A look at an agency's inbound book after each run; then the work for room notification is taken away, as that room
 * would. `waiting`: how many letters must be left. A figure counts only if the work was done.
 * @returns how many lines the run has added; the look throws an Error that says what is wrong
 */
export function numbersCheck(
  pool: Pool,
  agencyId: string,
  { inOrderOfArrival }: { readonly inOrderOfArrival: boolean },
): (waiting: number) => Promise<number> {
  let linesBefore = 0;
  return async (waiting) => {
    const { rows } = await pool.query<Record<string, number>>(LOOK, [agencyId]);
    const found = rows[0] ?? {};
    const lines = found["lines"] ?? 0;
    const wanted: Record<string, number> = {
      highest: lines,
      falling: 0,
      registered: lines,
      told: lines - linesBefore,
      undecided: waiting,
      waiting,
      ...(inOrderOfArrival ? { disordered: 0 } : {}),
    };
    const faults = Object.keys(wanted).filter((name) => found[name] !== wanted[name]);
    if (faults.length > 0) {
      const said = faults.map((name) => `${name} ${found[name]} instead of ${wanted[name]}`);
      throw new Error(`${agencyId}, ${lines} lines: ${said.join(", ")}`);
    }
    await pool.query("delete from saraban.outbox where job = 'notify-sender' and agency_id = $1", [agencyId]);
    const added = lines - linesBefore;
    linesBefore = lines;
    return added;
  };
}

// As the one who made the tables sees it: row-level security does not bind that one. Numbers are unique by the key, so
// as many lines as the highest number are 1, 2, 3 … without a gap; so are outcomes and work, one an arrival.
const LOOK = `
  with line as (
    select e.number, e.registered_at, i.arrival_seq, n.id as notice,
           lag(e.registered_at) over by_number as registered_before, lag(i.arrival_seq) over by_number as arrived_before
      from saraban.entry e join saraban.intake i on i.id = e.intake_id
      left join saraban.outbox n on n.subject_id = e.intake_id and n.job = 'notify-sender'
     where e.book_id = $1 || '.inbound.ordinary'
    window by_number as (order by e.number))
  select count(*)::integer as lines, coalesce(max(number), 0) as highest, count(notice)::integer as told,
         (count(*) filter (where registered_at < registered_before))::integer as falling,
         (count(*) filter (where arrival_seq < arrived_before))::integer as disordered,
         (select count(*)::integer from saraban.outcome o join saraban.entry e using (intake_id)
           where o.agency_id = $1 and o.outcome = 'registered') as registered,
         (select count(*)::integer from saraban.intake i
           where agency_id = $1 and not exists (select from saraban.outcome o where o.intake_id = i.id)) as undecided,
         (select count(*)::integer from saraban.outbox where agency_id = $1 and job = 'register-letter') as waiting
    from line`;
