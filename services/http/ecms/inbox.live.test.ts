import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readlink } from "node:fs/promises";
import { test } from "vitest";
import { EVIDENCE_EXAMPLES } from "../../shared/testing/evidence-examples.ts";
import { receiptOffice } from "../testing/receipts.ts";
import { writeNews, writeSentLetter } from "../testing/sent-letters.ts";
import { ECMS_PATH, errorCodeOf, openNode } from "./testing/node.ts";
import { envelope, keyed, letter, MAIN, notifier, objectsIn, sha256Of, textOf } from "./testing/soap.ts";

const POLL = envelope("<CorrespondenceLetterInboundRequest />");
const OLD_POLL = envelope("<CorrespondenceLetterInboundRequest />", "1.0");
const deletion = (processId: string | null): string =>
  envelope(
    `<CorrespondenceLetterDeleteRequest><ProcessID>${processId}</ProcessID></CorrespondenceLetterDeleteRequest>`,
  );

const OWN = {
  senderDomain: "agency-a.example.go.th",
  scopes: ["submit", "receipts", "read-inbound", "read-outbound"],
} as const;

test("a letter by e-CMS is polled as it came until it is deleted; by its key it is had once more", async (context) => {
  const { expect } = context;
  const { post, query, layItem, writeReading } = await openNode(context, {}, OWN);
  const attachment = { mimeCode: "application/pdf", octets: randomBytes(300_000) };
  await post(letter({ attachments: [attachment] }));
  const [{ id: intakeId } = { id: "" }] = await query<{ id: string }>("select id from saraban.intake");
  await writeReading(intakeId);
  const itemId = await layItem(1, "letter", { intakeId });
  const polled = await post(POLL, 1);
  expect(polled.xml).toContain(
    `<CorrespondenceLetterInboundResponse><ProcessID>${itemId}</ProcessID><ProcessTime>`,
  );
  expect(polled.xml).toContain("<ram:ID>นร ๑๒๐๐/๖๑</ram:ID><ram:CorrespondenceDate>2020-04-20<");
  const objects = [MAIN, attachment].map(({ octets }) => sha256Of(octets));
  expect(objectsIn(polled.xml).map(({ sha256 }) => sha256)).toEqual(objects);
  const old = await post(OLD_POLL, 1);
  expect(old.xml).toContain(`<ProcessID>${itemId}</ProcessID>`);
  expect(old.xml).toContain("<ram:DepartmentOrganization><ram:ID>01012</ram:ID>");
  expect(errorCodeOf(await post(deletion(itemId)))).toBe("SRB401");
  for (let times = 0; times < 2; times++)
    expect((await post(deletion(itemId), 1)).xml).toContain(
      `<CorrespondenceLetterDeleteResponse><ProcessID>${itemId}</ProcessID>`,
    );
  expect((await post(POLL, 1)).xml).toContain("<ProcessID></ProcessID>");
  for (const as of [0, 1]) {
    const again = await post(
      keyed("CorrespondenceLetterInboundSpecialRequest", { id: "นร 1200/61" }, "GovernmentDocument"),
      as,
    );
    expect(objectsIn(again.xml).map(({ sha256 }) => sha256)).toEqual(objects);
  }
  const others = keyed(
    "CorrespondenceLetterInboundSpecialRequest",
    { sender: "0800200000" },
    "GovernmentDocument",
  );
  expect(errorCodeOf(await post(others))).toBe("SRB306");
});

test("the main letter comes first, wherever its sender has put it", async (context) => {
  const { expect } = context;
  const { post } = await openNode(context);
  const attachments = [70_000, 10, 90_000].map((size) => ({
    mimeCode: "application/pdf",
    octets: randomBytes(size),
  }));
  const usual = letter({ attachments });
  const main = /<ram:MainLetterBinaryObject.*<\/ram:MainLetterBinaryObject>/u.exec(usual)?.[0] ?? "";
  const { xml } = await post(
    usual.replace(main, "").replace("</ram:CorrespondenceLetter>", `${main}</ram:CorrespondenceLetter>`),
  );
  expect(objectsIn(xml).map(({ sha256 }) => sha256)).toEqual(
    [MAIN, ...attachments].map(({ octets }) => sha256Of(octets)),
  );
});

test.skipIf(!existsSync("/proc/self/fd"))(
  "a client that goes away in the middle of an answer leaves nothing open",
  async (context) => {
    const { expect } = context;
    const { post, url, made, dataDir } = await openNode(context);
    const large = { mimeCode: "application/pdf", octets: randomBytes(8_000_000) };
    const [{ id, secret } = { id: "", secret: "" }] = made;
    const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
    const response = await fetch(`${url}${ECMS_PATH}`, {
      method: "POST",
      body: letter({ attachments: [large] }),
      headers: { authorization },
    });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    const held = async (): Promise<string[]> => {
      const links = await Promise.all(
        (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
      );
      return links.filter((file) => file.startsWith(dataDir));
    };
    await expect.poll(held).toEqual([]);
    expect((await post(POLL)).status).toBe(200);
  },
);

test("a letter by mail is polled as a document of the protocol, with its files out of the mail", async (context) => {
  const { expect } = context;
  const { post, layItem, writeReading, writeArrival } = await openNode(context, OWN);
  const pdf = Buffer.concat([Buffer.from("%PDF-1.4\n"), randomBytes(50_000)]);
  const mail = [
    "From: saraban@opdc.example.go.th",
    'Content-Type: multipart/mixed; boundary="b"',
    "MIME-Version: 1.0",
    "",
    "--b",
    "Content-Type: text/plain; charset=utf-8",
    "",
    "ขอส่งหนังสือ",
    "--b",
    'Content-Type: application/octet-stream; name="letter.pdf"',
    'Content-Disposition: attachment; filename="letter.pdf"',
    "Content-Transfer-Encoding: base64",
    "",
    pdf.toString("base64").replace(/.{76}/g, "$&\r\n"),
    "--b--",
    "",
  ].join("\r\n");
  const intakeId = await writeArrival(Buffer.from(mail));
  const file = {
    contentType: "application/octet-stream",
    detectedType: "application/pdf",
    sizeBytes: pdf.length,
  };
  const attachments = [{ ...file, role: "main", inline: false, partId: "2", members: [] }];
  await writeReading(intakeId, { attachments });
  await layItem(0, "letter", { intakeId });
  const { xml } = await post(POLL);
  expect(objectsIn(xml)).toEqual([{ role: "Main", mimeCode: "application/pdf", sha256: sha256Of(pdf) }]);
  expect(xml).toContain(
    "<ram:ID>นร ๑๒๐๐/๖๑</ram:ID><ram:CorrespondenceDate>2020-04-20</ram:CorrespondenceDate><ram:Subject>ขอเชิญประชุม</ram:Subject><ram:SecretCode>001</ram:SecretCode><ram:SpeedCode>002</ram:SpeedCode>",
  );
  expect(xml).toContain(
    "<ram:DepartmentOrganization><ram:ID>0101200000</ram:ID></ram:DepartmentOrganization></ram:SenderParty>",
  );
  expect(xml).toContain(
    "<ram:DepartmentOrganization><ram:ID>0199900000</ram:ID></ram:DepartmentOrganization></ram:ReceiverParty>",
  );
});

test("what was fetched from another node is polled as its sender wrote it", async (context) => {
  const { expect } = context;
  const { post, layItem, writeReading, writeArrival } = await openNode(context, OWN);
  const attachment = { mimeCode: "application/pdf", octets: randomBytes(40_000) };
  const answer = letter({ attachments: [attachment] }).replaceAll(
    "LetterOutboundRequest",
    "LetterInboundResponse",
  );
  const intakeId = await writeArrival(Buffer.from(answer), "ecms");
  await writeReading(intakeId);
  await layItem(0, "letter", { intakeId });
  const { xml } = await post(POLL);
  expect(objectsIn(xml).map(({ sha256 }) => sha256)).toEqual(
    [MAIN, attachment].map(({ octets }) => sha256Of(octets)),
  );
});

test("a sender hears that its letter is there, and then its number; what the wire has no word for is passed over", async (context) => {
  const { expect } = context;
  const { post, query, fillTray, layItem, writeReading } = await openNode(context);
  await post(letter());
  const [{ id: intakeId } = { id: "" }] = await query<{ id: string }>("select id from saraban.intake");
  await writeReading(intakeId);
  const office = await receiptOffice({ query, fillTray });
  const message = { ...EVIDENCE_EXAMPLES.registered.message, intakeId };
  const { evidence: handed } = await office.issue({ type: "handed-over", message });
  const { evidence } = await office.issue({ type: "registered", message });
  await layItem(0, "receipt", { intakeId, receiptId: handed.evidenceId });
  const itemId = await layItem(0, "receipt", { intakeId, receiptId: evidence.evidenceId });
  const received = await post(POLL);
  expect(received.xml).toMatch(
    /<ReceiveLetterNotifier><LetterID>นร ๑๒๐๐\/๖๑<\/LetterID><CorrespondenceDate>2020-04-20<\/CorrespondenceDate><Subject>ขอเชิญประชุม<\/Subject><AcceptDate>2026-11-21T08:30:00<\/AcceptDate><AcceptDepartment><Code>0199900000<\/Code><\/AcceptDepartment><\/ReceiveLetterNotifier>/u,
  );
  expect(received.xml).not.toContain("AcceptID");
  expect((await post(POLL)).xml).toContain(textOf(received.xml, "ProcessID") ?? "?");
  await post(deletion(textOf(received.xml, "ProcessID")));
  const accepted = await post(POLL);
  expect(accepted.xml).toContain(`<ProcessID>${itemId}</ProcessID>`);
  expect(accepted.xml).toContain(
    "<AcceptLetterNotifier><LetterID>นร ๑๒๐๐/๖๑</LetterID><AcceptID>12/2569</AcceptID><CorrespondenceDate>",
  );
  expect(accepted.xml.match(/<Code>/g)).toHaveLength(1);
  await post(deletion(itemId));
  expect(textOf((await post(POLL)).xml, "ProcessID")).toBe("");
  const done = await query("select done_at is not null as done from saraban.client_item");
  expect(done).toEqual([{ done: true }, { done: true }]);
  const again = await post(keyed("CorrespondenceLetterInboundSpecialRequest", {}, "AcceptLetterNotifier"));
  expect(textOf(again.xml, "AcceptID")).toBe("12/2569");
  const none = await post(keyed("CorrespondenceLetterInboundSpecialRequest", {}, "RejectLetterNotifier"));
  expect(errorCodeOf(none)).toBe("SRB402");
});

test("the agency's own system hears what became of its letters elsewhere, and that a number of ours is disputed", async (context) => {
  const { expect } = context;
  const { post, query, layItem, writeReading } = await openNode(context, OWN, {});
  const { recipientIds } = await writeSentLetter(query, 1, ["opdc.example.go.th"]);
  await writeNews(query, recipientIds[0] as string, "registered", "token", {
    receiveNumber: "88",
    receiveYear: 2569,
  });
  await writeNews(query, recipientIds[0] as string, "rejected", "token", { reason: "ผิดหน่วยงาน" });
  const news = await query<{ id: string }>("select id::text from saraban.recipient_event order by id");
  const items = [];
  for (const { id } of news) items.push(await layItem(0, "news", { newsId: id }));
  const accepted = await post(POLL);
  expect(accepted.xml).toContain(
    "<AcceptLetterNotifier><LetterID>ทก 0101/1</LetterID><AcceptID>88/2569</AcceptID>",
  );
  expect(textOf(accepted.xml, "Code")).toBe("0101200000");
  await post(deletion(items[0] as string));
  expect((await post(POLL)).xml).toContain(
    "<RejectLetterNotifier><LetterID>ทก 0101/1</LetterID><CorrespondenceDate>",
  );
  await post(deletion(items[1] as string));
  const dispute = { LetterID: "นร ๑๒๐๐/๖๑", AcceptID: "1", CorrespondenceDate: "2020-04-20", Subject: "ก" };
  await post(notifier("InvalidAcceptIDNotifier", dispute), 1);
  const [{ id: intakeId } = { id: "" }] = await query<{ id: string }>("select id from saraban.intake");
  const told = {
    type: "InvalidAcceptIDNotifier",
    letterId: "นร ๑๒๐๐/๖๑",
    acceptId: "1",
    correspondenceDate: "2020-04-20",
  };
  const report = { notifier: { ...told, subject: "ก", acceptDate: null, acceptDepartment: null } };
  await writeReading(intakeId, { kind: "notifier", report });
  await layItem(0, "dispute", { intakeId });
  const disputed = await post(POLL);
  expect(disputed.xml).toContain(
    "<InvalidAcceptIDNotifier><LetterID>นร ๑๒๐๐/๖๑</LetterID><AcceptID>1</AcceptID><CorrespondenceDate>",
  );
  const open = await post(envelope("<OutboundStatusRequest />"));
  expect(open.xml).toContain("<OutboundStatusResponse></OutboundStatusResponse>");
});
