/**
 * The road as one table: every job, who hands it on, who does it, and how its work is keyed. A job runs at least once,
 * so each is written to be run twice. Jobs carry ids, never anything that a letter says (it stands in the database).
 */
export const flow = {
  // Room http hands on what clients hand in.
  "read-letter": { handedOnBy: ["intake", "http"], doneBy: "reading", key: "subject" },
  "register-letter": { handedOnBy: ["reading"], doneBy: "registry", key: "book" },
  // Of what is classified, into its own book: numbered as it comes, for nobody may read it on the way.
  "register-closed": { handedOnBy: ["http", "intake"], doneBy: "registry", key: "book" },
  // One name for acknowledgements and refusals: who sees the queue must not see which letters were classified.
  // Room notification hands it on when its own acknowledgement is asked for once more.
  "notify-sender": { handedOnBy: ["registry", "notification"], doneBy: "notification", key: "subject" },
  // A bounce or a read receipt is evidence of what became of a message of ours.
  "record-report": { handedOnBy: ["reading"], doneBy: "notification", key: "subject" },
  // While a letter waits longer than a minute for its number, its sender hears that it has arrived.
  "tell-arrival": { handedOnBy: ["notification"], doneBy: "notification", key: "subject" },
  // One for each recipient of an outbound letter (the subject is the recipient's row): the letter itself, and its recall. A
  // trigger of client_item opens it once more when the recipient's own program has taken the letter out of its inbox.
  "send-letter": { handedOnBy: ["registry", "notification"], doneBy: "notification", key: "subject" },
  // Who drafted a letter hears that a recipient could not be reached, or does not answer.
  "notify-owner": { handedOnBy: ["notification"], doneBy: "notification", key: "subject" },
  "call-webhook": { handedOnBy: ["notification"], doneBy: "notification", key: "subject" },
  // A sender wants a letter back: the line in our book says so, and a clerk answers.
  "record-recall": { handedOnBy: ["reading"], doneBy: "registry", key: "subject" },
  // What a clerk does is work for the registry like any other: the door writes the act down, the registry carries it out.
  "do-act": { handedOnBy: ["http"], doneBy: "registry", key: "subject" },
  "print-register": { handedOnBy: ["http"], doneBy: "printing", key: "subject" },
} as const satisfies Record<string, JobDeclaration>;

interface JobDeclaration {
  /** Rooms that may hand the job on: nothing flows left. */
  readonly handedOnBy: readonly Room[];
  readonly doneBy: Room;
  /**
   * subject: one job for each subject. book: one wake-up for all open work of a book; the worker drains the book's
   * waiting letters from the outbox in order of arrival, many in one transaction.
   */
  readonly key: "subject" | "book";
}

export type Room = "intake" | "reading" | "registry" | "notification" | "http" | "printing";
export type JobName = keyof typeof flow;
/** Rooms that have jobs to do, and so a queue. */
export type WorkingRoom = (typeof flow)[JobName]["doneBy"];
export const WORKING_ROOMS: readonly WorkingRoom[] = [
  ...new Set(Object.values(flow).map(({ doneBy }) => doneBy)),
];
/** Jobs that a room may hand on; anything else does not compile. */
export type HandedOnBy<R extends Room> = {
  [Name in JobName]: R extends (typeof flow)[Name]["handedOnBy"][number] ? Name : never;
}[JobName];
/** Jobs that a room has to do; its main.ts must name a handler for each. */
export type DoneBy<R extends Room> = {
  [Name in JobName]: (typeof flow)[Name]["doneBy"] extends R ? Name : never;
}[JobName];

/** What a job carries. For a job keyed by book, subjectId is that of the newest row of the wake-up. */
export interface JobData {
  readonly outboxId: number;
  readonly agencyId: string;
  readonly subjectId: string;
  readonly workKey: string;
}
