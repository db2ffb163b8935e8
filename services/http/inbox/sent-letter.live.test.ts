import { createHash } from "node:crypto";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { type TestContext, test } from "vitest";
import { newId } from "../../shared/runtime/ids.ts";
import { projectDir, readJson } from "../../shared/runtime/settings.ts";
import { openNode } from "../ecms/testing/node.ts";
import { envelope, textOf } from "../ecms/testing/soap.ts";
import { writeSentLetter } from "../testing/sent-letters.ts";

const POLL = envelope("<CorrespondenceLetterInboundRequest />");
const OFFICE = { senderDomain: "opdc.example.go.th", scopes: ["submit"] } as const;
const OCTETS = Buffer.from("%PDF-1.4 หนังสือของเรา");
const REQUEST = {
  letter: { number: "ทก 0101/1", date: "2026-05-11", messageIds: [] },
  issuedAt: "2026-05-12T02:00:00.000Z",
  reason: "ส่งผิดหน่วยงาน",
  replacedBy: null,
};

/** Programs of the recipient's office, and letters to it as room notification lays them into their inboxes. */
async function openScene(context: TestContext) {
  const node = await openNode(context, OFFICE, { ...OFFICE, senderDomain: "mot.example.go.th" });
  const { query, made, url } = node;
  const ask = async (path: string, as: number, method = "GET") => {
    const authorization = `Bearer ${made[as]?.token}`;
    const response = await fetch(`${url}/api/v1${path}`, { method, headers: { authorization } });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : JSON.parse(text) };
  };
  const fileId = newId();
  const sha256 = createHash("sha256").update(OCTETS).digest("hex");
  await query(
    `insert into saraban.uploaded_file (id, agency_id, name, media_type, sha256, size_bytes, content, uploaded_by, uploaded_at)
       values ($1, 'agency-a', 'ก.pdf', 'application/pdf', $2, $3, $4, 'person:test', now())`,
    [fileId, sha256, OCTETS.length, OCTETS],
  );
  const file = { fileId, name: "A_1.pdf", mediaType: "application/pdf", sha256, sizeBytes: OCTETS.length };
  const cover = {
    ...{ number: "ทก ๐๑๐๑/๑", date: "2026-05-11", subject: "ขอส่งรายงาน", from: "หน่วยงาน ก", to: "เลขาธิการ" },
    ...{ urgency: "normal", references: ["ที่ นร 1200/55"], enclosures: [], text: null },
  };
  const sent = await writeSentLetter(query, 1, [OFFICE.senderDomain]);
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  return {
    ...node,
    isItem: ajv.compile(readJson(join(projectDir, "schemas/api/inbox-item.schema.json")) as object),
    get: (path: string, as = 0) => ask(path, as),
    finish: (id: string) => ask(`/inbox/${id}/acknowledge`, 0, "POST"),
    lay: async (kind: "sent-letter" | "recall", as = 0): Promise<string> => {
      const [id, noticeId] = [newId(), newId()];
      const facts =
        kind === "recall"
          ? { recall: REQUEST, printed: cover.number, jws: "a.b.c" }
          : { cover, sentAt: "2026-05-11T02:00:00.000Z", files: [file] };
      await query(
        `insert into saraban.notice (id, agency_id, letter_id, recipient_id, event_id, kind, channel, recipient, message_id, facts, made_at, clock, state)
           values ($1, 'agency-a', $2, $3, $1, $4, 'inbox', '0101200000', $5, $6, now(), '{}', 'delivered')`,
        [
          noticeId,
          sent.letterId,
          sent.recipientIds[0],
          kind === "recall" ? "recall" : "letter",
          noticeId,
          JSON.stringify(facts),
        ],
      );
      await query(
        `insert into saraban.client_item (id, client_id, agency_id, kind, notice_id, made_at) values ($1, $2, 'agency-a', $3, $4, now())`,
        [id, made[as]?.id, kind, noticeId],
      );
      return id;
    },
  };
}

test("a letter for its office is told to a program in JSON and XML; in another one's inbox it would be nothing", async (context) => {
  const { expect } = context;
  const { lay, get, isItem, url, made, finish, query } = await openScene(context);
  const id = await lay("sent-letter");
  const { body } = await get("/inbox/next");
  expect(body).toMatchObject({
    id,
    kind: "sent-letter",
    sentLetter: { receiver: { organisationId: expect.any(String) }, isResent: true, text: null },
  });
  const recall = await lay("recall");
  const [listed, ...rest] = (await get("/inbox")).body.items;
  expect(listed).toEqual(body);
  expect(rest).toMatchObject([
    { id: recall, recall: { number: "ทก 0101/1", reason: "ส่งผิดหน่วยงาน", jws: "a.b.c" } },
  ]);
  for (const item of [listed, ...rest]) expect([isItem(item), isItem.errors]).toEqual([true, null]);
  const inXml = await fetch(`${url}/api/v1/inbox/${id}`, {
    headers: { authorization: `Bearer ${made[0]?.token}`, accept: "application/xml" },
  });
  const xml = await inXml.text();
  expect(xml).toContain("<subject>ขอส่งรายงาน</subject>");
  expect(xml).not.toContain("object Object");
  const file = await fetch(`${url}${body.sentLetter.files[0].href}`, {
    headers: { authorization: `Bearer ${made[0]?.token}` },
  });
  expect([file.headers.get("content-length"), Buffer.from(await file.arrayBuffer())]).toEqual([
    String(OCTETS.length),
    OCTETS,
  ]);
  expect((await get(`/inbox/${id}/files/2`)).status).toBe(404);
  // Laid into a wrong inbox by mistake, it is not shown there.
  const astray = await lay("sent-letter", 1);
  for (const path of ["/inbox/next", `/inbox/${astray}`, `/inbox/${astray}/files/1`])
    expect((await get(path, 1)).status, path).not.toBe(200);
  // Each once it is taken is work for room notification: once for the recipient.
  for (const item of [id, recall]) expect((await finish(item)).status).toBe(200);
  expect(await query("select job from saraban.outbox")).toEqual([{ job: "send-letter" }]);
});

test("a letter that was taken back is in nobody's hands; e-CMS has no word for a recall", async (context) => {
  const { expect } = context;
  const { lay, get, post, finish, query } = await openScene(context);
  const gone = await lay("sent-letter");
  await query("update saraban.client_item set done_at = now(), withdrawn_at = now()");
  expect((await get("/inbox/next")).status).toBe(204);
  for (const path of [`/inbox/${gone}`, `/inbox/${gone}/files/1`]) expect((await get(path)).status).toBe(404);
  expect((await finish(gone)).status).toBe(404);
  expect(await query("select job from saraban.outbox")).toEqual([]);
  // Shown in a list it is seen, too, and not to be taken back.
  const seen = await lay("sent-letter");
  await get("/inbox");
  await expect(
    query("update saraban.client_item set done_at = now(), withdrawn_at = now() where id = $1", [seen]),
  ).rejects.toThrow("client_item_check");
  expect(textOf((await post(POLL)).xml, "ProcessID")).toBe(seen);
  await finish(seen);
  await lay("recall");
  expect(textOf((await post(POLL)).xml, "ProcessID")).toBe("");
  expect(
    await query(
      "select kind, first_fetched_at, done_at is not null as done from saraban.client_item where kind = 'recall'",
    ),
  ).toEqual([{ kind: "recall", first_fetched_at: null, done: true }]);
});
