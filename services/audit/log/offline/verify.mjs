#!/usr/bin/env node
/**
 * Checks an export of an audit log (saraban audit export), or the proof of one event (saraban audit prove), with nothing but
 * Node.js 20 or later. It reads files, writes none, and asks no network.
 *
 *   node verify.mjs [FOLDER | PROOF.json] [--keys JWKS.json] [--against FILE]…
 *
 * FOLDER       what was unpacked; by default the folder that this file lies in
 * --keys       the office's public keys, got from the office itself (https://OFFICE/.well-known/jwks.json): without it the keys that
 *              came with the export are believed, which whoever made the export has chosen
 * --against    checkpoints that somebody else has kept: the file of a second place, a syslog server's, a receipt (.jws)
 * Exit code    0: everything agrees; 1: something does not, and is named; 2: it cannot be told (no files, no keys)
 *
 * How: each line of events.jsonl is a leaf, SHA-256(0x00 ‖ line). Leaves make a Merkle tree (RFC 6962 §2.1: a node is
 * SHA-256(0x01 ‖ left ‖ right)). checkpoints.jsonl holds signed statements (JWS, Ed25519) of the tree's size and root.
 */
import { createHash, createPublicKey, verify as verifySignature } from "node:crypto";
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const { folder, keyFile, against } = readArguments(process.argv.slice(2));
let faults = 0;
try {
  if (statSync(folder).isFile()) await checkProof(folder);
  else await checkExport();
} catch (error) {
  say(`ตรวจสอบไม่ได้: ${error.message}`, `Cannot tell: ${error.message}`);
  process.exit(2);
}
if (faults === 0)
  say("ถูกต้อง: ทุกรายการตรงกับที่ลงลายมือชื่อไว้", "In order: everything agrees with what was signed.");
else say(`ไม่ถูกต้อง: พบ ${faults} รายการ`, `NOT in order: ${faults} faults.`);
process.exit(faults === 0 ? 0 : 1);

async function checkExport() {
  const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
  if (manifest.format !== "saraban-audit-export/1") throw new Error("manifest.json is of another form");
  const keys = readKeys(keyFile ?? join(folder, "keys.json"));
  const checkpoints = readLines(join(folder, "checkpoints.jsonl"));
  const events = readLines(join(folder, "events.jsonl"));
  const heads = new Map();
  // The first checkpoint is where the export begins, unless that is the beginning of the log.
  let tree = openTree(0, []);
  let before = null;
  let shown = 0;
  let hidden = 0;
  if (manifest.firstLeaf > 0) {
    const { value } = await checkpoints.next();
    const base = value && readCheckpoint(value.text, keys);
    if (!base || base.head.treeSize !== manifest.firstLeaf || base.tree === null)
      throw new Error("checkpoints.jsonl does not begin with the checkpoint before the first event");
    ({ tree, head: before } = base);
    heads.set(before.treeSize, before.root);
  }
  let line = 0;
  for await (const { text, number } of checkpoints) {
    const checkpoint = readCheckpoint(text, keys);
    if (checkpoint === null) {
      fault(
        `checkpoints.jsonl:${number}`,
        "ลายมือชื่อไม่ถูกต้องหรือไม่รู้จักกุญแจ",
        "it is not signed by a key that is known",
      );
      continue;
    }
    const { head } = checkpoint;
    if (
      before !== null &&
      (head.previous?.treeSize !== before.treeSize || head.previous?.root !== before.root)
    )
      fault(
        `checkpoints.jsonl:${number}`,
        `ไม่ต่อเนื่องจากจุดตรวจก่อนหน้า (${before.treeSize} รายการ)`,
        `it does not follow the checkpoint before it (${before.treeSize} events)`,
      );
    const from = tree.size;
    while (tree.size < head.treeSize) {
      const { value, done } = await events.next();
      if (done) break;
      line += 1;
      const leafHash = /^\{"leafHash":"([A-Za-z0-9_-]{43})"\}$/.exec(value.text)?.[1];
      tree.append(
        leafHash ? Buffer.from(leafHash, "base64url") : sha256(Buffer.of(0), Buffer.from(value.text)),
      );
      if (leafHash) hidden += 1;
      else shown += 1;
    }
    if (tree.size < head.treeSize)
      fault(
        "events.jsonl",
        `ขาดไป ${head.treeSize - tree.size} รายการ`,
        `${head.treeSize - tree.size} lines are missing at its end`,
      );
    else if (tree.root() !== head.root)
      fault(
        `events.jsonl:${line - (tree.size - from) + 1}-${line}`,
        `รายการในช่วงนี้ไม่ตรงกับที่ลงลายมือชื่อไว้เมื่อ ${head.madeAt} (มีการแก้ไข ลบ สลับ หรือแทรก)`,
        `these lines are not those that were signed at ${head.madeAt}: one was changed, removed, moved or put in`,
      );
    // From here on with what was signed, so that one fault is told once.
    tree = checkpoint.tree ?? tree;
    heads.set(head.treeSize, head.root);
    before = head;
  }
  if (!(await events.next()).done)
    fault("events.jsonl", "มีรายการเกินกว่าที่ลงลายมือชื่อไว้", "there are more lines than were signed");
  if (before?.treeSize !== manifest.treeSize)
    fault("checkpoints.jsonl", "ไม่ครบตาม manifest.json", "it ends before manifest.json says that it does");
  say(
    `บันทึก ${shown} รายการ (อีก ${hidden} รายการมีเฉพาะค่าแฮช) จุดตรวจ ${heads.size} จุด ถึงลำดับที่ ${before?.treeSize ?? 0} เมื่อ ${before?.madeAt ?? "-"}`,
    `${shown} events (of ${hidden} more only the hash), ${heads.size} checkpoints, up to ${before?.treeSize ?? 0} events at ${before?.madeAt ?? "-"}.`,
  );
  tellKeys(keys);
  for (const file of against) await compareWith(file, keys, heads);
}

/** A proof of one event: from its leaf up to the signed root. */
async function checkProof(file) {
  const proof = JSON.parse(readFileSync(file, "utf8"));
  if (proof.format !== "saraban-audit-proof/1") throw new Error(`${file} is no proof`);
  const keys = keyFile ? readKeys(keyFile) : keysOf(proof.keys);
  const head = readJws(proof.checkpoint, "saraban-checkpoint+jws", keys);
  if (head === null)
    return fault(file, "ลายมือชื่อของจุดตรวจไม่ถูกต้อง", "its checkpoint is not signed by a key that is known");
  let [at, last] = [proof.leafIndex, head.treeSize - 1];
  let made = sha256(Buffer.of(0), Buffer.from(proof.event));
  // RFC 9162 §2.1.3.2; sizes go beyond what the operators of 32 bits can halve.
  let isProof = Number.isSafeInteger(at) && at >= 0 && at <= last;
  for (const step of proof.path) {
    if (last === 0) isProof = false;
    if (!isProof) break;
    const sibling = Buffer.from(step, "base64url");
    if (at % 2 === 1 || at === last) {
      made = sha256(Buffer.of(1), sibling, made);
      while (at % 2 === 0 && at !== 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    } else made = sha256(Buffer.of(1), made, sibling);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  if (!isProof || last !== 0 || made.toString("base64url") !== head.root)
    fault(file, "รายการนี้ไม่อยู่ในบันทึกที่ลงลายมือชื่อไว้", "this event does not stand in the log that was signed");
  process.stdout.write(`${JSON.stringify(JSON.parse(proof.event), null, 2)}\n`);
  say(
    `ลำดับที่ ${proof.leafIndex + 1} ในบันทึก ${head.treeSize} รายการ ลงลายมือชื่อเมื่อ ${head.madeAt}`,
    `Number ${proof.leafIndex + 1} of a log of ${head.treeSize} events, signed at ${head.madeAt}.`,
  );
  tellKeys(keys);
  const heads = new Map([[head.treeSize, head.root]]);
  for (const other of against) await compareWith(other, keys, heads);
}

/** What somebody else has kept: the same sizes must have the same roots. */
async function compareWith(file, keys, heads) {
  let compared = 0;
  let beyond = 0;
  for await (const { text, number } of readLines(file)) {
    for (const [jws] of text.matchAll(/eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{86}/g)) {
      const head =
        readJws(jws, "saraban-checkpoint+jws", keys) ??
        readJws(jws, "saraban-receipt+jws", keys)?.auditCheckpoint;
      if (!head) {
        fault(
          `${file}:${number}`,
          "ลายมือชื่อไม่ถูกต้องหรือไม่รู้จักกุญแจ",
          "it is not signed by a key that is known, or names no checkpoint",
        );
      } else if (!heads.has(head.treeSize)) beyond += 1;
      else if (heads.get(head.treeSize) === head.root) compared += 1;
      else
        fault(
          `${file}:${number}`,
          `จุดตรวจ ${head.treeSize} รายการ เมื่อ ${head.madeAt} ไม่ตรงกัน: บันทึกถูกเขียนขึ้นใหม่`,
          `the checkpoint of ${head.treeSize} events, ${head.madeAt}, is another one: the log was written anew`,
        );
    }
  }
  say(
    `${file}: ตรงกัน ${compared} จุด (อีก ${beyond} จุดอยู่นอกช่วงของข้อมูลชุดนี้)`,
    `${file}: ${compared} checkpoints are the same (${beyond} more are not of this export).`,
  );
  if (compared === 0 && faults === 0) throw new Error(`${file} has no checkpoint of this export`);
}

/** A line of checkpoints.jsonl; null when its signature is not that of a known key. */
function readCheckpoint(text, keys) {
  const { jws, frontier } = JSON.parse(text);
  const head = readJws(jws, "saraban-checkpoint+jws", keys);
  if (head === null) return null;
  // The frontier is not signed: it counts when the signed root is made of it.
  const nodes = Array.isArray(frontier) ? frontier.map((node) => Buffer.from(node, "base64url")) : [];
  const tree = openTree(head.treeSize, nodes);
  const isOfSize = nodes.length === head.treeSize.toString(2).replaceAll("0", "").length;
  return { head, tree: isOfSize && tree.root() === head.root ? tree : null };
}

/** The payload of a JWS of this type under one of these keys (RFC 7515); null when it is none. */
function readJws(jws, type, keys) {
  try {
    const [header, payload, signature] = jws.split(".");
    const { alg, kid, typ } = JSON.parse(Buffer.from(header, "base64url").toString());
    const key = keys.get(kid);
    if (alg !== "EdDSA" || typ !== type || key === undefined) return null;
    const isSigned = verifySignature(
      null,
      Buffer.from(`${header}.${payload}`),
      key,
      Buffer.from(signature, "base64url"),
    );
    return isSigned ? JSON.parse(Buffer.from(payload, "base64url").toString()) : null;
  } catch {
    return null;
  }
}

/** A tree that grows; `nodes` are the roots of its full subtrees. */
function openTree(size, nodes) {
  const kept = [...nodes];
  let count = size;
  return {
    get size() {
      return count;
    },
    append(leaf) {
      kept.push(leaf);
      for (let left = count; left % 2 === 1; left = Math.floor(left / 2)) {
        const right = kept.pop();
        kept.push(sha256(Buffer.of(1), kept.pop(), right));
      }
      count += 1;
    },
    root() {
      if (kept.length === 0) return sha256().toString("base64url");
      return kept.reduceRight((right, left) => sha256(Buffer.of(1), left, right)).toString("base64url");
    },
  };
}

function sha256(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function readKeys(file) {
  return keysOf(JSON.parse(readFileSync(file, "utf8")));
}

/** Keys that were revoked are not believed: whoever has one may have signed anything with it. */
function keysOf(set) {
  const keys = new Map(set.keys.map((jwk) => [jwk.kid, createPublicKey({ key: jwk, format: "jwk" })]));
  if (keys.size === 0) throw new Error("there is no public key");
  return keys;
}

function tellKeys(keys) {
  const kids = [...keys.keys()].join(", ");
  if (keyFile) return;
  say(
    `ใช้กุญแจที่มากับข้อมูลชุดนี้ โปรดเทียบกับที่ได้จากหน่วยงานโดยตรง (--keys): ${kids}`,
    `Checked with the keys that came along; compare them with those of the office itself (--keys): ${kids}`,
  );
}

/** Lines end with LF and nothing else: readline also takes U+2028 for an end, which may stand in a name. */
async function* readLines(file) {
  let rest = "";
  let number = 0;
  for await (const chunk of createReadStream(file, { encoding: "utf8" })) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const text of lines) {
      number += 1;
      if (text !== "") yield { text, number };
    }
  }
  if (rest !== "") yield { text: rest, number: number + 1 };
}

function fault(where, th, en) {
  faults += 1;
  if (faults <= 100) say(`${where}: ${th}`, `${where}: ${en}`);
}

function say(th, en) {
  process.stdout.write(`${th}\n${en}\n\n`);
}

function readArguments(given) {
  const read = { folder: dirname(fileURLToPath(import.meta.url)), keyFile: undefined, against: [] };
  for (let at = 0; at < given.length; at++) {
    if (given[at] === "--keys") read.keyFile = given[++at];
    else if (given[at] === "--against") read.against.push(given[++at]);
    else read.folder = given[at];
  }
  for (const file of [read.folder, read.keyFile, ...read.against]) {
    if (file !== undefined && existsSync(file)) continue;
    if (file === undefined && file === read.keyFile && !given.includes("--keys")) continue;
    say(
      `ไม่พบ ${file}`,
      `There is no ${file}; use: node verify.mjs [FOLDER | PROOF.json] [--keys JWKS.json] [--against FILE]`,
    );
    process.exit(2);
  }
  return read;
}
