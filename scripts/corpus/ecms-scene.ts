import { createHash, randomBytes } from "node:crypto";
import type { Pool } from "pg";
import { newId } from "../../services/shared/runtime/ids.ts";
import type { CorpusRequest, SentLetter } from "./ecms-expected.ts";
import type { DirectoryEntry } from "./expected.ts";

/** A client of the service under test, known by HTTP Basic. */
export interface EcmsClient {
  readonly id: string;
  readonly secret: string;
}

/** One client for each office of the directory at each agency served: the office's own system, or the agency's. */
export type EcmsClients = ReadonlyMap<string, EcmsClient>;

const OWN_SCOPES = "{submit,receipts,directory,read-inbound,read-outbound}";
const OTHER_SCOPES = "{submit,receipts,directory}";

export async function registerClients(
  admin: Pool,
  directory: readonly DirectoryEntry[],
): Promise<EcmsClients> {
  const clients = new Map<string, EcmsClient>();
  for (const agency of directory.filter(({ own }) => own)) {
    for (const office of directory) {
      const isOwn = office.domain === agency.domain;
      if (office.own && !isOwn) continue;
      const client = {
        id: `${labelOf(agency)}-${labelOf(office)}`,
        secret: `scs_${randomBytes(32).toString("base64url")}`,
      };
      await admin.query(
        `insert into saraban.client (id, agency_id, name, sender_domain, scopes) values ($1, $2, $3, $4, $5)`,
        [
          client.id,
          labelOf(agency),
          office.name,
          office.domain.toLowerCase(),
          isOwn ? OWN_SCOPES : OTHER_SCOPES,
        ],
      );
      const hash = createHash("sha256").update(client.secret).digest("hex");
      await admin.query("insert into saraban.client_secret (secret_sha256, client_id) values ($1, $2)", [
        hash,
        client.id,
      ]);
      clients.set(clientKey(agency, office), client);
    }
  }
  return clients;
}

export function clientKey(agency: DirectoryEntry, office: DirectoryEntry): string {
  return `${agency.domain} ${office.domain}`;
}

/** As directory-config.ts names agencies. */
export function labelOf({ domain }: Pick<DirectoryEntry, "domain">): string {
  return (domain.split(".")[0] as string).toLowerCase();
}

/** Whose request a file is, and which agency it is for: by the offices that the file names. */
export function partiesOf(
  { expected, octets }: CorpusRequest,
  directory: readonly DirectoryEntry[],
  all: readonly CorpusRequest[],
): { readonly agency: DirectoryEntry; readonly office: DirectoryEntry } {
  const own = directory.filter((entry) => entry.own);
  const office = (id: string | undefined): DirectoryEntry | undefined =>
    id === undefined
      ? undefined
      : directory.find((entry) => entry.organisationId === id || entry.organisationIdShort === id);
  const first = own[0] as DirectoryEntry;
  const addressed = own.find(({ ecms }) => ecms !== undefined && ecms === expected.wsaTo) ?? first;
  const { letter, precondition, key, kind } = expected;
  const text = octets.toString("utf8");
  if (kind === "letter" || kind === "hostile") {
    const sender = office(letter?.senderDepartment ?? departmentIn(text, "SenderParty"));
    const receiver = office(letter?.receiverDepartment ?? departmentIn(text, "ReceiverParty"));
    const agency = receiver?.own ? receiver : addressed;
    return { agency, office: sender ?? agency };
  }
  if (kind === "notifier") {
    const { outboundLetter, inboundLetter } = precondition ?? {};
    const before = all.find((one) => one.expected.file === inboundLetter)?.expected.letter;
    const agency = office(outboundLetter?.senderDepartment ?? before?.receiverDepartment);
    const other = office(outboundLetter?.receiverDepartment ?? before?.senderDepartment);
    return { agency: agency?.own ? agency : addressed, office: other ?? addressed };
  }
  const [sender, receiver] = [office(key?.senderDepartment), office(key?.acceptDepartment)];
  if (kind === "document-delete" && sender) {
    // Its sender takes a letter back, wherever it went.
    const agency = sender.own ? sender : receiver?.own ? receiver : addressed;
    return { agency, office: sender };
  }
  // What an office asks of its own node.
  const agency = [receiver, sender].find((entry) => entry?.own) ?? addressed;
  return { agency, office: agency };
}

/** Of a file without a letter in expected.json: as it stands in the octets, if they can be read so far. */
function departmentIn(text: string, party: string): string | undefined {
  const from = text.indexOf(`${party}>`);
  if (from < 0) return undefined;
  const within = text.slice(from, text.indexOf(`${party}>`, from + 1));
  return /DepartmentOrganization>\s*<[\w:]*ID>\s*([0-9]{5,10})\s*</u.exec(within)?.[1];
}

/** What a fresh installation has that no letter has written. */
const KEPT = [
  "agency",
  "partner",
  "partner_key",
  "signing_key",
  "client",
  "client_secret",
  "clerk",
  "webhook",
  "heartbeat",
  "clock_sample",
  "imap_mailbox",
  "ecms_node",
  "search_progress",
];

/** Empties every table that letters are written into, so that one installation judges each file on an empty database. */
export async function emptyDatabase(admin: Pool): Promise<void> {
  const { rows } = await admin.query<{ name: string }>(
    `select quote_ident(table_name) as name from information_schema.tables
      where table_schema = 'saraban' and table_type = 'BASE TABLE' and table_name <> all ($1) and table_name not like '%migration%'`,
    [KEPT],
  );
  const tables = rows.map(({ name }) => `saraban.${name}`).join(", ");
  const connection = await admin.connect();
  try {
    for (let times = 1; ; times++) {
      try {
        // Nobody may empty them, which is what their triggers are for; in a scratch database the administrator's word counts.
        // A room that looks for work meanwhile may hold what this waits for: then this gives way, at once, and tries again.
        await connection.query(
          "begin; set local session_replication_role = replica; set local deadlock_timeout = '10ms'",
        );
        await connection.query(`truncate ${tables}`);
        await connection.query("commit");
        return;
      } catch (error) {
        await connection.query("rollback");
        if ((error as { code?: string }).code !== "40P01" || times === EMPTIED_WITHIN_TIMES) throw error;
      }
    }
  } finally {
    connection.release();
  }
}

const EMPTIED_WITHIN_TIMES = 100;

/** A letter of an agency of ours with its line in the book, as the registry writes it when it is sent. @returns its recipient */
export async function writeSentLetter(
  admin: Pool,
  letter: SentLetter,
  directory: readonly DirectoryEntry[],
): Promise<string> {
  const by = (id: string): DirectoryEntry => {
    const found = directory.find((entry) => entry.organisationId === id || entry.organisationIdShort === id);
    if (!found) throw new Error(`no office ${id} in directory.json`);
    return found;
  };
  const [agencyId, to] = [labelOf(by(letter.senderDepartment)), by(letter.receiverDepartment)];
  const bookId = `${agencyId}.outbound.ordinary`;
  const [letterId, recipientId] = [newId(), newId()];
  const year = Number(letter.date.slice(0, 4));
  // The book is empty, and its numbers follow one another; what counts is the number that the letter bears.
  const number = 1;
  const sentAt = new Date(`${letter.date}T10:00:00+07:00`);
  await admin.query(
    "insert into saraban.book (id, agency_id, direction, series) values ($1, $2, 'outbound', 'ordinary') on conflict do nothing",
    [bookId, agencyId],
  );
  await admin.query(
    `insert into saraban.entry (book_id, agency_id, year, number, registered_at, clock, registered_by, urgency, letter_number,
         letter_date, subject, channel)
       values ($1, $2, $3, $4, $5, '{}', 'rule:corpus', 'normal', $6, $7, $8, 'smtp')`,
    [bookId, agencyId, year, number, sentAt, letter.number, letter.date, letter.subject],
  );
  await admin.query(
    `insert into saraban.outbound_letter (id, agency_id, series, state, version, facts, drafted_by, drafted_by_name, drafted_at,
         book_id, year, number, sent_at)
       values ($1, $2, 'ordinary', 'sent', 1, $3, 'person:corpus', 'ผู้ร่าง', $4, $5, $6, $7, $4)`,
    [
      letterId,
      agencyId,
      JSON.stringify({ series: "ordinary", subject: letter.subject, recipients: [], files: [] }),
      sentAt,
      bookId,
      year,
      number,
    ],
  );
  await admin.query(
    `insert into saraban.outbound_recipient (id, letter_id, agency_id, no, name, domain, address, channel)
       values ($1, $2, $3, 1, $4, $5, $6, 'mail')`,
    [recipientId, letterId, agencyId, to.name, to.domain, to.address],
  );
  return recipientId;
}
