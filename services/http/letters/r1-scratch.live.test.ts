import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { form, JSON_LETTER, LETTER, openProgram, PDF, xmlLetter } from "../testing/program.ts";
import { openDocumentSchema } from "./document-schema.ts";
import { readXmlLetter } from "./read-xml-letter.ts";
async function* one(b: Buffer) { yield b; }

test("starve", async (context) => {
  const { desk, client, submit, call } = await openProgram(context);
  const other = await desk.addClient();
  const { port, hostname } = new URL(desk.url);
  const sockets = [];
  for (let i = 0; i < 5; i++) {
    const s = connect(Number(port), hostname);
    s.on("error", () => {});
    s.write(`POST /api/v1/letters HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${client.token}\r\nContent-Type: application/json\r\nContent-Length: 8000000\r\n\r\n{`);
    sockets.push(s);
  }
  await sleep(500);
  const large = { ...JSON_LETTER, files: [{ ...JSON_LETTER.files[0], content: Buffer.alloc(3_000_000, 1).toString("base64") }] };
  for (const l of [JSON_LETTER, large]) {
  const r = await Promise.race([submit(l, {}, other.token).then((a) => a.status), sleep(5000).then(() => "starved")]);
  console.log("starve:", r);
  }
  for (const s of sockets) s.destroy();
  const long = await call("POST", "/letters", "x", { "content-type": `multipart/form-data; x="${"a".repeat(400)}"; boundary=b` });
  console.log("long type", long.status);
});

test("neighbours", async (context) => {
  const { submit, arrivals } = await openProgram(context);
  await submit(JSON_LETTER, { "idempotency-key": "k" });
  const jobs = [];
  for (let i = 0; i < 40; i++) jobs.push(submit({ ...JSON_LETTER, number: `นร 1/${i}` }, i % 2 ? { "idempotency-key": `good-${i}` } : {}));
  for (let i = 0; i < 10; i++) jobs.push(submit(JSON_LETTER, { "idempotency-key": "k" }));
  for (let i = 0; i < 10; i++) jobs.push(submit({ ...JSON_LETTER, number: `x ${i}` }, { "idempotency-key": "k" }));
  for (let i = 0; i < 10; i++) jobs.push(submit({ ...JSON_LETTER, number: "y" }, { "idempotency-key": "race" }));
  for (let i = 0; i < 10; i++) jobs.push(call2(i));
  function call2(i: number) { return submit({ ...JSON_LETTER, number: `z${i % 2}` }, { "idempotency-key": "race2" }); }
  const all = await Promise.all(jobs);
  const count: Record<string, number> = {};
  for (const a of all) count[`${a.status} ${a.body?.code ?? ""}`] = (count[`${a.status} ${a.body?.code ?? ""}`] ?? 0) + 1;
  console.log(count, (await arrivals()).length, "expected 1+40+1+1");
});

test("headers", async (context) => {
  const { desk, client, call, submit } = await openProgram(context);
  const nasty = ["\xff\xfe\x80", "a".repeat(8000), ";;;;,,,,", '"', "*/*;q=9", "wait=99999999999999999999", "wait=-1", "wait=1e3", 'wait="', "%00", "\t \t", "__proto__", "constructor", "null", "[1,2]", "${x}", "'", "0", "Infinity"];
  for (const h of ["prefer", "accept", "if-none-match", "idempotency-key", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "client-cert", "accept-language", "range", "content-encoding", "accept-encoding", "origin", "cookie", "expect"]) {
    for (const n of nasty) {
      for (const p of ["/letters", "/inbox/next", "/inbox", `/letters/${client.id}`]) {
        if (h === "expect") continue;
        const r = await call("GET", p, undefined, { [h]: n }).catch((e) => ({ status: `throw ${e.message} ${e.cause}` }));
        if (Number(r.status) >= 500 || typeof r.status === "string") console.log("GET", p, h, n.slice(0, 20), r.status);
      }
      const r = await submit({ ...JSON_LETTER, number: `${h}${n}`.slice(0, 90) }, { [h]: n }).catch((e) => ({ status: `throw ${e.message} ${e.cause}` }));
      if (Number(r.status) >= 500 || typeof r.status === "string") console.log("POST", h, n.slice(0, 20), r.status);
    }
  }
  for (const t of ["application/json;charset=utf-16", "application/json; charset=tis-620", "application/xml; charset=utf-7", "application/json\xa0;", "application/json;\xff=\xfe"]) {
    const r = await call("POST", "/letters", JSON.stringify({ ...JSON_LETTER, number: t }), { "content-type": t }).catch((e) => ({ status: `${e.cause}` , text: ""}));
    console.log("type", t, r.status);
  }
  const rows = await desk.query("select distinct remote_address, tls from saraban.intake where remote_address <> '127.0.0.1'");
  console.log("addresses", rows);
  for (const body of ['{"__proto__":{"secrecy":"x"}}', `{"number":"1","number":"2","date":"2026-05-31","subject":"a","files":[]}`, "[".repeat(1_000_000), `{"a":`.repeat(100_000), "\ufeff{}", "null", "1e999", "123456789".repeat(100000), '"\\ud800"', JSON.stringify({ ...JSON_LETTER, __proto__x: 1 }), `{"constructor":{}}`, JSON.stringify({ ...JSON_LETTER, subject: "a\u0000b\ud800", number: "\u0000 1/2" }), JSON.stringify({ ...JSON_LETTER, from: { organisationId: "0101200000", domain: "\u0000" } }), JSON.stringify({ ...JSON_LETTER, to: { domain: "constructor" } })]) {
    const r = await submit(body);
    console.log("body", body.slice(0, 30), r.status, r.body?.code, JSON.stringify(r.body?.errors ?? "").slice(0, 100));
  }
  const utf16 = await call("POST", "/letters", Buffer.from(JSON.stringify(JSON_LETTER), "utf16le"), { "content-type": "application/json" });
  console.log("utf16", utf16.status);
  for (const p of ["/letters/%00", "/letters?limit=%00", "/letters?after=9999999999999", "/letters?limit[]=1", "/letters?__proto__=1", "/letters?limit=1&limit=2", "/inbox?after=999999999999999", "/inbox?limit=0", "/inbox/%ff", "/inbox/x/files/1", "/inbox/x/acknowledge", "/letters/" + "a".repeat(5000), "/letters/../letters", "//letters", "/letters/%2e%2e", "/LETTERS"]) {
    const r = await call("GET", p).catch((e) => ({ status: `${e}` }));
    if (Number(r.status) >= 500 || typeof r.status === "string") console.log("path", p, r.status);
  }
});

test("xml", async () => {
  const schema = await openDocumentSchema("government-document.xsd");
  const go = async (name: string, xml: string) => {
    const t0 = process.cpuUsage(); const w = performance.now();
    const r = await readXmlLetter(one(Buffer.from(xml)), schema, false);
    const c = process.cpuUsage(t0);
    console.log("xml", name, xml.length, "cpu", Math.round((c.user + c.system) / 1000), "ms wall", Math.round(performance.now() - w), "faults" in r ? r.faults.length + JSON.stringify(r.faults).slice(0, 200) : "ok");
  };
  await go("plain", xmlLetter());
  for (const n of [3000, 8000, 30000]) await go("attrs", xmlLetter().replace('<ram:Attachment>', `<ram:Attachment ${Array.from({ length: n }, (_, i) => `a${i}="${i}"`).join(" ")}>`));
  await go("attrs on many", xmlLetter().replaceAll(/<ram:([A-Z]\w+)>/g, (_, t) => `<ram:${t} ${Array.from({ length: 60 }, (_, i) => `a${i}="${i}"`).join(" ")}>`));
  await go("long attr", xmlLetter().replace('<ram:Attachment>', `<ram:Attachment a="${"x".repeat(900_000)}">`));
  await go("long name", xmlLetter().replace('<ram:Attachment>', `<ram:${"x".repeat(400_000)}/><ram:Attachment>`));
  await go("ns", xmlLetter().replace('<ram:Attachment>', `<q:x xmlns:q="${"u".repeat(400_000)}"/><ram:Attachment>`));
  await go("long date", xmlLetter().replace("2026-05-31<", `${"9".repeat(900_000)}<`));
  await go("long id", xmlLetter().replace("นร 0505/77", `${"9".repeat(300_000)}`));
});

test("own", async (context) => {
  const { desk, client, submit, call, arrivals } = await openProgram(context);
  const same = await desk.addClient();
  const elsewhere = await desk.addClient({ agencyId: "agency-b" });
  const reader = await desk.addClient({ scopes: ["receipts"], senderDomain: "opdc.example.go.th" });
  const { body } = await submit(JSON_LETTER, { "idempotency-key": "mine" });
  for (const [n, t] of [["same", same.token], ["elsewhere", elsewhere.token], ["reader", reader.token], ["clerk", desk.token]] as const)
    for (const p of [`/letters/${body.id}`, `/letters/${body.id}/receipts`, `/arrivals/${body.id}/receipts`, `/lines`, `/tray`, `/tray/${body.id}`, `/outbound`, `/inbox`, `/directory`, `/quarantine`, `/mailbox-checks`]) {
      const r = await call("GET", p, undefined, {}, t);
      console.log(n, p.replace(body.id, "ID"), r.status, r.body?.code ?? "");
    }
  const again = await submit(JSON_LETTER, { "idempotency-key": "mine" }, same.token);
  console.log("same key other client", again.status, again.body.id !== body.id, (await arrivals()).length);
  void client;
});
void form; void LETTER; void PDF; void expect;
