import type { XmlElement } from "./xml-gate.ts";

/** Canonical XML (RFC 3076) or Exclusive XML Canonicalization (RFC 3741), of one element and what stands in it, as it streams by. */
export interface Canonicaliser {
  /** @param scope namespaces in force around and on the element, by prefix ("" for the default one) */
  open(element: XmlElement, scope: ReadonlyMap<string, string>): void;
  text(text: string): void;
  close(): void;
}

/**
 * @param exclusive only namespaces that are used where they stand
 * @param write takes the canonical form piece by piece, for a digest
 * @param giveUp called for what is not done here: undeclared prefixes
 */
export function canonicalise(
  exclusive: boolean,
  write: (text: string) => void,
  giveUp: () => void,
): Canonicaliser {
  const names: string[] = [];
  /** What has been written on the elements around, by prefix. */
  const rendered: ReadonlyMap<string, string>[] = [new Map()];
  return {
    open({ name, prefix, attributes }, scope) {
      const qualified = prefix === "" ? name : `${prefix}:${name}`;
      names.push(qualified);
      const plain = [...attributes].filter(([each]) => !/^xmlns(?::|$)/u.test(each));
      const used = new Set([prefix, ...plain.map(([each]) => prefixOf(each)).filter((each) => each !== "")]);
      for (const each of used) if (each !== "" && each !== "xml" && !scope.has(each)) giveUp();
      const before = rendered.at(-1) ?? new Map<string, string>();
      const now = new Map(before);
      const declared = [...(exclusive ? used : scope.keys())]
        .filter((each) => each !== "xml")
        .map((each): [string, string] => [each, scope.get(each) ?? ""])
        .filter(([each, uri]) => (before.get(each) ?? "") !== uri)
        .sort(([a], [b]) => compare(a, b));
      for (const [each, uri] of declared) now.set(each, uri);
      rendered.push(now);
      const uriOf = (each: string): string =>
        prefixOf(each) === "" ? "" : (scope.get(prefixOf(each)) ?? "");
      const sorted = plain.sort(([a], [b]) => compare(uriOf(a), uriOf(b)) || compare(localOf(a), localOf(b)));
      write(
        `<${qualified}` +
          declared
            .map(([each, uri]) => ` xmlns${each === "" ? "" : `:${each}`}="${inAttribute(uri)}"`)
            .join("") +
          `${sorted.map(([each, value]) => ` ${each}="${inAttribute(value)}"`).join("")}>`,
      );
    },
    text: (text) => write(inText(text)),
    close() {
      rendered.pop();
      write(`</${names.pop()}>`);
    },
  };
}

function prefixOf(name: string): string {
  return name.includes(":") ? name.slice(0, name.indexOf(":")) : "";
}

function localOf(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

/** By code points, as the specification has it; code units come in another order only where some stand for half of one. */
function compare(a: string, b: string): number {
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : Number(a > b);
}

const SURROGATE = /[\ud800-\udfff]/;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#x9;",
  "\n": "&#xA;",
  "\r": "&#xD;",
};

function inText(text: string): string {
  return text.replace(/[&<>\r]/g, (each) => ENTITIES[each] ?? each);
}

function inAttribute(value: string): string {
  return value.replace(/[&<"\t\n\r]/g, (each) => ENTITIES[each] ?? each);
}
