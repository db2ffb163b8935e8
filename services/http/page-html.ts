import { createHash } from "node:crypto";

/** Markup that may stand in a page as it is; made by `html` alone. */
export interface Html {
  readonly markup: string;
}

type Part = Html | string | number | null | readonly Html[];

/** A template of markup; what is put into it is text, whoever wrote it, unless `html` has made it. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = strings[0] ?? "";
  parts.forEach((part, index) => {
    markup += shown(part) + (strings[index + 1] ?? "");
  });
  return { markup };
}

function shown(part: Part): string {
  if (part === null) return "";
  if (typeof part === "object") return "markup" in part ? part.markup : part.map(shown).join("");
  return String(part).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const STYLE = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 46rem; font: 1.0625rem/1.6 Sarabun, "Noto Sans Thai", sans-serif; color: #1a1a1a; background: #fff; }
h1 { font-size: 1.5rem; line-height: 1.4; margin: 0; }
h2 { font-size: 1.25rem; line-height: 1.4; margin: 0; }
h3 { font-size: 1.0625rem; margin: 1.25rem 0 0; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
[lang=en] { color: #454545; font-size: .9375rem; }
h1 [lang=en], h2 [lang=en], p [lang=en], h3 [lang=en], dt [lang=en], dd [lang=en], label [lang=en], button [lang=en] { display: block; font-weight: normal; }
.result { margin: 1rem 0; padding: 1rem; border: 2px solid #454545; border-left-width: .75rem; }
.good { border-color: #0b5d1e; }
.doubt { border-color: #8a5300; }
.bad { border-color: #9b1c1c; }
dl { margin: .75rem 0 0; }
dl > div { padding: .375rem 0; border-top: 1px solid #c4c4c4; }
dt { font-weight: bold; }
dd { margin: 0; overflow-wrap: anywhere; }
@media (min-width: 36rem) { dl > div { display: grid; grid-template-columns: 13rem 1fr; gap: 1rem; } }
form { margin: 1rem 0; padding: 1rem; border: 1px solid #767676; }
label { display: block; margin-top: .75rem; font-weight: bold; }
input, textarea { display: block; width: 100%; margin-top: .25rem; padding: .5rem; font: inherit; border: 1px solid #595959; background: #fff; color: inherit; }
button { margin-top: 1rem; padding: .5rem 1.25rem; font: inherit; color: #fff; background: #1b3a93; border: 2px solid #1b3a93; }
button [lang=en] { color: #fff; }
a { color: #1b3a93; }
:focus-visible { outline: 3px solid #b45309; outline-offset: 2px; }
footer { margin-top: 2rem; border-top: 1px solid #c4c4c4; }
@media print { form, button { display: none; } body { max-width: none; padding: 0; } }
`;

/**
 * What the page may do: show itself in its own style and send its form back here; no script, no picture, nothing of another
 * host, and in nobody's frame.
 */
export function pagePolicy(): string {
  const style = createHash("sha256").update(STYLE).digest("base64");
  return `default-src 'none'; style-src 'sha256-${style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
}

export function wholePage(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="th">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${{ markup: STYLE }}</style>
</head>
<body>
${body}
</body>
</html>
`.markup;
}
