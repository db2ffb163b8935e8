import { inject, type TestContext, test } from "vitest";
import { type DeliveryReport, SAYS_NOTHING } from "../shared/letter/delivery-report.ts";
import { systemClock } from "../shared/letter/stamp.ts";
import { inTransaction } from "../shared/runtime/database.ts";
import { newId } from "../shared/runtime/ids.ts";
import { openLog } from "../shared/runtime/log.ts";
import { adminQueries, letReadLettersWait, roomDatabase } from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { listFailedNotices } from "./notice-store.ts";
import { recordReport } from "./record-report.ts";
import { readReportKeys, signingKey } from "./report-key-store.ts";
import { signToken } from "./report-token.ts";

const TO = "saraban@opdc.example.go.th";
function bounced(...actions: [action: string, final: string, original?: string][]): DeliveryReport {
  const recipients = actions.map(([action, final, original]) => ({
    original: original ?? null,
    final,
    action,
    status: action === "failed" ? "5.2.2" : "2.0.0",
    diagnostic: action === "failed" ? "552 mailbox full" : null,
  }));
  return { ...SAYS_NOTHING, recipients, action: actions[0]?.[0] ?? null, status: "5.2.2" };
}

async function scene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const database = roomDatabase(context, address, "saraban_notification");
  const acting = { actor: "worker:notification", agencies: ["agency-a"] } as const;
  const partnerKeys = { refresh: async () => false };
  const parts = { database, now: systemClock(), log: openLog("silent", "test"), partnerKeys };
  const key = await inTransaction(database, acting, signingKey);
  const notice = async (state = "delivered"): Promise<{ id: string; messageId: string; path: string }> => {
    const [letter = ""] = await letReadLettersWait(query, [{}]);
    const id = newId();
    const messageId = `<ack.${id}@agency-a.example.go.th>`;
    await query(
      `insert into saraban.notice (id, agency_id, intake_id, kind, recipient, message_id, facts, made_at, clock, state)
         values ($1, 'agency-a', $2, 'acknowledgement', $3, $4, '{}', now(), '{}', $5)`,
      [id, letter, TO, messageId, state],
    );
    return { id, messageId, path: `saraban+${signToken(key, "agency-a", id)}@agency-a.example.go.th` };
  };
  /** A report as reading leaves it behind. */
  const report = async (
    to: string,
    given: DeliveryReport | null,
    kind = "bounce",
    references: string[] = [],
  ) => {
    const [id = ""] = await letReadLettersWait(query, [{ verdict: "ignored", mailFrom: "" }]);
    await query(
      `begin; set local session_replication_role = replica;
       update saraban.intake set recipients = array['${to}'] where id = '${id}';
       update saraban.reading set kind = '${kind}', report = $json$${JSON.stringify(given)}$json$::jsonb,
         "references" = string_to_array('${references.join(" ")}', ' ') where intake_id = '${id}';
       insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('record-report', 'agency-a', '${id}', 'x'); commit`,
    );
    return id;
  };
  const record = (id: string) =>
    recordReport(parts, { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id });
  const evidence = async (id: string) =>
    (
      await query<Record<string, unknown>>("select * from saraban.delivery_report where intake_id = $1", [id])
    )[0];
  const stateOf = async (id: string) =>
    (
      await query<{ state: string; reason: string }>(
        "select state, reason from saraban.notice where id = $1",
        [id],
      )
    )[0];
  return { query, database, acting, notice, report, record, evidence, stateOf };
}

test("a failure that came to the return path makes the notice failed, once; others are evidence only", async (context) => {
  const { expect } = context;
  const { notice, report, record, evidence, stateOf, query, database, acting } = await scene(context);
  const { id, path } = await notice();
  for (const [action, kind] of [
    ["delayed", "bounce"],
    ["relayed", "bounce"],
    ["displayed", "mdn"],
    [null, "auto-reply"],
    [null, "acknowledgement"],
    [null, "bounce"], // in no standard form
  ] as const) {
    const given = action === null ? null : { ...bounced([action, TO]), action };
    const mail = await report(path, kind === "mdn" ? { ...SAYS_NOTHING, action } : given, kind);
    await record(mail);
    expect(await evidence(mail), kind).toMatchObject({ notice_id: id, matched_by: "token", kind, action });
    expect(await stateOf(id), kind).toEqual({ state: "delivered", reason: "" });
  }
  const mail = await report(path.toUpperCase(), bounced(["failed", TO]));
  await record(mail);
  await record(mail); // the queue delivers at least once
  expect(await evidence(mail)).toMatchObject({
    notice_id: id,
    matched_by: "token",
    action: "failed",
    status: "5.2.2",
    recipient: TO,
    diagnostic: "552 mailbox full",
  });
  expect(await stateOf(id)).toEqual({
    state: "failed",
    reason: "reported as failed: 5.2.2 552 mailbox full",
  });
  expect(await inTransaction(database, acting, listFailedNotices)).toMatchObject([{ recipient: TO }]);
  expect(await query("select 1 from saraban.outbox where job = 'record-report'")).toEqual([]);
});

test("a report without a genuine token is matched by what it names, and changes nothing", async (context) => {
  const { expect } = context;
  const { notice, report, record, evidence, stateOf } = await scene(context);
  const { id, messageId, path } = await notice();
  const altered = path.replace(/\+(.)/, (_, first: string) => `+${first === "a" ? "b" : "a"}`);
  const failed = bounced(["failed", TO]);
  for (const [to, given, references] of [
    ["saraban@agency-a.example.go.th", { ...failed, relatesTo: messageId }, []],
    ["saraban@agency-a.example.go.th", { ...failed, envelopeId: id }, []],
    ["saraban@agency-a.example.go.th", failed, ["<other@x>", messageId]],
    [altered, { ...failed, relatesTo: messageId }, []],
  ] as const) {
    const mail = await report(to, given, "bounce", [...references]);
    await record(mail);
    expect(await evidence(mail)).toMatchObject({ notice_id: id, matched_by: "message-id", action: "failed" });
  }
  const stray = await report(altered, { ...failed, relatesTo: "<out-1@agency-a.example.go.th>" });
  await record(stray);
  expect(await evidence(stray)).toMatchObject({ notice_id: null, matched_by: "nothing" });
  expect(await stateOf(id)).toEqual({ state: "delivered", reason: "" });
});

test("one message's token with another message's name is somebody's making", async (context) => {
  const { expect } = context;
  const { notice, report, record, evidence, stateOf } = await scene(context);
  const [mine, other] = [await notice(), await notice()];
  for (const names of [{ relatesTo: other.messageId }, { envelopeId: other.id }]) {
    const mail = await report(mine.path, { ...bounced(["failed", TO]), ...names });
    await record(mail);
    expect(await evidence(mail)).toMatchObject({ notice_id: mine.id, matched_by: "token" });
  }
  expect(await stateOf(mine.id)).toMatchObject({ state: "delivered" });
  expect(await stateOf(other.id)).toMatchObject({ state: "delivered" });
});

test("of several recipients ours counts; where an alias stands for several, one that got it is enough", async (context) => {
  const { expect } = context;
  const { notice, report, record, stateOf } = await scene(context);
  for (const [given, state] of [
    [bounced(["failed", "stranger@x.example.go.th"], ["delivered", TO]), "delivered"],
    [bounced(["delivered", "stranger@x.example.go.th"], ["failed", TO]), "failed"],
    [bounced(["failed", "one@x.example.go.th", TO], ["delivered", "two@x.example.go.th", TO]), "delivered"],
    [bounced(["failed", "one@x.example.go.th", TO], ["failed", "two@x.example.go.th", TO]), "failed"],
    // The address was rewritten on the way.
    [bounced(["failed", "elsewhere@x.example.go.th"]), "failed"],
  ] as const) {
    const { id, path } = await notice();
    await record(await report(path, given));
    expect(await stateOf(id)).toMatchObject({ state });
  }
  const withheld = await notice("withheld");
  await record(await report(withheld.path, bounced(["failed", TO])));
  expect(await stateOf(withheld.id)).toMatchObject({ state: "withheld" });
});

test("processes that need the first key at the same moment agree on one", async (context) => {
  const { expect } = context;
  const address = await databaseForTest(inject("testServer"), context);
  const acting = { actor: "worker:notification", agencies: ["agency-a"] } as const;
  const rooms = Array.from({ length: 4 }, () => roomDatabase(context, address, "saraban_notification"));
  const keys = await Promise.all(rooms.map((database) => inTransaction(database, acting, signingKey)));
  expect(new Set(keys.map((key) => key.toString("hex"))).size).toBe(1);
  expect(await inTransaction(rooms[0] as (typeof rooms)[0], acting, readReportKeys)).toHaveLength(1);
});
