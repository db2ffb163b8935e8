import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pool } from "pg";
import { findInstallation } from "../../services/installation.ts";
import { openAdminPool } from "../../services/shared/runtime/database.ts";
import { loadSettings } from "../../services/shared/runtime/settings.ts";
import { openStore } from "../../services/shared/runtime/store.ts";
import { startServiceProcess } from "../../services/shared/testing/service-process.ts";
import { openSmtpSink } from "../../services/shared/testing/smtp-sink.ts";
import type { Scratch } from "../scratch.ts";
import { waitUntilSettled } from "../wait-until-settled.ts";
import { writeDirectory } from "./directory-config.ts";
import type { SoapAnswer } from "./ecms-answer.ts";
import { type CorpusRequest, earlierRequests } from "./ecms-expected.ts";
import {
  clientKey,
  type EcmsClients,
  emptyDatabase,
  partiesOf,
  registerClients,
  writeSentLetter,
} from "./ecms-scene.ts";
import type { DirectoryEntry } from "./expected.ts";
import type { Judgement } from "./judge.ts";
import { judgeRequest, type Posted } from "./judge-ecms.ts";
import { readArrivals } from "./treatment.ts";

const SETTLED_WITHIN_MS = 60_000;
const ANSWERED_WITHIN_MS = 60_000;
const TYPE = "text/xml; encoding='utf-8'";

/** For requests that the corpus has none of: what a client asks to see what became of a file. */
const POLL =
  '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><CorrespondenceLetterInboundRequest /></SOAP-ENV:Body></SOAP-ENV:Envelope>';

/**
 * Posts the requests to one installation, each to a database that is emptied before it, after what has to be there first, and
 * judges answers, tables and log.
 */
export async function runRequests(
  requests: readonly CorpusRequest[],
  all: readonly CorpusRequest[],
  place: {
    readonly dir: string;
    readonly scratch: Scratch;
    readonly directory: readonly DirectoryEntry[];
    say(words: string): void;
  },
): Promise<{ readonly judgements: readonly Judgement[]; readonly faults: readonly string[] }> {
  const { dir, scratch, directory, say } = place;
  if (requests.length === 0) return { judgements: [], faults: [] };
  const sink = await openSmtpSink();
  scratch.atEnd(() => sink.close());
  const dataDir = join(dir, "data");
  const service = await startServiceProcess("all", {
    dataDir,
    environment: {
      SARABAN_SMARTHOST_URL: sink.url,
      SARABAN_LOG_LEVEL: "debug",
      SARABAN_SENDERS_CHECK: "off",
      ...(await writeDirectory(dir, directory)),
    },
  });
  scratch.atEnd(() => service.stop());
  const settings = loadSettings({ SARABAN_DATA_DIR: dataDir });
  const admin = openAdminPool(findInstallation(settings));
  try {
    const clients = await registerClients(admin, directory);
    const store = await openStore({ dir: join(dataDir, "letters") });
    const post = poster(`${service.httpUrl}${settings.ecms.path}`, clients, directory, all);
    const judgements: Judgement[] = [];
    const faults: string[] = [];
    for (const request of requests) {
      const { file } = request.expected;
      await emptyDatabase(admin);
      const logFrom = (await readFile(service.logFile)).length;
      const settle = async (): Promise<void> => {
        if ((await waitUntilSettled(admin, SETTLED_WITHIN_MS, scratch.signal)) === null)
          faults.push(`${file}: not settled after ${SETTLED_WITHIN_MS / 1000} s`);
      };
      const earlier = earlierRequests(request, all);
      const recipientId = await writePreconditions(admin, [...earlier, request], directory);
      for (const before of earlier) {
        await post(before);
        await settle();
      }
      const had = await arrivalIds(admin);
      const answers: Posted[] = [];
      const send = async (octets: Buffer | string, as = request): Promise<SoapAnswer> => {
        const answer = await post(as, octets);
        await settle();
        return answer;
      };
      const answer = await send(request.octets);
      const ids = (await arrivalIds(admin)).filter((id) => !had.includes(id));
      const arrivals = await readArrivals(admin, store, ids);
      const news = recipientId === null ? [] : await newsOf(admin, recipientId);
      const { kind } = request.expected;
      if (earlier.length === 0 && (kind === "poll" || kind === "queue-delete"))
        answers.push(...(await useQueue(request, all, send, directory)));
      const log = (await readFile(service.logFile)).subarray(logFrom).toString("utf8");
      judgements.push(judgeRequest(request, { answer, answers, arrivals, news, log, directory, all }));
    }
    const failed = await admin.query("select 1 from saraban.outbox where failed_at is not null");
    if (failed.rowCount)
      faults.push(`${failed.rowCount} jobs of the last file were set aside after many failures`);
    say(`the e-CMS installation is done: ${requests.length} requests`);
    return { judgements, faults };
  } finally {
    await admin.end();
    await service.stop();
    await sink.close();
  }
}

type Post = (request: CorpusRequest, octets?: Buffer | string) => Promise<SoapAnswer>;

function poster(
  url: string,
  clients: EcmsClients,
  directory: readonly DirectoryEntry[],
  all: readonly CorpusRequest[],
): Post {
  return async (request, octets = request.octets) => {
    const { agency, office } = partiesOf(request, directory, all);
    // One agency served here writes to another as its own node's client.
    const client = clients.get(clientKey(agency, office)) ?? clients.get(clientKey(office, office));
    if (!client)
      throw new Error(`${request.expected.file}: no client for ${office.domain} at ${agency.domain}`);
    const credentials = Buffer.from(`${client.id}:${client.secret}`).toString("base64");
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": request.expected.contentType || TYPE,
        authorization: `Basic ${credentials}`,
      },
      body: octets,
      signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
    });
    return { status: response.status, text: await response.text() };
  };
}

/** @returns the recipient of our own letter, where there is one */
async function writePreconditions(
  admin: Pool,
  requests: readonly CorpusRequest[],
  directory: readonly DirectoryEntry[],
): Promise<string | null> {
  const letters = requests.flatMap(({ expected }) => expected.precondition?.outboundLetter ?? []);
  const different = [...new Map(letters.map((letter) => [JSON.stringify(letter), letter])).values()];
  let recipientId: string | null = null;
  for (const letter of different) recipientId = await writeSentLetter(admin, letter, directory);
  return recipientId;
}

/** A letter goes in for the agency that asks; then it is polled twice, deleted twice and polled once more. */
async function useQueue(
  request: CorpusRequest,
  all: readonly CorpusRequest[],
  send: (octets: Buffer | string, as?: CorpusRequest) => Promise<SoapAnswer>,
  directory: readonly DirectoryEntry[],
): Promise<Posted[]> {
  const { agency } = partiesOf(request, directory, all);
  const letter = all.find(
    (one) =>
      one.expected.kind === "letter" &&
      one.expected.outcome === "accept" &&
      one.expected.letter?.secrecy === "normal" &&
      partiesOf(one, directory, all).agency === agency &&
      earlierRequests(one, all).length === 0,
  );
  if (!letter) return [];
  await send(letter.octets, letter);
  const pollOctets = request.expected.kind === "poll" ? request.octets : POLL;
  const poll = async (): Promise<SoapAnswer> => send(pollOctets);
  const [first, second] = [await poll(), await poll()];
  const { processId } = request.expected;
  const steps: Posted[] = [
    { step: "polled", answer: first, letter },
    { step: "polled-again", answer: second, letter },
  ];
  const polledId = /<ProcessID>([^<]+)<\/ProcessID>/u.exec(first.text)?.[1];
  if (processId === undefined || polledId === undefined) return steps;
  const deletion = request.octets.toString("utf8").replace(processId, polledId);
  for (const step of ["deleted", "deleted-again"] as const)
    steps.push({ step, answer: await send(deletion), letter });
  return [...steps, { step: "polled-after", answer: await poll(), letter }];
}

async function arrivalIds(admin: Pool): Promise<string[]> {
  const { rows } = await admin.query<{ id: string }>("select id from saraban.intake order by arrival_seq");
  return rows.map(({ id }) => id);
}

async function newsOf(
  admin: Pool,
  recipientId: string,
): Promise<{ what: string; details: Record<string, unknown> }[]> {
  const { rows } = await admin.query<{ what: string; details: Record<string, unknown> }>(
    "select what, details from saraban.recipient_event where recipient_id = $1 order by id",
    [recipientId],
  );
  return rows;
}
