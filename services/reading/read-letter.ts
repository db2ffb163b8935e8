import { createHash } from "node:crypto";
import type { JobData } from "../shared/letter/flow.ts";
import { NO_FACTS } from "../shared/letter/letter.ts";
import { finish, handOn } from "../shared/letter/outbox.ts";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import type { ByteStore } from "../shared/runtime/store.ts";
import { judgeMessage, type Verdict } from "./judge-message.ts";
import { readMessage } from "./read-message.ts";
import type { KnownSenders, Reading } from "./reading.ts";
import { senderOf } from "./reading.ts";
import { type Arrival, findUnread, insertReading } from "./reading-store.ts";

export interface ReadingParts {
  readonly database: Kysely<Tables>;
  readonly store: ByteStore;
  readonly known: () => Promise<KnownSenders>;
  readonly now: TrustedNow;
  readonly log: Log;
}

/**
 * The job "read-letter": octets → reading and first verdict → the book's waiting list, in one transaction at the end.
 * A message that no parser can read is not an error of ours: it goes to an officer with the reason.
 */
export async function readLetter(parts: ReadingParts, { agencyId, subjectId }: JobData): Promise<void> {
  const { database, now, log } = parts;
  const acting = { actor: "worker:reading", agencies: [agencyId] } as const;
  const arrival = await inTransaction(database, acting, (transaction) => findUnread(transaction, subjectId));
  if (!arrival) return;
  const known = await parts.known();
  const { reading, verdict } = await readAndJudge(parts, arrival, known, subjectId);
  const senderAgency = senderOf(reading.fromAddress, known)?.name ?? null;
  await inTransaction(database, acting, async (transaction) => {
    await insertReading(transaction, agencyId, subjectId, reading, verdict, senderAgency, now().at);
    const bookId = `${agencyId}.inbound.ordinary`;
    await handOn(transaction, "reading", [{ job: "register-letter", agencyId, subjectId, bookId }]);
    await finish(transaction, "read-letter", [subjectId]);
  });
  log.info(
    { letter: subjectId, kind: reading.kind, verdict: verdict.outcome, reason: verdict.reason },
    "read",
  );
}

async function readAndJudge(
  { store, log }: ReadingParts,
  arrival: Arrival,
  known: KnownSenders,
  intakeId: string,
): Promise<{ reading: Reading; verdict: Verdict }> {
  const octets = arrival.content ?? store.openStored(arrival.sha256);
  try {
    const reading = await readMessage(octets, known);
    return { reading, verdict: judgeMessage(reading, arrival, known) };
  } catch (error) {
    // The disk's fault (EIO, ENOENT …) is ours and passes; only what the parser cannot read is the message's.
    if (typeof (error as NodeJS.ErrnoException).errno === "number") throw error;
    log.warn({ err: error, letter: intakeId }, "a message cannot be read; it goes to an officer");
    return { reading: unreadable(arrival), verdict: { outcome: "triage", reason: "unreadable" } };
  }
}

function unreadable({ sha256, sizeBytes }: Arrival): Reading {
  return {
    kind: "unreadable",
    messageId: null,
    fromAddress: null,
    fromName: null,
    headerDate: null,
    subjectHeader: null,
    references: [],
    report: null,
    facts: NO_FACTS,
    sources: {},
    attachments: [],
    problems: ["unreadable-structure"],
    sizeBytes,
    // Only the very same octets count as the same message.
    contentDigest: createHash("sha256").update(`unreadable ${sha256}`).digest("hex"),
  };
}
