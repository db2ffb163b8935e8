import type { Schema } from "../api-schemas.ts";
import { type Html, html } from "../page-html.ts";
import { docsOperation } from "./docs-operation.ts";
import { docsSchema } from "./docs-schema.ts";
import { openapiDocument } from "./document.ts";
import { TAGS } from "./operation.ts";
import { allOperations } from "./operations.ts";

/**
 * What the page may do: run its own script, which asks this server and nobody else; no inline script or style, nothing of
 * another host, and in nobody's frame.
 */
export function docsPolicy(): string {
  return "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

const INTRO = html`<p>ระบบนี้ให้โปรแกรมของหน่วยงานส่งหนังสือราชการ ติดตามเลขทะเบียนรับ รับใบตอบรับที่ลงลายมือชื่อ และรับหนังสือเข้า
โดยใช้ JSON หรือ XML ระบบสารบรรณที่ใช้โพรโทคอล e-CMS เดิมใช้ได้ตามที่อยู่ของ e-CMS โดยไม่ต้องแก้ไข</p>
<ol>
<li>ให้ผู้ดูแลระบบลงทะเบียนโปรแกรมและกำหนดสิทธิ (scope): <code>saraban client add</code> จะได้รหัสโปรแกรมและรหัสลับซึ่งแสดงครั้งเดียว</li>
<li>ขอโทเค็นที่ <code>POST /oauth/token</code> แล้วส่งใน <code>Authorization: Bearer</code> (โทเค็นมีอายุสั้น ขอใหม่ได้เสมอ)</li>
<li>ส่งหนังสือที่ <code>POST /api/v1/letters</code> พร้อม <code>Idempotency-Key</code> หากไม่ได้รับคำตอบให้ส่งซ้ำด้วยค่าเดิม ระบบจะรับเพียงครั้งเดียว</li>
<li>รับผลที่ <code>GET /api/v1/inbox/next</code> แล้วรับทราบด้วย <code>POST …/acknowledge</code> หรือถามสถานะของหนังสือแต่ละฉบับ</li>
</ol>
<p>หนังสือที่มีชั้นความลับไม่รับทางช่องทางนี้</p>
<div lang="en"><p>Programs hand letters in here, follow their register numbers, fetch signed receipts and what came in, in JSON or XML.
An administrator registers a program (<code>saraban client add</code>); it gets a token from <code>POST /oauth/token</code>, hands a letter
in under an <code>Idempotency-Key</code>, and hears of it in its inbox. e-CMS systems use their own address as they are. Classified letters are not taken here.
For tools: <a href="../openapi.json">openapi.json</a>.</p></div>`;

const ACCESS = html`<form id="access" aria-labelledby="access-title">
<h2 id="access-title">ทดลองใช้ <span lang="en">Try it</span></h2>
<p>ข้อมูลที่กรอกส่งถึงระบบนี้เท่านั้น และไม่ถูกเก็บไว้ในเบราว์เซอร์ <span lang="en">What you type goes to this server alone, and is forgotten with the page. What you try is done for real.</span></p>
<label>รหัสโปรแกรม <span lang="en">Client id</span> <input name="client" autocomplete="off" spellcheck="false"></label>
<label>รหัสลับ <span lang="en">Client secret</span> <input name="secret" type="password" autocomplete="off"></label>
<button type="submit">ขอโทเค็น <span lang="en">Get a token</span></button>
<label>หรือโทเค็นที่มีอยู่ <span lang="en">or a token that you have</span> <input name="token" type="password" autocomplete="off"></label>
<p class="says" role="status"></p>
</form>`;

/** The page at /api/docs: the document to be read, and each operation to be tried. */
export function docsPage(ecmsPath: string): string {
  const operations = allOperations(ecmsPath);
  const { components } = openapiDocument(ecmsPath) as {
    readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  };
  const sections = Object.entries(TAGS).map(
    ([tag, { th, en }]): Html => html`<section id="tag-${tag}">
<h2>${th} <span lang="en">${en}</span></h2>
${operations.filter((operation) => operation.tag === tag).map(docsOperation)}
</section>
`,
  );
  const links = Object.entries(TAGS).map(
    ([tag, { th }]): Html => html`<li><a href="#tag-${tag}">${th}</a></li>
`,
  );
  return html`<!doctype html>
<html lang="th">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>API แลกเปลี่ยนหนังสือราชการ</title>
<link rel="stylesheet" href="docs/page.css">
<script src="docs/page.js" defer></script>
</head>
<body>
<header><h1>API แลกเปลี่ยนหนังสือราชการ <span lang="en">Exchange API for official letters</span></h1></header>
<nav aria-label="หมวด"><ul>
${links}<li><a href="#schemas">โครงสร้างข้อมูล</a></li>
</ul></nav>
<main>
${INTRO}
${ACCESS}
${sections}
<section id="schemas">
<h2>โครงสร้างข้อมูล <span lang="en">Schemas</span></h2>
${Object.entries(components.schemas).map(([name, schema]) => docsSchema(name, schema))}
</section>
</main>
</body>
</html>
`.markup;
}
