import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "vitest";
import { newId } from "../shared/runtime/ids.ts";
import { openDesk } from "./testing/desk.ts";

const EVENTS = `select actor, action, door, address, subject_id as subject, outcome, rule, agency_id as agency, detail
                  from saraban.audit_event order by seq`;

test("who is denied something stands in the audit log: who, what, why, from where", async (context) => {
  const { expect } = context;
  const { ask, addClient, denied, query, url } = await openDesk(context);
  const program = await addClient();
  const wanted = newId();
  const secret = "a-token-that-is-none-0123456789";
  expect((await ask("/tray?agency=agency-a", { token: secret })).status).toBe(401);
  expect((await ask(`/tray/${wanted}`)).status).toBe(404);
  expect((await ask("/tray?agency=agency-a", { token: program.token })).status).toBe(403);
  expect(
    (
      await ask("/lines?q=x", { token: program.token, headers: { accept: "application/xml" } }).catch(() => ({
        status: 403,
      }))
    ).status,
  ).toBe(403);
  await fetch(`${url}/oauth/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa("nobody:nothing")}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  await fetch(`${url}/ecms-ws01/service2`, {
    method: "POST",
    headers: { "content-type": "text/xml" },
    body: "<x/>",
  });
  // Strangers' programs look for all kinds of paths: nothing was denied to them.
  expect((await fetch(`${url}/wp-login.php`)).status).toBe(404);
  expect((await fetch(`${url}/api/v1/nothing`)).status).toBe(404);
  expect((await ask("/tray?agency=agency-a")).status).toBe(200);
  await denied.stop();
  const events = await query<{ actor: string; rule: string; detail: object }>(EVENTS);
  const base = { action: "call", address: "127.0.0.1", outcome: "denied" };
  expect(events).toEqual([
    {
      ...base,
      actor: "nobody",
      door: "json",
      rule: "wrong-token",
      subject: null,
      agency: null,
      detail: { operation: "GET /api/v1/tray", status: 401 },
    },
    {
      ...base,
      actor: expect.stringMatching(/^person:clerk-/),
      door: "json",
      rule: "not-found",
      subject: wanted,
      agency: "agency-a",
      detail: { operation: "GET /api/v1/tray/:intakeId", status: 404 },
    },
    {
      ...base,
      actor: `client:${program.id}`,
      door: "json",
      rule: "people-only",
      subject: null,
      agency: "agency-a",
      detail: { operation: "GET /api/v1/tray", status: 403 },
    },
    {
      ...base,
      actor: `client:${program.id}`,
      door: "xml",
      rule: "scope-needed",
      subject: null,
      agency: "agency-a",
      detail: { operation: "GET /api/v1/lines", status: 403 },
    },
    {
      ...base,
      actor: "nobody",
      door: "json",
      rule: "",
      subject: null,
      agency: null,
      detail: { operation: "POST /oauth/token", status: 401 },
    },
    {
      ...base,
      actor: "nobody",
      door: "ecms",
      rule: "",
      subject: null,
      agency: null,
      detail: { operation: "POST /ecms-ws01/service2", status: 401 },
    },
  ]);
  expect(JSON.stringify(events)).not.toContain(secret);
});

test("a thousand denied attempts are some rows and a number", async (context) => {
  const { expect } = context;
  const { ask, denied, query } = await openDesk(context);
  for (let round = 0; round < 10; round++)
    await Promise.all(Array.from({ length: 100 }, () => ask(`/tray/${newId()}`)));
  await denied.stop();
  const events = await query<{ detail: { times?: number } }>(EVENTS);
  expect(events.length).toBeLessThanOrEqual(12);
  expect(events.reduce((sum, { detail: { times = 1 } }) => sum + times, 0)).toBe(1000);
});

test("a register that is ordered and fetched stands in the audit log", async (context) => {
  const { expect } = context;
  const { ask, query, url, token, printsDir } = await openDesk(context);
  const { body } = await ask("/prints", {
    method: "POST",
    body: JSON.stringify({ agencyId: "agency-a", book: "inbound.ordinary", format: "pdf", year: 2569 }),
    headers: { "content-type": "application/json" },
  });
  await query(
    `insert into saraban.print_progress (order_id, agency_id, state, lines_done, lines_total) values ($1, 'agency-a', 'done', 9, 9)`,
    [body.id],
  );
  await writeFile(join(printsDir, `${body.id}.pdf`), "%PDF");
  await (
    await fetch(`${url}/api/v1/prints/${body.id}/file`, { headers: { authorization: `Bearer ${token}` } })
  ).text();
  const base = {
    actor: expect.stringMatching(/^person:/),
    door: "export",
    outcome: "allowed",
    agency: "agency-a",
    address: "127.0.0.1",
  };
  const detail = { print: body.id, format: "pdf" };
  expect(await query(EVENTS)).toEqual([
    { ...base, action: "print.order", subject: "agency-a.inbound.ordinary", rule: "", detail },
    { ...base, action: "print.fetch", subject: "agency-a.inbound.ordinary", rule: "", detail },
  ]);
});
