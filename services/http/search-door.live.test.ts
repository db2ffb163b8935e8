import { test } from "vitest";
import { writeBookLines } from "../shared/testing/book-lines.ts";
import { openDesk } from "./testing/desk.ts";

const registeredAt = new Date("2026-11-02T03:00:00Z");

test("a clerk pages through what matches, newest first, with a total on the first page", async (context) => {
  const { ask, query } = await openDesk(context);
  const lines = Array.from({ length: 7 }, (_, place) => ({
    registeredAt,
    subject: `น้ำท่วม ครั้งที่ ${place + 1}`,
  }));
  await writeBookLines(query, [...lines, { registeredAt, subject: "เรื่องอื่น" }]);
  const first = await ask(`/lines?q=${encodeURIComponent("นํ้าท่วม")}&limit=3`);
  context.expect(first.body.lines.map((line: { number: number }) => line.number)).toEqual([7, 6, 5]);
  context.expect(first.body.total).toEqual({ value: 7, relation: "exactly" });
  const second = await ask(`/lines?q=${encodeURIComponent("นํ้าท่วม")}&limit=3&cursor=${first.body.next}`);
  context.expect(second.body.lines.map((line: { number: number }) => line.number)).toEqual([4, 3, 2]);
  context.expect(second.body.total).toBeUndefined();
  const last = await ask(`/lines?q=${encodeURIComponent("นํ้าท่วม")}&limit=3&cursor=${second.body.next}`);
  context
    .expect(last.body)
    .toMatchObject({ lines: [{ number: 1, yearBuddhist: 2569, agencyId: "agency-a" }] });
  context.expect(last.body.next).toBeUndefined();
});

test("says what is wrong with a query, all at once, in Thai and English", async (context) => {
  const { ask } = await openDesk(context);
  const { status, body } = await ask(
    "/lines?color=red&limit=0&sort=up&from=31/2/2569&urgency=very&cursor=x&agency=agency-b&year=69&book=inbound.classified",
  );
  context.expect(status).toBe(400);
  context
    .expect(body.errors.map(({ parameter }: { parameter: string }) => parameter).sort())
    .toEqual(["agency", "book", "color", "cursor", "from", "limit", "sort", "urgency", "year"]);
  context.expect(body.errors[0].detailThai).toMatch(/[ก-๛]/);
});

test("a cursor that somebody made up is the asker's fault, not the database's", async (context) => {
  const { ask } = await openDesk(context);
  for (const place of [
    [0, "agency-a.inbound.ordinary\0", 2026, 1],
    [0, "agency-a.inbound.ordinary", 2026, 2 ** 31],
    [-8.64e15, "agency-a.inbound.ordinary", 2026, 1],
  ]) {
    const cursor = Buffer.from(JSON.stringify(place)).toString("base64url");
    context
      .expect(await ask(`/lines?cursor=${cursor}`))
      .toMatchObject({ status: 400, body: { errors: [{ parameter: "cursor" }] } });
  }
});

test("a clerk finds nothing of another agency, and nobody finds anything without a token", async (context) => {
  const { ask, query, addClerk, url } = await openDesk(context);
  await writeBookLines(query, [
    { registeredAt, subject: "ของ ก" },
    { registeredAt, subject: "ของ ข", agencyId: "agency-b" },
  ]);
  const other = await addClerk("agency-b");
  context.expect((await ask("/lines", { token: other })).body.lines).toMatchObject([{ subject: "ของ ข" }]);
  context
    .expect((await ask("/lines")).body)
    .toMatchObject({ lines: [{ subject: "ของ ก" }], total: { value: 1 } });
  context.expect((await fetch(`${url}/api/v1/lines`)).status).toBe(401);
});
