import { type Html, html } from "../page-html.ts";
import { problems } from "../problem.ts";
import { schemaLink, shortType } from "./docs-schema.ts";
import { documentPath } from "./document.ts";
import type { Answer, Form, Operation, Parameter } from "./operation.ts";
import { problemsOf } from "./problem-answers.ts";

/** An operation as the page shows it, closed until it is looked at, with a form to try it. */
export function docsOperation(operation: Operation): Html {
  const { id, method, path, th, en, description = "", parameters = [], body, answers } = operation;
  const errors = [...problemsOf(operation)];
  return html`<details class="operation" id="op-${id}">
<summary><span class="method ${method}">${method.toUpperCase()}</span> <code>${documentPath(path)}</code> ${th} <span lang="en">${en}</span></summary>
<p class="access">${accessWords(operation)}</p>
${paragraphs(description)}
${body === undefined ? null : html`<h4>ข้อมูลที่ส่ง <span lang="en">Body</span></h4><ul>${formsList(body.forms)}</ul>`}
<h4>คำตอบ <span lang="en">Answers</span></h4>
<dl class="answers">${Object.entries(answers).map(([status, answer]) => answerRow(status, answer))}${errors.map(([status, codes]) => problemRow(status, codes))}</dl>
${tryForm(operation, parameters)}
</details>
`;
}

function paragraphs(text: string): Html[] {
  if (text === "") return [];
  return text
    .split("\n\n")
    .map((part) => part.replaceAll("`", ""))
    .map((part) => (/[\u0e00-\u0e7f]/.test(part) ? html`<p>${part}</p>` : html`<p lang="en">${part}</p>`));
}

function accessWords({ access, tag }: Operation): string {
  if (tag === "ecms") return "โปรแกรมที่ลงทะเบียน: mTLS หรือ HTTP Basic";
  if (access === "public") return "ไม่ต้องใช้โทเค็น (no token)";
  if (access === "people") return "ผู้ที่เข้าสู่ระบบ (who has signed in)";
  if (access === "clerks") return "ผู้ที่เข้าสู่ระบบ หรือโทเค็นของเจ้าหน้าที่ (who has signed in, or a clerk's token)";
  const { scopes, programsOnly } = access;
  const named = scopes === "any" ? "scope ใดก็ได้ (any scope)" : `scope: ${scopes.join(" หรือ ")}`;
  return `โปรแกรม (program), ${named}${programsOnly === true ? "" : "; หรือผู้ที่เข้าสู่ระบบ หรือโทเค็นของเจ้าหน้าที่ (or who has signed in, or a clerk's token)"}`;
}

function formsList(forms: Readonly<Record<string, Form>>): Html[] {
  return Object.entries(forms).map(
    ([type, { component }]) =>
      html`<li><code>${type}</code> ${component === undefined ? null : schemaLink(component)}</li>`,
  );
}

function answerRow(status: string, { description, forms = {} }: Answer): Html {
  return html`<div><dt>${status}</dt><dd>${description}<ul>${formsList(forms)}</ul></dd></div>`;
}

function problemRow(status: number, codes: readonly string[]): Html {
  const words = codes.map((code) => {
    const known = code in problems ? problems[code as keyof typeof problems] : undefined;
    return html`<li><code>${code}</code> ${known?.th ?? null} <span lang="en">${known?.en ?? null}</span></li>`;
  });
  return html`<div class="problem"><dt>${status}</dt><dd>${schemaLink("ProblemDetails")}<ul>${words}</ul></dd></div>`;
}

function tryForm({ id, method, path, body }: Operation, parameters: readonly Parameter[]): Html {
  return html`<form class="try" data-method="${method}" data-path="${documentPath(path)}">
<h4>ทดลอง <span lang="en">Try</span></h4>
${parameters.map((parameter) => parameterField(id, parameter))}
${body === undefined ? null : bodyFields(id, body.forms)}
<button type="submit">ส่งคำขอ <span lang="en">Send</span></button>
<pre class="result" role="status" aria-live="polite" hidden></pre>
</form>`;
}

function parameterField(
  id: string,
  { name, in: place, description, schema, required, example }: Parameter,
): Html {
  const given = required === true && example !== undefined ? String(example) : "";
  return html`<label for="${id}-${name}"><code>${name}</code> <small>${place}, ${shortType(schema)}${required === true ? ", จำเป็น (required)" : ""}</small></label>
<p class="hint" id="${id}-${name}-hint">${description}</p>
<input id="${id}-${name}" data-in="${place}" name="${name}" value="${given}" aria-describedby="${id}-${name}-hint" spellcheck="false" autocomplete="off">
`;
}

function bodyFields(id: string, forms: Readonly<Record<string, Form>>): Html {
  const [type = "application/json", form] = Object.entries(forms)[0] ?? [];
  const example =
    form?.example === undefined
      ? ""
      : type === "application/x-www-form-urlencoded"
        ? new URLSearchParams(form.example as Record<string, string>).toString()
        : JSON.stringify(form.example, null, 2);
  const shownType = type === "*/*" ? "application/octet-stream" : type;
  return html`<label for="${id}-type"><code>Content-Type</code></label>
<input id="${id}-type" class="type" value="${shownType}" spellcheck="false">
<label for="${id}-body">ข้อมูล <span lang="en">Body</span></label>
<textarea id="${id}-body" class="body" rows="12" spellcheck="false">${example}</textarea>
<label for="${id}-file">หรือแฟ้ม <span lang="en">or a file as the whole body</span></label>
<input id="${id}-file" class="file" type="file">
`;
}
