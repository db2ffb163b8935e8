import { type EventRow, eventForm, eventLeaf } from "../../shared/audit-log/event-form.ts";
import { inclusionSpans, provesInclusion, spanRoots } from "../../shared/audit-log/merkle-proofs.ts";
import { jwks, type PublicKeySet } from "../../shared/letter/evidence/public-key.ts";
import { readOwnKeys } from "../../shared/letter/evidence/public-key-store.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Acting, Kysely } from "../../shared/runtime/database.ts";
import { inSnapshot } from "../snapshot-store.ts";
import { leafHashes, newestCheckpoint } from "./log-store.ts";
import { findEvent } from "./read-log-store.ts";

export const PROOF_FORMAT = "saraban-audit-proof/1";

/** That an event stands in the log; `node verify.mjs PROOF.json` (see export-log.ts) checks it without this project. */
export interface EventProof {
  readonly format: typeof PROOF_FORMAT;
  /** The octets of which the leaf is made. */
  readonly event: string;
  readonly leafIndex: number;
  /** RFC 9162 §2.1.3, in base64url. */
  readonly path: readonly string[];
  /** The newest checkpoint: a JWS of type saraban-checkpoint+jws. */
  readonly checkpoint: string;
  readonly treeSize: number;
  readonly root: string;
  readonly keys: PublicKeySet;
}

export type Proved =
  | { readonly state: "proved"; readonly row: EventRow; readonly proof: EventProof }
  | { readonly state: "no-event" }
  /** It is there, and no checkpoint covers it yet. */
  | { readonly state: "not-signed"; readonly row: EventRow }
  /** It is there, and is not what stands in the tree: saraban audit verify. */
  | { readonly state: "not-in-tree"; readonly row: EventRow };

export function proveEvent(database: Kysely<Tables>, acting: Acting, idOrSeq: string): Promise<Proved> {
  return inSnapshot(database, acting, async (transaction) => {
    const found = await findEvent(transaction, idOrSeq);
    if (!found) return { state: "no-event" };
    const { event: row, leafIndex } = found;
    const newest = await newestCheckpoint(transaction);
    if (leafIndex === null || newest === undefined || newest.treeSize <= leafIndex)
      return { state: "not-signed", row };
    const { treeSize, root, jws } = newest;
    const path = await spanRoots(inclusionSpans(leafIndex, treeSize), (span) =>
      leafHashes(transaction, span),
    );
    if (!provesInclusion(eventLeaf(row), leafIndex, treeSize, path, root))
      return { state: "not-in-tree", row };
    const proof: EventProof = {
      format: PROOF_FORMAT,
      event: eventForm(row),
      leafIndex,
      path: path.map((step) => step.toString("base64url")),
      checkpoint: jws,
      treeSize,
      root: root.toString("base64url"),
      keys: jwks(await readOwnKeys(transaction)),
    };
    return { state: "proved", row, proof };
  });
}
