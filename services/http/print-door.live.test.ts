import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "vitest";
import { openDesk } from "./testing/desk.ts";

const ORDER = { agencyId: "agency-a", book: "inbound.ordinary", format: "pdf", year: 2569 };

function body(order: object): RequestInit {
  return { method: "POST", body: JSON.stringify(order), headers: { "content-type": "application/json" } };
}

test("a clerk orders a print, sees how far it is and fetches the file", async (context) => {
  const { ask, query, url, token, printsDir } = await openDesk(context);
  const {
    status,
    headers,
    body: ordered,
  } = await ask("/prints", body({ ...ORDER, from: "1/5/2569", to: "31 พ.ค. 2569" }));
  context.expect(status).toBe(202);
  context.expect(headers.get("location")).toBe(`/api/v1/prints/${ordered.id}`);
  context
    .expect(await query("select wanted from saraban.print_order"))
    .toEqual([
      { wanted: { year: 2026, from: "2026-05-01", to: "2026-05-31", number: null, digits: "arabic" } },
    ]);
  context
    .expect(await query("select job, agency_id from saraban.outbox where subject_id = $1", [ordered.id]))
    .toEqual([{ job: "print-register", agency_id: "agency-a" }]);
  context.expect((await ask(`/prints/${ordered.id}`)).body).toMatchObject({ state: "waiting", linesDone: 0 });
  context.expect((await ask(`/prints/${ordered.id}/file`)).status).toBe(404);
  await query(
    `insert into saraban.print_progress (order_id, agency_id, state, lines_done, lines_total) values ($1, 'agency-a', 'done', 9, 9)`,
    [ordered.id],
  );
  await writeFile(join(printsDir, `${ordered.id}.pdf`), "%PDF");
  context.expect((await ask(`/prints/${ordered.id}`)).body.file).toBe(`/api/v1/prints/${ordered.id}/file`);
  const file = await fetch(`${url}/api/v1/prints/${ordered.id}/file`, {
    headers: { authorization: `Bearer ${token}` },
  });
  context.expect(file.headers.get("content-type")).toBe("application/pdf");
  context.expect(await file.text()).toBe("%PDF");
});

test("a print of another agency is not there, and one of a classified book cannot be ordered", async (context) => {
  const { ask, addClerk } = await openDesk(context);
  const other = await addClerk("agency-b");
  const { body: ordered } = await ask("/prints", body(ORDER));
  context.expect((await ask(`/prints/${ordered.id}`, { token: other })).status).toBe(404);
  context.expect((await ask("/prints", { ...body(ORDER), token: other })).status).toBe(404);
  context.expect((await ask("/prints", body({ ...ORDER, book: "inbound.classified" }))).status).toBe(400);
});

test("a receive stamp can be ordered of an inbound book only", async (context) => {
  const { ask } = await openDesk(context);
  for (const format of ["stamp-svg", "stamp-png", "stamp-pdf"]) {
    const stamp = { ...ORDER, format, number: 1 };
    context.expect((await ask("/prints", body(stamp))).status).toBe(202);
    for (const book of ["outbound.ordinary", "outbound.circular"]) {
      context
        .expect(await ask("/prints", body({ ...stamp, book })))
        .toMatchObject({ status: 400, body: { errors: [{ pointer: "#/book" }] } });
    }
  }
});

test("says what is wrong with an order, all at once", async (context) => {
  const { ask } = await openDesk(context);
  const answer = await ask(
    "/prints",
    body({ format: "doc", year: "x", number: 3, from: "31/2/2569", colour: "red" }),
  );
  context.expect(answer.status).toBe(400);
  const pointers = answer.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort();
  context
    .expect(pointers)
    .toEqual(["#/agencyId", "#/book", "#/colour", "#/format", "#/from", "#/number", "#/year"]);
});
