import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { hasSigned, readCompactJws, readPayloadJson, signCompact } from "../letter/evidence/compact-jws.ts";
import type { PublicKey } from "../letter/evidence/public-key.ts";
import type { SigningKey } from "../letter/evidence/sign-evidence.ts";
import type { ClockState } from "../letter/stamp.ts";
import { schemaFault } from "../runtime/schema-faults.ts";
import { projectDir, readJson } from "../runtime/settings.ts";
import type { Hash } from "./merkle.ts";

export const CHECKPOINT_TYP = "saraban-checkpoint+jws";
export const CHECKPOINT_SCHEMA = "https://saraban.example.go.th/schemas/checkpoint.schema.json";

/** Size and root of the tree at one time; a root in base64url. */
export interface TreeHead {
  readonly treeSize: number;
  readonly root: string;
}

/** A signed statement on the audit log (schemas/checkpoint.schema.json). */
export interface Checkpoint extends TreeHead {
  readonly schema: typeof CHECKPOINT_SCHEMA;
  readonly origin: string;
  readonly madeAt: string;
  readonly clock: ClockState;
  readonly coversUntil: string | null;
  readonly previous: TreeHead | null;
}

/** As for receipts (VerifiedEvidence). */
export type VerifiedCheckpoint =
  | { readonly state: "genuine"; readonly checkpoint: Checkpoint; readonly key: PublicKey }
  | { readonly state: "revoked-key"; readonly checkpoint: Checkpoint; readonly key: PublicKey }
  | { readonly state: "unknown-key"; readonly checkpoint: Checkpoint; readonly kid: string }
  | { readonly state: "tampered"; readonly kid: string }
  | { readonly state: "not-a-checkpoint"; readonly why: string };

export function headOf(treeSize: number, root: Hash): TreeHead {
  return { treeSize, root: root.toString("base64url") };
}

/** @throws when it is none by its schema: what we sign, everyone must be able to read as ours */
export function signCheckpoint(checkpoint: Checkpoint, key: SigningKey): string {
  const fault = checkpointFault(checkpoint);
  if (fault !== null) throw new Error(`this is no checkpoint to sign: ${fault}`);
  return signCompact(CHECKPOINT_TYP, checkpoint, key);
}

/** Whether a text is a checkpoint, and whose. Never throws, whatever it is given. */
export function verifyCheckpoint(jws: string, keys: readonly PublicKey[]): VerifiedCheckpoint {
  const parts = readCompactJws(jws, CHECKPOINT_TYP);
  if (typeof parts === "string") return { state: "not-a-checkpoint", why: parts };
  const { kid } = parts;
  const named = keys.filter((key) => key.kid === kid);
  const signing = named.filter((key) => hasSigned(key, parts));
  if (named.length > 0 && signing.length === 0) return { state: "tampered", kid };
  const document = readPayloadJson(parts.payload);
  if (document === undefined) return { state: "not-a-checkpoint", why: "it holds no JSON" };
  const fault = checkpointFault(document.value);
  if (fault !== null)
    return { state: "not-a-checkpoint", why: `it does not agree with the schema: ${fault}` };
  if (!document.isCanonical) return { state: "not-a-checkpoint", why: "it is not in canonical form" };
  const checkpoint = document.value as Checkpoint;
  const [key] = signing;
  if (!key) return { state: "unknown-key", checkpoint, kid };
  const revoked = signing.find(({ revokedAt }) => revokedAt !== null);
  return revoked ? { state: "revoked-key", checkpoint, key: revoked } : { state: "genuine", checkpoint, key };
}

/** Compiled at the first use, once. */
let isCheckpoint: ValidateFunction<Checkpoint> | undefined;

function checkpointFault(document: unknown): string | null {
  isCheckpoint ??= compile();
  if (!isCheckpoint(document)) {
    const [fault] = isCheckpoint.errors ?? [];
    return fault ? schemaFault(fault) : "it does not agree with its schema";
  }
  const { previous, treeSize } = document;
  return previous !== null && previous.treeSize >= treeSize
    ? "the tree before it is not smaller than its own"
    : null;
}

function compile(): ValidateFunction<Checkpoint> {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
  ajv.addFormat("date-time", (text: string) => {
    const at = new Date(text);
    return /^\d{4}-/.test(text) && !Number.isNaN(at.getTime()) && at.toISOString() === text;
  });
  return ajv.compile<Checkpoint>(readJson(join(projectDir, "schemas/checkpoint.schema.json")));
}
