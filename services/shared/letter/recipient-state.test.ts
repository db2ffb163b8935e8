import fc from "fast-check";
import { expect, test } from "vitest";
import { ANSWERS, RECIPIENT_EVENTS, type RecipientEvent } from "./outbound.ts";
import { type NewsProof, type RecipientNews, recipientState } from "./recipient-state.ts";

/** News of minute `minute`. */
function said(
  minute: number,
  what: RecipientEvent,
  proof: NewsProof = "signature",
  details: RecipientNews["details"] = {},
): RecipientNews {
  return { what, proof, source: "receipt", happenedAt: new Date(minute * 60_000), details };
}

const sent = said(1, "accepted", "own", { reply: "250 2.0.0 Ok" });

test("what servers say: the best news stands, a failure is news, and a second try begins anew", () => {
  expect(recipientState([])).toMatchObject({
    state: "waiting",
    proof: null,
    since: null,
    isAnswered: false,
    claim: null,
  });
  const stateOf = (...news: RecipientNews[]) => recipientState(news).state;
  expect(stateOf(said(0, "delayed", "own"), sent)).toBe("accepted");
  expect(stateOf(sent, said(2, "displayed", "token"), said(3, "delivered", "token"))).toBe("displayed");
  expect(stateOf(sent, said(2, "failed", "token"))).toBe("failed");
  expect(stateOf(sent, said(2, "failed", "token"), said(9, "accepted", "own"))).toBe("accepted");
  // Anybody could have sent such a bounce.
  expect(stateOf(sent, said(2, "failed", "claim"))).toBe("accepted");
  expect(recipientState([sent, said(2, "answered", "token")])).toMatchObject({
    state: "answered",
    isAnswered: false,
  });
});

test("an answer outranks what servers say; a later one replaces an earlier one; the number is kept", () => {
  const registered = said(3, "registered", "signature", {
    receiveNumber: 12,
    receiveYear: 2569,
    registeredAt: "2026-05-04T03:00:00Z",
  });
  const number = { receiveNumber: "12", receiveYear: 2569, registeredAt: "2026-05-04T03:00:00Z" };
  expect(recipientState([registered, sent, said(9, "failed", "token")])).toMatchObject({
    state: "registered",
    isAnswered: true,
    ...number,
  });
  const handedOver = said(5, "handed-over", "signature", { officer: "เจ้าหน้าที่ทดสอบ" });
  expect(recipientState([handedOver, registered, said(6, "arrived")])).toMatchObject({
    state: "handed-over",
    ...number,
  });
  expect(
    recipientState([registered, said(7, "corrected", "signature", { receiveNumber: 13 })]),
  ).toMatchObject({ state: "corrected", ...number, receiveNumber: "13" });
  expect(recipientState([registered, said(8, "cancelled")])).toMatchObject({ state: "cancelled", ...number });
  expect(recipientState([registered, said(8, "rejected")])).toMatchObject({
    state: "rejected",
    receiveNumber: null,
  });
});

test("a signature outranks a clerk's note; a note stands where nothing better is said", () => {
  const noted = said(9, "registered", "clerk", { receiveNumber: "7/2569" });
  expect(recipientState([sent, noted])).toMatchObject({
    state: "registered",
    proof: "clerk",
    receiveNumber: "7/2569",
    isAnswered: true,
  });
  expect(recipientState([said(2, "arrived"), noted])).toMatchObject({ state: "registered", proof: "clerk" });
  expect(recipientState([said(2, "refused"), noted])).toMatchObject({ state: "refused", proof: "signature" });
  expect(recipientState([noted, said(10, "registered", "signature", { receiveNumber: 8 })])).toMatchObject({
    proof: "signature",
    receiveNumber: "8",
  });
});

test("a claim overrides nothing that is proved, ends no waiting, and is told beside it", () => {
  const claim = said(9, "registered", "claim", { receiveNumber: 99 });
  expect(recipientState([sent, claim])).toMatchObject({
    state: "registered",
    proof: "claim",
    isAnswered: false,
    claim: null,
  });
  expect(recipientState([sent, said(2, "failed", "own"), claim])).toMatchObject({ state: "failed", claim });
  const signed = said(3, "registered", "signature", { receiveNumber: 12 });
  expect(recipientState([sent, signed, claim])).toMatchObject({
    state: "registered",
    proof: "signature",
    receiveNumber: "12",
    claim,
  });
  const same = said(9, "registered", "claim", { receiveNumber: "12" });
  expect(recipientState([sent, signed, same]).claim).toBe(null);
  expect(recipientState([sent, said(2, "refused", "claim"), signed]).claim).toBe(null);
  expect(recipientState([signed, said(9, "recall-accepted", "claim")]).recall).toBe(null);
});

test("recall, warning and escalation stand beside the state", () => {
  const watch = [said(20, "warned", "own"), said(30, "escalated", "own")];
  const recall = [said(40, "recall-sent", "own"), said(41, "recall-refused"), said(42, "recall-sent", "own")];
  expect(recipientState([sent, ...watch, ...recall])).toMatchObject({
    state: "accepted",
    warnedAt: new Date(20 * 60_000),
    escalatedAt: new Date(30 * 60_000),
    recall: "recall-sent",
  });
  const back = said(43, "recall-accepted");
  expect(recipientState([...recall, back])).toMatchObject({ recall: "recall-accepted", isAnswered: true });
  const registered = said(10, "registered", "signature", { receiveNumber: "12" });
  expect(recipientState([sent, registered, ...recall, back])).toMatchObject({
    state: "registered",
    receiveNumber: "12",
    recall: "recall-accepted",
  });
});

test("of any news in any order: no claim changes what is proved, and the order of the list does not count", () => {
  const news = fc.uniqueArray(
    fc.record({
      what: fc.constantFrom(...RECIPIENT_EVENTS),
      proof: fc.constantFrom<NewsProof>("signature", "own", "token", "clerk", "claim"),
      minute: fc.integer({ min: 0, max: 1000 }),
    }),
    { maxLength: 12, selector: ({ minute }) => minute },
  );
  fc.assert(
    fc.property(news, fc.integer(), (list, turn) => {
      const all = list.map(({ what, proof, minute }) => said(minute, what, proof));
      const at = all.length === 0 ? 0 : Math.abs(turn) % all.length;
      const found = recipientState(all);
      expect(recipientState([...all.slice(at), ...all.slice(0, at)])).toEqual(found);
      const proved = recipientState(all.filter(({ proof }) => proof !== "claim"));
      expect(found.isAnswered).toBe(proved.isAnswered);
      expect(found.recall).toBe(proved.recall);
      if (proved.isAnswered || proved.state === "failed") expect(found.state).toBe(proved.state);
      if (found.isAnswered)
        expect(
          all.some(({ what }) => ANSWERS.has(what) || what === "corrected" || what === "cancelled"),
        ).toBe(true);
    }),
    { seed: 6, numRuns: 500 },
  );
});
