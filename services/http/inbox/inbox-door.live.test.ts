import { createHash } from "node:crypto";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { type TestContext, test } from "vitest";
import { newId } from "../../shared/runtime/ids.ts";
import { projectDir, readJson } from "../../shared/runtime/settings.ts";
import { letReadLettersWait } from "../../shared/testing/arrivals.ts";
import { EVIDENCE_EXAMPLES } from "../../shared/testing/evidence-examples.ts";
import { openDesk } from "../testing/desk.ts";

const BOOK = "agency-a.inbound.ordinary";

/** A desk whose agency has letters in its book, and what room notification lays into inboxes. */
async function openScene(context: TestContext) {
  const desk = await openDesk(context);
  const { query } = desk;
  await query(
    `insert into saraban.book (id, agency_id, direction, series) values ($1, 'agency-a', 'inbound', 'ordinary')`,
    [BOOK],
  );
  const ask = async (token: string, path: string, init: RequestInit = {}) => {
    const response = await fetch(`${desk.url}/api/v1${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...(init.headers as object) },
    });
    const text = await response.text();
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
    const body: any = text === "" ? null : JSON.parse(text);
    return { status: response.status, headers: response.headers, body };
  };
  return {
    ...desk,
    ask,
    lay: async (
      clientId: string,
      kind: string,
      subject: { intake?: string; receipt?: string; news?: string },
    ) => {
      const [row] = await query<{ id: string }>(
        `insert into saraban.client_item (id, client_id, agency_id, kind, intake_id, receipt_id, news_id, made_at)
           values (gen_random_uuid(), $1, 'agency-a', $2, $3, $4, $5, now()) returning id`,
        [clientId, kind, subject.intake ?? null, subject.receipt ?? null, subject.news ?? null],
      );
      return row?.id ?? "";
    },
    /** A letter in the book, whose octets are a program's JSON. */
    letter: async (file = Buffer.from("%PDF-1.4 เนื้อหา")) => {
      const octets = Buffer.from(
        JSON.stringify({
          number: "นร 1200/55",
          files: [{ name: "ก.pdf", mediaType: "application/pdf", content: file.toString("base64") }],
        }),
      );
      const sha256 = createHash("sha256").update(octets).digest("hex");
      const [id = ""] = await letReadLettersWait(query, [{ number: "นร 1200/55" }]);
      const attachment = {
        ...{
          name: "ก.pdf",
          safeName: "ก.pdf",
          contentType: "application/pdf",
          detectedType: "application/pdf",
        },
        ...{
          sizeBytes: file.length,
          sha256: createHash("sha256").update(file).digest("hex"),
          role: "main",
          marks: [],
        },
        ...{ inline: false, members: [], partId: "1" },
      };
      await query(
        `begin; set local session_replication_role = replica;
         insert into saraban.stored_body (agency_id, sha256, size_bytes, content)
           values ('agency-a', '${sha256}', ${octets.length}, decode('${octets.toString("hex")}', 'hex')) on conflict do nothing;
         update saraban.intake set door = 'api', media_type = 'application/json', sha256 = '${sha256}', sender_domain = 'opdc.example.go.th'
           where id = '${id}';
         update saraban.reading set attachments = $json$${JSON.stringify([attachment])}$json$::jsonb where intake_id = '${id}'; commit`,
      );
      await query(
        `insert into saraban.entry (book_id, agency_id, year, number, intake_id, registered_at, clock, registered_by, channel, arrived_at,
            letter_number, letter_number_printed, letter_date, subject, urgency)
           select $1, 'agency-a', 2026, 1 + coalesce((select max(number) from saraban.entry), 0), $2, now(), '{}', 'rule:test', 'api', now(),
             'นร 1200/55', 'นร ๑๒๐๐/๕๕', '2020-04-09', 'เรื่องทดสอบ', 'normal'`,
        [BOOK, id],
      );
      return id;
    },
    receipt: async (intakeId: string) => {
      const id = newId();
      const evidence = { ...EVIDENCE_EXAMPLES.registered, evidenceId: id };
      await query(
        `begin; set local session_replication_role = replica;
         insert into saraban.receipt (id, agency_id, intake_id, type, facts, jws, kid, code, made_at, clock)
           values ('${id}', 'agency-a', '${intakeId}', 'registered', $json$${JSON.stringify(evidence)}$json$, 'a.b.c', 'k',
             upper(substr(translate(replace('${id}', '-', ''), 'ilou', 'wxyz'), 17, 16)), now(), '{}'); commit`,
      );
      return id;
    },
  };
}

test("the oldest item is offered until it is acknowledged, once and for all; what is another's is not there", async (context) => {
  const { expect } = context;
  const { ask, addClient, addClerk, lay, letter, receipt, url } = await openScene(context);
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const isItem = ajv.compile(readJson(join(projectDir, "schemas/api/inbox-item.schema.json")) as object);
  const own = await addClient({
    senderDomain: "agency-a.example.go.th",
    scopes: ["read-inbound", "receipts"],
  });
  const other = await addClient({ scopes: ["submit"] });
  const letterId = await letter();
  const [first, second] = [
    await lay(own.id, "letter", { intake: letterId }),
    await lay(own.id, "receipt", { intake: newId(), receipt: await receipt(letterId) }),
  ];
  const next = await ask(own.token, "/inbox/next");
  expect(next.status).toBe(200);
  expect(next.body).toMatchObject({
    id: first,
    kind: "letter",
    letter: {
      id: letterId,
      numberPrinted: "นร ๑๒๐๐/๕๕",
      subject: "เรื่องทดสอบ",
      sender: { domain: "opdc.example.go.th" },
      line: { number: 1, yearBuddhist: 2569, state: "registered" },
    },
  });
  expect((await ask(own.token, "/inbox/next")).body.id).toBe(first);
  const file = await fetch(`${url}${next.body.letter.files[0].href}`, {
    headers: { authorization: `Bearer ${own.token}` },
  });
  expect(file.headers.get("content-disposition")).toContain("attachment;");
  expect(await file.text()).toBe("%PDF-1.4 เนื้อหา");
  expect((await ask(own.token, `/inbox/${first}/files/2`)).status).toBe(404);
  const list = await ask(own.token, "/inbox?limit=1");
  expect(list.body.items).toHaveLength(1);
  const rest = await ask(own.token, `/inbox?after=${list.body.next}`);
  expect(rest.body).toMatchObject({
    next: null,
    items: [{ id: second, receipt: { isCopy: true, jws: "a.b.c" } }],
  });
  for (const item of [next.body, ...rest.body.items])
    expect([isItem(item), isItem.errors]).toEqual([true, null]);

  const inXml = await fetch(`${url}/api/v1/inbox/${first}`, {
    headers: { authorization: `Bearer ${own.token}`, accept: "application/xml" },
  });
  const xml = await inXml.text();
  expect(inXml.headers.get("content-type")).toContain("application/xml");
  expect(xml).toContain("<subject>เรื่องทดสอบ</subject>");
  expect(xml).not.toContain("object Object");

  const done = await Promise.all(
    [1, 2].map(() => ask(own.token, `/inbox/${first}/acknowledge`, { method: "POST" })),
  );
  expect(done.map(({ status }) => status)).toEqual([200, 200]);
  expect(new Set(done.map(({ body }) => body.acknowledgedAt)).size).toBe(1);
  expect((await ask(own.token, "/inbox/next")).body.id).toBe(second);
  expect((await ask(own.token, `/inbox/${first}`)).body).toMatchObject(done[0]?.body);
  await ask(own.token, `/inbox/${second}/acknowledge`, { method: "POST" });
  expect((await ask(own.token, "/inbox/next")).status).toBe(204);

  for (const path of [`/inbox/${first}`, `/inbox/${first}/files/1`, `/inbox/${newId()}`, "/inbox/x"])
    expect((await ask(other.token, path)).status).toBe(404);
  expect((await ask(other.token, `/inbox/${second}/acknowledge`, { method: "POST" })).status).toBe(404);
  // What was laid there under a scope that is gone waits unseen; without any there is no inbox, nor for people.
  const third = await lay(other.id, "letter", { intake: letterId });
  expect((await ask(other.token, "/inbox/next")).status).toBe(204);
  expect((await ask(other.token, `/inbox/${third}/acknowledge`, { method: "POST" })).status).toBe(404);
  const none = await addClient({ scopes: ["directory"] });
  expect((await ask(none.token, "/inbox/next")).body).toMatchObject({ status: 403, code: "scope-needed" });
  expect((await ask(await addClerk("agency-a"), "/inbox/next")).status).toBe(403);
  expect((await ask(own.token, "/inbox?after=x")).body).toMatchObject({
    status: 400,
    errors: [{ parameter: "after" }],
  });
});

test("who waits is answered when something comes for it, and not by what comes for others", async (context) => {
  const { expect } = context;
  const { ask, addClient, lay, letter, receipt } = await openScene(context);
  const [own, other] = [await addClient(), await addClient()];
  const letterId = await letter();
  const receiptId = await receipt(letterId);
  const unseen = await addClient();
  await lay(unseen.id, "letter", { intake: letterId });
  const wait = (token: string, seconds: number) =>
    ask(token, "/inbox/next", { headers: { prefer: `wait=${seconds}` } });
  // Something that it may not see neither ends its wait nor keeps the room busy.
  const short = wait(unseen.token, 1);
  const waiting = wait(own.token, 30);
  await lay(other.id, "receipt", { intake: letterId, receipt: receiptId });
  expect((await wait(other.token, 30)).status).toBe(200);
  const none = await short;
  expect([none.status, none.headers.get("preference-applied")]).toEqual([204, "wait=1"]);
  const id = await lay(own.id, "receipt", { intake: letterId, receipt: receiptId });
  expect((await waiting).body).toMatchObject({
    id,
    receipt: { letterId, isCopy: false, type: "registered" },
  });
});

test("what an office says of our letter, and that it disputes our number, is told with the line as it reads today", async (context) => {
  const { expect } = context;
  const { ask, addClient, lay, letter, query } = await openScene(context);
  const own = await addClient({
    senderDomain: "agency-a.example.go.th",
    scopes: ["read-inbound", "read-outbound"],
  });
  const letterId = await letter();
  const [notifier = ""] = await letReadLettersWait(query, [{ verdict: "ignored", number: null }]);
  const told = {
    type: "InvalidAcceptIDNotifier",
    letterId: "นร ๑๒๐๐/๕๕",
    acceptId: "1/2569",
    correspondenceDate: "2020-04-09",
  };
  const [outbound, recipient, notice] = [newId(), newId(), newId()];
  await query(
    `begin; set local session_replication_role = replica;
     update saraban.intake set door = 'ecms', media_type = 'text/xml', sender_domain = 'opdc.example.go.th' where id = '${notifier}';
     update saraban.reading set kind = 'notifier', report = '{"notifier": ${JSON.stringify(told)}}' where intake_id = '${notifier}';
     insert into saraban.notice (id, agency_id, intake_id, kind, channel, recipient, message_id, facts, made_at, clock, state)
       values ('${notice}', 'agency-a', '${letterId}', 'acknowledgement', 'inbox', 'x', 'x', '{}', now(), '{}', 'delivered');
     insert into saraban.delivery_report (intake_id, agency_id, notice_id, matched_by, kind, recorded_at, clock)
       values ('${notifier}', 'agency-a', '${notice}', 'number', 'notifier', now(), '{}');
     insert into saraban.outbound_letter (id, agency_id, series, state, version, facts, drafted_by, drafted_by_name, drafted_at)
       values ('${outbound}', 'agency-a', 'ordinary', 'draft', 1, '{}', 'person:x', 'x', now());
     insert into saraban.outbound_recipient (id, letter_id, agency_id, no, name, domain, address, channel)
       values ('${recipient}', '${outbound}', 'agency-a', 1, 'ก.พ.ร.', 'opdc.example.go.th', '0101200000', 'ecms'); commit`,
  );
  const [news] = await query<{ id: string }>(
    `insert into saraban.recipient_event (recipient_id, letter_id, agency_id, what, source, proof, details, happened_at, recorded_at, clock)
       values ($1, $2, 'agency-a', 'registered', 'ecms', 'client', '{"receiveNumber": "45", "receiveYear": 2569, "words": "ลับ"}', now(), now(), '{}')
       returning id::text`,
    [recipient, outbound],
  );
  await lay(own.id, "news", { news: news?.id ?? "" });
  await lay(own.id, "dispute", { intake: notifier });
  const { body } = await ask(own.token, "/inbox");
  expect(body.items).toMatchObject([
    {
      kind: "news",
      news: {
        what: "registered",
        proof: "client",
        receiveNumber: "45",
        receiveYear: 2569,
        status: "registered",
        recipient: { address: "0101200000" },
      },
    },
    {
      kind: "dispute",
      dispute: { letterId, disputedNumber: "1/2569", sender: "opdc.example.go.th", line: { number: 1 } },
    },
  ]);
  expect(JSON.stringify(body)).not.toContain("ลับ");
});
