import { type Hash, nodeHash, openFrontier } from "./merkle.ts";

/** Leaves from `from` to before `to`: their tree's root is one step of a proof. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The spans whose roots prove that leaf `index` stands in a tree of `size` leaves (RFC 9162 §2.1.3.1), in the proof's order. */
export function inclusionSpans(index: number, size: number): Span[] {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size))
    throw new Error(`a tree of ${size} leaves has no leaf ${index}`);
  const spans: Span[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + largestPowerBelow(to - from);
    if (index < middle) {
      spans.push({ from: middle, to });
      to = middle;
    } else {
      spans.push({ from, to: middle });
      from = middle;
    }
  }
  return spans.reverse();
}

/** The spans whose roots prove that a tree of `size` leaves begins with the one of `first` leaves (RFC 9162 §2.1.4.1). */
export function consistencySpans(first: number, size: number): Span[] {
  if (!(Number.isSafeInteger(first) && first > 0 && first <= size))
    throw new Error(`a tree of ${size} leaves does not begin with one of ${first}`);
  const spans: Span[] = [];
  let from = 0;
  let to = size;
  // Whether what is left of the first tree is the first tree itself, whose root the verifier knows already.
  let isWhole = true;
  while (first !== to) {
    const middle = from + largestPowerBelow(to - from);
    if (first <= middle) {
      spans.push({ from: middle, to });
      to = middle;
    } else {
      spans.push({ from, to: middle });
      from = middle;
      isWhole = false;
    }
  }
  if (!isWhole) spans.push({ from, to });
  return spans.reverse();
}

/** The spans of the full subtrees that a tree of this size ends with: those of its frontier, left to right. */
export function frontierSpans(size: number): Span[] {
  const spans: Span[] = [];
  for (let from = 0; from < size; ) {
    const to = from + largestPowerBelow(size - from + 1);
    spans.push({ from, to });
    from = to;
  }
  return spans;
}

/** The roots of spans that do not overlap, in their order, in one pass over the leaves from the first span's to the last one's. */
export async function spanRoots(
  spans: readonly Span[],
  leaves: (span: Span) => AsyncIterable<Hash> | Iterable<Hash>,
): Promise<Hash[]> {
  const roots = new Map<Span, Hash>();
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const tree = openFrontier();
    for await (const leaf of leaves(span)) tree.append(leaf);
    if (tree.size !== span.to - span.from)
      throw new Error(`of the leaves ${span.from} to ${span.to - 1} some are not there`);
    roots.set(span, tree.root());
  }
  return spans.map((span) => roots.get(span) as Hash);
}

/** Whether the proof shows that the leaf stands at `index` of the tree of this size and root (RFC 9162 §2.1.3.2). */
export function provesInclusion(
  leaf: Hash,
  index: number,
  size: number,
  path: readonly Hash[],
  root: Hash,
): boolean {
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size))
    return false;
  let at = index;
  let last = size - 1;
  let made = leaf;
  for (const step of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      made = nodeHash(step, made);
      while (at % 2 === 0 && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      made = nodeHash(made, step);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && made.equals(root);
}

/** Whether the proof shows that the tree of `size` leaves begins with the one of `first` leaves (RFC 9162 §2.1.4.2). */
export function provesConsistency(
  first: number,
  size: number,
  path: readonly Hash[],
  firstRoot: Hash,
  root: Hash,
): boolean {
  if (!(Number.isSafeInteger(first) && Number.isSafeInteger(size) && first > 0 && first <= size))
    return false;
  if (first === size) return path.length === 0 && firstRoot.equals(root);
  const steps = isPowerOfTwo(first) ? [firstRoot, ...path] : [...path];
  const begun = steps.shift();
  if (begun === undefined || steps.length === 0) return false;
  let at = first - 1;
  let last = size - 1;
  while (at % 2 === 1) {
    at = half(at);
    last = half(last);
  }
  let madeFirst = begun;
  let made = begun;
  for (const step of steps) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      madeFirst = nodeHash(step, madeFirst);
      made = nodeHash(step, made);
      while (at % 2 === 0 && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      made = nodeHash(made, step);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && madeFirst.equals(firstRoot) && made.equals(root);
}

/** Sizes go beyond what the operators of 32 bits can halve. */
function half(count: number): number {
  return Math.floor(count / 2);
}

function largestPowerBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

function isPowerOfTwo(count: number): boolean {
  return largestPowerBelow(count * 2) === count;
}
