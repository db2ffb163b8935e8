import type { EcmsDialect } from "../../shared/letter/directory.ts";

/**
 * submit: hands letters in, and fetches those that the agency sends to its office; read-inbound, read-outbound: reads those books of the agency, and what arrives in its inbox of
 * them; send-outbound: drafts the agency's own letters and has them sent; receipts: fetches receipts; directory: reads the
 * directory of offices.
 */
export const SCOPES = [
  "submit",
  "read-inbound",
  "read-outbound",
  "send-outbound",
  "receipts",
  "directory",
] as const;
export type Scope = (typeof SCOPES)[number];

/** Only the agency's own systems have these, whatever stands in the row of another office's client or of a node. */
export const OWN_SCOPES: readonly Scope[] = ["read-inbound", "read-outbound", "send-outbound"];

/** The gravest class of letters that a client is appointed to. */
export const LEVELS = ["normal", "confidential", "secret"] as const;
export type Level = (typeof LEVELS)[number];

/** A program that an administrator has registered, as it stands in its row at the moment of the request. */
export interface Client {
  readonly id: string;
  readonly name: string;
  /** The agency that it works with: letters it hands in are for that one, and it sees nothing of others. */
  readonly agencyId: string;
  /** In whose name it hands letters in; null: a node that passes on letters of every office in the directory. */
  readonly senderDomain: string | null;
  /** Those in force; of a client of another office, or a node, never those of OWN_SCOPES. */
  readonly scopes: ReadonlySet<Scope>;
  readonly level: Level;
  readonly dialect: EcmsDialect;
}
