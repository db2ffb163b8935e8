import { test } from "vitest";
import { LETTER, OUTBOUND, outboundScene } from "../testing/acts-scene.ts";

const SOMSRI = "person:somsri";
const CIRCULARS = "agency-a.outbound.circular";

test("two who sign the same letter off at the same moment: one number; the same act delivered twice: one too", async (context) => {
  const { expect } = context;
  const { ask, carryOut, result, draft, lines, events } = await outboundScene(context);
  const letterId = await draft();
  const acts = await Promise.all(
    [SOMSRI, SOMSRI, "person:os/operator", "person:os/operator"].map((by) =>
      ask("approve", { letterId, details: { version: 1, send: true }, by }),
    ),
  );
  await Promise.all([...acts, ...acts].map(carryOut));
  const results = await Promise.all(acts.map(result));
  expect(results.map((row) => row?.result).sort()).toEqual(["done", "refused", "refused", "refused"]);
  expect(await lines(OUTBOUND)).toHaveLength(1);
  expect(await events(letterId)).toEqual(["drafted", "approved"]);
});

test("twenty letters signed off at once, clerks writing into the book beside: 1 … 25 without a hole, a circular from 1", async (context) => {
  const { expect } = context;
  const { ask, carryOut, result, draft, lines, letter } = await outboundScene(context);
  const letters: string[] = [];
  for (let index = 0; index < 20; index += 1) letters.push(await draft({ subject: `เรื่องที่ ${index}` }));
  const circular = await draft({ series: "circular" });
  const acts = await Promise.all([
    ...[...letters, circular].map((letterId) =>
      ask("approve", { letterId, details: { version: 1, send: true }, by: SOMSRI }),
    ),
    ...Array.from({ length: 5 }, () => ask("enter", { bookId: OUTBOUND, facts: { subject: "กระดาษ" } })),
  ]);
  await Promise.all(acts.map(carryOut));
  expect((await Promise.all(acts.map(result))).map((row) => row?.result)).toEqual(acts.map(() => "done"));
  const book = await lines(OUTBOUND);
  expect(book.map(({ number }) => number)).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
  expect(await lines(CIRCULARS)).toMatchObject([{ number: 1, letter_number: "ทก 0101/ว 1" }]);
  for (const letterId of letters) {
    const row = await letter(letterId);
    expect(book[(row?.number ?? 0) - 1]?.subject).toBe(row?.facts.subject);
    expect(row?.state).toBe("sent");
  }
});

test("who signs off has the right, did not write it, and has seen this version", async (context) => {
  const { expect } = context;
  const { do: act, draft, letter, query } = await outboundScene(context);
  const letterId = await draft();
  const sign = (by: string, version = 1) => act("approve", { letterId, details: { version }, by });
  for (const by of [
    "person:junior",
    "person:gone",
    "person:nobody",
    "worker:registry",
    "person:os/",
    "client:x",
  ])
    expect(await sign(by), by).toMatchObject({ reason: "no-right-to-approve" });
  expect(await sign("person:somchai"), "drafted it").toMatchObject({
    reason: "who-drafted-it-does-not-approve-it",
  });
  const changed = { letterId, details: { letter: { ...LETTER, subject: "แก้แล้ว" } }, by: SOMSRI };
  expect(await act("draft", changed)).toMatchObject({ result: "done" });
  expect(await sign(SOMSRI, 2), "changed it last").toMatchObject({
    reason: "who-drafted-it-does-not-approve-it",
  });
  expect(await sign("person:os/operator", 1)).toMatchObject({ reason: "another-version-was-seen" });
  expect(await act("approve", { letterId, by: "person:os/operator" }), "none was seen").toMatchObject({
    reason: "another-version-was-seen",
  });
  expect(await letter(letterId)).toMatchObject({ state: "draft", number: null });
  expect(await sign("person:os/operator", 2)).toMatchObject({ result: "done", number: 1 });
  expect(await sign("person:os/operator", 2)).toMatchObject({ reason: "the-letter-is-numbered" });
  // An office of one person may say that it is one.
  await query(`update saraban.agency set outbound = '{"fourEyes":false}'`);
  const own = await draft();
  expect(await act("approve", { letterId: own, details: { version: 1 } })).toMatchObject({ number: 2 });
  await query("update saraban.agency set letter_code = null");
  const uncoded = await draft();
  expect(await act("approve", { letterId: uncoded, details: { version: 1 }, by: SOMSRI })).toMatchObject({
    reason: "the-agency-has-no-letter-code",
  });
});

test("a program signs off where no second person is wanted, as long as it may send, and nowhere else", async (context) => {
  const { expect } = context;
  const { do: act, draft, query } = await outboundScene(context);
  await query(
    `insert into saraban.client (id, agency_id, name, scopes)
       values ('edoc', 'agency-a', 'ระบบทดสอบ', '{send-outbound}'), ('reader', 'agency-a', 'ระบบทดสอบ', '{read-outbound}')`,
  );
  const letterId = await draft();
  const sign = (by: string) => act("approve", { letterId, details: { version: 1 }, by });
  expect(await sign("client:edoc")).toMatchObject({ reason: "no-right-to-approve" });
  await query(`update saraban.agency set outbound = '{"fourEyes":false}'`);
  for (const by of ["client:reader", "client:nobody", "client:"])
    expect(await sign(by), by).toMatchObject({ reason: "no-right-to-approve" });
  await query("update saraban.client set active = false");
  expect(await sign("client:edoc")).toMatchObject({ reason: "no-right-to-approve" });
  await query("update saraban.client set active = true");
  expect(await sign("client:edoc")).toMatchObject({ result: "done", number: 1 });
});

test("a number that was reserved is filled by the letter that signs for it, once", async (context) => {
  const { expect } = context;
  const { do: act, draft, letter, lines, query } = await outboundScene(context);
  const reserved = await act("reserve", { bookId: OUTBOUND, reason: "ประชุมใหญ่" });
  const place = { bookId: OUTBOUND, year: reserved.year as number, number: 1 };
  const approve = async (more: object, series: "ordinary" | "circular" = "ordinary") => {
    const letterId = await draft({ series, subject: "เรื่องที่จองไว้" });
    return {
      letterId,
      ...(await act("approve", { letterId, details: { version: 1, send: true }, by: SOMSRI, ...more })),
    };
  };
  expect(await approve(place, "circular")).toMatchObject({ reason: "the-number-is-of-another-book" });
  expect(await approve({ ...place, number: 7 })).toMatchObject({ reason: "no-such-line" });
  const filled = await approve(place);
  expect(filled).toMatchObject({ result: "done", number: 1 });
  expect(await lines(OUTBOUND)).toMatchObject([
    {
      number: 1,
      status: "registered",
      letter_number: "ทก 0101/1",
      subject: "เรื่องที่จองไว้",
      letter_to: "สำนักงาน ก.พ.ร.",
      remarks: "ประชุมใหญ่",
    },
  ]);
  expect(await letter(filled.letterId)).toMatchObject({ state: "sent", number: 1 });
  expect(await query("select name from saraban.outbound_file")).toEqual([]);
  expect(await approve(place)).toMatchObject({ reason: "the-number-is-not-reserved" });
  expect(await approve({})).toMatchObject({ number: 2 });
});

test("clerks at one letter at the same moment: each change is a version, and it is sent once", async (context) => {
  const { expect } = context;
  const {
    ask,
    carryOut,
    result,
    do: act,
    draft,
    letter,
    events,
    handedOn,
    query,
  } = await outboundScene(context);
  const letterId = await draft();
  const changes = await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      ask("draft", { letterId, details: { letter: { ...LETTER, subject: `เรื่องที่ ${index}` } } }),
    ),
  );
  await Promise.all(changes.map(carryOut));
  expect(await letter(letterId)).toMatchObject({ version: 7, state: "draft" });
  expect(await events(letterId)).toEqual(["drafted", ...changes.map(() => "changed")]);
  await act("approve", { letterId, details: { version: 7 }, by: SOMSRI });
  const sending = await Promise.all(
    Array.from({ length: 4 }, () => ask("send", { letterId, details: { version: 7 } })),
  );
  const withdrawing = await ask("withdraw", { letterId, reason: "x" });
  await Promise.all([...sending, withdrawing, ...sending].map(carryOut));
  const results = (await Promise.all([...sending, withdrawing].map(result))).map((row) => row?.result);
  expect(results.filter((one) => one === "done")).toHaveLength(1);
  const isSent = results[4] !== "done";
  expect(await letter(letterId)).toMatchObject({ state: isSent ? "sent" : "withdrawn" });
  expect(await query("select id from saraban.outbound_recipient")).toHaveLength(isSent ? 1 : 0);
  expect(await handedOn("send-letter")).toHaveLength(isSent ? 1 : 0);
});

test("the letter says what its line says, however the directory spells its names, and where the names of many are cut", async (context) => {
  const { expect } = context;
  const { do: act, draft, query } = await outboundScene(context);
  await query("update saraban.agency set name_th = 'หน่วยงาน  ทดสอบ ก\u200b ' where id = 'agency-a'");
  await query("update saraban.partner set name_th = E'กรม\\tนํ้า' where domain = 'mot.example.go.th'");
  // The fourth name ends, and a space stands, where the column is full.
  const names = [300, 300, 300, 92, 100].map((length, index) => ({
    name: "น".repeat(length),
    address: `r${index}@outside.example.com`,
  }));
  for (const recipients of [[{ partner: "mot.example.go.th" }], names]) {
    const details = { version: 1, send: true };
    const letterId = await draft({ recipients });
    expect(await act("approve", { letterId, details, by: SOMSRI })).toMatchObject({ result: "done" });
  }
  const said = await query<{ fact: string; line: string; from: string }>(
    `select l.letter_to as line, l.letter_from as from, o.facts ->> 'to' as fact, o.facts ->> 'from' as said
       from saraban.outbound_letter o join saraban.register_line l using (book_id, year, number) order by number`,
  );
  expect(said).toMatchObject([
    { line: "กรม น้ำ", fact: "กรม น้ำ", from: "หน่วยงาน ทดสอบ ก", said: "หน่วยงาน ทดสอบ ก" },
    { line: said[1]?.fact },
  ]);
  expect(said[1]?.fact).toHaveLength(999);
});

test("a person who is appointed as approver of the agency signs off; not of another one, not when it has ended", async (context) => {
  const { expect } = context;
  const { do: act, draft, query } = await outboundScene(context);
  for (const [id, agency, unit, until] of [
    ["head", "agency-a", null, null],
    ["stranger", "agency-b", null, null],
    ["of-a-unit", "agency-a", "finance", null],
    ["past", "agency-a", null, "2026-01-02"],
  ]) {
    await query(
      "insert into saraban.person (id, name, made_at, made_by) values ($1, $1, now(), 'operator:test')",
      [id],
    );
    await query(
      `insert into saraban.appointment (id, person_id, agency_id, unit, "right", order_number, order_date, from_at, until_at, made_at, made_by)
         values (gen_random_uuid(), $1, $2, $3, 'approver', '1/2569', '2026-01-01', '2026-01-01', $4, now(), 'operator:test')`,
      [id, agency, unit, until],
    );
  }
  const letterId = await draft();
  const sign = (by: string) => act("approve", { letterId, details: { version: 1 }, by });
  for (const by of ["person:stranger", "person:of-a-unit", "person:past"])
    expect(await sign(by), by).toMatchObject({ reason: "no-right-to-approve" });
  expect(await sign("person:head")).toMatchObject({ result: "done" });
});
