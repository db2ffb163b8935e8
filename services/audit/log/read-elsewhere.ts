import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { CHECKPOINT_TYP } from "../../shared/audit-log/checkpoint.ts";
import { readCompactJws } from "../../shared/letter/evidence/compact-jws.ts";
import { findJws, LARGEST_UPLOAD } from "../../shared/letter/evidence/find-jws.ts";
import { EVIDENCE_TYP } from "../../shared/letter/evidence/verify-evidence.ts";

/** A signed document that stands elsewhere, as it was found; nothing of it is proved. */
export interface FoundElsewhere {
  readonly kind: "checkpoint" | "receipt";
  readonly jws: string;
  /** FILE:LINE, or what was given. */
  readonly where: string;
}

/** Any of our JWS in a line of a file or of a syslog server's log. */
const JWS = /eyJ[A-Za-z0-9_-]{20,4000}\.[A-Za-z0-9_-]{20,60000}\.[A-Za-z0-9_-]{86}/g;

/**
 * The checkpoints that somebody else has kept: a JWS itself, the file of a second place, what a syslog server wrote, a receipt
 * (.jws, .pdf, .eml). Line by line: a year of checkpoints is some hundred megabytes.
 * @throws Error of node:fs when the file cannot be read
 */
export async function* readElsewhere(source: string): AsyncGenerator<FoundElsewhere> {
  if (/^eyJ[^/\\]*$/.test(source)) {
    yield* kindOf(source.trim(), "what --against gave");
    return;
  }
  let found = 0;
  let line = 0;
  for await (const text of createInterface({
    input: createReadStream(source),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    line += 1;
    for (const [jws] of text.matchAll(JWS)) {
      found += 1;
      yield* kindOf(jws, `${source}:${line}`);
    }
  }
  if (found > 0) return;
  // A receipt whose JWS is broken into lines, encoded or compressed.
  const octets = await readFile(source);
  const jws = octets.length <= LARGEST_UPLOAD ? findJws(octets) : null;
  if (jws !== null) yield* kindOf(jws, source);
}

function* kindOf(jws: string, where: string): Generator<FoundElsewhere> {
  if (typeof readCompactJws(jws, CHECKPOINT_TYP) !== "string") yield { kind: "checkpoint", jws, where };
  else if (typeof readCompactJws(jws, EVIDENCE_TYP) !== "string") yield { kind: "receipt", jws, where };
}
