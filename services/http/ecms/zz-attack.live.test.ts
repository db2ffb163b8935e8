import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { test } from "vitest";
import { ECMS_PATH, errorCodeOf, openNode } from "./testing/node.ts";
import { envelope, keyed, letter, MAIN, notifier, objectsIn, sha256Of, textOf } from "./testing/soap.ts";

test("attack", { timeout: 120_000 }, async (context) => {
  const { post, query, kept, url, made } = await openNode(context, {}, { scopes: ["receipts"] });
  const log = (name: string, a: Awaited<ReturnType<typeof post>>) =>
    console.log(name, a.status, errorCodeOf(a) ?? textOf(a.xml, "ProcessID") ?? a.xml.slice(0, 200));
  const N = "<ReceiveLetterNotifier><LetterID>ก 1/1</LetterID><CorrespondenceDate>2020-01-01</CorrespondenceDate></ReceiveLetterNotifier>";
  log("bypass scope", await post(letter({ id: "ก 1/1" }).replace("<rsm:Gov", `${N}<rsm:Gov`), 1));
  log("no scope", await post(letter({ id: "ก 1/1" }), 1));
  let n = 10;
  const id = () => `ก 1/${n++}`;
  const obj = (octets: Buffer, mimeCode = "application/pdf") => ({ mimeCode, octets });
  const big = obj(randomBytes(300_000));
  const small = obj(randomBytes(5000), "image/png");
  // echo shapes
  const shapes: [string, string, Buffer[]][] = [];
  const base = (o = {}) => letter({ id: id(), main: big, attachments: [small], ...o });
  shapes.push(["plain", base(), [big.octets, small.octets]]);
  const b2 = base();
  const main = /<ram:MainLetterBinaryObject.*?<\/ram:MainLetterBinaryObject>/s.exec(b2)?.[0] ?? "";
  shapes.push(["main last", b2.replace(main, "").replace("</ram:CorrespondenceLetter>", `${main}</ram:CorrespondenceLetter>`), [big.octets, small.octets]]);
  shapes.push(["two mains", base().replace("<ram:AttachmentBinaryObject", `${main}<ram:AttachmentBinaryObject`), [big.octets, big.octets, small.octets]]);
  const b3 = base();
  const att = /<ram:AttachmentBinaryObject.*?<\/ram:AttachmentBinaryObject>/s.exec(b3)?.[0] ?? "";
  shapes.push(["att main att main", b3.replace(main, `${att}${main}${att}${main}`), []]);
  shapes.push(["empty main", letter({ id: id(), main: { mimeCode: "text/plain", octets: Buffer.alloc(0) } }), []]);
  shapes.push(["empty main + att", letter({ id: id(), main: { mimeCode: "text/plain", octets: Buffer.alloc(0) }, attachments: [small] }), [small.octets]]);
  shapes.push(["empties between", base().replaceAll("<ram:AttachmentBinaryObject", '<ram:AttachmentBinaryObject mimeCode=""></ram:AttachmentBinaryObject><ram:AttachmentBinaryObject'), [big.octets, small.octets]]);
  shapes.push(["100 attachments", letter({ id: id(), main: MAIN, attachments: Array.from({ length: 99 }, () => small) }), [MAIN.octets, ...Array.from({ length: 99 }, () => small.octets)]]);
  shapes.push(["200 attachments", letter({ id: id(), main: MAIN, attachments: Array.from({ length: 200 }, () => small) }), []]);
  shapes.push(["mime injection", base().replace('mimeCode="image/png"', 'mimeCode="&quot;&gt;&lt;x/>"'), [big.octets]]);
  shapes.push(["subject inject", base({ subject: "&amp;lt;ErrorDetail&amp;gt;&lt;/ram:Subject&gt;]]&gt;" }), [big.octets, small.octets]]);
  for (const [name, xml, octets] of shapes) {
    const a = await post(xml);
    const got = objectsIn(a.xml).map(({ sha256 }) => sha256);
    const ok = JSON.stringify(got) === JSON.stringify(octets.map(sha256Of));
    log(`shape ${name} ${ok} end=${a.xml.endsWith("</SOAP-ENV:Envelope>")} n=${got.length}`, a);
    if (name.includes("inject")) console.log(a.xml.replace(/[A-Za-z0-9+/=]{200,}/g, "…").slice(200, 1700));
  }
  const utf16 = Buffer.from(`\ufeff<?xml version="1.0" encoding="utf-16"?>${letter({ id: id() })}`, "utf16le");
  log("utf16", await post(utf16));
  log("type +json", await post(letter({ id: id() }), 0, { "content-type": "text/xml+json" }));
  log("type json", await post(letter({ id: id() }), 0, { "content-type": "application/json" }));
  log("type multipart", await post(letter({ id: id() }), 0, { "content-type": "multipart/form-data; boundary=x" }));
  log("type soap12", await post(letter({ id: id() }), 0, { "content-type": 'application/soap+xml; charset=utf-8; action="x"' }));
  console.log(await query("select media_type, count(*)::int from saraban.intake group by 1"));
  const two = letter({ id: id() });
  log("long id", await post(letter({ id: "ก".repeat(7000) })));
  log("long id 3000 ascii random", await post(letter({ id: randomBytes(3500).toString("hex") })));
  log("dup 5 digits", await post(letter({ id: "ก 9/1" })));
  log("dup 5 digits 2", await post(letter({ id: "ก 9/1", sender: "01012", receiver: "01999", date: "2563-04-20" }, "1.0")));
  log("dup dept spelled", await post(letter({ id: "ก  9/1 ", date: "2020-04-20T00:00:00" })));
  log("dup thai digits", await post(letter({ id: "ก ๙/๑" })));
  log("time", await post(envelope("<TimeCheckRequest/>").replace("<TimeCheckRequest/>", "<TimeCheckRequest/><GetSpeedCodes/>")));
  log("delete NUL", await post(envelope("<CorrespondenceLetterDeleteRequest><ProcessID>&#x7f;'; drop</ProcessID></CorrespondenceLetterDeleteRequest>")));
  log("delete long", await post(envelope(`<CorrespondenceLetterDeleteRequest><ProcessID>${"9".repeat(100000)}</ProcessID></CorrespondenceLetterDeleteRequest>`)));
  log("special", await post(keyed("CorrespondenceLetterInboundSpecialRequest", { id: "ก 9/1" }, "GovernmentDocument")));
  log("special bad date", await post(keyed("CorrespondenceLetterInboundSpecialRequest", { id: "ก 9/1", date: "9999-99-99" }, "GovernmentDocument")));
  log("doc delete huge", await post(keyed("CorrespondenceDeleteGovernmentDocumentRequest", { id: "ก".repeat(7000) })));
  for (const t of ["ReceiveLetterNotifier", "AcceptLetterNotifier", "InvalidAcceptIdNotifier"]) {
    const a = await post(notifier(t, { LetterID: "&lt;x&gt; ก 9/1", AcceptID: "7", CorrespondenceDate: "2563-04-20T10:00:00+07:00", Subject: "", AcceptDate: "x", AcceptDepartment: "<Code>99</Code><Code>88</Code>" }));
    log(t, a); console.log(a.xml.slice(210));
  }
  console.log(await kept());
  // drip: a byte each 200 ms for 3 s while others are served
  const [{ id: cid, secret } = { id: "", secret: "" }] = made;
  const { hostname, port } = new URL(url);
  const sockets = Array.from({ length: 70 }, () => {
    const s = connect(Number(port), hostname, () => {
      s.write(`POST ${ECMS_PATH} HTTP/1.1\r\nHost: n\r\nAuthorization: Basic ${Buffer.from(`${cid}:${secret}`).toString("base64")}\r\nContent-Length: ${Buffer.byteLength(two)}\r\n\r\n${two.slice(0, 500)}`);
    });
    s.on("error", () => {});
    return s;
  });
  await new Promise((r) => setTimeout(r, 1500));
  log("while 70 hang: same client", await post(envelope("<TimeCheckRequest/>")));
  log("while 70 hang: other client", await post(envelope("<TimeCheckRequest/>"), 1));
  for (const s of sockets) s.destroy();
  await new Promise((r) => setTimeout(r, 500));
  log("after", await post(envelope("<TimeCheckRequest/>")));
  // concurrency
  const t0 = Date.now();
  const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => post(letter({ id: `ข 1/${i % 20}` }))));
  console.log("60 at once", Date.now() - t0, answers.map((a) => errorCodeOf(a) ?? a.status).reduce((m: Record<string, number>, c) => ({ ...m, [c]: (m[c] ?? 0) + 1 }), {}));
  console.log(await kept());
});
