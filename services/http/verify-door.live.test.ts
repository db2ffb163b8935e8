import { createHash } from "node:crypto";
import { type TestContext, test } from "vitest";
import type { Evidence } from "../shared/letter/evidence/evidence.ts";
import { jwks, readJwks } from "../shared/letter/evidence/public-key.ts";
import { receiptPdf } from "../shared/letter/evidence/receipt-pdf.ts";
import { verifyEvidence } from "../shared/letter/evidence/verify-evidence.ts";
import { EVIDENCE_EXAMPLES } from "../shared/testing/evidence-examples.ts";
import { openDesk } from "./testing/desk.ts";
import { receiptOffice } from "./testing/receipts.ts";

/** A browser without JavaScript, and each request from an address of its own. */
async function openPages(context: TestContext) {
  const desk = await openDesk(context);
  const office = await receiptOffice(desk);
  let client = 0;
  const ask = async (path: string, init: RequestInit = {}) => {
    client += 1;
    const from = { "x-forwarded-for": `198.51.${client >> 8}.${client & 255}` };
    const response = await fetch(`${desk.url}${path}`, {
      ...init,
      headers: { ...from, ...(init.headers as object) },
    });
    const text = await response.text();
    const verdict = /<h2 id="result" tabindex="-1">(.*?) <span lang="en">(.*?)<\/span>/u
      .exec(text)?.[2]
      ?.replace("&#39;", "'");
    return { status: response.status, headers: response.headers, text, verdict };
  };
  const upload = (content: string | Uint8Array, filename = "receipt.pdf") => {
    const form = new FormData();
    form.append("file", new Blob([content as Uint8Array<ArrayBuffer>]), filename);
    form.append("text", "");
    return ask("/verify", { method: "POST", body: form });
  };
  const paste = (text: string) => {
    const form = new FormData();
    form.append("file", new Blob([]), "");
    form.append("text", text);
    return ask("/verify", { method: "POST", body: form });
  };
  const program = async (body: unknown) => {
    const init = {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    };
    const { status, text } = await ask("/api/v1/verify", init);
    return { status, body: JSON.parse(text) };
  };
  return { ...desk, office, ask, upload, paste, program };
}

test("a genuine receipt is found by its code, its QR code, its file, its text and its JWS, and says the same each time", async (context) => {
  const { expect } = context;
  const { office, ask, upload, paste, program } = await openPages(context);
  const { evidence, jws, code } = await office.issue();
  const mail = `> ${jws.match(/.{1,70}/g)?.join("\r\n> ")}\r\n`;
  const answers = [
    await ask(`/verify/${code}`),
    await ask(`/verify?code=${encodeURIComponent(evidence.code.toLowerCase())}`),
    await ask(`/verify/${evidence.evidenceId}`),
    await upload(await receiptPdf(evidence, jws)),
    await upload(jws, "receipt.jws"),
    await upload(JSON.stringify({ jws }), "receipt.json"),
    await paste(mail),
    await paste(` ${evidence.code} `),
    await paste(evidence.verifyUrl as string),
    await ask("/verify", { method: "POST", body: new URLSearchParams({ text: jws }) }),
  ];
  for (const [index, { status, verdict, text }] of answers.entries()) {
    expect({ index, status, verdict }).toEqual({ index, status: 200, verdict: "Authentic" });
    for (const said of [
      "<title>เป็นของจริง - ตรวจสอบใบตอบรับหนังสือ</title>",
      "สำนักงานทดสอบ ก (saraban@agency-a.example.go.th)",
      "ได้รับและลงทะเบียนรับหนังสือของท่านแล้ว",
      "นร ๑๒๐๐/๕๕",
      "12/2569",
      "21 พฤศจิกายน 2569 เวลา 08:30:00 น.",
      "21 November 2026 at 08:30:30 (UTC+7)",
      "คลาดเคลื่อนไม่เกิน 3.5 มิลลิวินาที",
      "สมศรี ทดสอบ",
      evidence.evidenceId,
      evidence.code,
    ])
      expect(text, `${index}`).toContain(said);
  }
  for (const body of [{ jws }, { code }, { code: evidence.code }]) {
    expect(await program(body)).toMatchObject({
      status: 200,
      body: {
        state: "genuine",
        holder: null,
        isRecorded: true,
        replacedBy: null,
        evidence: { evidenceId: evidence.evidenceId },
      },
    });
  }
  const wrong = await program({ jws, code });
  expect(wrong).toMatchObject({ status: 400, body: { code: "not-understood" } });
  for (const body of [null, [], {}, { jws: 1 }, { jws, more: 1 }, "x"])
    expect((await program(body)).status).toBe(400);
});

test("what was changed, made up or cut off is not authentic, and nothing of it is shown", async (context) => {
  const { expect } = context;
  const { office, ask, upload, paste, program } = await openPages(context);
  const { evidence, jws, code } = await office.issue();
  const [header = "", , signature = ""] = jws.split(".");
  const forged: Evidence = {
    ...evidence,
    register: { ...(evidence.register as object), number: 99_999 } as Evidence["register"],
  };
  const tampered = `${header}.${Buffer.from(JSON.stringify(forged)).toString("base64url")}.${signature}`;
  const stranger = await receiptOffice({ query: async () => [], fillTray: async () => ["x"] });
  const unknown = (await stranger.sign({ ...forged })).jws;
  for (const [given, verdict] of [
    [tampered, /^Not authentic/],
    [await receiptPdf(forged, tampered), /^Not authentic/],
    [unknown, /^Not confirmed/],
    [await receiptPdf(forged, unknown), /^Not confirmed/],
    [await receiptPdf(forged, jws.slice(0, -40)), /^No signed receipt was found/],
    ["%PDF-1.7 nothing", /^No signed receipt was found/],
    ["", /^No signed receipt was found/],
  ] as const) {
    const { status, verdict: said, text } = await upload(given);
    expect(status).toBe(200);
    expect(said).toMatch(verdict);
    expect(text).not.toContain("99999");
    expect(text).not.toContain(evidence.evidenceId);
    expect(text).not.toMatch(/class="result (good|doubt)"/);
  }
  expect((await program({ jws: tampered })).body).toEqual({ state: "tampered", kid: expect.any(String) });
  expect((await program({ jws: unknown })).body).toMatchObject({ state: "unknown-key" });
  expect((await program({ jws: "x.y.z" })).body).toEqual({ state: "not-a-receipt" });
  // Other codes: one letter more, less, another; and what is no code at all.
  const other = `${code.slice(0, 15)}${code.endsWith("0") ? "1" : "0"}`;
  const missing = await ask(`/verify/${other}`);
  for (const path of [
    `/verify/${code}0`,
    `/verify?code=${code.slice(1)}`,
    "/verify?code=a&code=b",
    "/verify/%00",
    "/verify/..%2f",
  ]) {
    const answer = await ask(path);
    expect({ path, status: answer.status }).toEqual({ path, status: 404 });
    expect(answer.text.replaceAll("../", "")).toBe(missing.text.replaceAll("../", ""));
  }
  expect(missing.verdict).toBe("There is no receipt with this code");
  expect((await program({ code: other })).body).toEqual({ state: "not-found" });
  expect((await paste(other)).status).toBe(404);
});

test("a corrected receipt names what has taken its place, and the link leads there", async (context) => {
  const { expect } = context;
  const { office, ask, upload, program } = await openPages(context);
  const first = await office.issue();
  const second = await office.issue({
    ...EVIDENCE_EXAMPLES.corrected,
    evidenceId: "019aa5f0-0000-7000-8000-0000000000aa",
    message: first.evidence.message,
    replaces: first.evidence.evidenceId,
    code: "7G3K-Q2M9-XW4T-0HVD",
  });
  for (const [page, up] of [
    [await ask(`/verify/${first.code}`), "../"],
    [await upload(await receiptPdf(first.evidence, first.jws)), ""],
  ] as const) {
    expect(page.verdict).toBe("Authentic, but a newer statement has taken its place");
    expect(page.text).toContain(`<a href="${up}verify/${second.evidence.evidenceId}">`);
  }
  const next = await ask(`/verify/${second.evidence.evidenceId}`);
  expect(next.verdict).toBe("Authentic");
  expect(next.text).toContain("จาก &#34;นร 1200/55&#34; เป็น &#34;นร 1200/56&#34;");
  expect(next.text).toContain(first.evidence.evidenceId);
  expect((await program({ jws: first.jws })).body.replacedBy).toBe(second.evidence.evidenceId);
});

test("a retired key's receipts stand; of a revoked one only what is in the record; what was signed beside it is doubted", async (context) => {
  const { expect } = context;
  const { office, ask, paste, program, url } = await openPages(context);
  const old = await office.issue();
  await office.retireKey();
  const aged = await ask(`/verify/${old.code}`);
  expect(aged.verdict).toBe("Authentic");
  expect(aged.text).toContain("30 พฤศจิกายน 2569 เวลา 17:00:00 น. (ที่ลงลายมือชื่อไว้ก่อนนั้นยังใช้ได้)");
  const recorded = await office.issue();
  // Signed by whoever has the key, not by the office.
  const beside = await office.sign({});
  expect((await paste(beside.jws)).verdict).toMatch(
    /^The signature holds, but the office's record does not have it/,
  );
  expect((await program({ jws: beside.jws })).body).toMatchObject({ state: "unrecorded", isRecorded: false });
  const revoked = await office.revokeKey();
  for (const page of [await ask(`/verify/${recorded.code}`), await paste(recorded.jws)]) {
    expect(page.verdict).toBe("It stands in the office's record, but the key that signed it was revoked");
    expect(page.text).toContain("12/2569");
    expect(page.text).toContain("1 ธันวาคม 2569 เวลา 09:00:00 น.");
  }
  const made = await paste(beside.jws);
  expect(made.verdict).toBe("Not to be believed: the key that signed it was revoked");
  expect(made.text).not.toContain("12/2569");
  expect((await program({ jws: beside.jws })).body).toMatchObject({
    state: "revoked-key",
    isRecorded: false,
  });
  // What others fetch: keys in force and retired ones, and which were revoked.
  const published = await fetch(`${url}/.well-known/jwks.json`);
  expect(published.headers.get("content-type")).toMatch(/^application\/jwk-set\+json/);
  expect(published.headers.get("cache-control")).toBe("public, max-age=300");
  const keys = readJwks(await published.json(), null) ?? [];
  expect(keys).toHaveLength(3);
  expect(verifyEvidence(old.jws, keys).state).toBe("genuine");
  expect(verifyEvidence(recorded.jws, keys).state).toBe("revoked-key");
  expect(jwks(keys).keys.map(({ kid }) => kid)).not.toContain(revoked.kid);
});

test("a partner's receipt is checked with the partner's key, which speaks for the partner's own domain alone", async (context) => {
  const { expect } = context;
  const { office, upload, paste, query } = await openPages(context);
  const key = await office.addPartner("opdc.example.go.th");
  const agency = {
    id: "opdc",
    nameThai: "สำนักงานคู่ติดต่อ",
    nameEnglish: "Partner Office",
    mailbox: "saraban@opdc.example.go.th",
  };
  const theirs = await office.sign({ agency }, key);
  const page = await upload(await receiptPdf(theirs.evidence, theirs.jws));
  expect(page.verdict).toBe("Authentic");
  expect(page.text).toContain("สำนักงานคู่ติดต่อ (saraban@opdc.example.go.th)");
  expect(page.text).toMatch(/Key of the partner<\/span><\/dt><dd>opdc\.example\.go\.th/);
  expect((await paste((await office.sign({}, key)).jws)).verdict).toMatch(/^Not confirmed/);
  await query("update saraban.partner_key set active = false");
  expect((await paste(theirs.jws)).verdict).toMatch(/^Not confirmed/);
  // A partner above us in the tree of names speaks for the offices below it that are not served here.
  const above = await office.addPartner("example.go.th");
  expect((await paste((await office.sign({ agency }, above)).jws)).verdict).toBe("Authentic");
  expect((await paste((await office.sign({}, above)).jws)).verdict).toMatch(/^Not confirmed/);
});

test("hostile names are text, and nothing of another host or any script can be in the page", async (context) => {
  const { expect } = context;
  const { office, ask } = await openPages(context);
  const hostile = `"'><script>alert(1)</script><img src=//evil.example onerror=x>&amp;`;
  const { code } = await office.issue({
    agency: { ...EVIDENCE_EXAMPLES.registered.agency, nameThai: hostile, nameEnglish: hostile },
    receiver: { name: hostile, unit: `</dd></dl></section>${hostile}` },
    letter: { number: hostile, numberPrinted: hostile, date: null },
    verifyUrl: "https://evil.example/verify",
  });
  const { text, headers, verdict } = await ask(`/verify/${code}`);
  expect(verdict).toBe("Authentic");
  expect(text).not.toMatch(/<script|<img|<iframe|<link|javascript:|<[^>]* on\w+=/i);
  expect(text).not.toMatch(/(href|src|action)="[^"]*(:|\/\/)/);
  expect(text).toContain("&#60;script&#62;alert(1)&#60;/script&#62;");
  for (const tag of ["section", "dl", "main", "form"])
    expect(text.split(`<${tag}`).length, tag).toBe(text.split(`</${tag}>`).length);
  // The style is the one that the policy allows, and there is no other.
  const style = /<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? "";
  const hash = createHash("sha256").update(style).digest("base64");
  expect(headers.get("content-security-policy")).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  );
  expect(text).not.toMatch(/ style=/);
  expect(Object.fromEntries(headers)).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
  });
  // For a screen reader: the language of each part, and a label for each field.
  expect(text).toContain('<html lang="th">');
  for (const [, id] of text.matchAll(/<(?:input|textarea) id="(\w+)"/g))
    expect(text).toContain(`<label for="${id}">`);
  expect((await ask("/verify")).text).not.toContain('id="result"');
  expect((await ask("/verify/")).text).toContain('<form method="get" action="../verify"');
});

test("uploads are bounded, and a broken form is answered with the page", async (context) => {
  const { expect } = context;
  const { office, ask, upload, program, url } = await openPages(context);
  const { jws } = await office.issue();
  const big = Buffer.alloc(1024 * 1024 + 1, "x");
  expect((await upload(big)).status).toBe(413);
  expect((await upload(Buffer.alloc(3 * 1024 * 1024, "x"))).status).toBe(413);
  const two = new FormData();
  two.append("file", new Blob([jws]), "1.jws");
  two.append("file", new Blob([jws]), "2.jws");
  expect((await ask("/verify", { method: "POST", body: two })).status).toBe(413);
  const broken = (body: string, type: string, more: RequestInit = {}) =>
    ask("/verify", { method: "POST", body, headers: { "content-type": type }, ...more });
  for (const [body, type, status] of [
    [
      "--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\nx",
      "multipart/form-data; boundary=b",
      400,
    ],
    ["nothing of a form", "multipart/form-data; boundary=b", 400],
    ["x", "multipart/form-data", 400],
    ["{}", "application/json", 415],
    ["x", "text/plain", 415],
  ] as const) {
    const answer = await broken(body, type);
    expect({ body, status: answer.status }).toEqual({ body, status });
    expect(answer.text).toContain('<form method="post" action="verify"');
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
  }
  // Without a length it could go on for ever.
  const endless = new ReadableStream({ start: (stream) => stream.enqueue(Buffer.from("--b")) });
  const chunked = await fetch(`${url}/verify`, {
    method: "POST",
    body: endless,
    duplex: "half",
    headers: { "content-type": "multipart/form-data; boundary=b", "x-forwarded-for": "192.0.2.200" },
  } as RequestInit);
  expect(chunked.status).toBe(413);
  expect((await program({ jws: "x".repeat(200_000) })).status).toBe(413);
  expect((await upload(jws)).verdict).toBe("Authentic");
});

test("sixty a minute from one address, whichever of the doors it asks; then 429 with the time to wait", async (context) => {
  const { expect } = context;
  const { url } = await openPages(context);
  const from = (address: string, path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { "x-forwarded-for": address, ...(init.headers as object) } });
  const body = { method: "POST", body: '{"code":"x"}', headers: { "content-type": "application/json" } };
  const statuses = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      index % 2 === 0
        ? from("203.0.113.7", "/.well-known/jwks.json")
        : from("203.0.113.7", "/api/v1/verify", body),
    ),
  );
  expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set([200]));
  const page = await from("203.0.113.7", "/verify");
  // On a slow machine one token may have come back meanwhile.
  const refused = page.status === 200 ? await from("203.0.113.7", "/verify") : page;
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await refused.text()).toContain("โปรดรอสักครู่แล้วลองใหม่");
  const program = await from("203.0.113.7", "/api/v1/verify", body);
  expect(program.status).toBe(429);
  expect(await program.json()).toMatchObject({ code: "too-many-requests" });
  expect((await from("203.0.113.8", "/verify")).status).toBe(200);
});
