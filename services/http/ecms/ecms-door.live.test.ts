import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { test } from "vitest";
import { ECMS_PATH, errorCodeOf, openNode } from "./testing/node.ts";
import {
  envelope,
  keyed,
  letter,
  MAIN,
  notifier,
  objectsIn,
  sha256Of,
  type TestLetter,
  textOf,
} from "./testing/soap.ts";

test("a letter is taken in as it came, and its echo has the literal prefixes and the order of old clients", async (context) => {
  const { expect } = context;
  const { post, query, made } = await openNode(context);
  const attachment = { mimeCode: "application/pdf", octets: randomBytes(200_001) };
  const body = letter({ attachments: [attachment] });
  const { status, headers, xml } = await post(body);
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/xml; charset=utf-8");
  expect(xml).toMatch(
    /^<\?xml version="1\.0" encoding="UTF-8"\?><SOAP-ENV:Envelope [^>]*><SOAP-ENV:Body><CorrespondenceLetterOutboundResponse><ProcessID>[0-9a-f-]{36}<\/ProcessID><ProcessTime>[^<]+<\/ProcessTime><rsm:GovernmentDocument [^>]*><ram:CorrespondenceLetter ID="Letter"><ram:ID>นร ๑๒๐๐\/๖๑<\/ram:ID><ram:CorrespondenceDate>2020-04-20<\/ram:CorrespondenceDate><ram:Subject>ขอเชิญประชุม<\/ram:Subject>/u,
  );
  expect(objectsIn(xml)).toEqual([
    { role: "Main", mimeCode: "text/plain", sha256: sha256Of(MAIN.octets) },
    { role: "Attachment", mimeCode: "application/pdf", sha256: sha256Of(attachment.octets) },
  ]);
  const [arrival, ...others] = await query(
    `select i.agency_id, i.door, i.media_type, i.client_id, i.sender_domain, i.size_bytes::int, o.job, d.letter_id, d.process_id
       from saraban.intake i join saraban.outbox o on o.subject_id = i.id join saraban.ecms_document d on d.intake_id = i.id`,
  );
  expect(others).toEqual([]);
  expect(arrival).toEqual({
    agency_id: "agency-a",
    door: "ecms",
    media_type: "text/xml; encoding='utf-8'",
    client_id: made[0]?.id,
    sender_domain: "opdc.example.go.th",
    size_bytes: Buffer.byteLength(body),
    job: "read-letter",
    letter_id: "นร ๑๒๐๐/๖๑",
    process_id: textOf(xml, "ProcessID"),
  });
});

test("a letter is refused while the first one with its identity is here; deleted, it may come again, and the key may be deleted twice", async (context) => {
  const { expect } = context;
  const { post, kept } = await openNode(context);
  const large = { mimeCode: "application/pdf", octets: randomBytes(150_000) };
  expect(errorCodeOf(await post(letter({ main: large })))).toBeNull();
  const before = await kept();
  const again = await post(letter({ main: { ...large, octets: randomBytes(150_000) } }));
  expect(again.status).toBe(200);
  expect(again.xml).toContain("><ErrorDetail><ErrorCode>SRB303</ErrorCode><ErrorDescription>");
  expect(await kept()).toEqual(before);
  const deletion = keyed("CorrespondenceDeleteGovernmentDocumentRequest", {
    id: "นร 1200/61",
    sender: "01012",
  });
  const deleted = await post(deletion);
  expect(textOf(deleted.xml, "ProcessID")).toMatch(/^[0-9a-f-]{36}$/);
  expect((await post(deletion)).xml).toContain(`<ProcessID>${textOf(deleted.xml, "ProcessID")}</ProcessID>`);
  expect(errorCodeOf(await post(letter({ main: large })))).toBeNull();
  expect((await kept()).arrivals).toBe(2);
});

test("of two that send the same letter at the same moment one is refused", async (context) => {
  const { expect } = context;
  const { post, kept } = await openNode(context);
  const answers = await Promise.all(Array.from({ length: 8 }, () => post(letter())));
  expect(answers.map(errorCodeOf).filter((code) => code !== null)).toEqual(Array(7).fill("SRB303"));
  expect((await kept()).arrivals).toBe(1);
});

const REFUSED: readonly (readonly [string, TestLetter, string])[] = [
  ["confidential", { secretCode: "002" }, "SRB304"],
  ["secret", { secretCode: "003" }, "SRB304"],
  ["top secret", { secretCode: "004" }, "SRB305"],
  ["of an unknown class", { secretCode: "009" }, "SRB207"],
  ["of an unknown speed", { speedCode: "009" }, "SRB206"],
  ["without a number", { id: "" }, "SRB201"],
  ["without a date", { date: "" }, "SRB202"],
  ["of another office", { sender: "0800200000" }, "SRB302"],
  ["of an office nobody knows", { sender: "9999900000" }, "SRB302"],
  ["for an office elsewhere", { receiver: "0800200000" }, "SRB301"],
  ["for another agency than its client's", { receiver: "0199800000" }, "SRB301"],
];

test("what may not be taken in is refused with a code and without a word of it, and nothing of it is kept", async (context) => {
  const { expect } = context;
  const { post, kept } = await openNode(context);
  const main = { mimeCode: "application/pdf", octets: randomBytes(120_000) };
  for (const [what, facts, code] of REFUSED) {
    const answer = await post(letter({ subject: "เรื่องที่ห้ามซ้ำ", main, ...facts }));
    expect([what, answer.status, errorCodeOf(answer)]).toEqual([what, 200, code]);
    expect(answer.xml).not.toMatch(/เรื่องที่ห้ามซ้ำ|๑๒๐๐/u);
  }
  const damaged = letter({ main }).replace("</ram:MainLetterBinaryObject>", "*</ram:MainLetterBinaryObject>");
  expect(errorCodeOf(await post(damaged))).toBe("SRB208");
  expect(await kept()).toEqual({ arrivals: 0, files: 0 });
});

test("what is no request is a fault of SOAP with 400, heard to its end, and nothing of it is kept", async (context) => {
  const { expect } = context;
  const { post, kept } = await openNode(context);
  const xxe = `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>${letter({ subject: "&x;" })}`;
  const cases: [string, string][] = [
    [xxe, "SRB102"],
    ["<a>".repeat(400_000), "SRB104"],
    [letter().slice(0, -60), "SRB101"],
    ["<note>hello</note>", "SRB107"],
    [envelope("<DropAllLettersRequest/>"), "SRB109"],
    [envelope(""), "SRB108"],
    ["", "SRB101"],
  ];
  for (const [body, code] of cases) {
    const answer = await post(body);
    expect([code, answer.status, errorCodeOf(answer)]).toEqual([code, 400, code]);
    expect(answer.xml).toContain("<SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</faultcode>");
  }
  expect(await kept()).toEqual({ arrivals: 0, files: 0 });
});

test("nobody is let in without credentials, and a client only to what its scopes allow", async (context) => {
  const { expect } = context;
  const { url, post, kept, clients, query, made } = await openNode(context, { scopes: ["receipts"] });
  const stranger = await fetch(`${url}${ECMS_PATH}`, { method: "POST", body: letter() });
  expect(stranger.status).toBe(401);
  expect(stranger.headers.get("www-authenticate")).toMatch(/^Basic /);
  expect(errorCodeOf(await post(letter()))).toBe("SRB306");
  expect((await post(envelope("<CorrespondenceLetterInboundRequest />"))).xml).toContain(
    "<ProcessID></ProcessID>",
  );
  await clients.calls.stop();
  expect(
    await query("select client_id, door, operation, status from saraban.client_call order by id"),
  ).toEqual([
    {
      client_id: made[0]?.id,
      door: "ecms",
      operation: "CorrespondenceLetterOutboundRequest SRB306",
      status: 200,
    },
    { client_id: made[0]?.id, door: "ecms", operation: "CorrespondenceLetterInboundRequest", status: 200 },
  ]);
  const looked = await fetch(`${url}${ECMS_PATH}?wsdl`);
  expect([looked.status, looked.headers.get("allow")]).toEqual([405, "POST"]);
  expect((await kept()).arrivals).toBe(0);
});

test("each notifier is taken in for the agency, and answered with when and which office, exactly one Code", async (context) => {
  const { expect } = context;
  const { post, query } = await openNode(context);
  const facts = { LetterID: "ทก 0101/45", CorrespondenceDate: "2022-07-21", Subject: "ขอส่งรายงาน" };
  const types = ["ReceiveLetterNotifier", "RejectLetterNotifier", "InvalidLetterNotifier"];
  for (const type of types) {
    const { xml } = await post(notifier(type, facts));
    expect(xml).toMatch(
      new RegExp(
        `</ProcessTime><${type}><LetterID>ทก 0101/45</LetterID><CorrespondenceDate>2022-07-21</CorrespondenceDate><Subject>ขอส่งรายงาน</Subject><AcceptDate>[^<]+</AcceptDate><AcceptDepartment><Code>0101200000</Code></AcceptDepartment></${type}></Corr`,
        "u",
      ),
    );
    expect(xml).not.toContain("AcceptID");
  }
  const accepted = await post(notifier("AcceptLetterNotifier", { ...facts, AcceptID: "5521/2565" }, "1.0"));
  expect(accepted.xml).toContain(
    "<LetterID>ทก 0101/45</LetterID><AcceptID>5521/2565</AcceptID><CorrespondenceDate>",
  );
  expect(accepted.xml.match(/<Code>/g)).toHaveLength(1);
  expect(textOf(accepted.xml, "Code")).toBe("01012");
  const disputed = await post(notifier("InvalidAcceptIDNotifier", { ...facts, AcceptID: "1/2569" }));
  expect(textOf(disputed.xml, "Code")).toBe("0199900000");
  expect(errorCodeOf(await post(notifier("AcceptLetterNotifier", facts)))).toBe("SRB211");
  const rows = await query("select agency_id, door, sender_domain from saraban.intake");
  expect(rows).toEqual(
    Array(5).fill({ agency_id: "agency-a", door: "ecms", sender_domain: "opdc.example.go.th" }),
  );
});

test("an agency served here writes to another one, whose notifier goes back to it", async (context) => {
  const { expect } = context;
  const { post, query } = await openNode(
    context,
    { senderDomain: "agency-a.example.go.th", scopes: ["submit", "receipts", "read-inbound"] },
    {
      agencyId: "agency-b",
      senderDomain: "agency-b.example.go.th",
      scopes: ["submit", "receipts", "read-inbound"],
    },
  );
  const fromA = { id: "ทก 0101/7", sender: "01999", receiver: "01998" };
  expect(errorCodeOf(await post(letter(fromA, "1.0")))).toBeNull();
  const { xml } = await post(
    notifier("AcceptLetterNotifier", {
      LetterID: "ทก 0101/7",
      AcceptID: "9",
      CorrespondenceDate: "2020-04-20",
      Subject: "",
    }),
    1,
  );
  expect(textOf(xml, "Code")).toBe("0199800000");
  expect(await query("select agency_id, sender_domain from saraban.intake order by arrival_seq")).toEqual([
    { agency_id: "agency-b", sender_domain: "agency-a.example.go.th" },
    { agency_id: "agency-a", sender_domain: "agency-b.example.go.th" },
  ]);
  expect(errorCodeOf(await post(letter({ ...fromA, id: "ทก 0101/8", receiver: "0800200000" })))).toBe(
    "SRB301",
  );
  const deleted = await post(
    keyed("CorrespondenceDeleteGovernmentDocumentRequest", { ...fromA, date: "2020-04-20" }),
  );
  expect(errorCodeOf(deleted)).toBeNull();
});

test("old clients are understood: chunks, HTTP/1.0, Expect, no type, a type that is none", async (context) => {
  const { expect } = context;
  const { post, url, made } = await openNode(context);
  const poll = envelope("<CorrespondenceLetterInboundRequest />");
  const chunked = new ReadableStream({
    async start(controller) {
      for (const octet of Buffer.from(poll)) controller.enqueue(new Uint8Array([octet]));
      controller.close();
    },
  });
  expect((await post(chunked)).status).toBe(200);
  for (const type of ["text/xml; encoding=utf-8", "application/x-www-form-urlencoded", "text/xml;;", "xml"])
    expect([type, (await post(poll, 0, { "content-type": type })).status]).toEqual([type, 200]);
  const [{ id, secret } = { id: "", secret: "" }] = made;
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
  for (const version of ["1.0", "1.1"]) {
    const answer = await raw(
      url,
      `POST ${ECMS_PATH} HTTP/${version}\r\nHost: node\r\nAuthorization: ${authorization}\r\nContent-Length: ${Buffer.byteLength(poll)}\r\n` +
        `${version === "1.1" ? "Expect: 100-continue\r\nConnection: close\r\n" : ""}\r\n${poll}`,
    );
    expect(answer).toContain("200 OK");
    expect(answer).toContain("</SOAP-ENV:Envelope>");
  }
});

test("what cannot be taken in now is answered 503, and is not half there", async (context) => {
  const { expect } = context;
  const { post, kept, query, url, made } = await openNode(context);
  const large = letter({ main: { mimeCode: "application/pdf", octets: randomBytes(500_000) } });
  // Half a letter, and gone.
  const [{ id, secret } = { id: "", secret: "" }] = made;
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
  const head = `POST ${ECMS_PATH} HTTP/1.1\r\nHost: node\r\nAuthorization: ${authorization}\r\nContent-Length: ${Buffer.byteLength(large)}\r\n\r\n`;
  await halfOf(url, head + large.slice(0, 300_000));
  const tooLarge = await raw(url, head.replace(/Content-Length: \d+/, "Content-Length: 104857601"));
  expect(tooLarge).toMatch(/^HTTP\/1.1 413 .*SRB106/s);
  await query("alter table saraban.intake rename to intake_away");
  const answer = await post(large);
  expect([answer.status, errorCodeOf(answer), answer.headers.get("retry-after")]).toEqual([
    503,
    "SRB501",
    "30",
  ]);
  expect(answer.xml).toContain("<faultcode>SOAP-ENV:Server</faultcode>");
  await query("alter table saraban.intake_away rename to intake");
  expect(await query("select 1 from saraban.ecms_document")).toEqual([]);
  expect((await kept()).arrivals).toBe(0);
  expect(errorCodeOf(await post(large))).toBeNull();
});

/** Sends what is given and goes away; resolves when the connection is closed. */
function halfOf(url: string, request: string): Promise<void> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(request, () => socket.destroy());
    });
    socket.on("close", () => resolve());
    socket.on("error", reject);
  });
}

function raw(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(request));
    let heard = "";
    socket.setEncoding("utf8");
    socket.on("data", (text) => {
      heard += text;
    });
    socket.on("end", () => resolve(heard));
    socket.on("error", reject);
  });
}
