import { type TestContext, test } from "vitest";
import { programScene } from "../testing/program-letters.ts";
import { letterScene, MOT, OPDC } from "./testing/letter-scene.ts";

const OFFICE = "0101200000";
const FETCHES = { ...OPDC, address: OFFICE, channel: "ecms" } as const;

/** A letter to an office that has neither node nor mailbox, whose program is registered here. */
async function fetchedScene(context: TestContext) {
  const scene = await letterScene(context);
  const { query } = scene;
  const { client } = programScene(query);
  await query("update saraban.agency set organisation_id = '0199900000' where id = 'agency-a'");
  await query("update saraban.partner set organisation_id = $1, mailbox = null where domain = $2", [
    OFFICE,
    OPDC.domain,
  ]);
  await client({ id: "opdc", senderDomain: OPDC.domain, scopes: ["submit"] });
  return {
    ...scene,
    client,
    items: () =>
      query<{ id: string; client_id: string; kind: string; notice_id: string; withdrawn: boolean }>(
        "select id, client_id, kind, notice_id, withdrawn_at is not null as withdrawn from saraban.client_item order by seq",
      ),
    /** As room http writes it. */
    fetched: (id: string) =>
      query("update saraban.client_item set first_fetched_at = now() where id = $1", [id]),
    done: (id: string) => query("update saraban.client_item set done_at = now() where id = $1", [id]),
    told: async (recipientId: string) =>
      (await scene.events(recipientId)).map(({ what, source, proof, details }) =>
        [what, source, proof, details["reason"] ?? ""].join(" ").trim(),
      ),
  };
}

test("a letter lies in the inbox of the office's own program, and of nobody else; that it was taken is news once", async (context) => {
  const { expect } = context;
  const { client, letter, send, items, fetched, done, told, notices, jobs, query, sink } =
    await fetchedScene(context);
  await client({ id: "second", senderDomain: OPDC.domain, scopes: ["submit", "receipts"] });
  await client({ id: "receipts", senderDomain: OPDC.domain, scopes: ["receipts"] });
  await client({ id: "gone", senderDomain: OPDC.domain, scopes: ["submit"], active: false });
  await client({ id: "other", senderDomain: MOT.domain, scopes: ["submit"] });
  await client({ id: "node", senderDomain: null, scopes: ["submit"] });
  await client({ id: "own", senderDomain: "agency-a.example.go.th", scopes: ["submit", "read-outbound"] });
  const { recipients } = await letter({ recipients: [FETCHES] });
  const [recipientId = ""] = recipients;
  await Promise.all([send(recipientId), send(recipientId)]);
  await send(recipientId);
  const [first, second, ...more] = await items();
  expect([first, second, more]).toMatchObject([
    { client_id: "opdc", kind: "sent-letter" },
    { client_id: "second", kind: "sent-letter" },
    [],
  ]);
  expect(await notices(recipientId)).toMatchObject([{ kind: "letter", state: "delivered" }]);
  expect(await query("select channel, result from saraban.delivery_attempt")).toEqual([
    { channel: "inbox", result: "accepted" },
  ]);
  expect(await told(recipientId)).toEqual(["accepted server own"]);
  expect(await jobs("send-letter")).toEqual([]);

  await fetched(first?.id ?? "");
  await done(first?.id ?? "");
  expect(await jobs("send-letter")).toEqual([{ subject_id: recipientId }]);
  await send(recipientId);
  await send(recipientId);
  expect(await told(recipientId)).toEqual(["accepted server own", "delivered ecms client"]);
  expect(await jobs("send-letter")).toEqual([]);
  expect(sink.received).toEqual([]);
});

test("called back before it was fetched a letter is gone; afterwards its program is told, or by e-CMS cannot be", async (context) => {
  const { expect } = context;
  const { letter, send, event, items, fetched, done, told } = await fetchedScene(context);
  const unseen = await letter({ recipients: [FETCHES] });
  await send(unseen.recipients[0] ?? "");
  await event(unseen, "recall-requested");
  await send(unseen.recipients[0] ?? "");
  expect(await items()).toMatchObject([{ kind: "sent-letter", withdrawn: true }]);
  const taken = ["accepted server own", "recall-accepted server own not-fetched"];
  expect(await told(unseen.recipients[0] ?? "")).toEqual(taken);

  const seen = await letter({ recipients: [FETCHES], number: 13 });
  const [recipientId = ""] = seen.recipients;
  await send(recipientId);
  await fetched((await items())[1]?.id ?? "");
  await event(seen, "recall-requested");
  await send(recipientId);
  await send(recipientId);
  const [, letterItem, recall, ...more] = await items();
  expect([letterItem, recall, more]).toMatchObject([
    { kind: "sent-letter", withdrawn: false },
    { kind: "recall", client_id: "opdc" },
    [],
  ]);
  await done(letterItem?.id ?? "");
  await done(recall?.id ?? "");
  await send(recipientId);
  expect(await told(recipientId)).toEqual([
    "accepted server own",
    "recall-sent server own",
    "delivered ecms client",
    "recall-refused server own no-notifier",
  ]);
});

test("sent once more it lies there once more, and takes the place of one that nobody has seen", async (context) => {
  const { expect } = context;
  const { letter, send, event, items, fetched } = await fetchedScene(context);
  const sent = await letter({ recipients: [FETCHES] });
  const [recipientId = ""] = sent.recipients;
  await send(recipientId);
  for (const isSeen of [false, true]) {
    if (isSeen) await fetched((await items()).at(-1)?.id ?? "");
    await event(sent, "resent", recipientId);
    await send(recipientId);
  }
  expect((await items()).map(({ withdrawn }) => withdrawn)).toEqual([true, false, false]);
});

test("an office whose program is gone by the time that the letter goes out is waited for by e-CMS, and its owner told in the end", async (context) => {
  const { expect } = context;
  const { letter, send, items, query, told } = await fetchedScene(context);
  await query("update saraban.client set active = false");
  const { recipients } = await letter({ recipients: [FETCHES] });
  await send(recipients[0] ?? "");
  expect([await items(), await told(recipients[0] ?? "")]).toEqual([[], []]);
  expect(await query("select channel, state from saraban.notice")).toEqual([
    { channel: "ecms", state: "due" },
  ]);
});
