import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { inTransaction } from "../../shared/runtime/database.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { EVIDENCE_EXAMPLES } from "../../shared/testing/evidence-examples.ts";
import type { openDesk } from "../testing/desk.ts";
import { form, JSON_LETTER, LETTER, openProgram, PDF, xmlLetter } from "../testing/program.ts";
import { receiptOffice } from "../testing/receipts.ts";
import { openDocumentSchema } from "./document-schema.ts";

test("a JSON letter is stored as it came, in the name of the client's office, and read next", async (context) => {
  const { desk, client, submit, arrivals, call } = await openProgram(context);
  const sent = JSON.stringify(JSON_LETTER);
  const answer = await submit(sent);
  expect(answer).toMatchObject({
    status: 202,
    body: { agencyId: "agency-a", status: "received", receipts: [] },
  });
  expect(answer.headers.get("location")).toBe(`/api/v1/letters/${answer.body.id}`);
  expect(await arrivals()).toEqual([
    expect.objectContaining({
      id: answer.body.id,
      door: "api",
      media_type: "application/json",
      client_id: client.id,
      sender_domain: "opdc.example.go.th",
      recipients: ["saraban@agency-a.example.go.th"],
      sha256: createHash("sha256").update(sent).digest("hex"),
      content: Buffer.from(sent),
    }),
  ]);
  expect(await desk.query("select job, subject_id from saraban.outbox")).toEqual([
    { job: "read-letter", subject_id: answer.body.id },
  ]);

  const status = await call("GET", `/letters/${answer.body.id}`);
  expect(status).toMatchObject({ status: 200, body: { id: answer.body.id, status: "received" } });
  const etag = status.headers.get("etag") ?? "";
  expect(await call("GET", `/letters/${answer.body.id}`, undefined, { "if-none-match": etag })).toMatchObject(
    {
      status: 304,
      text: "",
    },
  );
  // Another program of the same office has handed in nothing.
  const other = await desk.addClient();
  expect((await call("GET", `/letters/${answer.body.id}`, undefined, {}, other.token)).status).toBe(404);
  expect((await call("GET", "/letters", undefined, {}, other.token)).body).toEqual({
    letters: [],
    next: null,
  });
});

test("the same request is one letter: by its key, by its octets for a day, and also when both come at once", async (context) => {
  const { desk, submit, arrivals, call } = await openProgram(context);
  const key = { "idempotency-key": "order-1" };
  const both = await Promise.all([submit(JSON_LETTER, key), submit(JSON_LETTER, key)]);
  const again = await submit(JSON_LETTER, { "idempotency-key": '"order-1"' });
  const id = again.body.id;
  expect([...both, again].map(({ status, body }) => [status, body.id])).toEqual([
    [202, id],
    [202, id],
    [202, id],
  ]);
  expect(await submit({ ...JSON_LETTER, subject: "อื่น" }, key)).toMatchObject({
    status: 422,
    body: { code: "key-in-use" },
  });
  expect(await submit(JSON_LETTER, { "idempotency-key": "a b" })).toMatchObject({ status: 400 });
  expect((await submit(JSON_LETTER)).body.id).toBe(id);
  expect(await arrivals()).toHaveLength(1);

  // Under another key it is another letter, as far as this door knows.
  const second = await submit(JSON_LETTER, { "idempotency-key": "order-2" });
  expect(second.body.id).not.toBe(id);
  // A form has another boundary each time.
  const files: [string, string, Buffer][] = [["main", "a.pdf", PDF]];
  const forms = await Promise.all(
    [1, 2].map(() => call("POST", "/letters", form(LETTER, files), { "idempotency-key": "form" })),
  );
  expect(forms.map(({ status }) => status)).toEqual([202, 202]);
  expect(forms[0]?.body.id).toBe(forms[1]?.body.id);
  expect(
    (
      await call("POST", "/letters", form(LETTER, [["main", "a.pdf", Buffer.from("other")]]), {
        "idempotency-key": "form",
      })
    ).body.code,
  ).toBe("key-in-use");
  // Without a key, and a day later, it is a new one.
  await desk.query("alter table saraban.intake disable trigger append_only");
  await desk.query("update saraban.intake set arrived_at = arrived_at - interval '25 hours'");
  const later = await submit(JSON_LETTER);
  expect([id, second.body.id]).not.toContain(later.body.id);
});

test("octets that were removed are stored again when they come again; those that are there this room cannot touch", async (context) => {
  const { desk, submit, arrivals } = await openProgram(context);
  const { body } = await submit(JSON_LETTER);
  const overwrite = () =>
    inTransaction(desk.database, { actor: "worker:http", agencies: ["agency-a"] }, async (transaction) => {
      const { numAffectedRows } = await sql`update stored_body set content = 'other'`.execute(transaction);
      return Number(numAffectedRows);
    });
  expect(await overwrite()).toBe(0);
  await desk.query("update saraban.stored_body set removed_at = now(), content = null");
  expect((await submit(JSON_LETTER, { "idempotency-key": "again" })).body.id).not.toBe(body.id);
  const [first, second] = (await arrivals()) as { content: Buffer }[];
  expect([first?.content, second?.content]).toEqual(Array(2).fill(Buffer.from(JSON.stringify(JSON_LETTER))));
  expect(await overwrite()).toBe(0);
});

test("who waits is answered when the letter has its number and its receipt", async (context) => {
  const { desk, submit, call } = await openProgram(context);
  const { issue } = await receiptOffice(desk);
  const waiting = submit(JSON_LETTER, { prefer: "wait=50" });
  const id = await firstArrival(desk.query);
  await desk.query(
    `insert into saraban.book (id, agency_id, direction, series) values ('agency-a.inbound.ordinary', 'agency-a', 'inbound', 'ordinary')`,
  );
  await desk.query(
    `insert into saraban.entry (book_id, agency_id, year, number, registered_at, clock, registered_by, intake_id, arrived_at, channel,
         letter_number, letter_number_printed, urgency, subject)
       values ('agency-a.inbound.ordinary', 'agency-a', extract(year from now() at time zone 'Asia/Bangkok'), 1, now(), '{}', 'rule:test', $1, now(), 'api',
         'นร 0505/1234', 'นร 0505/1234', 'normal', 'ก')`,
    [id],
  );
  await outcome(desk.query, id, "registered", "");
  const receipt = await issue({ message: { ...EVIDENCE_EXAMPLES.registered.message, intakeId: id } });
  const answer = await waiting;
  expect(answer).toMatchObject({
    status: 201,
    body: {
      id,
      status: "registered",
      register: { book: "agency-a.inbound.ordinary", number: 1, state: "registered" },
      receipts: [{ evidenceId: receipt.evidence.evidenceId, type: "registered" }],
    },
  });
  expect(answer.headers.get("preference-applied")).toBe("wait=50");

  const [told] = answer.body.receipts;
  expect((await call("GET", told.jws.replace("/api/v1", ""))).text).toBe(receipt.jws);
  expect((await call("GET", told.json.replace("/api/v1", ""))).body).toEqual(receipt.evidence);
  expect((await call("GET", `/letters/${id}/receipts`)).body.receipts).toEqual(answer.body.receipts);
  expect((await call("GET", `/letters/${newId()}/receipts/${told.evidenceId}`)).status).toBe(404);

  // The same letter in other octets: the registry finds that it is in the book.
  const twice = submit({ ...JSON_LETTER, urgency: "urgent" }, { prefer: "wait=50" });
  const second = await firstArrival(desk.query, id);
  await outcome(desk.query, second, "duplicate", "same-letter", id);
  expect(await twice).toMatchObject({
    status: 200,
    body: { id: second, status: "duplicate", duplicateOf: id, register: { number: 1 } },
  });

  // A clerk decides: nobody waits for him.
  const third = submit({ ...JSON_LETTER, urgency: "most-urgent" }, { prefer: "wait=50" });
  const inTray = await firstArrival(desk.query, id, second);
  await outcome(desk.query, inTray, "triage", "no-number");
  expect(await third).toMatchObject({ status: 202, body: { status: "in-tray", reason: "no-number" } });

  const all = await call("GET", "/letters?limit=2");
  expect(all.body.letters.map((letter: { id: string }) => letter.id)).toEqual([inTray, second]);
  const rest = await call("GET", `/letters?limit=2&after=${all.body.next}`);
  expect(rest.body).toMatchObject({ letters: [{ id }], next: null });
});

test("a form and a GovernmentDocument are stored as they came, large ones as files, and answered in XML to who asks", async (context) => {
  const { call, arrivals, storedFiles } = await openProgram(context);
  const large = Buffer.alloc(5_000_000, "a few octets of a file ");
  const bigFiles: [string, string, Buffer][] = [
    ["main", "หนังสือ.pdf", large],
    ["enclosure", "b.pdf", PDF],
  ];
  const sent = await call("POST", "/letters", form(LETTER, bigFiles));
  expect(sent.status).toBe(202);
  const first = (await arrivals())[0] as { sha256: string; media_type: string };
  expect(first).toMatchObject({ door: "api", content: null });
  expect(first.media_type).toMatch(/^multipart\/form-data; boundary=/);
  expect(await storedFiles()).toEqual([first.sha256]);

  const xml = xmlLetter();
  const answer = await call("POST", "/letters", xml, { "content-type": "application/xml; charset=utf-8" });
  expect(answer.status).toBe(202);
  expect(answer.headers.get("content-type")).toMatch(/^application\/xml/);
  expect((await arrivals())[1]).toMatchObject({
    content: Buffer.from(xml),
    media_type: "application/xml; charset=utf-8",
  });
  // Asked again, in other octets or under another boundary, it leaves no second file.
  const again = await call("POST", "/letters", form(LETTER, bigFiles));
  expect([again.status, again.body.id]).toEqual([202, sent.body.id]);
  expect(await storedFiles()).toEqual([first.sha256]);
  const inParts = await call(
    "POST",
    "/letters",
    form(xmlLetter({ main: "" }), [["main", "a.pdf", PDF]], "application/xml"),
  );
  expect(inParts.status).toBe(202);

  const list = await call("GET", "/letters", undefined, { accept: "application/xml" });
  const schema = await openDocumentSchema("exchange.xsd");
  for (const { text } of [answer, list]) expect(schema(text)).toEqual([]);
  const refused = await call("POST", "/letters", "<a/>", { "content-type": "application/xml" });
  expect(refused.headers.get("content-type")).toMatch(/^application\/problem\+xml/);
  expect(schema(refused.text)).toEqual([]);
  // The check itself can fail.
  expect(schema(refused.text.replace("<status>", "<state>").replace("</status>", "</state>"))).not.toEqual(
    [],
  );
});

test("a node hands in letters of every office that the directory knows, and of no other", async (context) => {
  const { desk, submit, arrivals } = await openProgram(context);
  const node = await desk.addClient({ senderDomain: null });
  const send = (from: object) => submit({ ...JSON_LETTER, from }, {}, node.token);
  expect((await send({ organisationId: "01012" })).status).toBe(202);
  expect((await arrivals())[0]).toMatchObject({ sender_domain: "opdc.example.go.th" });
  expect(await send({ organisationId: "1234567890" })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "#/from" }] },
  });
  expect(await send({ organisationId: "01012", domain: "agency-a.example.go.th" })).toMatchObject({
    status: 422,
  });
  const reader = await desk.addClient({ scopes: ["receipts"] });
  expect(await submit(JSON_LETTER, {}, reader.token)).toMatchObject({
    status: 403,
    body: { code: "scope-needed" },
  });
});

type Query = Awaited<ReturnType<typeof openDesk>>["query"];

async function firstArrival(query: Query, ...except: string[]): Promise<string> {
  for (const until = Date.now() + 20_000; Date.now() < until; await sleep(5)) {
    const [row] = await query("select id from saraban.intake where id <> all ($1::uuid[])", [except]);
    if (row) return (row as { id: string }).id;
  }
  throw new Error("no letter came");
}

function outcome(query: Query, id: string, what: string, reason: string, earlier: string | null = null) {
  return query(
    `insert into saraban.outcome (intake_id, agency_id, outcome, reason, earlier_intake_id, decided_at, clock, decided_by)
       values ($1, 'agency-a', $2, $3, $4, now(), '{}', 'rule:test')`,
    [id, what, reason, earlier],
  );
}
