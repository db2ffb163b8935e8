import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ACTION_OF_ACT } from "../shared/access/actions.ts";
import type { ActName } from "../shared/letter/act.ts";
import { inTransaction } from "../shared/runtime/database.ts";
import { actRefused, refusalWords } from "./act-refusals.ts";
import { type ActAnswer, readActAnswer } from "./act-store.ts";
import { askRegistry } from "./ask-registry.ts";
import { openActCheck } from "./check-act.ts";
import { type Actor, actorOf, ownAgency } from "./clerk-access.ts";
import { noteCall } from "./clients/client-access.ts";
import type { DoorParts } from "./door-parts.ts";
import { noteDenied } from "./people/person-as-clerk.ts";
import { problem } from "./problem.ts";
import { isUuid } from "./read-parameters.ts";

/** Holds all that the schema allows in UTF-8: 1,000 recipients with Thai names are 1.2 MB, two lists of 100 texts 300 KB. */
export const BODY_LIMIT_BYTES = 2 * 1024 * 1024;

const DEFAULT_WAIT_SECONDS = 10;
const LONGEST_WAIT_SECONDS = 30;

/**
 * What a program may do: with the agency's own letters, and nothing that is a person's look at something (the tray, an
 * answer by telephone). Whether it may sign one off is the registry's to say, by the agency's rules.
 */
const ACTS_OF_PROGRAMS: readonly ActName[] = [
  "draft",
  "check",
  "approve",
  "send",
  "resend",
  "recall",
  "withdraw",
];

/** What clerks ask of the registry: POST /acts writes an act down and waits a little for it; GET /acts/ID tells of it. */
export function actDoor(api: FastifyInstance, parts: DoorParts): void {
  const check = openActCheck();

  const config = { scopes: ["send-outbound"] as const };
  api.post("/acts", { bodyLimit: BODY_LIMIT_BYTES, config }, async (request, reply) => {
    const caller = actorOf(request);
    const { acting } = caller;
    const checked = check(request.body);
    if ("faults" in checked) throw problem("not-an-act", checked.faults);
    const act = { ...checked.act, madeBy: acting.actor, madeByName: caller.name };
    ownAgency(caller, act.agencyId);
    await checkRight(request, caller, act.act, act.agencyId);
    if (act.letterId !== null) noteCall(request, { operation: `act ${act.act}`, subjectId: act.letterId });
    const { prefer } = request.headers;
    const waitSeconds = waitOf(prefer) ?? DEFAULT_WAIT_SECONDS;
    // RFC 7240 §3: only of what was asked for.
    if (waitOf(prefer) !== null) reply.header("preference-applied", `wait=${waitSeconds}`);
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    const answer = await askRegistry(parts, acting, act, waitSeconds * 1000, gone.signal);
    return answerTo(reply, answer);
  });

  api.get<{ Params: { id: string } }>("/acts/:id", { config }, async (request) => {
    const { id } = request.params;
    if (!isUuid(id)) throw problem("not-found");
    const { acting, client } = actorOf(request);
    const answer = await inTransaction(parts.database, acting, (transaction) =>
      readActAnswer(transaction, id),
    );
    // A program sees its own acts: those of clerks may be about letters that it has no part in.
    if (!answer || (client !== null && answer.madeBy !== acting.actor)) throw problem("not-found");
    const { th, en } = refusalWords(answer.refusal);
    return { ...answer, ...(answer.result === "refused" ? { title: en, titleThai: th } : {}) };
  });
}

async function checkRight(
  request: FastifyRequest,
  { client, clerk }: Actor,
  act: ActName,
  agencyId: string,
): Promise<void> {
  if (client !== null && !ACTS_OF_PROGRAMS.includes(act)) throw problem("people-only");
  const action = ACTION_OF_ACT[act];
  if (clerk === null || clerk.may(action, agencyId)) return;
  if (clerk.person !== null) await noteDenied(request, action, agencyId);
  throw problem(act === "approve" ? "right-needed" : "not-appointed");
}

function answerTo(reply: FastifyReply, answer: ActAnswer): FastifyReply {
  if (answer.result === "refused") throw actRefused(answer.id, answer.refusal);
  return reply
    .code(answer.result === "done" ? 201 : 202)
    .header("location", `/api/v1/acts/${answer.id}`)
    .send(answer);
}

/** Seconds that the client would wait (RFC 7240 §4.3), at most `longest`; null when it does not say, or not so as to be read. */
export function waitOf(prefer: string | string[] | undefined, longest = LONGEST_WAIT_SECONDS): number | null {
  const found = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=$|[,;])/i.exec([prefer ?? []].flat().join(","));
  return found === null ? null : Math.min(Number(found[1]), longest);
}
