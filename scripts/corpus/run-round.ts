import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pool } from "pg";
import { findInstallation } from "../../services/installation.ts";
import { type DatabaseAddress, openAdminPool } from "../../services/shared/runtime/database.ts";
import { loadSettings } from "../../services/shared/runtime/settings.ts";
import { openStore } from "../../services/shared/runtime/store.ts";
import { startServiceProcess } from "../../services/shared/testing/service-process.ts";
import { openSmtpSink, type SmtpSink } from "../../services/shared/testing/smtp-sink.ts";
import type { Scratch } from "../scratch.ts";
import { type Delivery, openSmtpSender } from "../smtp-sender.ts";
import { waitUntilSettled } from "../wait-until-settled.ts";
import { writeDirectory } from "./directory-config.ts";
import { type CorpusMail, type DirectoryEntry, earlierOf } from "./expected.ts";
import { type Judgement, judge } from "./judge.ts";
import type { PlannedMail } from "./plan-rounds.ts";
import { type ArrivalFacts, readArrivals } from "./treatment.ts";

/** All letters of a round have their outcome and their answers by then. */
const SETTLED_WITHIN_MS = 60_000;

export interface RoundResult {
  /** Of the files that are not there only for others. */
  readonly judgements: readonly Judgement[];
  /** What is wrong with the installation as a whole: arrivals or mails that nobody accounts for. */
  readonly faults: readonly string[];
}

export interface RoundPlace {
  /** For the installation's data; does not exist yet. */
  readonly dir: string;
  readonly scratch: Scratch;
  /** null: the agencies and partners of config/. */
  readonly directory: readonly DirectoryEntry[] | null;
  say(words: string): void;
  /** Called when all is judged, before the installation is stopped. */
  readonly lookAt?: (address: DatabaseAddress) => Promise<void>;
}

/**
 * Sends the files of one round to a fresh installation with a mail server of its own, and judges what came of each. No
 * DNS is asked: the directory's domains are known partners, and who really sent a message is not checked.
 */
export async function runRound(round: readonly PlannedMail[], place: RoundPlace): Promise<RoundResult> {
  const { dir, scratch, say } = place;
  const sink = await openSmtpSink();
  scratch.atEnd(() => sink.close());
  const service = await startServiceProcess("all", {
    dataDir: join(dir, "data"),
    environment: {
      SARABAN_SMARTHOST_URL: sink.url,
      SARABAN_LOG_LEVEL: "debug",
      SARABAN_SENDERS_CHECK: "off",
      ...(place.directory === null ? {} : await writeDirectory(dir, place.directory)),
    },
  });
  scratch.atEnd(() => service.stop());
  const dataDir = join(dir, "data");
  const address = findInstallation(loadSettings({ SARABAN_DATA_DIR: dataDir }));
  const admin = openAdminPool(address);
  try {
    const deliveries = await sendAll(round, { port: service.smtpPort, admin, scratch, say });
    const settledMs = await waitUntilSettled(admin, SETTLED_WITHIN_MS, scratch.signal);
    const faults =
      settledMs === null ? [`not every letter was settled after ${SETTLED_WITHIN_MS / 1000} s`] : [];
    const store = await openStore({ dir: join(dataDir, "letters") });
    const log = await readFile(service.logFile, "utf8");
    const claimed = new Set<unknown>();
    const judgements: Judgement[] = [];
    for (const { mail, setup } of round) {
      const delivery = deliveries.get(mail) as Delivery;
      const arrivals = await readArrivals(admin, store, idsOf(delivery));
      const answers = await answersTo(sink, arrivals);
      for (const { message } of answers) claimed.add(message);
      if (!setup) judgements.push(judge(mail, { delivery, arrivals, answers, log }));
    }
    faults.push(...(await strays(admin, [...deliveries.values()], sink, claimed)));
    await place.lookAt?.(address);
    return { judgements, faults };
  } finally {
    await admin.end();
    await service.stop();
    await sink.close();
  }
}

async function strays(
  admin: Pool,
  deliveries: readonly Delivery[],
  sink: SmtpSink,
  claimed: ReadonlySet<unknown>,
): Promise<string[]> {
  const { rows } = await admin.query<{ arrivals: number; failed: number }>(
    `select (select count(*)::int from saraban.intake) as arrivals,
            (select count(*)::int from saraban.outbox where failed_at is not null) as failed`,
  );
  const { arrivals = 0, failed = 0 } = rows[0] ?? {};
  const confirmed = deliveries.flatMap(idsOf).length;
  const unclaimed = sink.received.filter((message) => !claimed.has(message)).length;
  return [
    ...(arrivals === confirmed
      ? []
      : [`${arrivals} arrivals are stored, ${confirmed} were confirmed to their senders`]),
    ...(failed === 0 ? [] : [`${failed} jobs were set aside after many failures`]),
    ...(unclaimed === 0 ? [] : [`${unclaimed} mails went out that belong to no letter`]),
  ];
}

function idsOf(delivery: Delivery): readonly string[] {
  return delivery.kind === "accepted" ? delivery.ids : [];
}

function answersTo(sink: SmtpSink, arrivals: readonly ArrivalFacts[]) {
  const ids = new Set(arrivals.flatMap(({ notices }) => notices.map(({ messageId }) => messageId)));
  const messages = sink.received.filter(({ headers }) => ids.has(headers.get("message-id") ?? ""));
  return Promise.all(messages.map(async (message) => ({ message, read: await message.read() })));
}

/** One connection for each message, as strangers come; a file that goes in after others waits until they are settled. */
async function sendAll(
  round: readonly PlannedMail[],
  to: { readonly port: number; readonly admin: Pool; readonly scratch: Scratch; say(words: string): void },
): Promise<Map<CorpusMail, Delivery>> {
  const deliveries = new Map<CorpusMail, Delivery>();
  for (const { mail } of round) {
    const { envelope, smtpUtf8 = false, file } = mail.expected;
    if (earlierOf(mail.expected).length > 0)
      await waitUntilSettled(to.admin, SETTLED_WITHIN_MS, to.scratch.signal);
    const sender = await openSmtpSender("127.0.0.1", to.port);
    const delivery = await sender.deliver({ ...envelope, octets: mail.octets, smtpUtf8 });
    await sender.quit();
    deliveries.set(mail, delivery);
    if (delivery.kind === "refused") to.say(`${file}: ${delivery.at} was refused: ${delivery.reply.text}`);
  }
  return deliveries;
}
