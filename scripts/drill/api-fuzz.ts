import fc from "fast-check";
import { openapiDocument } from "../../services/http/openapi/document.ts";
import { allOperations } from "../../services/http/openapi/operations.ts";
import { problemsOf } from "../../services/http/openapi/problem-answers.ts";
import { seededRandom } from "../../services/shared/testing/seeded-random.ts";
import { type ApiAnswer, openAnswerCheck } from "./api-answers.ts";
import type { Schemas } from "./api-arbitraries.ts";
import type { ApiInstallation } from "./api-installation.ts";
import { openKnown } from "./api-known.ts";
import { meetLimits } from "./api-limits.ts";
import { preparePeople } from "./api-people.ts";
import { prepareApi } from "./api-prepare.ts";
import { type ApiRequest, type MakeRequest, requestsOf } from "./api-requests.ts";

export interface FuzzResult {
  readonly requests: number;
  /** Operations that were asked, and those that have done what they are for at least once. */
  readonly operations: number;
  readonly succeeded: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly serverErrors: readonly string[];
  readonly undocumented: readonly string[];
  /** Answers to callers whom the document does not let in there. */
  readonly letIn: readonly string[];
  /** Connections that ended without an answer. */
  readonly unanswered: readonly string[];
  /** Operations that never did what they are for. */
  readonly never: readonly string[];
  /** Answers (operation and status) that the document tells of, and those among them that came. */
  readonly answersTold: number;
  readonly answersSeen: number;
  readonly unseen: readonly string[];
}

const ECMS = "/ecms-ws01/service2";
const AT_ONCE = 4;
const ANSWER_WITHIN_MS = 30_000;
/** Of each kind that is told. */
const MOST_TOLD = 20;
/** Asked more often: what others depend on, and what takes the most. */
const OFTEN: Readonly<Record<string, number>> = {
  submitLetter: 5,
  doAct: 8,
  uploadOutboundFile: 2,
  callEcms: 3,
};

/** Asks every operation of the document again and again, whole and spoilt, and holds each answer to the document. */
export async function fuzzApi(
  installation: Pick<ApiInstallation, "url" | "callers" | "provider">,
  requests: number,
  seed: number,
  signal?: AbortSignal,
): Promise<FuzzResult> {
  const { url, callers } = installation;
  const document = openapiDocument(ECMS);
  const { schemas } = document["components"] as { schemas: Schemas };
  const operations = allOperations(ECMS);
  const check = await openAnswerCheck(document);
  const known = openKnown();
  const statuses: Record<string, number> = {};
  const succeeded = new Set<string>();
  const seen = new Set<string>();
  const told = {
    serverErrors: [] as string[],
    undocumented: [] as string[],
    letIn: [] as string[],
    unanswered: [] as string[],
  };
  const tell = (list: string[], words: string): void => {
    if (list.length < MOST_TOLD && !list.includes(words)) list.push(words);
  };
  let sent = 0;

  const ask = async (request: ApiRequest): Promise<ApiAnswer | null> => {
    const { operation, caller, method, path, headers, body } = request;
    sent += 1;
    const answer = await fetch(`${url}${path}`, {
      method,
      headers,
      ...(body === null ? {} : { body: typeof body === "string" ? body : new Uint8Array(body) }),
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    }).then(
      async (response) => ({
        status: response.status,
        headers: response.headers,
        octets: Buffer.from(await response.arrayBuffer()),
      }),
      (error: Error & { cause?: Error }) => {
        tell(
          told.unanswered,
          `${operation.id} ${method} ${path.slice(0, 100)}: ${error.cause?.message ?? error.message}`,
        );
        return null;
      },
    );
    if (answer === null) return null;
    seen.add(`${operation.id} ${answer.status}`);
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    const fault = check(operation, answer);
    if (fault !== null)
      tell(
        fault.kind === "server-error" ? told.serverErrors : told.undocumented,
        `${fault.words} [${caller.name} ${method} ${path.slice(0, 150)}]`,
      );
    const isDone = answer.status < 400;
    if (isDone && !caller.mayEnter(operation.access))
      tell(told.letIn, `${operation.id} ${answer.status} for ${caller.name}`);
    if (isDone || Object.keys(operation.answers)[0] === String(answer.status)) succeeded.add(operation.id);
    // What was asked at random may have ended it, for this person or by the other one.
    if (answer.status === 401 && caller.session !== undefined) await caller.session.renew();
    learn(answer);
    return answer;
  };
  const learn = ({ headers, octets }: ApiAnswer): void => {
    const isJson = headers.get("content-type")?.includes("json") ?? false;
    known.learn({ etag: headers.get("etag") });
    try {
      known.learn(isJson ? JSON.parse(octets.toString("utf8")) : null, headers);
    } catch {
      // told by the check
    }
  };

  const random = seededRandom(seed);
  const turns = operations.flatMap((operation) =>
    Array.from({ length: OFTEN[operation.id] ?? 1 }, () => operation),
  );
  const each = Math.ceil(requests / turns.length);
  const plans = new Map<string, MakeRequest[]>(
    operations.map((operation, index) => [
      operation.id,
      fc.sample(requestsOf(operation, schemas), {
        seed: seed + index,
        numRuns: each * (OFTEN[operation.id] ?? 1),
      }),
    ]),
  );
  await prepareApi(ask, callers, operations, known);
  await preparePeople(ask, installation, operations);
  const queue: MakeRequest[] = [];
  for (let round = 0; round < each; round++) {
    const inTurn = turns.map((operation) => ({ operation, weight: random() }));
    inTurn.sort((a, b) => a.weight - b.weight);
    for (const { operation } of inTurn) queue.push(plans.get(operation.id)?.pop() as MakeRequest);
  }
  queue.length = Math.min(queue.length, requests);
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let make = queue[next++]; make !== undefined && signal?.aborted !== true; make = queue[next++]) {
        await ask(make(callers, known));
      }
    }),
  );
  if (signal?.aborted !== true) await meetLimits(ask, callers, operations, known);
  const all = operations.flatMap((operation) =>
    [...Object.keys(operation.answers), ...problemsOf(operation).keys()].map(
      (status) => `${operation.id} ${status}`,
    ),
  );
  const unseen = all.filter((answer) => !seen.has(answer));
  const never = operations.filter(({ id }) => !succeeded.has(id)).map(({ id }) => id);
  return {
    requests: sent,
    operations: operations.length,
    succeeded: succeeded.size,
    statuses,
    ...told,
    never,
    answersTold: all.length,
    answersSeen: all.length - unseen.length,
    unseen,
  };
}
