import { test } from "vitest";
import type { OutboundFacts } from "../../shared/letter/outbound.ts";
import { buddhistYear } from "../../shared/letter/stamp.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { LETTER, OUTBOUND, outboundScene } from "../testing/acts-scene.ts";

const SOMSRI = "person:somsri";

test("the life of a letter: drafted, returned, changed, checked, signed off with its number, sent with its files, and never changed after", async (context) => {
  const { expect } = context;
  const { do: act, draft, upload, letter, events, lines, handedOn, query } = await outboundScene(context);
  const files = await upload([{ name: "หนังสือ.PDF" }, { name: "แนบ.tar.gz" }, { name: "no extension" }]);
  const recipients = [
    { partner: "opdc.example.go.th" },
    { partner: "agency-b.example.go.th", name: "ผู้อำนวยการสำนัก" },
    { address: "director@outside.example.com" },
  ];
  const letterId = await draft({ recipients, kind: "stamped", urgency: "urgent" });
  const seen = (version: number) => ({ letterId, details: { version } });
  expect(await act("return", { ...seen(1), reason: "ยังไม่มีไฟล์" })).toMatchObject({ result: "done" });
  const content: OutboundFacts = { ...LETTER, recipients, files, kind: "stamped", urgency: "urgent" };
  const change = (facts: Partial<OutboundFacts>) =>
    act("draft", { letterId, details: { letter: { ...content, ...facts } } });
  expect(await change({})).toMatchObject({ result: "done" });
  expect(await change({})).toMatchObject({ reason: "nothing-changes" });
  // Somebody else at the same letter, who still has the first version before him.
  const late = { ...seen(1), details: { version: 1, letter: { ...content, subject: "ของผู้ที่มาช้า" } } };
  expect(await act("draft", late)).toMatchObject({ reason: "another-version-was-seen" });
  expect(await act("check", seen(1))).toMatchObject({ reason: "another-version-was-seen" });
  expect(await act("check", seen(2))).toMatchObject({ result: "done" });
  // What was checked and then changed has to be checked again.
  expect(await change({ subject: "ขอเชิญประชุมด่วน" })).toMatchObject({ result: "done" });
  expect(await letter(letterId)).toMatchObject({ state: "draft", version: 3, number: null });
  await act("check", seen(3));
  expect(await act("send", seen(3))).toMatchObject({ reason: "the-letter-is-not-approved" });
  const approved = await act("approve", { ...seen(3), by: SOMSRI });
  expect(approved).toMatchObject({ result: "done", number: 1 });
  const year = approved.year as number;
  const [line] = await lines(OUTBOUND);
  expect(line).toMatchObject({
    number: 1,
    status: "registered",
    channel: "smtp",
    letter_number: "ทก 0101/1",
    subject: "ขอเชิญประชุมด่วน",
    letter_from: "หน่วยงานทดสอบ ก",
    letter_to: "สำนักงาน ก.พ.ร., ผู้อำนวยการสำนัก, director@outside.example.com",
    kind: "stamped",
    urgency: "urgent",
    registered_by: SOMSRI,
  });
  expect(line).toHaveProperty("letter_date", new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 10));

  // The number has to get into the PDF; what the book says is corrected in the book, and the letter follows.
  const [numbered = ""] = await upload([{ name: "หนังสือมีเลข.pdf" }]);
  const withNumber = { subject: "ขอเชิญประชุมด่วน", files: [numbered, ...files.slice(1)] };
  expect(await change({ ...withNumber, subject: "เรื่องอื่น" })).toMatchObject({
    reason: "the-letter-is-numbered",
  });
  expect(await change({ ...withNumber, series: "circular" })).toMatchObject({
    reason: "the-letter-is-numbered",
  });
  expect(await change(withNumber)).toMatchObject({ result: "done" });
  const place = { bookId: OUTBOUND, year, number: 1 };
  await act("correct", { ...place, facts: { subject: "ขอเชิญประชุมด่วนมาก" }, reason: "พิมพ์ตก" });
  expect(await letter(letterId)).toMatchObject({
    state: "approved",
    version: 5,
    facts: { subject: "ขอเชิญประชุมด่วนมาก", files: withNumber.files },
  });
  expect(await act("send", seen(4))).toMatchObject({ reason: "another-version-was-seen" });
  // What was changed after it was signed off, its writer does not send: it would be another letter under the signature.
  expect((await act("send", seen(5))).reason).toMatch(
    /^(?:no-right-to-approve|who-drafted-it-does-not-approve-it)$/,
  );
  expect(await act("send", { ...seen(4), by: SOMSRI })).toMatchObject({ reason: "another-version-was-seen" });
  expect(await act("send", { ...seen(5), by: SOMSRI })).toMatchObject({ result: "done", number: 1 });
  expect(await query("select name, file_id from saraban.outbound_file order by no")).toEqual([
    { name: `AGENCYA_0101_1_${buddhistYear(year)}.pdf`, file_id: numbered },
    { name: `AGENCYA_0101_1_${buddhistYear(year)}_1.gz`, file_id: files[1] },
    { name: `AGENCYA_0101_1_${buddhistYear(year)}_2.bin`, file_id: files[2] },
  ]);
  const sentTo = await query<{ id: string }>("select * from saraban.outbound_recipient order by no");
  expect(sentTo).toMatchObject([
    { name: "สำนักงาน ก.พ.ร.", domain: "opdc.example.go.th", address: "saraban@opdc.example.go.th" },
    { name: "ผู้อำนวยการสำนัก", domain: "agency-b.example.go.th", address: "saraban@agency-b.example.go.th" },
    { domain: "outside.example.com", address: "director@outside.example.com" },
  ]);
  expect((await handedOn("send-letter")).sort()).toEqual(sentTo.map(({ id }) => id).sort());
  expect(await events(letterId)).toEqual([
    "drafted",
    "returned",
    "changed",
    "checked",
    "changed",
    "checked",
    "approved",
    "changed",
    "changed",
    "sent",
  ]);

  // After that only more is said about it.
  await query("delete from saraban.outbox");
  expect(await change({ text: "x" })).toMatchObject({ reason: "the-letter-is-sent" });
  expect(await act("withdraw", { letterId, reason: "x" })).toMatchObject({ reason: "the-letter-is-sent" });
  expect(await act("send", { letterId })).toMatchObject({ reason: "the-letter-is-sent" });
  expect(await act("cancel", { ...place, reason: "x" })).toMatchObject({ reason: "the-letter-is-sent" });
  await expect(query("update saraban.outbound_letter set facts = '{}'")).rejects.toThrow(/stays as it was/);
  const [first] = sentTo;
  expect(await act("resend", { letterId, details: { recipientId: newId() } })).toMatchObject({
    reason: "no-such-recipient",
  });
  expect(await act("resend", { letterId, details: { recipientId: first?.id as string } })).toMatchObject({
    result: "done",
  });
  expect(await handedOn("send-letter")).toEqual([first?.id]);
  const answer = { what: "registered", receiveNumber: "123" } as const;
  expect(
    await act("note-answer", { letterId, details: { recipientId: first?.id as string, answer } }),
  ).toMatchObject({ result: "done" });
  expect(
    await query("select recipient_id, details from saraban.outbound_event where what = 'answer-noted'"),
  ).toEqual([{ recipient_id: first?.id, details: answer }]);
  expect(await letter(letterId)).toMatchObject({ facts: { subject: "ขอเชิญประชุมด่วนมาก" }, version: 5 });
});

test("what cannot be sent is not numbered either, and leaves nothing", async (context) => {
  const { expect } = context;
  const { do: act, draft, upload, letter, lines, query } = await outboundScene(context);
  const large = await upload(
    [30, 21].map((size) => ({ name: `${size}.pdf`, sizeBytes: size * 1024 * 1024 })),
  );
  const [mot, opdc] = [{ partner: "mot.example.go.th" }, { partner: "opdc.example.go.th" }];
  const cases: [Partial<OutboundFacts>, string][] = [
    [{ recipients: [] }, "no-recipients"],
    [{ recipients: [opdc, { partner: "moph.example.go.th" }] }, "a-recipient-cannot-be-reached"],
    [{ recipients: [{ partner: "nowhere.example.go.th" }] }, "a-recipient-cannot-be-reached"],
    [{ recipients: [{ address: "x@y.example>\r\nRCPT TO:<z@y.example" }] }, "a-recipient-cannot-be-reached"],
    [{ recipients: [mot, { address: "SARABAN@mot.example.go.th" }] }, "a-recipient-stands-there-twice"],
    [{ recipients: [{ address: "head@agency-a.example.go.th" }] }, "a-recipient-is-the-agency-itself"],
    [{ text: " " }, "neither-text-nor-files"],
    [{ files: large }, "too-large-for-mail"],
  ];
  const before = await query("select count(*) from saraban.outbound_event");
  for (const [facts, reason] of cases) {
    const letterId = await draft(facts);
    const details = { version: 1, send: true };
    expect(await act("approve", { letterId, details, by: SOMSRI }), reason).toMatchObject({
      result: "refused",
      reason,
      number: null,
    });
    expect(await letter(letterId)).toMatchObject({ state: "draft", number: null });
  }
  expect(await lines(OUTBOUND)).toEqual([]);
  expect(
    await query("select 1 from saraban.outbound_recipient union select 1 from saraban.outbound_file"),
  ).toEqual([]);
  expect(
    await query("select count(*) - $1::int as more from saraban.outbound_event", [cases.length]),
  ).toEqual(before.map(() => ({ more: 0 })));
});

test("a classified letter, a file that is not there and an owner outside are refused with the draft", async (context) => {
  const { expect } = context;
  const { do: act, upload, query } = await outboundScene(context);
  const [secret = ""] = await upload([{ name: "ลับมาก_แผน.pdf" }]);
  const facts: [object, string][] = [
    [{ subject: "ลับ ขอส่งแผน" }, "classified-letters-are-not-mailed"],
    [{ subject: "แผนการซ้อม (ลับมาก)" }, "classified-letters-are-not-mailed"],
    [{ text: "เรียน ผู้อำนวยการ\nชั้นความลับ: ลับ" }, "classified-letters-are-not-mailed"],
    [{ files: [secret] }, "classified-letters-are-not-mailed"],
    [{ enclosures: ["บัญชีรายชื่อ", "ลับที่สุด"] }, "classified-letters-are-not-mailed"],
    [{ secrecy: "confidential" }, "classified-letters-are-not-mailed"],
    [{ files: [newId()] }, "no-such-file"],
    [{ ownerMail: "someone@gmail.example.com" }, "the-owner-mail-is-not-the-agencys"],
    // There it would come in as a letter.
    [{ ownerMail: "Saraban_unit@agency-a.example.go.th" }, "the-owner-mail-is-not-the-agencys"],
    [{ replaces: newId() }, "the-replaced-letter-is-not-sent"],
  ];
  for (const [more, reason] of facts) {
    const letter = { ...LETTER, ...more };
    expect(await act("draft", { letterId: newId(), details: { letter } }), reason).toMatchObject({ reason });
  }
  for (const [name, reason] of [
    ["check", "no-such-letter"],
    ["draft", "a-letter-is-needed"],
  ] as const)
    expect(await act(name, { letterId: newId() })).toMatchObject({ result: "refused", reason });
  expect(await query("select 1 from saraban.outbound_letter")).toEqual([]);
  const theirs = newId();
  await query(
    `insert into saraban.outbound_letter (id, agency_id, series, state, version, facts, drafted_by, drafted_by_name, drafted_at)
       values ($1, 'agency-b', 'ordinary', 'draft', 1, '{}', 'person:x', 'x', now())`,
    [theirs],
  );
  expect(await act("draft", { letterId: theirs, details: { letter: LETTER } })).toMatchObject({
    result: "refused",
    reason: "no-such-letter",
  });
});

test("a letter that is given up stays unsent; its number is cancelled with it and never given again", async (context) => {
  const { expect } = context;
  const { do: act, draft, letter, lines } = await outboundScene(context);
  const unnumbered = await draft();
  expect(await act("withdraw", { letterId: unnumbered, reason: "ไม่ส่งแล้ว" })).toMatchObject({ number: null });
  const numbered = await draft();
  await act("approve", { letterId: numbered, details: { version: 1 }, by: SOMSRI });
  expect(await act("withdraw", { letterId: numbered, reason: "ไม่ส่งแล้ว" })).toMatchObject({ number: 1 });
  const third = await draft();
  const { year } = await act("approve", { letterId: third, details: { version: 1 }, by: SOMSRI });
  // By cancelling its line it is given up as well: a letter without a number must not go out.
  await act("cancel", { bookId: OUTBOUND, year: year as number, number: 2, reason: "ลงผิด" });
  for (const letterId of [unnumbered, numbered, third]) {
    expect(await letter(letterId)).toMatchObject({ state: "withdrawn" });
    expect(await act("send", { letterId })).toMatchObject({ reason: "the-letter-is-withdrawn" });
    const again = { letterId, details: { letter: { ...LETTER, subject: "อีกครั้ง" } } };
    expect(await act("draft", again)).toMatchObject({ reason: "the-letter-is-withdrawn" });
  }
  expect(await lines(OUTBOUND)).toMatchObject([{ status: "cancelled" }, { status: "cancelled" }]);
  const next = await act("approve", { letterId: await draft(), details: { version: 1 }, by: SOMSRI });
  expect(next.number).toBe(3);
});
