import { test } from "vitest";
import type { Notice } from "../notice-store.ts";
import { programScene } from "../testing/program-letters.ts";
import { openSenderScene } from "../testing/sender-scene.ts";

const told = (rows: readonly { kind: string; type: string | null }[]) =>
  rows.map(({ kind, type }) => (type === null ? kind : `${kind} ${type}`));

test("who hands a letter in hears of it in its inbox, once each, whatever runs twice or late; and by no mail", async (context) => {
  const { expect } = context;
  const scene = await openSenderScene(context);
  const {
    letters,
    enter,
    outcome,
    waitsSince,
    lookForWaiting,
    tell,
    send,
    event,
    handOn,
    notices,
    sink,
    query,
  } = scene;
  const { client, byProgram, items } = programScene(query);
  await client({ id: "opdc", senderDomain: "opdc.example.go.th", scopes: ["submit"] });
  await client({ id: "erp", senderDomain: "agency-a.example.go.th", scopes: ["read-inbound"] });
  await client({ id: "dms", senderDomain: "agency-a.example.go.th", scopes: ["read-inbound", "submit"] });
  await client({
    id: "gone",
    senderDomain: "agency-a.example.go.th",
    scopes: ["read-inbound"],
    active: false,
  });
  // Whatever stands in its row: another office, or a node, never hears of what others send.
  await client({ id: "passes-on", senderDomain: null, scopes: ["read-inbound"] });
  await client({ id: "nosy", senderDomain: "moc.example.go.th", scopes: ["read-inbound"] });
  const [id = "", mail = ""] = await letters([{}, {}]);
  await byProgram(id, { clientId: "opdc" });
  await waitsSince(id, 61);
  await lookForWaiting();
  await tell(id);
  await enter(id);
  await outcome(id, "registered");
  await Promise.all([send(id), send(id)]);
  await handOn(id);
  await send(id);
  await event(id, "corrected", { changes: { letterDate: { old: "2020-04-09", new: "2020-04-10" } } });
  await send(id);
  expect(told(await items("opdc"))).toEqual(["receipt arrived", "receipt registered", "receipt corrected"]);
  expect(await notices(id)).toMatchObject([
    { kind: "arrival", state: "delivered" },
    { kind: "acknowledgement", state: "delivered" },
    { kind: "correction", state: "delivered" },
  ]);
  const attempts = await query("select channel, result from saraban.delivery_attempt");
  expect(attempts).toEqual(Array(3).fill({ channel: "inbox", result: "accepted" }));
  expect(sink.received).toEqual([]);

  // The agency's own systems hear of each letter of any door, and of one that was there before them not at all.
  await enter(mail);
  await outcome(mail, "registered");
  await send(mail);
  await client({ id: "late", senderDomain: "agency-a.example.go.th", scopes: ["read-inbound"] });
  await event(mail, "corrected", { changes: { letterDate: { old: "2020-04-09", new: "2020-04-10" } } });
  await send(mail);
  for (const own of ["erp", "dms"])
    expect((await items(own)).map(({ kind, intake_id }) => [kind, intake_id])).toEqual([
      ["letter", id],
      ["letter", mail],
    ]);
  for (const other of ["gone", "nosy", "passes-on", "late"]) expect(await items(other)).toEqual([]);
  expect(sink.received).toHaveLength(2);
  expect(await scene.jobs()).toEqual([]);
});

test("a letter that came again by program brings the same receipt once more, to its own client alone", async (context) => {
  const { expect } = context;
  const { letters, enter, outcome, decide, send, notices, query } = await openSenderScene(context);
  const { client, byProgram, items } = programScene(query);
  for (const [id, senderDomain] of [
    ["opdc", "opdc.example.go.th"],
    ["opdc-2", "opdc.example.go.th"],
    ["moc", "moc.example.go.th"],
  ] as const)
    await client({ id, senderDomain, scopes: ["submit"] });
  // The first came by mail from the same office.
  const [first = "", again = "", other = "", stranger = "", refused = ""] = await letters([
    {},
    {},
    {},
    {},
    {},
  ]);
  await byProgram(again, { clientId: "opdc" });
  await byProgram(other, { clientId: "opdc-2" });
  await byProgram(stranger, { clientId: "moc", senderDomain: "moc.example.go.th" });
  await byProgram(refused, { clientId: "moc", senderDomain: "moc.example.go.th" });
  await enter(first);
  await outcome(first, "registered");
  for (const id of [again, other, stranger]) await outcome(id, "possible-duplicate", "same-letter", first);
  await outcome(refused, "triage", "no-number");
  await decide(refused, "reject", "rejected", "ไม่ใช่ของหน่วยงานนี้");
  for (const id of [first, again, other, stranger, refused]) await send(id);
  expect(await items("opdc")).toMatchObject([{ kind: "receipt", type: "registered", intake_id: again }]);
  expect(await items("opdc-2")).toMatchObject([{ kind: "receipt", type: "registered", intake_id: other }]);
  expect(told(await items("moc"))).toEqual(["receipt rejected"]);
  expect(await notices(stranger)).toMatchObject([{ state: "withheld", reason: "other-sender" }]);
});

test("what came by e-CMS goes to its sender's node, that it arrived first, and one after the other", async (context) => {
  const { expect } = context;
  const { letters, enter, outcome, handOn, send, event, notices, query, parts, wait, sink } =
    await openSenderScene(context);
  const { client, byProgram, items } = programScene(query);
  await client({ id: "node", senderDomain: null, scopes: ["submit"] });
  await query(
    `update saraban.partner set ecms = '{"url": "http://node.opdc.example.go.th/ecms-ws01/service2"}', organisation_id = '0101200000'
      where domain = 'opdc.example.go.th'`,
  );
  const posted: string[] = [];
  let answer: "accepted" | "transient" = "transient";
  const ecms = {
    async post({ kind, recipient }: Notice) {
      posted.push(`${kind} ${recipient}`);
      return { result: answer, reply: "test" } as const;
    },
  };
  Object.assign(parts, { ecms });
  const [id = "", own = ""] = await letters([{}, {}]);
  await byProgram(id, { door: "ecms", clientId: "node" });
  await enter(id);
  await outcome(id, "registered");
  await send(id);
  // The node is away: the number does not overtake the arrival.
  await send(id);
  wait(60);
  answer = "accepted";
  await send(id);
  await send(id);
  expect(posted).toEqual(["arrival 0101200000", "arrival 0101200000", "acknowledgement 0101200000"]);
  await event(id, "cancelled");
  await send(id);
  expect(await notices(id)).toMatchObject([
    { kind: "arrival", state: "delivered" },
    { kind: "acknowledgement", state: "delivered" },
    { kind: "cancellation", state: "withheld", reason: "no-notifier" },
  ]);
  expect(await items("node")).toEqual([]);
  // A sender without a node fetches here; and JSON is answered as JSON.
  await query("update saraban.partner set ecms = '{}' where domain = 'opdc.example.go.th'");
  await byProgram(own, { door: "ecms", clientId: "node" });
  await enter(own);
  await outcome(own, "registered");
  await handOn(own);
  await send(own);
  expect(told(await items("node"))).toEqual(["receipt registered"]);
  expect(sink.received).toEqual([]);
});
