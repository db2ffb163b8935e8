import { isReportKind } from "../shared/letter/delivery-report.ts";
import type { JobData } from "../shared/letter/flow.ts";
import { handOn } from "../shared/letter/outbox.ts";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import {
  inTransaction,
  isDataFault,
  type Kysely,
  type Transaction,
  together,
} from "../shared/runtime/database.ts";
import { groupCommit } from "../shared/runtime/group-commit.ts";
import { type Arrival, findUnread, insertReadings, type ReadingResult, takeOpen } from "./reading-store.ts";

/** What was read of an arrival, to be written. */
export interface ReadArrival {
  readonly agencyId: string;
  readonly intakeId: string;
  readonly arrivalSeq: number;
  readonly result: ReadingResult;
}

/** Letters that are read at the same time ask the database together, and are written together. */
export interface LetterBatches {
  /** The arrival with its octets; undefined when it is read already. */
  find(job: Pick<JobData, "agencyId" | "subjectId">): Promise<Arrival | undefined>;
  /** Writes what was read, and hands the letter on. @returns false when another reader has done so; then nothing is written */
  write(read: ReadArrival): Promise<boolean>;
}

/** Letters of one statement: their octets, 64 KiB at most each, are held until they are read. */
const FOUND_TOGETHER = { items: 32, bytes: Number.POSITIVE_INFINITY };
const WRITTEN_TOGETHER = { items: 64, bytes: Number.POSITIVE_INFINITY };

/**
 * One at a time of each kind: while one is under way the next gather. Each statement costs both sides a turn, and each
 * commit a flush of the disk, whatever stands in it.
 */
export function openLetterBatches(database: Kysely<Tables>, now: TrustedNow): LetterBatches {
  const inOne = <Result>(
    agencyIds: readonly string[],
    work: (transaction: Transaction<Tables>) => Promise<Result>,
  ): Promise<Result> =>
    inTransaction(database, { actor: "worker:reading", agencies: [...new Set(agencyIds)] }, work);
  const find = groupCommit<Pick<JobData, "agencyId" | "subjectId">, Arrival | undefined>(
    async (jobs) => {
      const arrivals = await inOne(
        jobs.map(({ agencyId }) => agencyId),
        (transaction) =>
          findUnread(
            transaction,
            jobs.map(({ subjectId }) => subjectId),
          ),
      );
      return jobs.map(({ subjectId }) => arrivals.get(subjectId));
    },
    FOUND_TOGETHER,
    () => false,
  );
  const write = groupCommit<ReadArrival, boolean>(
    async (reads) => {
      const written = await inOne(
        reads.map(({ agencyId }) => agencyId),
        (transaction) => writeReadings(transaction, now, reads),
      );
      return reads.map((read) => written.has(read));
    },
    WRITTEN_TOGETHER,
    isDataFault,
  );
  return { find: (job) => find(job, 0), write: (read) => write(read, 0) };
}

async function writeReadings(
  transaction: Transaction<Tables>,
  now: TrustedNow,
  reads: readonly ReadArrival[],
): Promise<ReadonlySet<ReadArrival>> {
  // First, and the fence: a reader that stood still while another one finished must write nothing, or the
  // register-letter that it hands on again would find no waiting letter and fail for ever.
  const open = await takeOpen(transaction, [...new Set(reads.map(({ intakeId }) => intakeId))]);
  // One letter may be read twice at the same time: the first one's reading stands.
  const written = reads.filter(({ intakeId }) => open.delete(intakeId));
  if (written.length === 0) return new Set();
  await together(
    insertReadings(transaction, written, now().at),
    handOn(transaction, "reading", written.flatMap(workAfter)),
  );
  return new Set(written);
}

function workAfter({ agencyId, intakeId, arrivalSeq, result }: ReadArrival) {
  const work = { agencyId, subjectId: intakeId };
  const { kind, report } = result.reading;
  const book = { id: `${agencyId}.inbound.ordinary`, arrivalSeq };
  return [
    { job: "register-letter", ...work, book } as const,
    ...(isReportKind(kind) ? [{ job: "record-report", ...work } as const] : []),
    ...(kind === "recall" && report !== null ? [{ job: "record-recall", ...work } as const] : []),
  ];
}
