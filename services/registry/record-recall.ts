import { oneLine } from "../shared/letter/act.ts";
import { DAY_MS } from "../shared/letter/bangkok-day.ts";
import { readJwk } from "../shared/letter/evidence/public-key.ts";
import { type Recall, readRecall, verifyRecall } from "../shared/letter/evidence/recall.ts";
import { normaliseLetterNumber } from "../shared/letter/letter-number.ts";
import { finish, isOpen } from "../shared/letter/outbox.ts";
import { mayAnswer, type Standing } from "../shared/letter/sender-rules.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Transaction } from "../shared/runtime/database.ts";
import { takeTurn } from "./book-store.ts";
import { insertEventBy } from "./line-store.ts";
import {
  findRecalledLine,
  findUnregistered,
  type RecallMail,
  readOffice,
  readRecallMail,
} from "./recall-store.ts";
import type { RegistryParts } from "./register-letter.ts";

/** What a recall has come to, and why; for the log. */
type Recorded =
  | "recorded"
  | "asked-before"
  | "unknown-letter"
  | "in-the-tray"
  | "on-its-way"
  | "keys-not-fetched"
  | "no-recall"
  | "not-its-sender";

/** Work that has to wait, and how long. */
export interface RecallWaits {
  readonly why: string;
  readonly delayMs: number;
}

/** A recall and how surely its office has made it. */
interface AskedBack {
  readonly recall: Recall;
  readonly proof: "signature" | "claim";
  /** The office's name, as the directory has it. */
  readonly name: string;
}

const ON_ITS_WAY_MS = 15_000;
const IN_THE_TRAY_MS = 60 * 60 * 1000;
/** Room notification fetches the keys of a partner who did not answer again and again: for so long the recall waits. */
const KEYS_WITHIN_MS = 60 * 60 * 1000;
/** A letter that lies longer in the tray is forgotten there, and its recall with it. */
const LONGEST_WAIT_MS = 60 * DAY_MS;

/**
 * The job "record-recall": an office wants a letter back, and the line in our book says so; a clerk answers
 * ("answer-recall"). No number is given back and nothing is cancelled by it. What no key proves is recorded as a claim, and
 * only when the mail came from the domain that it speaks for; of one letter one open request is enough, or anybody could fill
 * the book. A proved recall of a letter that is not registered yet waits until it is, or is no more: it must not overtake it.
 * @returns null when it is done
 */
export async function recordRecall(
  parts: RegistryParts,
  agencyId: string,
  intakeId: string,
): Promise<RecallWaits | null> {
  const acting = { actor: "worker:registry", agencies: [agencyId] } as const;
  return inTransaction(parts.database, acting, async (transaction) => {
    if (!(await isOpen(transaction, "record-recall", intakeId))) return null;
    const mail = await readRecallMail(transaction, intakeId);
    const isYoung = mail && parts.now().at.getTime() - mail.arrivedAt.getTime() < KEYS_WITHIN_MS;
    const asked = mail ? await judgeRecall(transaction, mail, isYoung === true) : "no-recall";
    // The book's turn first: two mails of one recall are recorded one after the other.
    await takeTurn(transaction, `${agencyId}.inbound.ordinary`, agencyId);
    const stamp = parts.now();
    const held = parts.reasonToHold(stamp.clock);
    if (held !== null) return { why: held, delayMs: ON_ITS_WAY_MS };
    const recorded =
      typeof asked === "string" ? asked : await record(transaction, agencyId, intakeId, asked, stamp);
    if (recorded === "keys-not-fetched")
      return { why: "its office's keys were not fetched yet", delayMs: ON_ITS_WAY_MS };
    const waits = recorded === "on-its-way" || recorded === "in-the-tray";
    if (waits && mail && stamp.at.getTime() - mail.arrivedAt.getTime() < LONGEST_WAIT_MS)
      return {
        why: `its letter is ${recorded}`,
        delayMs: recorded === "on-its-way" ? ON_ITS_WAY_MS : IN_THE_TRAY_MS,
      };
    await finish(transaction, "record-recall", [intakeId]);
    parts.log.info({ letter: intakeId, agency: agencyId, recorded }, "recall");
    return null;
  });
}

async function judgeRecall(
  transaction: Transaction<Tables>,
  { evidence, senderDomain, standing }: RecallMail,
  mayWait: boolean,
): Promise<AskedBack | Recorded> {
  const jws = typeof evidence === "string" ? evidence : "";
  const claimed = readRecall(jws);
  if (claimed === null) return "no-recall";
  const domain = claimed.agency.domain.toLowerCase();
  const office = await readOffice(transaction, domain);
  const keys = office.keys.flatMap(({ kid, jwk }) => {
    const key = readJwk(jwk);
    return key === null ? [] : [{ kid, jwk: key }];
  });
  const verified = await verifyRecall(jws, keys);
  if (verified.state === "not-a-recall") return "no-recall";
  const isTooEarly = office.publishesKeys && office.keys.length === 0;
  if (verified.state === "unproved" && isTooEarly && mayWait) return "keys-not-fetched";
  const { recall, state } = verified;
  const number = normaliseLetterNumber(recall.letter.number) ?? recall.letter.number;
  const asked = { recall: { ...recall, letter: { ...recall.letter, number } }, name: office.name ?? domain };
  if (state === "genuine") return { ...asked, proof: "signature" };
  return senderDomain === domain && mayAnswer(standing as Standing)
    ? { ...asked, proof: "claim" }
    : "not-its-sender";
}

async function record(
  transaction: Transaction<Tables>,
  agencyId: string,
  intakeId: string,
  { recall, proof, name }: AskedBack,
  stamp: Stamp,
): Promise<Recorded> {
  const line = await findRecalledLine(transaction, agencyId, recall);
  if (!line) {
    const place = proof === "signature" ? await findUnregistered(transaction, agencyId, recall) : null;
    return place ?? "unknown-letter";
  }
  if (line.isRepeated || line.openProof === "signature" || line.openProof === proof) return "asked-before";
  const { recallId, evidenceId, letter, replacedBy } = recall;
  const reason = oneLine(recall.reason);
  await insertEventBy(
    transaction,
    { id: intakeId, agencyId, reason, madeBy: "system:recall", madeByName: name },
    line,
    {
      what: "recall-requested",
      details: { recallId, evidenceId, letterNumber: letter.number, reason, replacedBy, intakeId, proof },
    },
    stamp,
  );
  return "recorded";
}
