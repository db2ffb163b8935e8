import { test } from "vitest";
import { newId } from "../../shared/runtime/ids.ts";
import { OUTBOUND, outboundScene } from "../testing/acts-scene.ts";

test("a letter that was sent by mistake is asked back from everybody; the book shows it, and the one that takes its place", async (context) => {
  const { expect } = context;
  const { do: act, draft, letter, events, handedOn, query, lines } = await outboundScene(context);
  const send = async (facts: object) => {
    const letterId = await draft(facts);
    const details = { version: 1, send: true };
    return { letterId, ...(await act("approve", { letterId, details, by: "person:somsri" })) };
  };
  const recipients = [{ partner: "opdc.example.go.th" }, { partner: "mot.example.go.th" }];
  const { letterId, year } = await send({ recipients });
  const sentTo = await handedOn("send-letter");
  await query("delete from saraban.outbox");
  const unsent = await draft();
  const recall = (replacedBy?: string, id = letterId) =>
    act("recall", {
      letterId: id,
      reason: "ส่งผิดฉบับ",
      ...(replacedBy === undefined ? {} : { details: { replacedBy } }),
    });
  expect(await recall(undefined, unsent)).toMatchObject({ reason: "the-letter-is-not-sent" });
  expect(await recall(newId())).toMatchObject({ reason: "no-such-replacement" });
  expect(await recall(letterId)).toMatchObject({ reason: "no-such-replacement" });
  expect(
    await act("draft", {
      letterId: unsent,
      details: { letter: { ...(await letter(unsent))?.facts, replaces: letterId } as never },
    }),
  ).toMatchObject({
    result: "done",
  });
  expect(await recall(unsent)).toMatchObject({ result: "done", number: 1 });
  expect((await handedOn("send-letter")).sort()).toEqual(sentTo.sort());
  expect(await letter(letterId)).toMatchObject({ state: "sent", recalled_at: expect.any(Date) });
  expect(await events(letterId)).toEqual(["drafted", "approved", "recall-requested"]);
  for (const change of ["recalled_at = null", `replaces = '${unsent}'`])
    await expect(
      query(`update saraban.outbound_letter set ${change} where id = $1`, [letterId]),
      change,
    ).rejects.toThrow(/stays as it was/);
  expect(
    await query("select number, what, details, reason from saraban.entry_event"),
    "our own book says so",
  ).toEqual([{ number: 1, what: "recall-requested", details: { replacedBy: unsent }, reason: "ส่งผิดฉบับ" }]);
  expect(await lines(OUTBOUND)).toMatchObject([{ number: 1, status: "registered" }]);
  expect(await recall()).toMatchObject({ reason: "the-letter-is-recalled" });
  const again = { letterId, details: { recipientId: sentTo[0] as string } };
  expect(await act("resend", again)).toMatchObject({ reason: "the-letter-is-recalled" });
  const place = { bookId: OUTBOUND, year: year as number, number: 1 };
  // The request on a line of ours is not ours to answer.
  expect(await act("answer-recall", { ...place, details: { accept: true } })).toMatchObject({
    reason: "no-recall-is-open",
  });
  // What is recalled may be cancelled: the number stays used.
  expect(await act("cancel", { ...place, reason: "เรียกคืนแล้ว" })).toMatchObject({ result: "done" });
  expect(await send({ recipients, replaces: letterId })).toMatchObject({ number: 2 });
});
