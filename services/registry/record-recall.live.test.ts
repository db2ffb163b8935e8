import { type TestContext, test } from "vitest";
import { RECALL_SCHEMA, type Recall, signRecall } from "../shared/letter/evidence/recall.ts";
import { newSigningKey, publicHalf } from "../shared/letter/evidence/sign-evidence.ts";
import { newId } from "../shared/runtime/ids.ts";
import { recordRecall } from "./record-recall.ts";
import { actsScene, INBOUND } from "./testing/acts-scene.ts";

const OPDC = "opdc.example.go.th";
const NUMBER = "นร 1200/57";
const LETTER = { number: NUMBER, letterDate: "2026-05-05" };

async function scene(context: TestContext) {
  const acts = await actsScene(context);
  const { query, tray, handedOn } = acts;
  const key = await newSigningKey();
  await query("insert into saraban.partner_key (domain, kid, jwk, source) values ($1, $2, $3, 'config')", [
    OPDC,
    key.kid,
    JSON.stringify(publicHalf(key.privateKey)),
  ]);
  return {
    ...acts,
    /** A mail that asks for a letter back arrives and is read. @returns its intake id */
    async mail(
      change: Partial<Recall> = {},
      { by = key, standing = "proved", from = OPDC } = {},
    ): Promise<string> {
      const recall: Recall = {
        schema: RECALL_SCHEMA,
        recallId: newId(),
        issuedAt: "2026-05-06T03:00:00.000Z",
        agency: { domain: OPDC, nameThai: "สำนักงาน ก.พ.ร.", nameEnglish: "OPDC" },
        letter: { number: NUMBER, date: "2026-05-05", messageIds: [] },
        evidenceId: null,
        reason: "ส่งผิด\nหน่วยงาน",
        replacedBy: "นร 1200/58",
        ...change,
      };
      const senderAddress = `saraban@${from}`;
      const [id = ""] = await tray([{ verdict: "ignored", number: null, standing, senderAddress }]);
      await query(
        "update saraban.reading set report = jsonb_build_object('evidence', $2::text) where intake_id = $1",
        [id, await signRecall(recall, by)],
      );
      await query(
        "insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('record-recall', 'agency-a', $1::uuid, $1::text)",
        [id],
      );
      return id;
    },
    record: (id: string) => recordRecall(acts.parts, "agency-a", id),
    events: () =>
      query<{ id: string; what: string; number: number; made_by: string; details: object }>(
        "select id, what, number, made_by, made_by_name, reason, details from saraban.entry_event order by event_no",
      ),
    open: () => handedOn("record-recall"),
  };
}

test("a proved recall stands beside the line, once; a clerk answers, and the sender hears it; the number stays", async (context) => {
  const { expect } = context;
  const { tray, mail, record, events, open, do: act, lines, query, notices } = await scene(context);
  const [letter] = await tray([LETTER, { ...LETTER, number: "นร 1200/58" }]);
  await query("delete from saraban.outbox");
  const [line] = await lines(INBOUND);
  const place = { bookId: INBOUND, year: line?.year as number, number: 1 };
  const answer = (accept: boolean, reason = "") =>
    act("answer-recall", { ...place, details: { accept }, reason });
  expect(await answer(true)).toMatchObject({ reason: "no-recall-is-open" });
  const recallId = newId();
  const first = await mail({ recallId });
  expect(await record(first)).toBeNull();
  const requested = {
    id: first,
    what: "recall-requested",
    number: 1,
    made_by: "system:recall",
    made_by_name: "สำนักงาน ก.พ.ร.",
    reason: "ส่งผิด หน่วยงาน",
    details: {
      recallId,
      proof: "signature",
      replacedBy: "นร 1200/58",
      letterNumber: NUMBER,
      intakeId: first,
    },
  };
  expect(await events()).toMatchObject([requested]);
  // The same job again, the same recall in another mail, another one while the first is open.
  await record(first);
  for (const change of [{ recallId }, {}]) await record(await mail(change));
  expect(await events()).toHaveLength(1);
  expect(await act("answer-recall", place)).toMatchObject({ reason: "an-answer-is-needed" });
  expect(await answer(false, "ดำเนินการไปแล้ว")).toMatchObject({ result: "done" });
  expect(await answer(true)).toMatchObject({ reason: "no-recall-is-open" });
  await record(await mail({ recallId }));
  expect(await events(), "what was answered is not asked again").toHaveLength(2);
  await record(await mail());
  expect(await answer(true)).toMatchObject({ result: "done" });
  expect((await events()).map(({ what }) => what)).toEqual([
    "recall-requested",
    "recall-refused",
    "recall-requested",
    "recall-accepted",
  ]);
  expect(await notices()).toEqual([letter]);
  expect(await open()).toEqual([]);
  expect(await lines(INBOUND)).toMatchObject([{ number: 1, status: "registered" }, { number: 2 }]);
});

test("what no key proves is a claim, and only from its own domain; it never keeps the proved one out", async (context) => {
  const { expect } = context;
  const { tray, mail, record, events } = await scene(context);
  await tray([LETTER]);
  const stranger = await newSigningKey();
  for (const [change, how] of [
    [{}, { by: stranger, from: "mot.example.go.th" }],
    [{}, { by: stranger, standing: "forged" }],
    [{ agency: { domain: "mot.example.go.th", nameThai: "", nameEnglish: "" } }, { by: stranger }],
    [{ letter: { number: "นร 1200/99", date: null, messageIds: [] } }, {}],
    [{ letter: { number: NUMBER, date: "2025-05-05", messageIds: [] } }, {}],
  ] as const) {
    expect(await record(await mail(change, how))).toBeNull();
    expect(await events(), JSON.stringify([change, how.by !== undefined])).toEqual([]);
  }
  await record(await mail({}, { by: stranger }));
  await record(await mail({}, { by: stranger }));
  expect(await events(), "one claim, however many come").toMatchObject([{ details: { proof: "claim" } }]);
  await record(await mail());
  expect(await events()).toMatchObject([
    { details: { proof: "claim" } },
    { details: { proof: "signature" } },
  ]);
});

test("a recall that is quicker than its letter waits for it, in the tray too; a cancelled line takes none", async (context) => {
  const { expect } = context;
  const { tray, mail, record, events, open, do: act, lines } = await scene(context);
  const [lying = ""] = await tray([{ ...LETTER, verdict: "triage" }]);
  const recall = await mail();
  expect(await record(recall)).toMatchObject({ why: "its letter is in-the-tray" });
  expect(await open()).toEqual([recall]);
  await act("register", { intakeId: lying });
  expect(await record(recall)).toBeNull();
  expect(await events()).toMatchObject([{ what: "recall-requested", number: 1 }]);
  const [line] = await lines(INBOUND);
  await act("cancel", { bookId: INBOUND, year: line?.year as number, number: 1, reason: "ผู้ส่งเรียกคืน" });
  expect(await record(await mail())).toBeNull();
  expect(await events()).toHaveLength(2);
  expect(await open()).toEqual([]);
});

test("an agency of the same installation is proved by our own key, until that is revoked, and by no partner's", async (context) => {
  const { expect } = context;
  const { tray, mail, record, events, query } = await scene(context);
  const domain = "agency-b.example.go.th";
  await tray([{ ...LETTER, senderAddress: `saraban@${domain}`, verdict: "triage" }]);
  const own = await newSigningKey();
  await query("insert into saraban.signing_key (kid, jwk, made_at) values ($1, $2, now())", [
    own.kid,
    JSON.stringify(publicHalf(own.privateKey)),
  ]);
  const agency = { domain, nameThai: "หน่วยงานทดสอบ ข", nameEnglish: "Test Office B" };
  expect(await record(await mail({ agency }, { by: own }))).toMatchObject({
    why: "its letter is in-the-tray",
  });
  // By a partner's key it is a claim at most, and what lies in the tray waits for none.
  expect(await record(await mail({ agency }, { from: domain }))).toBeNull();
  await query("update saraban.signing_key set revoked_at = now(), revoked_because = 'test'");
  expect(await record(await mail({ agency }, { by: own, from: domain }))).toBeNull();
  expect(await events()).toEqual([]);
});

test("the officer who has opened a letter is written down once, and its sender is to hear it", async (context) => {
  const { expect } = context;
  const { tray, do: act, lines, notices, query, events } = await scene(context);
  const [letter] = await tray([LETTER]);
  await query("delete from saraban.outbox");
  const [line] = await lines(INBOUND);
  const place = { bookId: INBOUND, year: line?.year as number, number: 1 };
  const details = { officer: "นางสาวผู้รับผิดชอบ ทดสอบ" };
  expect(await act("hand-over", place)).toMatchObject({ reason: "an-officer-is-needed" });
  expect(await act("hand-over", { ...place, number: 2, details })).toMatchObject({ reason: "no-such-line" });
  expect(await act("hand-over", { ...place, details })).toMatchObject({ result: "done", number: 1 });
  expect(await act("hand-over", { ...place, details })).toMatchObject({ reason: "already-handed-over" });
  expect(await notices()).toEqual([letter]);
  expect(await events()).toMatchObject([{ what: "handed-over", details }]);
  const paper = await act("enter", { bookId: INBOUND, facts: { subject: "กระดาษ" } });
  expect(await act("hand-over", { ...place, number: paper.number as number, details })).toMatchObject({
    result: "done",
  });
  expect(await notices(), "on paper there is nobody to tell").toEqual([letter]);
  const own = await act("enter", { bookId: "agency-a.outbound.ordinary", facts: { subject: "ส่ง" } });
  expect(
    await act("hand-over", {
      ...place,
      bookId: "agency-a.outbound.ordinary",
      number: own.number as number,
      details,
    }),
  ).toMatchObject({ reason: "only-inbound-lines-are-handed-over" });
});

test("a recall waits a while for the keys of a partner that publishes them and did not answer; then it is a claim", async (context) => {
  const { expect } = context;
  const { tray, mail, record, events, query } = await scene(context);
  await tray([LETTER]);
  await query(
    "update saraban.partner set keys_url = 'https://opdc.example.go.th/jwks.json' where domain = $1",
    [OPDC],
  );
  await query("update saraban.partner_key set active = false");
  const early = await mail();
  expect(await record(early)).toMatchObject({ why: "its office's keys were not fetched yet" });
  const late = await mail();
  await query(
    `begin; set local session_replication_role = replica;
     update saraban.intake set arrived_at = arrived_at - interval '61 minutes' where id = '${late}'; commit`,
  );
  expect(await record(late)).toBeNull();
  await query("update saraban.partner_key set active = true");
  expect(await record(early)).toBeNull();
  expect((await events()).map(({ id, details }) => [id, details])).toMatchObject([
    [late, { proof: "claim" }],
    [early, { proof: "signature" }],
  ]);
});
