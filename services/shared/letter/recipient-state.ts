import { ANSWERS, type RecipientEvent } from "./outbound.ts";

/**
 * How surely something is known. signature: a receipt that the partner's key signed; own: seen by this system itself; token:
 * it came to the return path that only our message carried; client: the partner's own program said so under its credentials; clerk: what a clerk was told by other ways; claim: it names our
 * message, which anyone could.
 */
export type NewsProof = "signature" | "own" | "token" | "client" | "clerk" | "claim";

/** Something that became known of a letter at one recipient: a row of recipient_event, or an answer that a clerk noted. */
export interface RecipientNews {
  readonly what: RecipientEvent;
  readonly source: "server" | "dsn" | "mdn" | "receipt" | "answer" | "watch" | "ecms" | "clerk";
  readonly proof: NewsProof;
  readonly happenedAt: Date;
  /** {reply, status, receiveNumber, receiveYear, receivedAt, registeredAt, reason …}; words of it are a stranger's. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** What is known of a letter at one recipient, all news taken together. */
export interface RecipientState {
  /** waiting: nothing is known yet, not even of a server. */
  readonly state: RecipientEvent | "waiting";
  /** How surely; null while waiting. */
  readonly proof: NewsProof | null;
  /** Since when; null while waiting. */
  readonly since: Date | null;
  /** The recipient's office has answered, and it is proved or a clerk vouches for it: nobody has to ask any more. */
  readonly isAnswered: boolean;
  /** Its register number and year (as it writes them), and when it registered the letter; null while unknown. */
  readonly receiveNumber: string | null;
  readonly receiveYear: number | null;
  readonly registeredAt: string | null;
  /** A later answer that nothing proves and that says something else; null when there is none. */
  readonly claim: RecipientNews | null;
  /** What became of the recall; null when none was sent there. */
  readonly recall: "recall-sent" | "recall-refused" | "recall-accepted" | null;
  readonly warnedAt: Date | null;
  readonly escalatedAt: Date | null;
}

const STRENGTH: Readonly<Record<NewsProof, number>> = {
  signature: 3,
  own: 3,
  token: 2,
  client: 2,
  clerk: 2,
  claim: 0,
};

/** Better news is never unsaid by what a server says late: in this order, but for a failure. */
const TRANSPORT: readonly RecipientEvent[] = ["delayed", "accepted", "delivered", "displayed", "answered"];
const REGISTERED: ReadonlySet<RecipientEvent> = new Set(["registered", "handed-over", "corrected"]);
/** They speak of a number that an earlier answer named. */
const KEEP_NUMBER: ReadonlySet<RecipientEvent> = new Set(["handed-over", "corrected", "cancelled"]);

/**
 * Where a letter stands at a recipient. Answers outrank what servers say. A later answer replaces an earlier one, unless the
 * earlier is proved better; a claim never overrides anything that is proved, and is told beside it.
 * @param news of one recipient, in any order; of two at the same moment the later in the list counts
 */
export function recipientState(news: readonly RecipientNews[]): RecipientState {
  const inOrder = [...news].sort((a, b) => a.happenedAt.getTime() - b.happenedAt.getTime());
  const proved = inOrder.filter(({ proof }) => proof !== "claim");
  const answers = proved.filter(({ what }) => isAnswer(what));
  const answer = answers.reduce<RecipientNews | null>(laterAnswer, null);
  const transport = proved.reduce<RecipientNews | null>(laterTransport, null);
  const claim = inOrder.findLast(({ what, proof }) => proof === "claim" && isAnswer(what)) ?? null;
  // A claim stands where no more is known than that a server took the letter; that it failed is more.
  const isBesides = answer !== null || transport?.what === "failed";
  const found = isBesides ? (answer ?? transport) : (claim ?? transport);
  return {
    state: found?.what ?? "waiting",
    proof: found?.proof ?? null,
    since: found?.happenedAt ?? null,
    isAnswered: answer !== null,
    ...registrationOf(found, answers),
    claim: claim !== null && isBesides && contradicts(claim, found) ? claim : null,
    recall: proved.reduce<RecipientState["recall"]>(laterRecall, null),
    warnedAt: inOrder.findLast(({ what }) => what === "warned")?.happenedAt ?? null,
    escalatedAt: inOrder.findLast(({ what }) => what === "escalated")?.happenedAt ?? null,
  };
}

function isAnswer(what: RecipientEvent): boolean {
  return ANSWERS.has(what) || what === "corrected" || what === "cancelled";
}

function laterAnswer(best: RecipientNews | null, next: RecipientNews): RecipientNews {
  if (best === null) return next;
  // That it has arrived says nothing new of a letter that is registered.
  if (next.what === "arrived" && REGISTERED.has(best.what)) return best;
  // That it was given back stands beside the number that it had there, and does not take its place.
  if (next.what === "recall-accepted") return best;
  return best.what === "arrived" || STRENGTH[next.proof] >= STRENGTH[best.proof] ? next : best;
}

function laterTransport(best: RecipientNews | null, next: RecipientNews): RecipientNews | null {
  const rank = TRANSPORT.indexOf(next.what);
  if (next.what === "failed") return next;
  if (rank === -1) return best;
  if (best === null || best.what === "failed") return next;
  return rank >= TRANSPORT.indexOf(best.what) ? next : best;
}

/** A recall that was answered may be asked for again; of a letter that was given back nothing more is asked. */
function laterRecall(best: RecipientState["recall"], { what }: RecipientNews): RecipientState["recall"] {
  const isRecall = what === "recall-sent" || what === "recall-refused" || what === "recall-accepted";
  return isRecall && best !== "recall-accepted" ? what : best;
}

function registrationOf(found: RecipientNews | null, answers: readonly RecipientNews[]) {
  const none = { receiveNumber: null, receiveYear: null, registeredAt: null };
  if (found === null || !(REGISTERED.has(found.what) || found.what === "cancelled")) return none;
  const named = (name: string): unknown => {
    const own = found.details[name];
    if (own !== undefined && own !== null) return own;
    if (!KEEP_NUMBER.has(found.what)) return null;
    const until = answers.slice(0, answers.indexOf(found));
    return until.findLast(({ details }) => (details[name] ?? null) !== null)?.details[name] ?? null;
  };
  const [number, year, at] = [named("receiveNumber"), named("receiveYear"), named("registeredAt")];
  return {
    receiveNumber: number === null ? null : String(number),
    receiveYear: typeof year === "number" ? year : null,
    registeredAt: typeof at === "string" ? at : null,
  };
}

function contradicts(claim: RecipientNews, found: RecipientNews | null): boolean {
  if (found === null) return true;
  const isLater = claim.happenedAt.getTime() > found.happenedAt.getTime();
  const saysSame =
    claim.what === found.what &&
    String(claim.details["receiveNumber"] ?? "") === String(found.details["receiveNumber"] ?? "");
  return isLater && !saysSame;
}
