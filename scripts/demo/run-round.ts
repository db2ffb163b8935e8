import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { findInstallation } from "../../services/installation.ts";
import { bookTable } from "../../services/shared/letter/book-table.ts";
import { listAgencies, readInboundBook } from "../../services/shared/letter/inbound-book.ts";
import { bangkokYear } from "../../services/shared/letter/stamp.ts";
import type { Tables } from "../../services/shared/letter/tables.ts";
import { openAdminPool, openDatabase } from "../../services/shared/runtime/database.ts";
import { openLog } from "../../services/shared/runtime/log.ts";
import { loadSettings } from "../../services/shared/runtime/settings.ts";
import { openStore } from "../../services/shared/runtime/store.ts";
import { startServiceProcess } from "../../services/shared/testing/service-process.ts";
import { openSmtpSink, type SmtpSink } from "../../services/shared/testing/smtp-sink.ts";
import type { Scratch } from "../scratch.ts";
import { actingForAll, type Following, followLetters } from "../send/outcome.ts";
import { type Delivery, openSmtpSender } from "../smtp-sender.ts";
import type { DemoMail } from "./expected.ts";
import { type Judgement, judge } from "./judge.ts";

/** All letters of a round have their outcome and their answers by then. */
const SETTLED_WITHIN_MS = 60_000;

export interface RoundResult {
  readonly judgements: readonly Judgement[];
  /** The inbound books, as printed. */
  readonly books: readonly string[];
  /** What is wrong with the installation as a whole: arrivals or mails that nobody accounts for. */
  readonly faults: readonly string[];
}

/** Sends the files of one round to a fresh installation with a mail server of its own, and judges what came of each. */
export async function runRound(
  mails: readonly DemoMail[],
  { dir, scratch, say }: { readonly dir: string; readonly scratch: Scratch; say(words: string): void },
): Promise<RoundResult> {
  const sink = await openSmtpSink();
  scratch.atEnd(() => sink.close());
  say("starting the service with a database of its own …");
  const service = await startServiceProcess("all", {
    dataDir: dir,
    environment: { SARABAN_SMARTHOST_URL: sink.url, SARABAN_LOG_LEVEL: "warn" },
  });
  scratch.atEnd(() => service.stop());
  const address = findInstallation(loadSettings({ SARABAN_DATA_DIR: dir }));
  const database = openDatabase<Tables>(address, "saraban_http", 2, openLog("silent", "demo"));
  const following = { database, acting: await actingForAll(database, "person:demo") };
  const admin = openAdminPool(address);
  const store = await openStore({ dir: join(dir, "letters") });
  const storedOf = async (ids: readonly string[]): Promise<Buffer[]> => {
    const { rows } = await admin.query<{ sha256: string; content: Buffer | null }>(
      `select b.sha256, b.content from saraban.intake i join saraban.stored_body b using (agency_id, sha256)
        where i.id = any ($1::uuid[]) order by i.arrival_seq`,
      [ids],
    );
    return Promise.all(rows.map(({ sha256, content }) => content ?? buffer(store.openStored(sha256))));
  };
  try {
    const deliveries = await sendAll(mails, service.smtpPort, following, say);
    say("waiting for the last outcomes and acknowledgements …");
    const ids = [...deliveries.values()].flatMap(idsOf);
    const { settled } = await followLetters(following, ids, SETTLED_WITHIN_MS, () => {});
    const faults = settled ? [] : [`not every letter was settled after ${SETTLED_WITHIN_MS / 1000} s`];
    const judgements: Judgement[] = [];
    const claimed = new Set<unknown>();
    for (const mail of mails) {
      const delivery = deliveries.get(mail) as Delivery;
      const own = idsOf(delivery);
      const { statuses } = await followLetters(following, own, 0, () => {});
      const answers = answersTo(sink, new Set(statuses.map(({ noticeMessageId }) => noticeMessageId)));
      for (const message of answers) claimed.add(message);
      const read = await Promise.all(
        answers.map(async (message) => ({ message, read: await message.read() })),
      );
      judgements.push(judge(mail, { delivery, statuses, stored: await storedOf(own), answers: read }));
    }
    const arrivals = await admin.query<{ count: number }>("select count(*) from saraban.intake");
    if (arrivals.rows[0]?.count !== ids.length)
      faults.push(
        `${arrivals.rows[0]?.count} arrivals are stored, ${ids.length} were confirmed to their senders`,
      );
    const strays = sink.received.filter((message) => !claimed.has(message)).length;
    if (strays > 0) faults.push(`${strays} mails went out that belong to no letter`);
    return { judgements, books: await printBooks(following), faults };
  } finally {
    await admin.end();
    await database.destroy();
    await service.stop();
    await sink.close();
  }
}

function idsOf(delivery: Delivery): readonly string[] {
  return delivery.kind === "accepted" ? delivery.ids : [];
}

function answersTo(sink: SmtpSink, messageIds: ReadonlySet<string | null>) {
  return sink.received.filter(({ headers }) => messageIds.has(headers.get("message-id") ?? ""));
}

/** One connection for each message, as strangers come; a file that goes in after others waits for their outcome. */
async function sendAll(
  mails: readonly DemoMail[],
  port: number,
  following: Following,
  say: (words: string) => void,
): Promise<Map<DemoMail, Delivery>> {
  const deliveries = new Map<DemoMail, Delivery>();
  for (const [index, mail] of mails.entries()) {
    const { expected, octets } = mail;
    const earlier = [...deliveries].filter(([sent]) => expected.after?.includes(sent.expected.file));
    const waitFor = earlier.flatMap(([, delivery]) => idsOf(delivery));
    if (waitFor.length > 0) await followLetters(following, waitFor, SETTLED_WITHIN_MS, () => {});
    const sender = await openSmtpSender("127.0.0.1", port);
    const delivery = await sender.deliver({
      ...expected.envelope,
      octets,
      smtpUtf8: expected.smtpUtf8 ?? false,
    });
    await sender.quit();
    deliveries.set(mail, delivery);
    say(`[${index + 1}/${mails.length}] ${expected.file}: ${delivery.reply.text.split("\n")[0]}`);
  }
  return deliveries;
}

async function printBooks({ database, acting }: Following): Promise<string[]> {
  const year = bangkokYear(new Date());
  const agencies = await listAgencies(database);
  return Promise.all(
    agencies.map(async (agencyId) =>
      bookTable(agencyId, year, await readInboundBook(database, acting, agencyId, year)),
    ),
  );
}
