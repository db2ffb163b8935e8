import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import {
  CLIENT_OPTIONS,
  type ClientOptions,
  checkFree,
  OptionFault,
  readFingerprint,
  readNetwork,
  readNewClient,
  readScopes,
} from "./client-options.ts";
import {
  domainOfAgency,
  insertClient,
  listClients,
  revokeClient,
  rotateSecret,
  type ShownClient,
  setCertificates,
  setNetworks,
  setScopes,
} from "./http/clients/client-admin-store.ts";
import { newSecret } from "./http/clients/client-store.ts";
import { findInstallation } from "./installation.ts";
import { type OperatorEvent, onRecord } from "./operator-log.ts";
import { readDuration } from "./read-duration.ts";
import { textTable } from "./shared/letter/book-table.ts";
import { openAdminPool } from "./shared/runtime/database.ts";
import { loadSettings, type Settings } from "./shared/runtime/settings.ts";

const USE = `saraban client: use:
  client add ID --name "…" --agency A --scope S … [--sender DOMAIN | --node] [--certificate FILE.pem] [--network 192.0.2.0/24]
             [--ecms 1.0|2.0] [--level normal|confidential|secret]
                                  --sender: a program of an office that sends letters to A; left out: one of A itself;
                                  --node: an e-CMS node that passes on letters of every office in the directory
  client [list] [--json]
  client show ID [--json]
  client rotate ID [--overlap 24h]                     a new secret; the one before it holds for so long yet (0s: it ends now)
  client scopes ID --scope S …                         these in place of those that it has
  client certificate ID --add FILE.pem|SHA256          or --remove: by which it is known in mutual TLS
  client network ID --add 192.0.2.0/24                 or --remove: from where old e-CMS clients come (ecms.byAddress)
  client revoke ID                                     secrets, tokens and certificates of it open nothing any more
  scopes: submit (hands letters in, and fetches those that A sends to its office), receipts, directory;
          of A's own systems alone: read-inbound, read-outbound, send-outbound
`;

const VERBS = ["add", "list", "show", "rotate", "scopes", "certificate", "network", "revoke"];
const DEFAULT_OVERLAP = "24h";

type Pool = ReturnType<typeof openAdminPool>;

/** What stands in the audit log of a change; no secret. */
function recorded<Result>(
  settings: Settings,
  action: string,
  client: { readonly id: string; readonly agencyId: string },
  detail: NonNullable<OperatorEvent["detail"]>,
  work: () => Promise<Result>,
): Promise<Result> {
  const { id, agencyId } = client;
  const event = { action: `client.${action}`, agencyId, subject: { kind: "client", id }, detail };
  return onRecord(settings, event, work);
}

/** `saraban client`: programs that use the exchange API or e-CMS. Works with the rights of the one who migrates. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: CLIENT_OPTIONS,
    allowPositionals: true,
  });
  const [verb = "list", id, ...more] = positionals;
  if (!VERBS.includes(verb) || more.length > 0 || (verb === "list") !== (id === undefined)) return wrongUse();
  const settings = loadSettings();
  const pool = openAdminPool(findInstallation(settings));
  try {
    return id === undefined
      ? await list(pool, values.json === true)
      : await act(pool, verb, id, values, settings);
  } catch (error) {
    if (error instanceof OptionFault) return wrongUse(error.message);
    // PostgreSQL's word on a network with bits beyond its prefix (192.0.2.7/24).
    if ((error as { code?: string }).code === "22P02")
      return wrongUse("--network begins with its first address");
    throw error;
  } finally {
    await pool.end();
  }
};

async function act(
  pool: Pool,
  verb: string,
  id: string,
  options: ClientOptions,
  settings: Settings,
): Promise<number> {
  if (verb === "add") return add(pool, id, options, settings);
  const [client] = await listClients(pool, id);
  if (!client || (!client.active && verb !== "show")) return noSuchClient(id);
  switch (verb) {
    case "show":
      return show(client, options.json === true);
    case "rotate":
      return rotate(pool, client, options, settings);
    case "scopes": {
      const { agencyId, senderDomain } = client;
      const scopes = readScopes(options, senderDomain === (await domainOfAgency(pool, agencyId)));
      await recorded(settings, "scopes", client, { scopes: scopes.join(" ") }, () =>
        setScopes(pool, id, scopes),
      );
      return say(`${id} has the scopes ${scopes.join(", ")} from its next request on.`);
    }
    case "certificate": {
      const certificates = await changed(client.certificates, options, async (given) => {
        const sha256 = readFingerprint(given);
        if (options.add !== undefined) await checkFree(pool, id, sha256);
        return sha256;
      });
      await recorded(settings, "certificate", client, { certificates: certificates.join(" ") }, () =>
        setCertificates(pool, id, certificates),
      );
      warnOfCertificates(certificates, settings);
      return say(`${id} is known by ${certificates.join(", ") || "no certificate"}.`);
    }
    case "network": {
      const networks = await changed(client.networks, options, async (given) => readNetwork(given));
      await recorded(settings, "network", client, { networks: networks.join(" ") }, () =>
        setNetworks(pool, id, networks),
      );
      warnOfNetworks(networks, settings);
      return say(
        `${id} may come to the e-CMS door without credentials from ${networks.join(", ") || "nowhere"}.`,
      );
    }
    default:
      await recorded(settings, "revoke", client, {}, () => revokeClient(pool, id));
      return say(`${id} is revoked: its secrets, tokens and certificates open nothing any more.`);
  }
}

async function add(pool: Pool, id: string, options: ClientOptions, settings: Settings): Promise<number> {
  const client = await readNewClient(pool, id, options);
  const secret = newSecret();
  const { senderDomain, scopes, level, certificates, networks } = client;
  const detail = {
    ...{ sender: senderDomain ?? "(node)", scopes: scopes.join(" "), level },
    ...{ certificates: certificates.join(" "), networks: networks.join(" ") },
  };
  if (!(await recorded(settings, "add", client, detail, () => insertClient(pool, client, secret)))) {
    process.stderr.write(
      `saraban client: the id ${id} is in use, be it by a client that was revoked: letters are signed with it. Take another one, or renew its secret: saraban client rotate ${id}\n`,
    );
    return 1;
  }
  saySecret(id, secret, options, {});
  warnOfCertificates(client.certificates, settings);
  warnOfNetworks(client.networks, settings);
  return 0;
}

async function rotate(
  pool: Pool,
  client: ShownClient,
  options: ClientOptions,
  settings: Settings,
): Promise<number> {
  const { id } = client;
  const overlapMs = readDuration(options.overlap ?? DEFAULT_OVERLAP);
  if (overlapMs === null) throw new OptionFault("--overlap is a time such as 24h, 7d or 0s");
  const secret = newSecret();
  const until = await recorded(settings, "rotate", client, { overlapSeconds: overlapMs / 1000 }, () =>
    rotateSecret(pool, id, secret, overlapMs / 1000),
  );
  if (until === undefined) return noSuchClient(id);
  saySecret(id, secret, options, { previousHoldsUntil: until });
  return 0;
}

/** The list with one entry more or less. */
async function changed(
  list: readonly string[],
  { add: added, remove: removed }: ClientOptions,
  read: (given: string) => Promise<string>,
): Promise<string[]> {
  if ((added === undefined) === (removed === undefined)) throw new OptionFault("use --add or --remove");
  const one = await read(added ?? removed ?? "");
  const others = list.filter((entry) => entry !== one);
  if (removed !== undefined && others.length === list.length)
    throw new OptionFault(`${removed} is not there to be removed`);
  return added === undefined ? others : [...others, one];
}

/** The secret alone on stdout, so that a script can put it where it belongs. */
function saySecret(
  id: string,
  secret: string,
  { json }: ClientOptions,
  more: { readonly previousHoldsUntil?: Date | null },
): void {
  const until = more.previousHoldsUntil ?? null;
  if (json === true) process.stdout.write(`${JSON.stringify({ id, secret, ...more })}\n`);
  else process.stdout.write(`${secret}\n`);
  process.stderr.write(
    `This is the secret of ${id}. It is shown this once; only its hash is kept.${
      until === null ? "" : ` The one before it holds until ${until.toISOString()}.`
    }\n`,
  );
}

function warnOfCertificates(certificates: readonly string[], { http }: Settings): void {
  if (certificates.length > 0 && http.tls.clientCaFile === "" && !http.clientCertificateHeader)
    process.stderr.write(
      "No certificate is looked at yet: set http.tls.clientCaFile (or http.clientCertificateHeader behind a proxy).\n",
    );
}

function warnOfNetworks(networks: readonly string[], { ecms }: Settings): void {
  if (networks.length > 0 && !ecms.byAddress)
    process.stderr.write("Addresses open nothing yet: ecms.byAddress is off.\n");
}

async function list(pool: Pool, json: boolean): Promise<number> {
  const clients = await listClients(pool);
  if (json) process.stdout.write(`${JSON.stringify(clients)}\n`);
  else if (clients.length === 0) process.stdout.write(`There is no client yet.\n${USE}`);
  else {
    const rows = clients.map(({ id, agencyId, senderDomain, scopes, active, lastCallAt }) => [
      id,
      agencyId,
      senderDomain ?? "(node)",
      scopes.join(", "),
      active ? "active" : "revoked",
      lastCallAt?.toISOString().slice(0, 16) ?? "-",
    ]);
    const head = ["id", "agency", "in the name of", "scopes", "state", "last call (UTC)"];
    process.stdout.write(textTable([head, ...rows]));
  }
  return 0;
}

function show(client: ShownClient, json: boolean): number {
  if (json) return say(JSON.stringify(client));
  const secrets = client.secrets.map(
    ({ mark, madeAt, expiresAt }) =>
      `${mark}… since ${madeAt}${expiresAt === null ? "" : `, until ${expiresAt}`}`,
  );
  const lines: readonly (readonly [string, string])[] = [
    ["id", client.id],
    ["name", client.name],
    ["state", client.active ? "active" : "revoked"],
    ["agency", client.agencyId],
    ["in the name of", client.senderDomain ?? "every office in the directory (a node)"],
    ["scopes", client.scopes.join(", ")],
    ["level", client.level],
    ["e-CMS", client.dialect],
    ["certificates", client.certificates.join(", ") || "-"],
    ["networks", client.networks.join(", ") || "-"],
    ["secrets", secrets.join("; ") || "-"],
    ["since", client.madeAt.toISOString()],
    ["last call", client.lastCallAt?.toISOString() ?? "-"],
  ];
  return say(lines.map(([label, value]) => `${label.padEnd(16)}${value}`).join("\n"));
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function wrongUse(words?: string): number {
  process.stderr.write(words === undefined ? USE : `saraban client: ${words}\n`);
  return 64;
}

function noSuchClient(id: string): number {
  process.stderr.write(
    `saraban client: no client ${id} is in use; saraban client list shows them all. One that was revoked stays so: add it under another id.\n`,
  );
  return 1;
}
