import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { JSON_LETTER, LETTER, openProgram, PDF, xmlLetter } from "../testing/program.ts";
import { parseForm } from "../../shared/mime/parse-form.ts";
import { readMultipartLetter } from "./read-multipart-letter.ts";
import { readBody } from "../../reading/program/read-body.ts";
import { CONTENT_LIMITS, openContentKeeper } from "../../shared/mime/part-content.ts";
import { openDocumentSchema } from "./document-schema.ts";
import { readXmlLetter } from "./read-xml-letter.ts";

test("starve", async (context) => {
  const { desk, client, submit } = await openProgram(context);
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
  const r = await Promise.race([submit(JSON_LETTER, {}, other.token).then((a) => a.status), sleep(5000).then(() => "starved")]);
  console.log("starve:", r);
  for (const s of sockets) s.destroy();
});

test("tokens", async (context) => {
  const { desk, client, call } = await openProgram(context);
  const b = (x: unknown) => Buffer.from(typeof x === "string" ? x : JSON.stringify(x)).toString("base64url");
  const [h, p, s] = client.token.split(".") as [string, string, string];
  const head = JSON.parse(Buffer.from(h, "base64url").toString());
  const heads: unknown[] = [{ alg: "none" }, { ...head, alg: "none" }, { ...head, alg: "HS256" }, { ...head, kid: {} }, { ...head, kid: 5 }, { ...head, kid: ["a"] }, { ...head, b64: false, crit: ["b64"] }, { ...head, crit: ["x"] }, { ...head, crit: [] }, { ...head, zip: "DEF" }, { ...head, typ: 5 }, { ...head, typ: {} }, { ...head, typ: null }, { ...head, alg: {} }, { ...head, alg: 7 }, null, [], 5, "x", '{"a":', "\xff\xfe", { ...head, kid: "__proto__" }, { ...head, kid: undefined }, { ...head, typ: "JWT" }, { ...head, jwk: {} }];
  const tokens = heads.map((x) => `${b(x)}.${p}.${s}`);
  tokens.push(`${h}.${p}.`, `..`, `.`, "a", `${h}.${b({ sub: client.id, exp: 9e15 })}.${s}`, `${h}.@.${s}`, `${h}.${p}.${s}A`, `${h}.${p}.${s.slice(0, -2)}`, `${h}..${s}`, `${h}.${p}.~~~`, `${h}=.${p}.${s}`, `${h}.${p}.${s}.${s}`, `${h}.${p}.${s}..`);
  for (const t of tokens) {
    const r = await call("GET", "/letters", undefined, {}, t);
    if (![401, 429].includes(r.status)) console.log("TOKEN", r.status, t.slice(0, 80), Buffer.from(t.split(".")[0] ?? "", "base64url").toString());
  }
});

function multi(parts: [string[], string | Buffer][], boundary = "b"): Buffer {
  return Buffer.concat([...parts.map(([h, c]) => Buffer.concat([Buffer.from(`--${boundary}\r\n${h.join("\r\n")}\r\n\r\n`), Buffer.from(c), Buffer.from("\r\n")])), Buffer.from(`--${boundary}--\r\n`)]);
}
async function* one(b: Buffer) { yield b; }
async function both(name: string, body: Buffer, type: string) {
  const door = await readMultipartLetter(one(body), type);
  const keeper = openContentKeeper(CONTENT_LIMITS);
  try {
    const reader = await readBody(one(body), type, false, keeper);
    const d = "faults" in door ? `FAULT ${door.faults.map((f) => f.pointer + " " + f.en)}` : `${door.letter.toString().slice(0, 60)} files ${door.files.map((f) => `${f.role} ${f.name} ${f.sizeBytes} ${f.sha256.slice(0, 6)}`)}`;
    const r = reader.stated === null ? `UNREADABLE ${reader.problems}` : `${JSON.stringify(reader.stated).slice(0, 90)} files ${reader.files.map((f) => `${f.role} ${f.part.sizeBytes} ${f.part.sha256.slice(0, 6)}`)}`;
    console.log(`${name}\n  door   ${d}\n  reader ${r}`);
  } finally { await keeper.dispose(); }
}
test("forms", async () => {
  const A = JSON.stringify({ ...LETTER, subject: "DOOR" });
  const B = JSON.stringify({ ...LETTER, subject: "READER", secrecy: "secret" });
  const L = ['Content-Disposition: form-data; name="letter"', "Content-Type: application/json"];
  const M = ['Content-Disposition: form-data; name="main"; filename="a.pdf"', "Content-Type: application/pdf"];
  const t = "multipart/form-data; boundary=b";
  await both("plain", multi([[L, A], [M, PDF]]), t);
  await both("names twice", multi([[['Content-Disposition: form-data; name="enclosure"; name="letter"', L[1] as string], A], [['Content-Disposition: form-data; name="letter"; name="main"; filename="a.pdf"', L[1] as string], B]]), t);
  await both("dispositions twice", multi([[['Content-Disposition: form-data; name="letter"', 'Content-Disposition: form-data; name="main"', L[1] as string], A], [['Content-Disposition: form-data; name="main"; filename="a.pdf"', 'Content-Disposition: form-data; name="letter"', L[1] as string], B]]), t);
  await both("skipped part", multi([[['Content-Disposition: attachment; name="letter"', L[1] as string], B], [L, A], [M, PDF]]), t);
  await both("no disposition first", multi([[["Content-Type: application/json"], B], [L, A], [M, PDF]]), t);
  const inner = multi([[L, B], [M, PDF]], "c");
  await both("two boundaries", multi([[L, A], [M, inner]]), `multipart/form-data; boundary=b; boundary=c`);
  await both("boundary*", multi([[L, A], [M, inner]]), `multipart/form-data; boundary*=c; boundary=b`);
  await both("cte twice", multi([[[...L, "Content-Transfer-Encoding: 8bit", "Content-Transfer-Encoding: base64"], A], [M, PDF]]), t);
  await both("lf inside", multi([[L, A], [M, `x\n--b\nContent-Disposition: form-data; name="enclosure"; filename="b.pdf"\n\ninside\n`]]), t);
  await both("long type", multi([[L, A], [M, PDF]]), `multipart/form-data; x="${"a".repeat(390)}"; boundary=b`.slice(0, 400));
  await both("quoted boundary", multi([[L, A], [M, PDF]], "a b"), `multipart/form-data; boundary="a b"`);
  await both("boundary with colon etc", multi([[L, A], [M, PDF]], "a'()+_,-./:=?"), `multipart/form-data; boundary="a'()+_,-./:=?"`);
  await both("escaped boundary", multi([[L, A], [M, PDF]], `a"b`), `multipart/form-data; boundary="a\\"b"`);
  await both("multipart main", multi([[L, A], [['Content-Disposition: form-data; name="main"; filename="a.pdf"', "Content-Type: multipart/mixed; boundary=z"], "--z\r\n\r\nhi\r\n--z--\r\n"]]), t);
  await both("message main", multi([[L, A], [['Content-Disposition: form-data; name="main"; filename="a.eml"', "Content-Type: message/rfc822"], "Subject: x\r\n\r\nhello\r\n"]]), t);
  await both("text main", multi([[L, A], [['Content-Disposition: form-data; name="main"; filename="a.txt"', "Content-Type: text/plain"], "a\r\nb \r\n-- \r\n"]]), t);
  await both("flowed", multi([[L, A], [['Content-Disposition: form-data; name="main"; filename="a.txt"', "Content-Type: text/plain; format=flowed; delsp=yes"], "a \r\nb \r\n> x\r\n"]]), t);
  const random = Buffer.alloc(300_000); let x = 7; for (let i = 0; i < random.length; i++) { x = (x * 1103515245 + 12345) & 0x7fffffff; random[i] = x >> 16; }
  await both("binary", multi([[L, A], [M, random]]), t);
  await both("one long line", multi([[L, A], [M, Buffer.alloc(3_000_000, 65)]]), t);
  await both("ends in cr", multi([[L, A], [M, "abc\r"]]), t);
  await both("ends in lf", multi([[L, A], [M, "abc\n\n"]]), t);
  await both("ends in crlf", multi([[L, A], [M, "abc\r\n"]]), t);
  await both("letter upper type + charset", multi([[[L[0] as string, "Content-Type: Application/JSON; charset=tis-620"], A], [M, PDF]]), t);
  await both("letter xml blank", multi([[[L[0] as string, "Content-Type: application/xml"], " ".repeat(150) + xmlLetter({ main: "" }).replace(/<\?xml.*?\?>/, "")], [M, PDF]]), t);
  await both("letter xml utf16", multi([[[L[0] as string, "Content-Type: application/xml"], Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(xmlLetter({ main: "" }).replace("UTF-8", "UTF-16"), "utf16le")])], [M, PDF]]), t);
  await both("letter json bom", multi([[L, "\ufeff" + A], [M, PDF]]), t);
  await both("letter quoted name no quotes", multi([[["Content-Disposition: form-data; name=letter", L[1] as string], A], [["content-disposition:form-data;name=main;filename=a.pdf", M[1] as string], PDF]]), t);
  await both("preamble", Buffer.concat([Buffer.from("hello\r\n"), multi([[L, A], [M, PDF]])]), t);
  await both("many parts 101", multi([[L, A], [M, PDF], ...Array.from({ length: 99 }, (_, i): [string[], string] => [[`Content-Disposition: form-data; name="enclosure"; filename="${i}.txt"`, "Content-Type: text/plain"], `${i}`])]), t);
  await both("folded", multi([[['Content-Disposition: form-data;\r\n name="letter"', L[1] as string], A], [M, PDF]]), t);
  await both("letter with filename", multi([[['Content-Disposition: form-data; name="letter"; filename="letter.json"', L[1] as string], A], [M, PDF]]), t);
  await both("filename*", multi([[L, A], [["Content-Disposition: form-data; name=\"main\"; filename*=UTF-8''%E0%B8%81.pdf", M[1] as string], PDF]]), t);
});

test("xml", async () => {
  const schema = await openDocumentSchema("government-document.xsd");
  const go = async (name: string, xml: string) => {
    const t0 = process.cpuUsage(); const w = performance.now();
    const r = await readXmlLetter(one(Buffer.from(xml)), schema, false);
    const c = process.cpuUsage(t0);
    console.log("xml", name, xml.length, "cpu", Math.round((c.user + c.system) / 1000), "ms wall", Math.round(performance.now() - w), "faults" in r ? r.faults.length + JSON.stringify(r.faults).slice(0, 300) : "ok");
  };
  await go("plain", xmlLetter());
  await go("plain", xmlLetter());
  await go("subject", xmlLetter({ subject: "ก".repeat(900_000) }));
  const ref = "<ram:ReferenceCorrespondence><ram:ID>1</ram:ID><ram:CorrespondenceDate>2026-01-01</ram:CorrespondenceDate><ram:Subject>x</ram:Subject></ram:ReferenceCorrespondence>";
  await go("refs", xmlLetter().replace("<ram:Attachment>", `${ref.repeat(4000)}<ram:Attachment>`));
  await go("junk", xmlLetter().replace("<ram:Attachment>", `${"<ram:x/>".repeat(20000)}<ram:Attachment>`));
  await go("attrs", xmlLetter().replace('<ram:Attachment>', `<ram:Attachment ${Array.from({ length: 5000 }, (_, i) => `a${i}="${i}"`).join(" ")}>`));
  await go("objs", xmlLetter().replace("</ram:CorrespondenceLetter>", `${'<ram:AttachmentBinaryObject mimeCode="application/pdf">QQ==</ram:AttachmentBinaryObject>'.repeat(4000)}</ram:CorrespondenceLetter>`));
  await go("classified + bad date", xmlLetter({ secret: "002" }).replace("2026-05-31<", "TOPSECRET<"));
  await go("bad secret", xmlLetter({ secret: "hush" }));
});
