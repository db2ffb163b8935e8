import { test } from "vitest";
import type { Evidence, EvidenceType } from "../../shared/letter/evidence/evidence.ts";
import { newSigningKey, publicHalf, signEvidence } from "../../shared/letter/evidence/sign-evidence.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import { letterScene, MOT, OPDC } from "./testing/letter-scene.ts";
import { publish, sentTo, stated } from "./testing/statements.ts";

const failed = {
  original: null,
  final: OPDC.address,
  action: "failed",
  status: "5.1.1",
  diagnostic: "550 no such user",
};
const BOUNCE = { action: "failed", status: "5.1.1", diagnostic: "550 no such user", recipients: [failed] };

test("of two recipients one bounces and one registers: each is known by itself, and how surely", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  await scene.query(
    "insert into saraban.webhook (id, agency_id, url) values ('w', 'agency-a', 'https://w.example.go.th/')",
  );
  const [one, other] = await sentTo(scene);
  if (!one || !other) throw new Error("two recipients");
  const key = await publish(scene, MOT.domain);
  const jws = await stated("registered", MOT, other.messageId, key);
  for (const kind of ["acknowledgement", "auto-reply"]) {
    await scene.answer(other.path, { evidence: jws, receiveNumber: "12" }, kind, { sender: MOT.address });
  }
  // Without a token a bounce is anybody's word.
  await scene.answer("saraban@agency-a.example.go.th", { ...BOUNCE, relatesTo: one.messageId }, "bounce");
  expect(await scene.jobs("notify-owner")).toEqual([]);
  await scene.answer(one.path, BOUNCE, "bounce");
  expect(await scene.jobs("notify-owner")).toEqual([{ subject_id: one.letterId }]);

  expect(await scene.events(one.id)).toMatchObject([
    { what: "accepted", proof: "own" },
    { what: "failed", source: "dsn", proof: "claim" },
    {
      what: "failed",
      source: "dsn",
      proof: "token",
      details: { status: "5.1.1", diagnostic: "550 no such user" },
    },
  ]);
  expect((await scene.notices(one.id))[0]).toMatchObject({ state: "failed" });
  const events = await scene.events(other.id);
  expect(events).toMatchObject([
    { what: "accepted" },
    {
      what: "registered",
      source: "receipt",
      proof: "signature",
      details: {
        receiveNumber: "12",
        receiveYear: 2569,
        registeredAt: "2026-11-21T01:30:30.500Z",
        receiverName: "สมศรี ทดสอบ",
      },
    },
  ]);
  expect(events[1]?.evidence_id).toMatch(/^[0-9a-f-]{36}$/);
  expect(scene.refreshed).toEqual([]);
  // The agency's programs are told of each, with numbers and times and nobody's words.
  const calls = await scene.query<{ event: { type: string; data: object } }>(
    "select event from saraban.webhook_call order by seq",
  );
  expect(calls.map(({ event }) => event.type)).toEqual([
    "recipient.accepted",
    "recipient.accepted",
    "recipient.registered",
    "recipient.failed",
    "recipient.failed",
  ]);
  expect(calls[2]?.event.data).toMatchObject({
    recipientId: other.id,
    proof: "signature",
    receiveNumber: "12",
  });
  expect(JSON.stringify(calls)).not.toMatch(/no such user|สมศรี/);
  expect(await scene.jobs("call-webhook")).toHaveLength(5);
});

test("a receipt that was changed in any part proves nothing", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  const [one] = await sentTo(scene, [OPDC]);
  if (!one) throw new Error("a recipient");
  const key = await publish(scene, OPDC.domain);
  const jws = await stated("registered", OPDC, one.messageId, key);
  const [head = "", payload = "", signature = ""] = jws.split(".");
  const evidence = JSON.parse(Buffer.from(payload, "base64url").toString()) as Evidence;
  const changed = { ...evidence, register: { ...evidence.register, number: 13 } };
  // In the canonical order, so that only the signature can tell.
  const text = Buffer.from(payload, "base64url")
    .toString()
    .replace(JSON.stringify(evidence.register), JSON.stringify(changed.register));
  const other = await signEvidence({ ...evidence, code: "0000-0000-0000-0000" }, key);
  for (const forged of [
    `${head}.${Buffer.from(text.replace('"number":12,', '"number":13,')).toString("base64url")}.${signature}`,
    `${head}.${payload}.${other.split(".")[2]}`,
    `${head}.${other.split(".")[1]}.${signature}`,
  ]) {
    expect(forged).not.toBe(jws);
    await scene.answer(one.path, { evidence: forged });
  }
  const events = (await scene.events(one.id)).slice(1);
  expect(events).toMatchObject(
    [1, 2, 3].map(() => ({
      what: "answered",
      proof: "claim",
      evidence_id: null,
      details: { reason: "tampered" },
    })),
  );
  expect(JSON.stringify(events)).not.toContain("receiveNumber");
});

test("a genuine receipt counts for its own letter and its own office alone, whoever brings it", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  const [first, second] = [await sentTo(scene, [OPDC, MOT], 12), await sentTo(scene, [OPDC], 13)];
  const [opdc, mot] = first;
  const [later] = second;
  if (!opdc || !mot || !later) throw new Error("three recipients");
  const [opdcKey, motKey] = [await publish(scene, OPDC.domain), await publish(scene, MOT.domain)];
  const replayed = await stated("registered", OPDC, opdc.messageId, opdcKey);
  // Of the first letter, in answer to the second; and by another office, in answer to its own mail.
  await scene.answer(later.path, { evidence: replayed, relatesTo: later.messageId });
  await scene.answer(mot.path, { evidence: replayed }, "auto-reply", { sender: MOT.address });
  expect(await scene.events(later.id)).toHaveLength(1);
  expect(await scene.events(mot.id)).toHaveLength(1);
  // It is true of the first all the same, once.
  expect((await scene.events(opdc.id)).slice(1)).toMatchObject([{ what: "registered", proof: "signature" }]);

  // Signed well, but not by the office that it names, or about a mail that this office never got.
  for (const jws of [
    await stated("registered", OPDC, opdc.messageId, motKey),
    await stated("registered", MOT, opdc.messageId, motKey),
    await stated("registered", MOT, "<of.somebody.else@x>", motKey),
    await stated("registered", MOT, null, motKey),
    // Another letter's number, and our number in another year.
    await stated("registered", MOT, null, motKey, {
      letter: { number: "ทก 0101/99", numberPrinted: null, date: "2026-11-20" },
    }),
    await stated("registered", MOT, null, motKey, {
      letter: { number: "ทก 0101/12", numberPrinted: null, date: "2025-11-20" },
    }),
    await stated("registered", MOT, opdc.messageId, motKey, {
      letter: { number: "ทก 0101/12", numberPrinted: null, date: "2026-11-20" },
    }),
  ]) {
    await scene.answer(mot.path, { evidence: jws }, "auto-reply", { sender: MOT.address });
  }
  expect(await scene.events(mot.id)).toHaveLength(1);
  const [, , ...claims] = await scene.events(opdc.id);
  expect(claims).toMatchObject([
    { what: "registered", proof: "claim", evidence_id: null, details: { reason: "unknown-key" } },
  ]);
  expect(claims[0]?.details, "nobody is led to a stranger's page").not.toHaveProperty("verifyUrl");
  // Where a gateway has written another Message-ID, number and date of the letter tell which it is.
  const byNumber = { letter: { number: "ทก 0101/12", numberPrinted: null, date: "2026-11-20" } };
  await scene.answer(mot.path, {
    evidence: await stated("registered", MOT, "<gateway.1@mot.example.go.th>", motKey, byNumber),
  });
  expect((await scene.events(mot.id)).slice(1)).toMatchObject([{ what: "registered", proof: "signature" }]);
});

test("who enters our recall as a letter says nothing of the letter itself; the answer to it may name either", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  const [opdc] = await sentTo(scene, [OPDC]);
  if (!opdc) throw new Error("a recipient");
  const key = await publish(scene, OPDC.domain);
  await scene.event({ id: opdc.letterId, recipients: [opdc.id] }, "recall-requested");
  await scene.send(opdc.id);
  const recallId = scene.sink.received.at(-1)?.headers.get("message-id") ?? "";
  expect(recallId).toMatch(/^<recall\./);
  for (const type of ["registered", "rejected", "recall-refused"] as const)
    await scene.answer(opdc.path, { evidence: await stated(type, OPDC, recallId, key) });
  expect((await scene.events(opdc.id)).map(({ what, proof }) => `${what} ${proof}`)).toEqual([
    "accepted own",
    "recall-sent own",
    "recall-refused signature",
  ]);
});

test("who has proved that the letter is there is not waited for again when it is sent once more", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  const [opdc, mot] = await sentTo(scene);
  if (!opdc || !mot) throw new Error("two recipients");
  const jws = await stated("registered", OPDC, opdc.messageId, await publish(scene, OPDC.domain));
  await scene.answer(opdc.path, { evidence: jws });
  await scene.event({ id: opdc.letterId, recipients: [opdc.id, mot.id] }, "resent");
  // The same letter in another message: the same receipt.
  await scene.answer(opdc.path, { evidence: jws });
  const waiting = await scene.query("select recipient_id from saraban.unanswered_recipient");
  expect(waiting).toEqual([{ recipient_id: mot.id }]);
});

test("a receipt with a time to come counts from when it came, so that what its office says later stands", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  const [opdc] = await sentTo(scene, [OPDC]);
  if (!opdc) throw new Error("a recipient");
  const key = await publish(scene, OPDC.domain);
  // The year of the Buddhist Era for that of ours.
  const registeredAt = "2569-11-21T01:30:30.500Z";
  await scene.answer(opdc.path, {
    evidence: await stated("registered", OPDC, opdc.messageId, key, { registeredAt }),
  });
  const [event] = (await scene.events(opdc.id)).slice(1);
  expect(event).toMatchObject({ proof: "signature", details: { registeredAt } });
  const [row] = await scene.query<{ isPast: boolean }>(
    `select happened_at <= recorded_at as "isPast" from saraban.recipient_event where evidence_id is not null`,
  );
  expect(row).toEqual({ isPast: true });
});

test("a partner that publishes a key under another one's name does not keep that one's own from being asked for", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  const [opdc] = await sentTo(scene, [OPDC]);
  if (!opdc) throw new Error("a recipient");
  const key = await newSigningKey();
  await scene.query("insert into saraban.partner_key (domain, kid, jwk, source) values ($1, $2, $3, 'url')", [
    MOT.domain,
    key.kid,
    JSON.stringify(publicHalf((await newSigningKey()).privateKey)),
  ]);
  await scene.answer(opdc.path, { evidence: await stated("registered", OPDC, opdc.messageId, key) });
  expect(scene.refreshed).toEqual([OPDC.domain]);
  expect((await scene.events(opdc.id)).at(-1)).toMatchObject({ details: { reason: "unknown-key" } });
});

test("each kind of receipt is told as what it says, also of an agency of this installation by our own key", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  const AGENCY_B = {
    name: "หน่วยงานทดสอบ ข",
    domain: "agency-b.example.go.th",
    address: "saraban@agency-b.example.go.th",
  };
  const [own, opdc] = await sentTo(scene, [AGENCY_B, OPDC]);
  if (!own || !opdc) throw new Error("two recipients");
  const acting = { actor: "worker:notification", agencies: ["agency-a"] } as const;
  const key = await inTransaction(scene.parts.database, acting, (transaction) =>
    scene.parts.issuer.signer(transaction, new Date()),
  );
  const types: EvidenceType[] = [
    "arrived",
    "registered",
    "handed-over",
    "corrected",
    "cancelled",
    "refused",
    "rejected",
    "invalid",
    "quarantined",
    "recall-accepted",
    "recall-refused",
  ];
  for (const type of types)
    await scene.answer(own.path, { evidence: await stated(type, AGENCY_B, own.messageId, key) });
  expect((await scene.events(own.id)).slice(1).map(({ what, proof }) => `${what} ${proof}`)).toEqual(
    types.map((type) => `${type} signature`),
  );
  // Our key speaks for the agencies served here, and for nobody else.
  await scene.answer(opdc.path, { evidence: await stated("registered", OPDC, opdc.messageId, key) });
  expect((await scene.events(opdc.id)).slice(1)).toMatchObject([
    { proof: "claim", details: { reason: "unknown-key" } },
  ]);
  expect(scene.refreshed).toEqual([OPDC.domain]);
  // Nor does the key of an office above ours in the tree of names speak for ours.
  await scene.query("insert into saraban.partner (domain, name_th) values ('example.go.th', 'กระทรวงทดสอบ')");
  const above = await publish(scene, "example.go.th");
  await scene.answer(own.path, { evidence: await stated("registered", AGENCY_B, own.messageId, above) });
  expect((await scene.events(own.id)).at(-1)).toMatchObject({
    proof: "claim",
    details: { reason: "unknown-key" },
  });
  await scene.query("update saraban.signing_key set revoked_at = now(), revoked_because = 'test'");
  await scene.answer(own.path, { evidence: await stated("registered", AGENCY_B, own.messageId, key) });
  expect((await scene.events(own.id)).at(-1)).toMatchObject({
    proof: "claim",
    details: { reason: "revoked-key" },
  });
});

test("what comes without a receipt is told by how surely it is about our mail", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  const [one, mot] = await sentTo(scene);
  if (!one || !mot) throw new Error("two recipients");
  const central = "saraban@agency-a.example.go.th";
  await scene.answer(
    one.path,
    { action: "delayed", status: "4.4.1", recipients: [{ ...failed, action: "delayed" }] },
    "bounce",
  );
  await scene.answer(
    one.path,
    { action: "delivered", recipients: [{ ...failed, action: "delivered" }] },
    "bounce",
  );
  await scene.answer(one.path, { action: "displayed", relatesTo: one.messageId }, "mdn");
  await scene.answer(one.path, {}, "auto-reply"); // somebody is on leave
  await scene.answer(one.path, { receiveNumber: "77" }, "acknowledgement");
  await scene.answer(central, { receiveNumber: "78", relatesTo: one.messageId }, "acknowledgement");
  await scene.answer(central, { receiveNumber: "79", letter: "ทก 0101/12" }, "acknowledgement", {
    sender: MOT.address,
  });
  await scene.answer(central, { receiveNumber: "80", letter: "ทก 0101/12" }, "acknowledgement", {
    sender: "a@stranger.example.com",
  });
  // One message's token with another one's name is somebody's making.
  await scene.answer(one.path, { ...BOUNCE, relatesTo: mot.messageId }, "bounce");
  expect(
    (await scene.events(one.id))
      .slice(1)
      .map(({ what, source, proof, details }) => [what, source, proof, details["receiveNumber"]]),
  ).toEqual([
    ["delayed", "dsn", "token", undefined],
    ["delivered", "dsn", "token", undefined],
    ["displayed", "mdn", "token", undefined],
    ["answered", "answer", "token", "77"],
    ["answered", "answer", "claim", "78"],
    ["failed", "dsn", "claim", undefined],
  ]);
  expect((await scene.events(mot.id)).slice(1)).toMatchObject([
    {
      what: "answered",
      source: "answer",
      proof: "claim",
      details: { receiveNumber: "79", letterNumber: "ทก 0101/12" },
    },
  ]);
  expect(await scene.jobs("notify-owner")).toEqual([]);
  // qmail and its like: a bounce in no standard form.
  await scene.answer(one.path, { action: "failed", status: "5.1.1", recipient: OPDC.address }, "bounce");
  expect((await scene.events(one.id)).at(-1)).toMatchObject({ what: "failed", proof: "token" });
  expect(await scene.jobs("notify-owner")).toHaveLength(1);
});

test("a letter that has filled a reserved line is found by its number, and by the date that it was sent with", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  const [opdc] = await sentTo(scene, [OPDC]);
  if (!opdc) throw new Error("a recipient");
  const key = await publish(scene, OPDC.domain);
  await scene.query(
    `begin; set local session_replication_role = replica;
     update saraban.entry set status = 'reserved', subject = null, letter_from = null, letter_to = null, letter_number = null, letter_number_printed = null, letter_date = null;
     update saraban.outbound_letter set facts = facts || '{"letterDate": "2026-11-21"}';
     insert into saraban.entry_event (book_id, event_no, id, agency_id, year, number, what, changes, reason, made_by, made_by_name, made_at, clock)
       values ('agency-a.outbound.ordinary', 1, gen_random_uuid(), 'agency-a', 2026, 12, 'filled',
         '{"letterNumber": {"old": null, "new": "ทก 0101/12"}}', 'x', 'person:test', 'ทดสอบ', now(), '{}'); commit`,
  );
  const byNumber = (date: string) => ({ letter: { number: "ทก 0101/12", numberPrinted: null, date } });
  for (const date of ["2026-11-20", "2026-11-21"])
    await scene.answer(opdc.path, {
      evidence: await stated("registered", OPDC, "<gateway.1@opdc.example.go.th>", key, byNumber(date)),
    });
  await scene.answer("saraban@agency-a.example.go.th", { letter: "ทก 0101/12" }, "acknowledgement", {
    sender: OPDC.address,
  });
  expect((await scene.events(opdc.id)).slice(1).map(({ what, proof }) => `${what} ${proof}`)).toEqual([
    "registered signature",
    "answered claim",
  ]);
});
