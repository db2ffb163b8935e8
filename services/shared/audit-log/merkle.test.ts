import fc from "fast-check";
import { expect, test } from "vitest";
import { EMPTY_ROOT, type Hash, leafHash, nodeHash, openFrontier, rootOf } from "./merkle.ts";
import {
  consistencySpans,
  frontierSpans,
  inclusionSpans,
  provesConsistency,
  provesInclusion,
  type Span,
  spanRoots,
} from "./merkle-proofs.ts";

const SEED = { seed: 20_261_122, numRuns: 120 };

/** RFC 6962 §2.1 word for word, for comparison. */
function naiveRoot(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0] as Hash;
  const k = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return nodeHash(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** PATH of RFC 6962 §2.1.1. */
function naivePath(m: number, leaves: readonly Hash[]): Hash[] {
  if (leaves.length === 1) return [];
  const k = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

/** PROOF and SUBPROOF of RFC 6962 §2.1.2. */
function naiveProof(m: number, leaves: readonly Hash[], b = true): Hash[] {
  if (m === leaves.length) return b ? [] : [naiveRoot(leaves)];
  const k = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return m <= k
    ? [...naiveProof(m, leaves.slice(0, k), b), naiveRoot(leaves.slice(k))]
    : [...naiveProof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

const leavesOf = (count: number, salt = ""): Hash[] =>
  Array.from({ length: count }, (_, index) => leafHash(`${salt}${index}`));
const proofOf = (spans: readonly Span[], leaves: readonly Hash[]) =>
  spanRoots(spans, ({ from, to }) => leaves.slice(from, to));
const sizes = fc.integer({ min: 1, max: 300 });

/** The leaves and roots that Certificate Transparency's implementations test themselves with. */
const CT_LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];
const CT_ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

test("the published values of RFC 6962 trees", async () => {
  const leaves = CT_LEAVES.map((hex) => leafHash(Buffer.from(hex, "hex")));
  const tree = openFrontier();
  expect(tree.root().toString("hex")).toBe(CT_ROOTS[0]);
  for (const [index, leaf] of leaves.entries()) {
    tree.append(leaf);
    expect(tree.root().toString("hex"), `${index + 1} leaves`).toBe(CT_ROOTS[index + 1]);
  }
  // The example of RFC 6962 §2.1.3: seven leaves a…j; paths of d0, d3, d4, d6 and proofs of 3, 4, 6.
  const seven = leaves.slice(0, 7);
  const [d0, d1, d2, d3, d4, d5, d6] = seven as [Hash, Hash, Hash, Hash, Hash, Hash, Hash];
  const [g, h, i, j] = [nodeHash(d0, d1), nodeHash(d2, d3), nodeHash(d4, d5), d6];
  const [k, l] = [nodeHash(g, h), nodeHash(i, j)];
  expect(await proofOf(inclusionSpans(0, 7), seven)).toEqual([d1, h, l]);
  expect(await proofOf(inclusionSpans(3, 7), seven)).toEqual([d2, g, l]);
  expect(await proofOf(inclusionSpans(4, 7), seven)).toEqual([d5, j, k]);
  expect(await proofOf(inclusionSpans(6, 7), seven)).toEqual([i, k]);
  expect(await proofOf(consistencySpans(3, 7), seven)).toEqual([d2, d3, g, l]);
  expect(await proofOf(consistencySpans(4, 7), seven)).toEqual([l]);
  expect(await proofOf(consistencySpans(6, 7), seven)).toEqual([i, j, k]);
});

test("a tree that grows has the root of the definition at each size, also when it goes on from its frontier", () => {
  fc.assert(
    fc.property(sizes, fc.nat(), (size, cut) => {
      const leaves = leavesOf(size);
      const tree = openFrontier();
      for (const leaf of leaves.slice(0, cut % size)) tree.append(leaf);
      expect(tree.root()).toEqual(naiveRoot(leaves.slice(0, tree.size)));
      const onward = openFrontier(tree.size, tree.nodes);
      for (const leaf of leaves.slice(cut % size)) onward.append(leaf);
      expect(onward.root()).toEqual(naiveRoot(leaves));
      expect(rootOf(onward.nodes)).toEqual(onward.root());
    }),
    SEED,
  );
  expect(() => openFrontier(6, leavesOf(3))).toThrow(/another number/);
});

test("an inclusion proof is that of the definition, and proves its leaf at its place and no other", async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (size, pick, other) => {
      const leaves = leavesOf(size);
      const index = pick % size;
      const path = await proofOf(inclusionSpans(index, size), leaves);
      expect(path).toEqual(naivePath(index, leaves));
      const root = naiveRoot(leaves);
      const leaf = leaves[index] as Hash;
      expect(provesInclusion(leaf, index, size, path, root)).toBe(true);
      const elsewhere = other % size;
      if (elsewhere !== index) {
        expect(provesInclusion(leaf, elsewhere, size, path, root)).toBe(false);
        expect(provesInclusion(leaves[elsewhere] as Hash, index, size, path, root)).toBe(false);
      }
      expect(provesInclusion(leaf, index, size, [...path, leaf], root)).toBe(false);
      expect(provesInclusion(leaf, index, size, path, leafHash("another"))).toBe(false);
      if (path.length > 0) {
        const step = other % path.length;
        const changed = path.map((one, at) => (at === step ? leafHash("another") : one));
        expect(provesInclusion(leaf, index, size, changed, root)).toBe(false);
        expect(provesInclusion(leaf, index, size, path.slice(1), root)).toBe(false);
      }
    }),
    SEED,
  );
});

test("a consistency proof is that of the definition, and proves that nothing before has changed", async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (size, pick, other) => {
      const leaves = leavesOf(size);
      const first = 1 + (pick % size);
      const path = await proofOf(consistencySpans(first, size), leaves);
      expect(path).toEqual(naiveProof(first, leaves));
      const roots = [naiveRoot(leaves.slice(0, first)), naiveRoot(leaves)] as const;
      expect(provesConsistency(first, size, path, ...roots)).toBe(true);
      const changed = leaves.map((leaf, at) => (at === other % first ? leafHash("another") : leaf));
      expect(provesConsistency(first, size, path, roots[0], naiveRoot(changed))).toBe(false);
      expect(provesConsistency(first, size, path, naiveRoot(changed.slice(0, first)), roots[1])).toBe(false);
      if (first < size) {
        // A tree that was rewritten has a proof of its own, which the first root does not bear.
        const rewritten = await proofOf(consistencySpans(first, size), changed);
        expect(provesConsistency(first, size, rewritten, roots[0], naiveRoot(changed))).toBe(false);
        expect(provesConsistency(first, size, [...path, leafHash("one more")], ...roots)).toBe(false);
        expect(provesConsistency(first, size, path.slice(1), ...roots)).toBe(false);
      }
    }),
    SEED,
  );
});

test("what a checkpoint keeps is what a proof from its size needs of what stood there before", async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(), async (size, pick) => {
      const leaves = leavesOf(size);
      const first = 1 + (pick % size);
      const tree = openFrontier();
      for (const leaf of leaves.slice(0, first)) tree.append(leaf);
      const kept = frontierSpans(first);
      expect(await proofOf(kept, leaves)).toEqual(tree.nodes);
      for (const span of consistencySpans(first, size).filter(({ to }) => to <= first))
        expect(kept).toContainEqual(span);
    }),
    SEED,
  );
});

test("what is no proof at all is none", () => {
  const [leaf] = leavesOf(1) as [Hash];
  expect(provesInclusion(leaf, 0, 0, [], leaf)).toBe(false);
  expect(provesInclusion(leaf, 1, 1, [], leaf)).toBe(false);
  expect(provesInclusion(leaf, 0.5, 1, [], leaf)).toBe(false);
  expect(provesConsistency(0, 1, [], EMPTY_ROOT, leaf)).toBe(false);
  expect(provesConsistency(2, 1, [], leaf, leaf)).toBe(false);
  expect(provesConsistency(1, 2, [], leaf, leaf)).toBe(false);
  expect(provesConsistency(1, 1, [], leaf, leaf)).toBe(true);
  expect(() => inclusionSpans(7, 7)).toThrow(/no leaf 7/);
  expect(() => consistencySpans(0, 7)).toThrow(/does not begin/);
});
