import { test } from "vitest";
import { newId } from "../shared/runtime/ids.ts";
import { openDesk } from "./testing/desk.ts";

test("what was refused, the newest first, with the reason and the day of its end; nothing that is classified or another agency's, and none of its words", async (context) => {
  const { expect } = context;
  const { ask, query, fillTray, addClerk } = await openDesk(context);
  const refused = { outcome: "refused", verdict: "refused" } as const;
  const [infected, classified, forged, other] = await fillTray([
    { ...refused, reason: "infected" },
    { ...refused, reason: "classified", secrecy: "secret", number: null, letterDate: null },
    { ...refused, reason: "forged-sender" },
    { ...refused, reason: "infected", agencyId: "agency-b" },
  ]);
  for (const [minute, [id, agency, reason]] of [
    [infected, "agency-a", "infected"],
    [classified, "agency-a", "classified"],
    [forged, "agency-a", "forged-sender"],
    [other, "agency-b", "infected"],
  ].entries())
    await query(
      `insert into saraban.quarantine (intake_id, agency_id, reason, since, keep_until) values ($1, $2, $3, $4, '2026-06-01')`,
      [id, agency, reason, new Date(Date.UTC(2026, 4, 1, 2, minute))],
    );
  const { body } = await ask("/quarantine?agency=agency-a");
  expect(body).toMatchObject({ agencyId: "agency-a", next: null });
  expect(body.arrivals.map(({ intakeId }: { intakeId: string }) => intakeId)).toEqual([forged, infected]);
  expect(body.arrivals[1]).toEqual({
    intakeId: infected,
    agencyId: "agency-a",
    arrivedAt: expect.any(String),
    reason: { code: "infected", en: expect.any(String), th: expect.stringContaining("ไวรัส") },
    since: "2026-05-01T02:00:00.000Z",
    keepUntil: "2026-06-01T00:00:00.000Z",
    removedAt: null,
  });
  expect(body.arrivals[0].reason.th).toContain("ปลอม");
  for (const word of ["opdc", "เรื่องทดสอบ", classified as string])
    expect(JSON.stringify(body)).not.toContain(word);

  const first = (await ask("/quarantine?agency=agency-a&limit=1")).body;
  expect(first).toMatchObject({ arrivals: [{ intakeId: forged }], next: forged });
  const second = (await ask(`/quarantine?agency=agency-a&limit=1&after=${first.next}`)).body;
  expect(second).toMatchObject({ arrivals: [{ intakeId: infected }], next: null });
  // An id that is not there, and one that may not be seen, tell the same: nothing.
  for (const id of [newId(), classified])
    expect((await ask(`/quarantine?agency=agency-a&after=${id}`)).body.arrivals).toEqual([]);
  expect((await ask("/quarantine?agency=agency-b")).status).toBe((await ask("/tray?agency=agency-b")).status);
  const token = await addClerk("agency-b");
  expect((await ask("/quarantine?agency=agency-b", { token })).body.arrivals).toHaveLength(1);
});
