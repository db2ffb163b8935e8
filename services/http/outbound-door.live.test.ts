import { test } from "vitest";
import { RECIPIENT_EVENTS } from "../shared/letter/outbound.ts";
import { recipientState } from "../shared/letter/recipient-state.ts";
import { newId } from "../shared/runtime/ids.ts";
import { openDesk } from "./testing/desk.ts";
import { writeNews, writeSentLetter } from "./testing/sent-letters.ts";

test("letters are listed the newest first, in pages, by state; an answer that nothing proves counts for none", async (context) => {
  const { expect } = context;
  const { ask, query, addClerk } = await openDesk(context);
  const letters = [];
  for (let number = 1; number <= 5; number++)
    letters.push(await writeSentLetter(query, number, ["one.example.go.th", "two.example.go.th"]));
  await query("update saraban.outbound_letter set recalled_at = now() where id = $1", [letters[0]?.letterId]);
  await writeSentLetter(query, 1, ["one.example.go.th"], { agencyId: "agency-b" });
  const newestFirst = letters.map(({ letterId }) => letterId).reverse();
  const page = (after: string | null) =>
    ask(`/outbound?agency=agency-a&limit=2${after === null ? "" : `&after=${after}`}`);
  const first = await page(null);
  const second = await page(first.body.next);
  const third = await page(second.body.next);
  const ids = [first, second, third].flatMap(({ body }) =>
    body.letters.map(({ letterId }: { letterId: string }) => letterId),
  );
  expect(ids).toEqual(newestFirst);
  expect(third.body.next).toBe(null);
  expect(first.body.letters[0]).toEqual({
    letterId: newestFirst[0],
    agencyId: "agency-a",
    series: "ordinary",
    state: "sent",
    origin: "registry",
    version: 1,
    subject: "เรื่องทดสอบ",
    draftedBy: "person:test",
    draftedByName: "ผู้ร่าง",
    draftedAt: expect.any(String),
    line: { bookId: "agency-a.outbound.ordinary", year: 2026, yearBuddhist: 2569, number: 5 },
    letterNumber: "ทก 0101/5",
    sentAt: expect.any(String),
    recalledAt: null,
    replaces: null,
    replacedBy: null,
    recipients: { total: 2, answered: 0 },
  });
  expect((await ask("/outbound?agency=agency-a&state=draft")).body).toMatchObject({
    letters: [],
    next: null,
  });
  expect((await ask("/outbound?agency=agency-a&state=sent&limit=100")).body.letters).toHaveLength(5);
  // A page after what is not there is empty, and after another agency's letter too.
  expect((await page(newId())).body.letters).toEqual([]);
  expect(await ask("/outbound?agency=agency-a&state=flying&limit=0&x=1")).toMatchObject({
    status: 400,
    body: { errors: [{ parameter: "limit" }, { parameter: "state" }, { parameter: "x" }] },
  });
  const [signed, claimed] = letters[4]?.recipientIds ?? [];
  await writeNews(query, signed as string, "registered", "signature", { receiveNumber: 12 });
  await writeNews(query, claimed as string, "registered", "claim", { receiveNumber: 99 });
  expect((await page(null)).body.letters[0].recipients).toEqual({ total: 2, answered: 1 });
  const stranger = await addClerk("agency-b");
  expect((await ask("/outbound?agency=agency-b", { token: stranger })).body.letters).toHaveLength(1);
  for (const path of [
    "/outbound?agency=agency-a",
    `/outbound/${newestFirst[0]}`,
    "/outbound/unanswered?agency=agency-a",
  ])
    expect((await ask(path, { token: stranger })).status, path).toBe(404);
});

test("a letter shows each recipient with its news; claims by the thousand hide nothing that is proved", async (context) => {
  const { expect } = context;
  const { ask, query } = await openDesk(context);
  const { letterId, recipientIds } = await writeSentLetter(query, 1, [
    "one.example.go.th",
    "two.example.go.th",
  ]);
  const [one, two] = recipientIds as [string, string];
  await writeNews(query, one, "accepted", "own", { reply: "250 2.0.0 Ok" });
  await writeNews(query, one, "registered", "signature", { receiveNumber: 12, receiveYear: 2569 });
  await writeNews(query, one, "refused", "claim", {}, 2000);
  await writeNews(query, two, "failed", "token", { status: "5.1.1", reply: "550 no such user" });
  const { body } = await ask(`/outbound/${letterId}`);
  expect(body).toMatchObject({
    state: "sent",
    answered: 1,
    complete: true,
    recipients: [
      {
        recipientId: one,
        status: {
          state: "registered",
          proof: "signature",
          receiveNumber: "12",
          receiveYear: 2569,
          isAnswered: true,
          claim: { what: "refused" },
        },
        events: expect.arrayContaining([
          expect.objectContaining({
            what: "accepted",
            source: "receipt",
            proof: "own",
            details: { reply: "250 2.0.0 Ok" },
            clock: { state: "synchronised" },
          }),
        ]),
      },
      { recipientId: two, status: { state: "failed", isAnswered: false, claim: null } },
    ],
  });
  expect(body.recipients[0].events.length).toBeLessThan(20);
  // Beside its line in the book, without the single news.
  const line = (await ask("/lines/agency-a.outbound.ordinary/2026/1")).body;
  expect(line.letter).toMatchObject({ letterId, total: 2, answered: 1, recipients: [{ no: 1 }, { no: 2 }] });
  expect(line.letter.recipients[0]).not.toHaveProperty("events");

  const unanswered = async () => (await ask("/outbound/unanswered?agency=agency-a")).body.recipients;
  expect(await unanswered()).toMatchObject([
    {
      recipientId: two,
      letterId,
      no: 2,
      status: { state: "failed", warnedAt: null },
      waitedHours: expect.any(Number),
    },
  ]);
  await writeNews(query, two, "warned", "own");
  expect(await unanswered()).toMatchObject([{ status: { state: "failed", warnedAt: expect.any(String) } }]);
  await writeNews(query, two, "arrived", "token");
  expect(await unanswered()).toEqual([]);
});

test("who has waited longest comes first, in pages that hold still while answers come in", async (context) => {
  const { expect } = context;
  const { ask, query } = await openDesk(context);
  const recipientIds: string[] = [];
  for (let number = 1; number <= 2; number++) {
    const letter = await writeSentLetter(query, number, ["one.example.go.th", "two.example.go.th"]);
    recipientIds.push(...letter.recipientIds);
  }
  // Of one millisecond the ids' random bits decide.
  recipientIds.sort();
  const page = async (after = "") =>
    (await ask(`/outbound/unanswered?agency=agency-a&limit=3${after && `&after=${after}`}`)).body;
  const idsOf = (body: { recipients: { recipientId: string }[] }) =>
    body.recipients.map(({ recipientId }) => recipientId);
  const first = await page();
  expect(idsOf(first)).toEqual(recipientIds.slice(0, 3));
  await writeNews(query, first.next, "registered", "signature");
  const second = await page(first.next);
  expect(idsOf(second)).toEqual(recipientIds.slice(3));
  expect(second.next).toBe(null);
});

test("a file is downloaded under a name that no browser misreads, and is never opened as a page", async (context) => {
  const { expect } = context;
  const { query, url, token } = await openDesk(context);
  const letterId = newId();
  const fileId = newId();
  await query(
    `insert into saraban.uploaded_file (id, agency_id, name, media_type, sha256, size_bytes, content, uploaded_by, uploaded_at)
       values ($1, 'agency-a', $2, 'text/html', repeat('0', 64), 8, '<script>', 'person:test', now())`,
    [fileId, "หนังสือ \"'();.html"],
  );
  await query(
    `insert into saraban.outbound_letter (id, agency_id, series, state, version, facts, drafted_by, drafted_by_name, drafted_at)
       values ($1, 'agency-a', 'ordinary', 'draft', 1, $2, 'person:test', 'ผู้ร่าง', now())`,
    [letterId, JSON.stringify({ files: [fileId], recipients: [{ address: "a@x.go.th" }] })],
  );
  const download = (no: string) =>
    fetch(`${url}/api/v1/outbound/${letterId}/files/${no}`, {
      headers: { authorization: `Bearer ${token}` },
    });
  const answer = await download("1");
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe("<script>");
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "content-type": "application/octet-stream",
    "content-disposition": `attachment; filename="_______ __()_.html"; filename*=UTF-8''${encodeURIComponent("หนังสือ")}%20%22%27%28%29%3B.html`,
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-length": "8",
  });
  for (const none of ["0", "2", "1e1", "99999", "..%2f1"])
    expect((await download(none)).status, none).toBe(404);
});

test("the database takes for an answer what the code takes for one", async (context) => {
  const { expect } = context;
  const { query } = await openDesk(context);
  const cases = RECIPIENT_EVENTS.flatMap((what) =>
    (["signature", "claim"] as const).map((proof) => ({ what, proof })),
  );
  const { recipientIds } = await writeSentLetter(
    query,
    1,
    cases.map((_, index) => `r${index}.example.go.th`),
  );
  for (const [index, { what, proof }] of cases.entries())
    await writeNews(query, recipientIds[index] as string, what, proof);
  const rows = await query<{ recipient_id: string }>("select recipient_id from saraban.unanswered_recipient");
  const open = new Set(rows.map(({ recipient_id }) => recipient_id));
  for (const [index, { what, proof }] of cases.entries()) {
    const news = { what, proof, source: "receipt", happenedAt: new Date(), details: {} } as const;
    expect(open.has(recipientIds[index] as string), `${what} by ${proof}`).toBe(
      !recipientState([news]).isAnswered,
    );
  }
});
