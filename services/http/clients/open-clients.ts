import { join } from "node:path";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Kysely } from "../../shared/runtime/database.ts";
import type { Log } from "../../shared/runtime/log.ts";
import { readNetworks } from "../../shared/runtime/networks.ts";
import type { Settings } from "../../shared/runtime/settings.ts";
import { openAccessTokens } from "./access-tokens.ts";
import type { ClientParts } from "./client-access.ts";
import { insertClientCalls } from "./client-call-store.ts";
import { openClientCalls } from "./client-calls.ts";
import { limitClientRequests } from "./client-limit.ts";
import { openFindClient } from "./find-client.ts";

/** Where no address from outside is set, tokens name their issuer so: an identifier, not a place. */
const NAMELESS_ISSUER = "urn:saraban:exchange";

/** What of the settings it takes to know programs. */
export interface ClientSettings {
  readonly dataDir: string;
  readonly http: Pick<
    Settings["http"],
    "proxyNetworks" | "publicUrl" | "clientCertificateHeader" | "tokenMinutes" | "clientRequestsPerMinute"
  >;
  readonly ecms: Pick<Settings["ecms"], "byAddress">;
}

/**
 * What the doors need to know programs by. `calls.stop()` once the server is closed: the last calls are written then.
 * @throws SettingsError when http.proxyNetworks names no networks
 */
export function openClients(
  { dataDir, http, ecms }: ClientSettings,
  database: Kysely<Tables>,
  log: Log,
): ClientParts {
  const proxies = readNetworks(http.proxyNetworks, "http.proxyNetworks");
  return {
    database,
    log,
    tokens: openAccessTokens({
      folder: join(dataDir, "keys", "tokens"),
      issuer: http.publicUrl || NAMELESS_ISSUER,
      seconds: http.tokenMinutes * 60,
      nowMs: Date.now,
      log,
    }),
    find: openFindClient(database),
    calls: openClientCalls((calls) => insertClientCalls(database, calls), log),
    limit: limitClientRequests(http.clientRequestsPerMinute, () => performance.now()),
    certificateProxies: http.clientCertificateHeader ? proxies : null,
    byAddress: ecms.byAddress,
  };
}
