import { createHash, hash } from "node:crypto";

/**
 * Merkle tree hashes by RFC 6962 §2.1 (the same in RFC 9162 §2.1): a leaf is SHA-256 of 0x00 and its octets, a node SHA-256 of
 * 0x01 and its two children, so that no leaf can pass for a node. Nothing here reads, writes or keeps anything.
 */
export type Hash = Buffer;

const LEAF = Buffer.of(0x00);
const NODE = Buffer.of(0x01);

/** Root of the tree without leaves. */
export const EMPTY_ROOT: Hash = hash("sha256", Buffer.alloc(0), "buffer");

export function leafHash(octets: string | Uint8Array): Hash {
  return createHash("sha256").update(LEAF).update(octets).digest();
}

export function nodeHash(left: Hash, right: Hash): Hash {
  return createHash("sha256").update(NODE).update(left).update(right).digest();
}

/**
 * A tree that grows at its right end. Of what stands in it only the roots of its full subtrees are kept, left to right, one for
 * each bit of its size: so few that a checkpoint carries them, and each root after it can be made from them.
 */
export interface Frontier {
  readonly size: number;
  readonly nodes: readonly Hash[];
  append(leaf: Hash): void;
  root(): Hash;
}

/** @throws when these are not the nodes of a tree of this size */
export function openFrontier(size = 0, nodes: readonly Hash[] = []): Frontier {
  if (!Number.isSafeInteger(size) || size < 0 || nodes.length !== fullSubtrees(size))
    throw new Error(`a tree of ${size} leaves has another number of full subtrees than ${nodes.length}`);
  const kept = [...nodes];
  let count = size;
  return {
    get size() {
      return count;
    },
    get nodes() {
      return [...kept];
    },
    append(leaf) {
      kept.push(leaf);
      for (let left = count; left % 2 === 1; left = Math.floor(left / 2)) {
        const right = kept.pop() as Hash;
        kept.push(nodeHash(kept.pop() as Hash, right));
      }
      count += 1;
    },
    root: () => rootOf(kept),
  };
}

/** The root that full subtrees make together. */
export function rootOf(nodes: readonly Hash[]): Hash {
  return nodes.length === 0 ? EMPTY_ROOT : nodes.reduceRight((right, left) => nodeHash(left, right));
}

function fullSubtrees(size: number): number {
  let ones = 0;
  for (let left = size; left > 0; left = Math.floor(left / 2)) ones += left % 2;
  return ones;
}
