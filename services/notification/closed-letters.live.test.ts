import { createHash } from "node:crypto";
import { test } from "vitest";
import { evidenceFault } from "../shared/letter/evidence/evidence-shape.ts";
import { inTransaction } from "../shared/runtime/database.ts";
import { roomDatabase } from "../shared/testing/arrivals.ts";
import { appointProgram, letClosedLettersWait } from "../shared/testing/closed-arrivals.ts";
import { programScene } from "./testing/program-letters.ts";
import { openSenderScene } from "./testing/sender-scene.ts";

const BOOK = "agency-a.inbound.classified";

async function scene(context: Parameters<typeof openSenderScene>[0]) {
  const office = await openSenderScene(context);
  const { query } = office;
  const programs = programScene(query);
  await appointProgram(query);
  // Who hears of ordinary letters: the agency's own systems, and its webhooks.
  await programs.client({
    id: "erp",
    senderDomain: "agency-a.example.go.th",
    scopes: ["read-inbound", "read-outbound"],
  });
  await query(
    "insert into saraban.webhook (id, agency_id, url) values ('erp', 'agency-a', 'https://erp.agency-a.example.go.th/')",
  );
  await query(
    "insert into saraban.book (id, agency_id, direction, series) values ($1, 'agency-a', 'inbound', 'classified')",
    [BOOK],
  );
  /** As the registry numbers it. */
  const register = async (id: string, number = 1) => {
    await query(
      `insert into saraban.entry (book_id, agency_id, year, number, intake_id, registered_at, clock, registered_by, arrived_at, urgency, secrecy, channel)
         select $1, 'agency-a', 2026, $3, id, '2026-05-01T03:00:00Z', '{"state":"unsynchronised"}', 'rule:automatic', arrived_at, 'normal', closed_level, door
           from saraban.intake where id = $2`,
      [BOOK, id, number],
    );
    await query(
      `insert into saraban.outcome (intake_id, agency_id, outcome, reason, closed_client, decided_at, clock, decided_by)
         select id, agency_id, 'registered', 'closed', coalesce(client_id, ''), now(), '{}', 'rule:automatic' from saraban.intake where id = $1`,
      [id],
    );
    await query("delete from saraban.outbox where job = 'register-closed' and subject_id = $1", [id]);
    await office.handOn(id);
  };
  return { ...office, ...programs, register };
}

test("the program that handed a classified letter in hears of its number, and nobody else of anything", async (context) => {
  const { expect } = context;
  const { query, parts, register, send, items, notices, sink, handOn, jobs, address } = await scene(context);
  const door = roomDatabase(context, address, "saraban_http", 1);
  // Whatever node its sender has: by that wire a number would have to name its letter.
  await query(
    `update saraban.partner set ecms = '{"url": "http://node.opdc.example.go.th/ecms-ws01/service2"}', organisation_id = '0101200000' where domain = 'opdc.example.go.th'`,
  );
  Object.assign(parts, {
    ecms: {
      async post() {
        throw new Error("nothing is posted");
      },
    },
  });
  const [id = "", byWire = ""] = await letClosedLettersWait(query, [{ level: "secret" }, { door: "ecms" }]);
  for (const [number, letter] of [id, byWire].entries()) {
    await register(letter, number + 1);
    await Promise.all([send(letter), send(letter)]);
    await handOn(letter);
    await send(letter);
  }
  expect((await items("opdc-closed")).map(({ kind, type, intake_id }) => [kind, type, intake_id])).toEqual([
    ["receipt", "registered", id],
    ["receipt", "registered", byWire],
  ]);
  expect(await items("erp")).toEqual([]);
  expect(await query("select 1 from saraban.webhook_call")).toEqual([]);
  expect(sink.received).toEqual([]);
  expect(await jobs()).toEqual([]);
  const [notice, ...more] = await notices(id);
  expect(more).toEqual([]);
  expect(notice).toMatchObject({ kind: "acknowledgement", state: "delivered" });
  expect(evidenceFault(notice?.evidence)).toBeNull();
  // What Annex 6 wants of a receipt but the letter's own number and date, which are sealed; and what was handed in.
  expect(notice?.evidence).toMatchObject({
    type: "registered",
    letter: { number: null, numberPrinted: null, date: null },
    register: { book: BOOK, number: 1, year: 2026, yearBuddhist: 2569 },
    channel: "api",
    message: {
      intakeId: id,
      messageId: null,
      contentsSha256: null,
      sizeBytes: 1234,
      sha256: createHash("sha256").update(id).digest("hex"),
    },
    reason: null,
    changes: null,
  });
  expect(JSON.stringify(await query("select facts from saraban.notice"))).not.toMatch(/opdc/);
  for (const table of ["notice", "receipt"] as const) {
    expect(await query(`select distinct closed_client from saraban.${table}`)).toEqual([
      { closed_client: "opdc-closed" },
    ]);
    for (const [actor, sees] of [
      ["client:opdc-closed", true],
      ["client:erp", false],
      ["person:x", false],
      ["worker:http", false],
    ] as const) {
      const rows = await inTransaction(door, { actor, agencies: ["agency-a"] }, (transaction) =>
        transaction.selectFrom(table).select("id").execute(),
      );
      expect(rows.length > 0, `${table} ${actor}`).toBe(sees);
    }
  }
  const tried = (actor: "client:erp" | "client:opdc-closed") =>
    inTransaction(door, { actor, agencies: ["agency-a"] }, (transaction) =>
      transaction.selectFrom("delivery_attempt").select("id").execute(),
    );
  expect(await tried("client:erp")).toEqual([]);
  expect(await tried("client:opdc-closed")).toHaveLength(2);
});

test("while it waits for its number for long its program hears that it has come; of a cancelled number without anybody's words", async (context) => {
  const { expect } = context;
  const { query, register, send, tell, lookForWaiting, items, notices, handOn } = await scene(context);
  const [id = ""] = await letClosedLettersWait(query, [{}]);
  await query("update saraban.outbox set created_at = now() - interval '61 seconds'");
  await lookForWaiting();
  expect(await query("select subject_id from saraban.outbox where job = 'tell-arrival'")).toEqual([
    { subject_id: id },
  ]);
  await tell(id);
  await register(id);
  await send(id);
  await query(
    `insert into saraban.entry_event (book_id, event_no, id, agency_id, year, number, what, reason, made_by, made_by_name, made_at, clock)
       values ($1, 1, gen_random_uuid(), 'agency-a', 2026, 1, 'cancelled', 'ส่งแผนลับผิดเล่ม', 'person:x', 'x', now(), '{}')`,
    [BOOK],
  );
  await handOn(id);
  await send(id);
  expect((await items("opdc-closed")).map(({ type }) => type)).toEqual([
    "arrived",
    "registered",
    "cancelled",
  ]);
  const [arrived, registered, cancelled] = (await notices(id)).map(({ evidence }) => evidence);
  expect(arrived).toMatchObject({ type: "arrived", letter: null, message: { sizeBytes: 1234 } });
  expect(cancelled).toMatchObject({
    replaces: registered?.evidenceId,
    reason: { code: "cancelled", words: null },
  });
  expect(JSON.stringify(await query("select facts from saraban.receipt"))).not.toContain("แผนลับ");
  for (const evidence of [arrived, registered, cancelled]) expect(evidenceFault(evidence)).toBeNull();
});

test("one that another node gave has nobody to be told, and is told to nobody", async (context) => {
  const { expect } = context;
  const { query, register, send, notices, items, sink } = await scene(context);
  const [id = ""] = await letClosedLettersWait(query, [{ door: "ecms" }]);
  await query(
    `begin; set local session_replication_role = replica; update saraban.intake set client_id = null where id = '${id}'; commit`,
  );
  await register(id);
  await send(id);
  expect(await notices(id)).toMatchObject([
    { kind: "acknowledgement", state: "withheld", evidence: { type: "registered" } },
  ]);
  expect(await query("select distinct closed_client from saraban.receipt")).toEqual([{ closed_client: "" }]);
  for (const client of ["opdc-closed", "erp"]) expect(await items(client)).toEqual([]);
  expect(sink.received).toEqual([]);
});
