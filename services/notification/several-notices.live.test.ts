import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { inject, type TestContext, test } from "vitest";
import type { Evidence } from "../shared/letter/evidence/evidence.ts";
import { inTransaction } from "../shared/runtime/database.ts";
import { adminQueries, letReadLettersWait, type ReadLetter } from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { openSmtpSink, type SinkAnswer, type SunkMessage } from "../shared/testing/smtp-sink.ts";
import { openSmarthost } from "./mail/smarthost.ts";
import { listFailedNotices, retryNotices } from "./notice-store.ts";
import { sendNotice } from "./send-notice.ts";
import { senderParts } from "./testing/sender-parts.ts";

const SENDER = "saraban@opdc.example.go.th";
const REGISTRAR = "registrar@agency-a.example.go.th";
const CLERK = "clerk@agency-a.example.go.th";
const SECRET = "เรื่องที่ไม่มีใครควรเห็น";

async function scene(
  context: TestContext,
  answer: (mail: SunkMessage) => SinkAnswer | undefined = () => undefined,
) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const sink = await openSmtpSink({ onMessage: answer });
  const transport = openSmarthost(sink.url, 2, "mail.agency-a.example.go.th");
  context.onTestFinished(async () => {
    transport.close();
    await sink.close();
  });
  const { parts, wait } = senderParts(context, address, transport, 48);
  const { database } = parts;
  await query("update saraban.agency set contacts = $1 where id = 'agency-a'", [
    JSON.stringify({ classifiedRegistrar: REGISTRAR, clerk: CLERK }),
  ]);
  /** Letters with an outcome each; what is registered gets the next line. */
  const decided = async (
    letters: readonly (ReadLetter & { outcome: string; earlier?: string })[],
  ): Promise<string[]> => {
    const ids = await letReadLettersWait(query, letters);
    await query("delete from saraban.outbox where job <> 'notify-sender'");
    for (const [index, { outcome, reason = "letter", earlier = null }] of letters.entries()) {
      const id = ids[index];
      await query(
        `insert into saraban.outcome (intake_id, agency_id, outcome, reason, earlier_intake_id, decided_at, clock, decided_by)
           values ($1, 'agency-a', $2, $3, $4, now(), '{}', 'rule:test')`,
        [id, outcome, reason, earlier],
      );
      if (outcome === "refused")
        await query(
          `insert into saraban.quarantine (intake_id, agency_id, reason, since, keep_until)
             values ($1, 'agency-a', $2, now(), '2026-12-05T03:04:00Z')`,
          [id, reason],
        );
      if (outcome === "registered") {
        await query(`insert into saraban.book (id, agency_id, direction, series)
          values ('agency-a.inbound.ordinary', 'agency-a', 'inbound', 'ordinary') on conflict do nothing`);
        await query(
          `insert into saraban.entry (book_id, agency_id, year, number, intake_id, registered_at, clock, registered_by,
              arrived_at, letter_number, letter_number_printed, letter_date, urgency)
             select 'agency-a.inbound.ordinary', 'agency-a', 2026,
               1 + coalesce((select max(number) from saraban.entry), 0), $1, '2026-05-01T03:00:00Z', '{"state":"unsynchronised"}',
               'rule:test', '2026-05-01T02:59:00Z', 'นร 1200/55', 'นร ๑๒๐๐/๕๕', '2020-04-09', 'normal'`,
          [id],
        );
      }
      await query(
        `insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('notify-sender', 'agency-a', $1::uuid, $1::text)`,
        [id],
      );
    }
    return ids;
  };
  return {
    query,
    sink,
    decided,
    wait,
    send: (id: string) =>
      sendNotice(parts, { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id }),
    notices: (id: string) =>
      query<{
        kind: string;
        state: string;
        reason: string;
        recipient: string;
        evidence: Evidence;
        jws: string;
        message_id: string;
      }>(
        `select n.*, p.facts as evidence, p.jws from saraban.notice n left join saraban.receipt p on p.id = n.receipt_id
          where n.intake_id = $1 order by n.kind`,
        [id],
      ),
    asRoom: <Result>(work: Parameters<typeof inTransaction<never, Result>>[2]) =>
      inTransaction(database as never, { actor: "person:test", agencies: ["agency-a"] }, work),
    open: () => query("select 1 from saraban.outbox"),
  };
}

test("a refused letter: its sender is told as before, the agency's person without a word of it or of its sender", async (context) => {
  const { expect } = context;
  const { decided, send, sink, query, open } = await scene(context);
  const [classified = "", infected = ""] = await decided([
    {
      verdict: "refused",
      reason: "classified",
      secrecy: "secret",
      number: null,
      letterDate: null,
      outcome: "refused",
    },
    { verdict: "refused", reason: "infected", outcome: "refused" },
  ]);
  await query("update saraban.reading set sender_name = $1", [SECRET]);
  await query(
    "insert into saraban.webhook (id, agency_id, url) values ('w', 'agency-a', 'https://w.example.go.th/')",
  );
  await send(classified);
  await send(infected);
  const calls = await query<{ letter_key: string }>("select letter_key from saraban.webhook_call");
  expect(calls, "that a classified letter came is no program's to know").toEqual([{ letter_key: infected }]);
  for (const [id, contact, told, clue] of [
    [classified, REGISTRAR, "ชั้นความลับ", "ชั้นความลับ"],
    [infected, CLERK, "โปรดกำจัดไวรัส", "พบไวรัส"],
  ] as const) {
    const [refusal] = sink.repliesTo(`<${id}@opdc.example.go.th>`);
    expect(refusal?.recipients).toEqual([SENDER]);
    expect((await refusal?.read())?.text).toContain(told);
    const alert = sink.received.find(({ recipients }) => recipients[0] === contact);
    const { subject, text, json } = (await alert?.read()) ?? { subject: "", text: "", json: null };
    expect(alert?.headers.get("auto-submitted")).toBe("auto-generated");
    expect(alert?.inReplyTo).toBeNull();
    expect(json).toBeUndefined();
    expect(text).toContain(id);
    expect(text).toContain(clue);
    expect(text).toContain("5 ธันวาคม 2569");
    for (const word of [SECRET, "opdc", SENDER]) expect(`${subject}${text}`, word).not.toContain(word);
    for (const word of ["opdc", SECRET]) expect(alert?.octets.toString("latin1")).not.toContain(word);
  }
  expect(sink.received).toHaveLength(4);
  expect(await open()).toHaveLength(1); // the call of the program
});

test("a flood of marked letters does not flood the registrar: beyond thirty an hour the quarantine tells of them", async (context) => {
  const { expect } = context;
  const { decided, send, sink, query } = await scene(context);
  const marked = {
    verdict: "refused",
    reason: "classified",
    secrecy: "secret",
    number: null,
    letterDate: null,
  } as const;
  const ids = await decided(Array.from({ length: 31 }, () => ({ ...marked, outcome: "refused" as const })));
  for (const id of ids) await send(id);
  expect(sink.received.filter(({ recipients }) => recipients[0] === REGISTRAR)).toHaveLength(30);
  expect(
    await query(
      "select reason, count(*)::int from saraban.notice where kind = 'alert' and state = 'withheld' group by reason",
    ),
  ).toEqual([{ reason: "too-many-alerts", count: 1 }]);
  expect(await query("select count(*)::int from saraban.quarantine")).toEqual([{ count: 31 }]);
});

test("nobody answers a forged or doubtful sender; the clerk hears of a forged one that was refused", async (context) => {
  const { expect } = context;
  const { decided, send, notices, sink } = await scene(context);
  const [forged = "", doubtful = ""] = await decided([
    { verdict: "refused", reason: "forged-sender", standing: "forged", outcome: "refused" },
    { standing: "undecided", outcome: "registered" },
  ]);
  await send(forged);
  await send(doubtful);
  expect(await notices(forged)).toMatchObject([
    { kind: "alert", state: "delivered", recipient: CLERK },
    { kind: "refusal", state: "withheld", reason: "forged-sender" },
  ]);
  expect(await notices(doubtful)).toMatchObject([{ state: "withheld", reason: "undecided-sender" }]);
  expect(sink.received.map(({ recipients }) => recipients[0])).toEqual([CLERK]);
});

test("a proved sender is answered though no directory names him; where nobody is named, no alert goes out", async (context) => {
  const { expect } = context;
  const { decided, send, notices, query } = await scene(context);
  await query("update saraban.agency set contacts = '{}'");
  const failing = { verdict: "refused", reason: "classified", number: null, letterDate: null } as const;
  const [pulled = "", plain = ""] = await decided([
    { ...failing, standing: "unproved", outcome: "refused" },
    { ...failing, standing: "unproved", outcome: "refused" },
  ]);
  // Of a pulled message nobody knows the client, so that a failure of DMARC is no proof of a forgery; nor of a sender.
  await query(
    `update saraban.reading set sender_check = '{"dmarc":{"result":"fail"}}' where intake_id = $1`,
    [pulled],
  );
  for (const one of [pulled, plain]) await send(one);
  expect((await notices(pulled))[1]).toMatchObject({ state: "withheld", reason: "unproved-sender" });
  expect((await notices(plain))[1]).toMatchObject({ kind: "refusal", state: "delivered" });

  const proved = { verdict: "refused", reason: "infected", standing: "proved", outcome: "refused" } as const;
  const [id = "", strange = "", replayed = ""] = await decided([
    proved,
    { ...proved, standing: "unproved" },
    // Signed by the provider of both, sent on by the one with the other in the envelope.
    { ...proved, mailFrom: "victim@opdc.example.go.th" },
  ]);
  await query("update saraban.reading set sender_agency = null");
  await send(id);
  await send(strange);
  await send(replayed);
  expect((await notices(replayed))[1]).toMatchObject({ state: "withheld", reason: "unproved-sender" });
  expect(await notices(id)).toMatchObject([
    { kind: "alert", state: "withheld", reason: "no-contact" },
    { kind: "refusal", state: "delivered" },
  ]);
  expect((await notices(strange))[1]).toMatchObject({ state: "withheld", reason: "unproved-sender" });
});

test("the notices of one arrival have their own tries: what one waits for, the other does not", async (context) => {
  const { expect } = context;
  let answer: SinkAnswer = { kind: "refuse", code: 451, text: "4.3.0 later" };
  const { decided, send, notices, sink, wait, query, open, asRoom } = await scene(
    context,
    ({ recipients }) => (recipients[0] === REGISTRAR ? answer : undefined),
  );
  const [id = ""] = await decided([
    {
      verdict: "refused",
      reason: "classified",
      secrecy: "secret",
      number: null,
      letterDate: null,
      outcome: "refused",
    },
  ]);
  await send(id);
  await send(id); // too early for the one, done for the other
  expect(await query("select 1 from saraban.delivery_attempt")).toHaveLength(2);
  expect(await notices(id)).toMatchObject([{ state: "due" }, { state: "delivered" }]);
  expect(sink.received).toHaveLength(1);
  const [row] = await query<{ wait: number }>(
    "select extract(epoch from next_send_at - now())::float as wait from saraban.outbox",
  );
  expect(row?.wait).toBeGreaterThan(25);
  answer = { kind: "refuse", code: 550, text: "5.1.1 nobody" };
  wait(31);
  await send(id);
  expect(await notices(id)).toMatchObject([{ state: "failed" }, { state: "delivered" }]);
  expect(await open()).toEqual([]);
  // Who was to be told would say what the letter was.
  expect(await asRoom((transaction) => listFailedNotices(transaction as never))).toMatchObject([
    { letterId: id, recipient: "" },
  ]);
  expect(await asRoom((transaction) => retryNotices(transaction as never, [id]))).toBe(1);
  answer = { kind: "take" };
  await send(id);
  expect(await notices(id)).toMatchObject([{ state: "delivered" }, { state: "delivered" }]);
  expect(sink.received).toHaveLength(2);
});

test("the same letter again is answered with the receipt that exists, also when both have just come", async (context) => {
  const { expect } = context;
  const { decided, send, notices, sink, query } = await scene(context);
  const [first = ""] = await decided([{ outcome: "registered" }]);
  const again = { outcome: "possible-duplicate", reason: "same-letter", earlier: first } as const;
  const [copy = "", stranger = "", forged = ""] = await decided([
    again,
    { ...again, senderAddress: "saraban@moc.example.go.th" },
    { ...again, standing: "forged" },
  ]);
  // The copy's job happens to be done before the first letter's own.
  await send(copy);
  await send(first);
  await send(copy);
  const [acknowledgement] = await notices(first);
  const [told] = await notices(copy);
  expect(told).toMatchObject({ kind: "copy", state: "delivered", recipient: SENDER });
  expect(told?.evidence.evidenceId).toBeTruthy();
  expect(told?.jws).toBe(acknowledgement?.jws);
  expect(told?.message_id).not.toBe(acknowledgement?.message_id);
  const [mail] = sink.repliesTo(`<${copy}@opdc.example.go.th>`);
  const { json, text } = (await mail?.read()) ?? { json: null, text: "" };
  expect(json).toMatchObject({ evidenceId: acknowledgement?.evidence.evidenceId, register: { number: 1 } });
  expect(text).toContain("ส่งมาซ้ำ");
  expect(sink.received).toHaveLength(2);
  for (const [id, reason] of [
    [stranger, "other-sender"],
    [forged, "forged-sender"],
  ] as const) {
    await send(id);
    expect(await notices(id)).toMatchObject([{ kind: "copy", state: "withheld", reason }]);
  }
  expect(sink.received).toHaveLength(2);

  // A clerk who gives it a number all the same has it acknowledged with that.
  await query(
    `insert into saraban.entry (book_id, agency_id, year, number, intake_id, registered_at, clock, registered_by, arrived_at,
        letter_number, letter_number_printed, urgency)
       values ('agency-a.inbound.ordinary', 'agency-a', 2026, 2, $1, '2026-05-02T03:00:00Z', '{"state":"unsynchronised"}',
         'person:x', '2026-05-01T02:59:00Z', 'นร 1200/55', 'นร 1200/55', 'normal')`,
    [copy],
  );
  await query(
    "insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('notify-sender', 'agency-a', $1::uuid, 'x')",
    [copy],
  );
  await send(copy);
  expect((await notices(copy)).map(({ kind, evidence }) => [kind, evidence.register?.number])).toEqual([
    ["acknowledgement", 2],
    ["copy", 1],
  ]);
});

test("a smarthost that offers DSN is asked to report failures to the notice's return path (RFC 3461)", async (context) => {
  const commands: string[] = [];
  const server = createServer((socket) => {
    let inData = false;
    socket.setEncoding("utf8").write("220 test\r\n");
    socket.on("error", () => {});
    socket.on("data", (text: string) => {
      for (const line of text.split("\r\n").filter(Boolean)) {
        if (inData && line !== ".") continue;
        inData = line === "DATA";
        if (/^(MAIL|RCPT)/.test(line)) commands.push(line);
        socket.write(
          line === "DATA"
            ? "354 go on\r\n"
            : line.startsWith("EHLO")
              ? "250-test\r\n250 DSN\r\n"
              : "250 ok\r\n",
        );
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const transport = openSmarthost(`smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, 1, "test");
  context.onTestFinished(() => {
    transport.close();
    server.close();
  });
  const notice = {
    from: { name: "สารบรรณ", address: "saraban@agency-a.example.go.th" },
    to: SENDER,
    subject: "ทดสอบ",
    text: "ทดสอบ",
    files: [],
    messageId: "<ack.1@agency-a.example.go.th>",
    date: new Date("2026-11-21T00:00:00Z"),
    inReplyTo: null,
    autoSubmitted: "auto-replied",
    returnPath: `saraban+${"a".repeat(45)}@agency-a.example.go.th`,
    envelopeId: "0198c0de-0000-7000-8000-000000000001",
  } as const;
  context.expect((await transport.send(SENDER, () => notice)).result).toBe("accepted");
  context
    .expect((await transport.send(SENDER, () => ({ ...notice, returnPath: "" }))).result)
    .toBe("accepted");
  context
    .expect(commands)
    .toEqual([
      `MAIL FROM:<${notice.returnPath}> RET=HDRS ENVID=${notice.envelopeId}`,
      `RCPT TO:<${SENDER}> NOTIFY=FAILURE,DELAY ORCPT=rfc822;${SENDER}`,
      "MAIL FROM:<>",
      `RCPT TO:<${SENDER}>`,
    ]);
});
