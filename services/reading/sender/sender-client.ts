import { isIP } from "node:net";
import { getClientAddress, parseReceived } from "mailauth/lib/parse-received.js";
import type { Door } from "../../shared/letter/arrival/envelope.ts";
import type { HeadField } from "./sender-head.ts";
import {
  type AuthenticationResults,
  type MethodResult,
  readAuthenticationResults,
} from "./sender-results.ts";
import type { SenderSettings } from "./sender-settings.ts";

/** Who brought a message, as far as it can be known. */
export interface Client {
  readonly address: string;
  readonly helo: string;
}

/** What the door knew of an arrival. */
export interface SenderArrival {
  readonly door: Door;
  /** "" where the door knows none (imap). */
  readonly remoteAddress: string;
  readonly helo: string;
  /** "" for the null reverse-path. */
  readonly mailFrom: string;
  readonly arrivedAt: Date;
  /** Door imap: the authserv-id that the mailbox's configuration names; null: none is believed. */
  readonly authservId: string | null;
}

const MOST_OWN_RELAYS = 10;
const MOST_RECEIVED_CHARACTERS = 4_096;

/**
 * The client that handed the message to us or to a relay of ours. Behind our own relays it is the one that the topmost
 * Received field names (RFC 5321 §4.4), which they wrote; fields below it came with the message and prove nothing.
 * @returns null where it cannot be known
 */
export function findClient(
  fields: readonly HeadField[],
  arrival: SenderArrival,
  isTrustedRelay: SenderSettings["isTrustedRelay"],
): Client | null {
  if (arrival.door !== "smtp" || isIP(arrival.remoteAddress) === 0) return null;
  let client: Client = { address: arrival.remoteAddress, helo: arrival.helo };
  const received = fields.filter(({ name }) => name === "received").slice(0, MOST_OWN_RELAYS);
  for (const field of received) {
    if (!isTrustedRelay(client.address)) return client;
    const next = clientIn(field.body);
    if (next === null) return null;
    client = next;
  }
  return isTrustedRelay(client.address) ? null : client;
}

function clientIn(body: string): Client | null {
  if (body.length > MOST_RECEIVED_CHARACTERS) return null;
  try {
    const { from } = parseReceived(Buffer.from(`Received: ${body}`, "latin1"));
    const address = getClientAddress(from);
    return address === false ? null : { address, helo: (from?.value ?? "").slice(0, 255) };
  } catch {
    return null;
  }
}

/**
 * The results of a server that is believed: our own relay's, or the hosting server's of a mailbox. Such a server takes
 * away what bears its name and came from outside (RFC 8601 §5); as a second line only the fields are taken that stand
 * together with the topmost of that name, above the Received field of the hop before.
 */
export function believedResults(
  fields: readonly HeadField[],
  arrival: SenderArrival,
  { isTrustedRelay, authservId }: Pick<SenderSettings, "isTrustedRelay" | "authservId">,
): readonly MethodResult[] {
  const name = arrival.door === "imap" ? (arrival.authservId?.toLowerCase() ?? null) : authservId;
  if (name === null) return [];
  if (arrival.door === "smtp" && !isTrustedRelay(arrival.remoteAddress)) return [];
  const found: AuthenticationResults[] = [];
  for (const field of fields) {
    if (field.name === "received" && found.length > 0) break;
    if (field.name !== "authentication-results") continue;
    const results = readAuthenticationResults(field.body);
    if (results?.authservId === name && found.length < MOST_OWN_RELAYS) found.push(results);
  }
  return found.flatMap(({ results }) => results);
}
