/**
 * The visible text of an HTML body. One pass, no tree, nothing fetched, nothing kept but text: comments, styles and
 * scripts may hold decoy numbers. Cells of a table row are parted by tabs, so that a label and its value stay on
 * one line, and a short cell is one line however it is broken inside.
 */
const BLOCKS = new Set(
  "address article aside blockquote body center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section table tbody tfoot thead tr ul".split(
    " ",
  ),
);
const UNSEEN = new Set(
  "head math noscript object script select style svg template textarea title".split(" "),
);
// The line that a newsletter shows in the list of mails and not in the mail, and texts for programs alone.
const HIDDEN = /\sstyle\s{0,9}=\s{0,9}["'][^"'>]{0,500}(?<![a-z-])display\s{0,9}:\s{0,9}none(?![a-z-])/i;
// Set apart from what stands before it: at the other margin, or in a box of its own.
const APART =
  /\sstyle\s{0,9}=\s{0,9}["'][^"'>]{0,500}(?<![a-z-])(?:float|position|display)\s{0,9}:\s{0,9}(?:left|right|absolute|inline-block|block|flex|table-cell)(?![a-z-])/i;
const VOID = new Set("area base br col embed hr img input link meta source track wbr".split(" "));
const MAX_TAG_CHARACTERS = 2_000;
const MAX_HIDDEN_TAGS = 200;
const MAX_OPEN_CELLS = 20;
const SHORT_CELL_CHARACTERS = 200;
const SHORT_CELL_LINES = 3;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  apos: "'",
  bull: "•",
  emsp: " ",
  ensp: " ",
  gt: ">",
  hellip: "…",
  laquo: "«",
  ldquo: "“",
  lsquo: "‘",
  lt: "<",
  mdash: "—",
  middot: "·",
  nbsp: "\u00A0",
  ndash: "–",
  quot: '"',
  raquo: "»",
  rdquo: "”",
  rsquo: "’",
  shy: "",
  sol: "/",
  thinsp: " ",
  zwj: "",
  zwnj: "",
};

export function htmlToText(html: string): string {
  const out: string[] = [];
  const cells: number[] = [];
  const unclosed = new Set<string>();
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    const end = open < 0 ? html.length : open;
    if (end > at) out.push(decodeEntities(html.slice(at, end)).replace(/[ \t\r\n\f]+/g, " "));
    if (open < 0) break;
    at = afterTag(html, open, out, cells, unclosed);
  }
  return out.join("");
}

function afterTag(html: string, open: number, out: string[], cells: number[], unclosed: Set<string>): number {
  if (html.startsWith("<!--", open)) return after(html, "-->", open + 4);
  const next = html.charCodeAt(open + 1);
  if (next === 0x21 || next === 0x3f) return after(html, ">", open + 2);
  const name = /^<(\/?)([a-z][a-z0-9]{0,20})/i.exec(html.slice(open, open + 24));
  if (name === null) {
    out.push("<");
    return open + 1;
  }
  const closing = name[1] === "/";
  const tag = (name[2] ?? "").toLowerCase();
  const end = tagEnd(html, open + name[0].length);
  if (!closing && UNSEEN.has(tag)) return afterElement(html, tag, end, unclosed);
  if (!closing && !VOID.has(tag) && HIDDEN.test(html.slice(open, Math.min(end, open + MAX_TAG_CHARACTERS)))) {
    return afterHidden(html, tag, end, unclosed);
  }
  if (tag === "td" || tag === "th") {
    if (closing) closeCell(out, cells);
    else if (cells.length < MAX_OPEN_CELLS) cells.push(out.length);
  } else if (tag === "br" || BLOCKS.has(tag)) out.push("\n");
  else if (!closing && APART.test(html.slice(open, Math.min(end, open + MAX_TAG_CHARACTERS)))) out.push("\t");
  return end;
}

/** Behind the ">" that ends a tag; one inside a quoted attribute does not. */
function tagEnd(html: string, from: number): number {
  let quote = "";
  // An attribute list has no business being longer: an unclosed quote must not swallow the letter.
  const limit = Math.min(html.length, from + 20_000);
  for (let at = from; at < limit; at++) {
    const character = html[at] as string;
    if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === ">") return at + 1;
  }
  return after(html, ">", from);
}

function after(html: string, mark: string, from: number): number {
  const found = html.indexOf(mark, from);
  return found < 0 ? html.length : found + mark.length;
}

function afterElement(html: string, tag: string, from: number, unclosed: Set<string>): number {
  if (unclosed.has(tag)) return from;
  const close = new RegExp(`</${tag}[\\s>/]`, "gi");
  close.lastIndex = from;
  const found = close.exec(html);
  if (found !== null) return after(html, ">", found.index);
  // Never closed: the rest is text again, or one "<svg>" would hide a marking below it. Remembered, or ten thousand
  // of them would each search the whole rest.
  unclosed.add(tag);
  return from;
}

/** Behind the end of a hidden element, those of its own name inside it reckoned in; never closed, it hides nothing. */
function afterHidden(html: string, tag: string, from: number, unclosed: Set<string>): number {
  const key = `hidden ${tag}`;
  if (unclosed.has(key)) return from;
  const tags = new RegExp(`<(/?)${tag}(?=[\\s>/])`, "gi");
  tags.lastIndex = from;
  let depth = 1;
  for (let left = MAX_HIDDEN_TAGS; left > 0; left--) {
    const found = tags.exec(html);
    if (found === null) break;
    depth += found[1] === "/" ? -1 : 1;
    if (depth === 0) return after(html, ">", found.index);
  }
  unclosed.add(key);
  return from;
}

function closeCell(out: string[], cells: number[]): void {
  const from = cells.pop();
  if (from === undefined) return;
  const text = out.splice(from).join("").trim();
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const short = text.length <= SHORT_CELL_CHARACTERS && lines.length <= SHORT_CELL_LINES;
  out.push(short ? lines.map((line) => line.trim()).join(" ") : text, "\t");
}

export function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{2,8}));?/g,
    (all, dec, hex, name) => {
      if (name !== undefined) return ENTITIES[name] ?? ENTITIES[name.toLowerCase()] ?? all;
      const code = dec !== undefined ? Number(dec) : Number.parseInt(hex, 16);
      return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
        ? String.fromCodePoint(code)
        : "";
    },
  );
}
