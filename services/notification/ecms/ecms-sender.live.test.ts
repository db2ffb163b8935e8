import { type TestContext, test, vi } from "vitest";
import { newId } from "../../shared/runtime/ids.ts";
import { letReadLettersWait } from "../../shared/testing/arrivals.ts";
import { type NodeFault, startEcmsNode, type TestNode } from "../../shared/testing/ecms-node.ts";
import { EVIDENCE_EXAMPLES } from "../../shared/testing/evidence-examples.ts";
import { openDestinations } from "../mail/destinations.ts";
import type { Notice, NoticeKind } from "../notice-store.ts";
import { sendLetter } from "../outbound/send-letter.ts";
import { letterScene, OPDC } from "../outbound/testing/letter-scene.ts";
import { openEcmsChannel } from "./ecms-sender.ts";

const OUR_OFFICE = "0199900000";
const OPDC_OFFICE = "0101200000";
const BY_ECMS = { ...OPDC, address: OPDC_OFFICE, channel: "ecms" } as const;

/** A letter of agency-a to an office that has an e-CMS node. @param via whose node: the partner's, or one that the agency uses */
async function ecmsScene(
  context: TestContext,
  via: "partner" | "own" = "partner",
  dialect = "2.0",
  url?: string,
) {
  const scene = await letterScene(context);
  const node: TestNode = await startEcmsNode(context);
  const place = JSON.stringify({ url: url ?? node.url, dialect });
  const [ours, theirs] = via === "own" ? [`{"node": ${place}}`, "{}"] : ["{}", place];
  await scene.query("update saraban.agency set organisation_id = $1, ecms = $2 where id = 'agency-a'", [
    OUR_OFFICE,
    ours,
  ]);
  await scene.query("update saraban.partner set organisation_id = $1, ecms = $2 where domain = $3", [
    OPDC_OFFICE,
    theirs,
    OPDC.domain,
  ]);
  const limits = {
    allowPrivate: false,
    idleMs: 1_000,
    largestAnswer: 1024 * 1024,
    stopping: new AbortController().signal,
  };
  const destinations = openDestinations({ atOnce: 2, perMinute: 0, probes: 1, longestAwayMs: 900_000 });
  const ecms = openEcmsChannel({ ...scene.parts, limits, destinations });
  const send = (subjectId: string) =>
    sendLetter(
      { ...scene.parts, ecms },
      { outboxId: 1, agencyId: "agency-a", subjectId, workKey: subjectId },
    );
  return {
    ...{ ...scene, node, ecms, send },
    async lettersSent(options: Parameters<typeof scene.letter>[0] = {}) {
      const letter = await scene.letter({ recipients: [BY_ECMS], ...options });
      const recipientId = letter.recipients[0] ?? "";
      await send(recipientId);
      return { ...letter, recipientId };
    },
    tries: async () =>
      (
        await scene.query<{ result: string; channel: string; reply: string }>(
          "select * from saraban.delivery_attempt order by id",
        )
      ).map(({ result, channel, reply }) => [channel, result, reply] as const),
  };
}

const FILES = [
  { name: "AGENCYA_0101_12_2569.pdf", content: Buffer.from("%PDF-1.4 letter") },
  { name: "enclosure.pdf", content: Buffer.alloc(300_001, 7), isLarge: true },
];

test("a letter goes to the partner's node as old programs read it, with its files, its length told beforehand", async (context) => {
  const { expect } = context;
  const { node, lettersSent, notices, events, tries } = await ecmsScene(context);
  const { recipientId } = await lettersSent({ files: FILES });
  const [request] = node.requests;
  const text = request?.text ?? "";
  expect(request?.headers).toMatchObject({
    "content-length": String(request?.sizeBytes),
    "content-type": "text/xml; charset=utf-8",
  });
  expect(text).toContain(`<wsa:To xmlns:wsa="http://www.w3.org/2005/08/addressing">${node.url}</wsa:To>`);
  expect(text).toContain(
    '<SOAP-ENV:Body ID="Body"><CorrespondenceLetterOutboundRequest><rsm:GovernmentDocument ',
  );
  expect(text).toContain(
    "<ram:ID>ทก ๐๑๐๑/12</ram:ID><ram:CorrespondenceDate>2026-11-20</ram:CorrespondenceDate><ram:Subject>ขอเชิญประชุม</ram:Subject>",
  );
  expect(text).toContain("<ram:SecretCode>001</ram:SecretCode><ram:SpeedCode>002</ram:SpeedCode>");
  const offices = [...text.matchAll(/<ram:DepartmentOrganization><ram:ID>(\d+)</g)].map(([, id]) => id);
  expect(offices).toEqual([OUR_OFFICE, OPDC_OFFICE]);
  const objects = [...text.matchAll(/BinaryObject mimeCode="application\/pdf">([^<]*)</g)].map(
    ([, octets = ""]) => Buffer.from(octets, "base64"),
  );
  expect(objects).toEqual(FILES.map(({ content }) => content));
  expect(await notices(recipientId)).toMatchObject([{ kind: "letter", state: "delivered" }]);
  expect(await events(recipientId)).toMatchObject([{ what: "accepted", source: "server", proof: "own" }]);
  expect(await tries()).toEqual([["ecms", "accepted", "200 ProcessID 1"]]);
});

test("through the node that the agency uses, in the dialect of 2012; a letter of words alone is its main object", async (context) => {
  const { expect } = context;
  const { node, lettersSent } = await ecmsScene(context, "own", "1.0");
  await lettersSent({ files: [], text: "เรียนเพื่อโปรดทราบ" });
  const text = node.requests[0]?.text ?? "";
  expect(text).toContain(`<wsa:to xmlns:wsa="http://w3.org/2005/08/addressing">${node.url}</wsa:to>`);
  expect(text).toContain("<ram:DepartmentOrganization><ram:ID>01012</ram:ID>");
  expect(text).toContain(`mimeCode="text/plain">${Buffer.from("เรียนเพื่อโปรดทราบ").toString("base64")}<`);
});

test("an answer that is lost: the letter goes once more, and that the node has it already is as good", async (context) => {
  const { expect } = context;
  const { node, lettersSent, send, tries, notices, wait } = await ecmsScene(context);
  node.fault = (_, count) => (count === 0 ? "done-and-drops" : undefined);
  const { recipientId } = await lettersSent();
  expect(await notices(recipientId)).toMatchObject([{ state: "due" }]);
  wait(60);
  await send(recipientId);
  expect((await tries()).map(([, result]) => result)).toEqual(["unknown", "accepted"]);
  expect((await tries())[1]?.[2]).toContain("N409");
  expect(await notices(recipientId)).toMatchObject([{ state: "delivered" }]);
  expect(node.documents.size).toBe(1);
});

/** What a node does with a letter, what that means for the try, and for the letter. */
const ANSWERS: readonly (readonly [NodeFault, string, "due" | "failed"])[] = [
  [{ status: 503 }, "transient", "due"],
  [{ status: 500, body: soapFault("SOAP-ENV:Server") }, "transient", "due"],
  [{ status: 403 }, "transient", "due"],
  [{ error: ["E12", "ไม่พบหน่วยงานผู้รับ"] }, "permanent", "failed"],
  [{ error: ["SRB501", "not now"] }, "transient", "due"],
  [{ status: 500, body: soapFault("SOAP-ENV:Client") }, "permanent", "failed"],
  [{ status: 413 }, "permanent", "failed"],
  [{ status: 200, body: "<html>login</html>" }, "unknown", "due"],
  ["done-and-silent", "unknown", "due"],
];

test("what a node answers decides whether the letter goes once more, has failed, or may be there", async (context) => {
  const { expect } = context;
  const { node, lettersSent, tries, notices, events } = await ecmsScene(context);
  for (const [index, [fault, result, state]] of ANSWERS.entries()) {
    node.fault = () => fault;
    const { recipientId } = await lettersSent({ number: 100 + index });
    expect((await tries()).at(-1)?.[1], JSON.stringify(fault)).toBe(result);
    expect(await notices(recipientId)).toMatchObject([{ state }]);
    expect((await events(recipientId)).map(({ what }) => what)).toEqual([
      state === "failed" ? "failed" : "delayed",
    ]);
  }
  expect(await tries()).toHaveLength(ANSWERS.length);
});

function soapFault(code: string): string {
  return `<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>${code}</faultcode><faultstring>no</faultstring></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>`;
}

test("a node that is away costs one try, and others for it none; after five days the letter has failed", async (context) => {
  const { expect } = context;
  const { lettersSent, send, tries, notices, wait, query } = await ecmsScene(
    context,
    "partner",
    "2.0",
    "http://127.0.0.1:1/service2",
  );
  const first = await lettersSent();
  const second = await lettersSent({ number: 13 });
  expect((await tries()).map(([, result, reply]) => [result, reply])).toEqual([
    ["transient", "ECONNREFUSED"],
  ]);
  const [waiting] = await query<{ last_error: string }>(
    "select last_error from saraban.outbox where subject_id = $1",
    [second.recipientId],
  );
  expect(waiting?.last_error).toContain("does not answer");
  wait(121 * 3600);
  await send(first.recipientId);
  expect(await notices(first.recipientId)).toMatchObject([{ state: "failed" }]);
});

test("a node that asks for a name and a password gets them; a password that is nowhere is told by its place", async (context) => {
  const { expect } = context;
  const { node, lettersSent, query, tries } = await ecmsScene(context);
  await query(
    `update saraban.partner set ecms = ecms || '{"user": "agency-a", "passwordEnv": "SARABAN_SECRET_NODE"}' where domain = '${OPDC.domain}'`,
  );
  vi.stubEnv("SARABAN_SECRET_NODE", "s3cret:of-ours");
  context.onTestFinished(() => void vi.unstubAllEnvs());
  await lettersSent();
  const basic = Buffer.from("agency-a:s3cret:of-ours").toString("base64");
  expect(node.requests[0]?.headers["authorization"]).toBe(`Basic ${basic}`);
  vi.unstubAllEnvs();
  await lettersSent({ number: 13 });
  expect((await tries())[1]).toEqual([
    "ecms",
    "transient",
    "SARABAN_SECRET_NODE is not set (nor SARABAN_SECRET_NODE_FILE)",
  ]);
  expect(node.requests).toHaveLength(1);
});

test("a node in a private network is not called unless the settings allow it", async (context) => {
  const { expect } = context;
  const { lettersSent, tries } = await ecmsScene(
    context,
    "partner",
    "2.0",
    "http://10.1.2.3/ecms-ws01/service2",
  );
  await lettersSent();
  expect((await tries())[0]).toMatchObject([
    "ecms",
    "transient",
    expect.stringContaining("ecms.allowPrivate"),
  ]);
});

test("sent again after it was sent back, the first one is deleted at the node before the letter comes under the same number", async (context) => {
  const { expect } = context;
  const { node, lettersSent, send, event, notices } = await ecmsScene(context);
  const { id, recipients, recipientId } = await lettersSent();
  await event({ id, recipients }, "resent", recipientId);
  await send(recipientId);
  expect(node.requests.map(({ operation }) => operation)).toEqual([
    "CorrespondenceLetterOutboundRequest",
    "CorrespondenceDeleteGovernmentDocumentRequest",
    "CorrespondenceLetterOutboundRequest",
  ]);
  expect(node.requests[1]?.text).toContain(
    `<LetterID>ทก ๐๑๐๑/12</LetterID><CorrespondenceDate>2026-11-20</CorrespondenceDate><SenderDepartment><Code>${OUR_OFFICE}</Code></SenderDepartment><AcceptDepartment><Code>${OPDC_OFFICE}</Code></AcceptDepartment>`,
  );
  expect((await notices(recipientId)).map(({ state }) => state)).toEqual(["delivered", "delivered"]);
  // Its recall is the deletion alone.
  await event({ id, recipients }, "recall-requested");
  await send(recipientId);
  expect(node.requests.at(-1)?.operation).toBe("CorrespondenceDeleteGovernmentDocumentRequest");
  expect(node.documents.size).toBe(0);
});

test("the sender of a letter that was fetched from the agency's node hears there: received, then its number", async (context) => {
  const { expect } = context;
  const { node, ecms, query } = await ecmsScene(context, "own");
  const [intakeId = ""] = await letReadLettersWait(query, [{}]);
  await query("delete from saraban.outbox");
  await query(
    `begin; set local session_replication_role = replica;
     update saraban.intake set door = 'ecms', media_type = 'text/xml', sender_domain = null where id = '${intakeId}';
     insert into saraban.ecms_document (process_id, agency_id, intake_id, letter_id, correspondence_date, sender_department, accept_department, came_at)
       values ('${newId()}', 'agency-a', '${intakeId}', 'ยธ ๐๒๐๑/๗', '2026-11-19', '1600100000', '${OUR_OFFICE}', now()); commit`,
  );
  const notice = (kind: NoticeKind, type: keyof typeof EVIDENCE_EXAMPLES): Notice => ({
    ...{
      id: newId(),
      agencyId: "agency-a",
      kind,
      channel: "ecms",
      intakeId,
      letterId: null,
      recipientId: null,
      eventId: null,
    },
    ...{
      recipient: "",
      messageId: "<x@agency-a.example.go.th>",
      facts: { agency: EVIDENCE_EXAMPLES[type].agency },
    },
    ...{
      receipt: { evidence: EVIDENCE_EXAMPLES[type], jws: "" },
      madeAt: new Date(),
      state: "due",
      attempts: 0,
    },
    ...{ firstAttemptAt: null, lastAttemptAt: null, lastResult: null, answersTo: null },
  });
  const { number, yearBuddhist } = EVIDENCE_EXAMPLES.registered.register ?? {};
  const named = "<LetterID>ยธ ๐๒๐๑/๗</LetterID>";
  const dated = "<CorrespondenceDate>2026-11-19</CorrespondenceDate><Subject>เรื่องทดสอบ</Subject>";
  for (const [kind, type, body] of [
    ["arrival", "arrived", `<ReceiveLetterNotifier>${named}${dated}</ReceiveLetterNotifier>`],
    [
      "acknowledgement",
      "registered",
      `<AcceptLetterNotifier>${named}<AcceptID>${number}/${yearBuddhist}</AcceptID>${dated}</AcceptLetterNotifier>`,
    ],
    ["rejection", "rejected", `<RejectLetterNotifier>${named}${dated}</RejectLetterNotifier>`],
    ["rejection", "invalid", `<InvalidLetterNotifier>${named}${dated}</InvalidLetterNotifier>`],
  ] as const) {
    expect(await ecms.post(notice(kind, type))).toMatchObject({ result: "accepted" });
    expect(node.requests.at(-1)?.text).toContain(
      `<SOAP-ENV:Body><CorrespondenceLetterOutboundRequest>${body}</CorrespondenceLetterOutboundRequest>`,
    );
  }
  // What the protocol has no word for is told by nobody else's word.
  expect(await ecms.post(notice("handover", "handed-over"))).toMatchObject({ result: "permanent" });
});
