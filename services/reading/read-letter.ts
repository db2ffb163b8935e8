import { createHash } from "node:crypto";
import type { JobData } from "../shared/letter/flow.ts";
import { NO_FACTS } from "../shared/letter/letter.ts";
import { finish, handOn } from "../shared/letter/outbox.ts";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, isDataFault, type Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import type { ByteStore } from "../shared/runtime/store.ts";
import { judgeMessage, type Verdict } from "./judge-message.ts";
import { readMessage } from "./read-message.ts";
import { type KnownSenders, NOTHING_LISTED, type Reading, senderOf } from "./reading.ts";
import { type Arrival, findUnread, insertReading } from "./reading-store.ts";

export interface ReadingParts {
  readonly database: Kysely<Tables>;
  readonly store: ByteStore;
  readonly known: () => Promise<KnownSenders>;
  readonly now: TrustedNow;
  readonly log: Log;
}

type Judged = { readonly reading: Reading; readonly verdict: Verdict };

const UNREADABLE: Verdict = { outcome: "triage", reason: "unreadable" };

/**
 * The job "read-letter": octets → reading and first verdict → the book's waiting list, in one transaction at the end.
 * A message that no parser can read, or whose reading the database refuses, is not an error of ours: it goes to an
 * officer with the reason. Two workers at one letter: the first to finish writes, the other writes nothing.
 */
export async function readLetter(parts: ReadingParts, { agencyId, subjectId }: JobData): Promise<void> {
  const { database, now, log } = parts;
  const acting = { actor: "worker:reading", agencies: [agencyId] } as const;
  const arrival = await inTransaction(database, acting, (transaction) => findUnread(transaction, subjectId));
  if (!arrival) return;
  const known = await parts.known();
  const write = ({ reading, verdict }: Judged): Promise<boolean> =>
    inTransaction(database, acting, async (transaction) => {
      // First, and the fence: a reader that stood still while another one finished must write nothing, or the
      // register-letter that it hands on again would find no waiting letter and fail for ever.
      if ((await finish(transaction, "read-letter", [subjectId])) === 0) return false;
      const senderAgency = senderOf(reading.fromAddress, known)?.name ?? null;
      await insertReading(transaction, agencyId, subjectId, reading, verdict, senderAgency, now().at);
      const book = { id: `${agencyId}.inbound.ordinary`, arrivalSeq: arrival.arrivalSeq };
      await handOn(transaction, "reading", [{ job: "register-letter", agencyId, subjectId, book }]);
      return true;
    });
  let judged = await readAndJudge(parts, arrival, known, subjectId);
  let written: boolean;
  try {
    written = await write(judged);
  } catch (error) {
    if (!isDataFault(error)) throw error;
    // The code alone: the rest of the error may quote the letter.
    const { code } = error as { code?: string };
    log.error({ code, letter: subjectId }, "a reading cannot be stored; its letter goes to an officer");
    judged = unstorable(judged, arrival);
    written = await write(judged);
  }
  if (!written) return;
  const { verdict } = judged;
  // Ignored and refused alike leave no reason here: a log must not tell which letters were classified.
  const open = verdict.outcome === "ready" || verdict.outcome === "triage";
  log.info(
    { letter: subjectId, ...(open ? { verdict: verdict.outcome, reason: verdict.reason } : {}) },
    "read",
  );
}

/** What is stored in place of a reading that the database refuses: that there is a message, and its marking. */
function unstorable({ reading, verdict }: Judged, arrival: Arrival): Judged {
  const { secrecy, urgency } = reading.facts;
  const bare = unreadable(arrival);
  // A marked letter stays what it was judged to be: no damage brings it into an officer's ordinary tray.
  if (secrecy !== "normal")
    return { reading: { ...bare, facts: { ...bare.facts, secrecy, urgency } }, verdict };
  return { reading: bare, verdict: UNREADABLE };
}

async function readAndJudge(
  { store, log }: ReadingParts,
  arrival: Arrival,
  known: KnownSenders,
  intakeId: string,
): Promise<Judged> {
  const octets = arrival.content ?? store.openStored(arrival.sha256);
  try {
    const reading = await readMessage(octets, known);
    return { reading, verdict: judgeMessage(reading, arrival, known) };
  } catch (error) {
    // The disk's fault (EIO, ENOENT …) is ours and passes; only what the parser cannot read is the message's.
    if (typeof (error as NodeJS.ErrnoException).errno === "number") throw error;
    log.warn({ err: error, letter: intakeId }, "a message cannot be read; it goes to an officer");
    return { reading: unreadable(arrival), verdict: UNREADABLE };
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
    ...NOTHING_LISTED,
    sources: {},
    attachments: [],
    problems: ["unreadable-structure"],
    sizeBytes,
    // Only the very same octets count as the same message.
    contentDigest: createHash("sha256").update(`unreadable ${sha256}`).digest("hex"),
  };
}
