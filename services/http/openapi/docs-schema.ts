import type { Schema } from "../api-schemas.ts";
import { type Html, html } from "../page-html.ts";

export function schemaLink(name: string): Html {
  return html`<a href="#schema-${name}">${name}</a>`;
}

/** A component as a table of its members, closed until it is looked at. */
export function docsSchema(name: string, schema: Schema): Html {
  const choices = schema.oneOf ?? schema.anyOf ?? [];
  return html`<details class="schema" id="schema-${name}">
<summary><code>${name}</code> ${schema.description ?? null}</summary>
${schema.properties === undefined ? html`<p>${typeOf(schema)}</p>` : members(schema)}
${schema.properties === undefined ? choices.filter(({ properties }) => properties).map(members) : null}
</details>
`;
}

function members({ properties = {}, required = [] }: Schema): Html {
  const rows = Object.entries(properties).map(
    ([name, member]) =>
      html`<tr><th scope="row"><code>${name}</code>${required.includes(name) ? null : html` <small>ไม่จำเป็น (optional)</small>`}</th><td>${typeOf(member)}</td><td>${member.description ?? null}${inner(member)}</td></tr>
`,
  );
  return html`<table><thead><tr><th scope="col">ชื่อ</th><th scope="col">ชนิด</th><th scope="col">ความหมาย</th></tr></thead><tbody>
${rows}</tbody></table>`;
}

/** Objects that stand in another one without a name of their own. */
function inner(schema: Schema): Html | null {
  const { properties, items } = schema;
  if (properties !== undefined) return members(schema);
  return items?.properties === undefined ? null : members(items);
}

function typeOf(schema: Schema): Html {
  if (schema.$ref !== undefined) return schemaLink(schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1));
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined)
    return html`${choices.map((choice, at) => html`${at === 0 ? null : " | "}${typeOf(choice)}`)}`;
  if (schema.items !== undefined) return html`${typeOf(schema.items)}[]`;
  return html`${shortType(schema)}`;
}

/** A type in a few words: string (uuid), one of normal, urgent. */
export function shortType({
  type,
  format,
  enum: values,
  const: only,
  pattern,
  maxLength,
  minimum,
  maximum,
}: Schema): string {
  if (only !== undefined) return JSON.stringify(only);
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(" | ");
  const named = [type ?? "any"].flat().join(" | ");
  const more = [
    format,
    pattern === undefined ? undefined : `/${pattern}/`,
    maxLength === undefined ? undefined : `≤ ${maxLength}`,
    minimum === undefined ? undefined : `≥ ${minimum}`,
    maximum === undefined ? undefined : `≤ ${maximum}`,
  ].filter((part) => part !== undefined);
  return more.length === 0 ? named : `${named} (${more.join(", ")})`;
}
