import { test } from "vitest";
import type { Notifier } from "../../shared/ecms/message.ts";
import { SAYS_NOTHING } from "../../shared/letter/delivery-report.ts";
import { letReadLettersWait } from "../../shared/testing/arrivals.ts";
import { recordReport } from "../record-report.ts";
import { programScene } from "../testing/program-letters.ts";
import { openSenderScene } from "../testing/sender-scene.ts";
import { letterScene, MOT, OPDC } from "./testing/letter-scene.ts";

type Query = Parameters<typeof letReadLettersWait>[0];
type Told = Partial<Notifier> & Pick<Notifier, "type">;

/** A notifier as reading leaves it behind, taken up. @returns its arrival */
async function tell(
  { query, parts }: { query: Query; parts: Parameters<typeof recordReport>[0] },
  told: Told,
  by: { clientId?: string | null; senderDomain?: string | null } = {},
): Promise<string> {
  const [id = ""] = await letReadLettersWait(query, [{ verdict: "ignored", number: null, letterDate: null }]);
  await programScene(query).byProgram(id, { door: "ecms", ...by });
  const notifier: Notifier = {
    ...{ letterId: "ทก ๐๑๐๑/๑๒", acceptId: null, correspondenceDate: "2026-11-20", subject: "ขอเชิญประชุม" },
    ...{ acceptDate: null, acceptDepartment: null },
    ...told,
  };
  await query("update saraban.reading set kind = 'notifier', report = $2 where intake_id = $1", [
    id,
    JSON.stringify({ ...SAYS_NOTHING, notifier }),
  ]);
  await query(
    "insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('record-report', 'agency-a', $1::uuid, $1)",
    [id],
  );
  const job = { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id };
  await Promise.all([recordReport(parts, job), recordReport(parts, job)]);
  return id;
}

const kept = (query: Query) =>
  query<{ matched_by: string; notice_id: string | null; action: string }>(
    "select matched_by, notice_id, action from saraban.delivery_report order by recorded_at, intake_id",
  );

test("what an office tells of our letter by e-CMS is known of it alone, each thing once, and in the protocol's order", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  const { query, events } = scene;
  const { client, items } = programScene(query);
  await client({ id: "erp", senderDomain: "agency-a.example.go.th", scopes: ["read-outbound"] });
  await client({ id: "opdc", senderDomain: OPDC.domain, scopes: ["submit", "read-outbound"] });
  const letter = await scene.letter({ recipients: [OPDC, MOT] });
  const [opdc = "", mot = ""] = letter.recipients;
  await scene.send(opdc);
  const by = { clientId: "opdc", senderDomain: OPDC.domain };
  const seen = async (id: string) =>
    (await events(id))
      .filter(({ source }) => source === "ecms")
      .map(({ what, proof, details }) => [what, proof, details["receiveNumber"] ?? null].join(" ").trim());

  await tell(scene, { type: "ReceiveLetterNotifier" }, by);
  await tell(scene, { type: "ReceiveLetterNotifier" }, by);
  await tell(
    scene,
    { type: "AcceptLetterNotifier", acceptId: "๔๕/๒๕๖๙", acceptDate: "2026-11-20T15:04:05" },
    by,
  );
  await tell(scene, { type: "AcceptLetterNotifier", acceptId: "45/2569" }, by);
  await tell(scene, { type: "ReceiveLetterNotifier" }, by);
  await tell(scene, { type: "AcceptLetterNotifier", acceptId: "รับที่ 46" }, by);
  await tell(scene, { type: "RejectLetterNotifier" }, by);
  expect(await seen(opdc)).toEqual([
    "arrived client",
    "registered client 45",
    "corrected client รับที่ 46",
    "rejected claim",
  ]);
  expect((await events(opdc)).find(({ what }) => what === "registered")?.details).toMatchObject({
    receiveYear: 2569,
    registeredAt: "2026-11-20T08:04:05.000Z",
  });
  // Another office answers for itself alone, for this date alone, and a letter that nobody sent is nobody's.
  await tell(scene, { type: "RejectLetterNotifier", correspondenceDate: "2025-11-20" }, by);
  await tell(scene, { type: "InvalidLetterNotifier" }, { senderDomain: "moc.example.go.th" });
  await tell(scene, { type: "InvalidLetterNotifier", letterId: "x".repeat(5_000) }, by);
  expect(await seen(mot)).toEqual([]);
  // Given back, sent again, and taken: what the office said before counts no more.
  const node = { senderDomain: MOT.domain };
  await tell(scene, { type: "RejectLetterNotifier" }, node);
  await tell(scene, { type: "RejectLetterNotifier" }, node);
  await scene.event(letter, "resent", mot);
  await tell(scene, { type: "ReceiveLetterNotifier", correspondenceDate: "2569-11-20T00:00:00" }, node);
  await tell(scene, { type: "AcceptLetterNotifier", acceptId: "7" }, node);
  expect(await seen(mot)).toEqual(["rejected client", "arrived client", "registered client 7"]);
  // The agency's own systems hear of what is proved.
  expect((await items("erp")).map(({ kind }) => kind)).toEqual(Array(6).fill("news"));
  expect(await items("opdc")).toEqual([]);
  const reports = await kept(query);
  expect(reports.filter(({ matched_by }) => matched_by === "number" && matched_by !== null)).toHaveLength(7);
  expect(reports).toHaveLength(14);
});

test("a node that fetches for us names the office by its number; who names another one only claims", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  const { query, events } = scene;
  await query("update saraban.partner set organisation_id = '0101200000' where domain = $1", [OPDC.domain]);
  const { recipients } = await scene.letter();
  const [opdc = ""] = recipients;
  await tell(
    scene,
    { type: "InvalidLetterNotifier", acceptDepartment: "01012" },
    { senderDomain: "moc.example.go.th" },
  );
  expect(await events(opdc)).toEqual([]);
  await tell(
    scene,
    { type: "AcceptLetterNotifier", acceptId: "9", acceptDepartment: "01012" },
    { senderDomain: null },
  );
  expect(await events(opdc)).toMatchObject([{ what: "registered", proof: "client", source: "ecms" }]);
  await query("update saraban.partner set organisation_id = '0800200000' where domain = $1", [MOT.domain]);
  await tell(
    scene,
    { type: "RejectLetterNotifier", acceptDepartment: "0800200000" },
    { senderDomain: OPDC.domain },
  );
  expect((await events(opdc)).at(-1)).toMatchObject({ what: "rejected", proof: "claim" });
});

test("a number that we never gave is answered with ours; one that we gave is the clerk's and the systems' to look at", async (context) => {
  const { expect } = context;
  const scene = await openSenderScene(context);
  const { registered, send, query, parts, sink, notices } = scene;
  const { client, byProgram, items } = programScene(query);
  await client({ id: "opdc", senderDomain: "opdc.example.go.th", scopes: ["submit"] });
  await client({ id: "erp", senderDomain: "agency-a.example.go.th", scopes: ["read-inbound"] });
  const notified = { query, parts: { ...parts, partnerKeys: { refresh: async () => null } } };
  const [id, byMail] = [await registered(), await registered()];
  await byProgram(id, { door: "ecms", clientId: "opdc" });
  for (const one of [id, byMail]) await send(one);
  const of = { letterId: "นร 1200/55", correspondenceDate: "2020-04-09" };
  const by = { clientId: "opdc" };
  // The newest letter of that number is the mail's.
  await query(`begin; set local session_replication_role = replica;
    update saraban.entry set letter_date = '2020-04-10' where intake_id = '${byMail}'; commit`);
  const wrong = await tell(notified, { type: "InvalidAcceptIDNotifier", acceptId: "๙/๒๕๖๙", ...of }, by);
  expect(await items("opdc")).toMatchObject([
    { type: "registered", intake_id: id },
    { type: "registered", intake_id: wrong },
  ]);
  expect(await items("erp")).toMatchObject([{ kind: "letter" }, { kind: "letter" }]);
  const stranger = { senderDomain: "moc.example.go.th" };
  await tell(notified, { type: "InvalidAcceptIDNotifier", acceptId: "9", ...of }, stranger);

  await query(
    `update saraban.agency set contacts = '{"clerk": "somsri@agency-a.example.go.th"}' where id = 'agency-a'`,
  );
  const ours = await tell(notified, { type: "InvalidAcceptIDNotifier", acceptId: "1/2569", ...of }, by);
  expect((await items("erp")).at(-1)).toMatchObject({ kind: "dispute", intake_id: ours });
  await send(ours);
  const mail = await sink.received.at(-1)?.read();
  expect(mail?.text).toContain("1/2569");
  expect(mail?.text).toContain(id);
  expect(mail?.text).not.toContain("นร 1200/55");
  expect(await notices(ours)).toMatchObject([{ kind: "alert", state: "delivered" }]);
  // Asked by a node, where nobody fetches from us: the same message goes the way that it went before.
  const told = sink.received.length;
  const again = { ...of, correspondenceDate: "2020-04-10" };
  await tell(notified, { type: "InvalidAcceptIDNotifier", acceptId: "99", ...again });
  await send(byMail);
  expect(sink.received).toHaveLength(told + 1);
  expect(await notices(byMail)).toMatchObject([{ kind: "acknowledgement", state: "delivered" }]);
  expect(await items("opdc")).toHaveLength(2);
});

test("a notifier that comes several times at once says what it says once", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  const { query, events } = scene;
  await programScene(query).client({ id: "opdc", senderDomain: OPDC.domain, scopes: ["submit"] });
  const letter = await scene.letter({ recipients: [OPDC] });
  const [opdc = ""] = letter.recipients;
  await scene.send(opdc);
  const by = { clientId: "opdc", senderDomain: OPDC.domain };
  const same = { type: "AcceptLetterNotifier", acceptId: "45/2569" } as const;
  await Promise.all(Array.from({ length: 6 }, () => tell(scene, same, by)));
  const seen = (await events(opdc)).filter(({ source }) => source === "ecms");
  expect(seen.map(({ what }) => what)).toEqual(["registered"]);
});
