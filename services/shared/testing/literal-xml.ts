import { SaxesParser } from "saxes";

/** An element under its name as it is written, prefix and all: old clients know no namespaces. */
export interface LiteralElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** White space between elements is a child, too: who reads by position stumbles over it. */
  readonly children: readonly (LiteralElement | string)[];
}

/** @throws Error for what is not well-formed */
export function literalXml(text: string): LiteralElement {
  const root = { name: "", attributes: {}, children: [] as (LiteralElement | string)[] };
  const open: (typeof root)[] = [root];
  const parser = new SaxesParser({ xmlns: false });
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    const element = { name, attributes: attributes as Record<string, string>, children: [] };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on("closetag", () => void open.pop());
  const onText = (piece: string): void => void open.at(-1)?.children.push(piece);
  parser.on("text", onText);
  parser.on("cdata", onText);
  parser.write(text).close();
  return root;
}

/** GetElementsByTagName: all elements with exactly this name, in the order of the document. */
export function elementsByName(within: LiteralElement, name: string): LiteralElement[] {
  return within.children.flatMap((child) =>
    typeof child === "string"
      ? []
      : [...(child.name === name ? [child] : []), ...elementsByName(child, name)],
  );
}

/** InnerText: of the element and all in it. */
export function innerText(element: LiteralElement | string | undefined): string {
  if (element === undefined || typeof element === "string") return element ?? "";
  return element.children.map(innerText).join("");
}
