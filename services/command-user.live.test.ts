import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { run } from "./command-user.ts";
import { openAccessKey } from "./shared/access/proofs/access-key.ts";
import { openLog } from "./shared/runtime/log.ts";
import { adminQueries } from "./shared/testing/arrivals.ts";
import { databaseUrl, runHere, runSaraban } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";

const PASSWORD = /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\n$/;
const ORDER = ["--order", "คำสั่งที่ 12/2569", "--order-date", "1 ต.ค. 2569"];

async function scene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const dir = await mkdtemp(join(tmpdir(), "saraban-user-"));
  context.onTestFinished(() => rm(dir, { recursive: true }));
  const environment = { SARABAN_DATA_DIR: dir, DATABASE_URL: databaseUrl(address) };
  const user = (...args: string[]) => runHere(run, environment, ["user", ...args]);
  const shown = async (id: string) => JSON.parse((await user("show", id, "--json")).stdout);
  return { dir, environment, user, shown, query: adminQueries(context, address) };
}

test("saraban user: a person is added with a one-time password, appointed by order, and the appointment ended", async (context) => {
  const { expect } = context;
  const { environment, user, shown, query } = await scene(context);
  const added = await runSaraban(environment, [
    "user",
    "add",
    "somchai",
    "--name",
    "สมชาย ใจดี",
    "--email",
    "s@agency-a.example.go.th",
  ]);
  expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(PASSWORD) });
  expect(added.stderr).toContain("shown this once");
  const rows = JSON.stringify([
    await query("select * from saraban.person_password"),
    await query("select * from saraban.audit_event"),
  ]);
  expect(rows).not.toContain(added.stdout.trim());
  expect(await shown("somchai")).toMatchObject({
    name: "สมชาย ใจดี",
    active: true,
    mustChangePassword: true,
    appointments: [],
  });
  expect(await user("add", "somchai", "--name", "x")).toMatchObject({ code: 1, stdout: "" });
  const made = await user(
    "appoint",
    "somchai",
    "--right",
    "registry-clerk",
    "--agency",
    "agency-a",
    ...ORDER,
    "--until",
    "2027-10-01",
  );
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f-]{36}\n$/) });
  const id = made.stdout.trim();
  expect((await shown("somchai")).appointments).toMatchObject([
    {
      id,
      right: "registry-clerk",
      agencyId: "agency-a",
      orderDate: "2026-10-01",
      untilAt: "2027-09-30T17:00:00+00:00",
      inForce: true,
    },
  ]);
  expect((await user("list")).stdout).toMatch(
    /somchai +สมชาย ใจดี +registry-clerk @ agency-a +one-time password +active/,
  );
  expect(await user("end", id, "--reason", "ย้าย")).toMatchObject({ code: 0 });
  expect(await user("end", id, "--reason", "ย้าย")).toMatchObject({ code: 1 });
  expect((await user("show", "somchai")).stdout).toContain("ended: ย้าย");
  const events = await query<{ what: string }>(
    "select action || ' ' || door || ' ' || (actor like 'operator:%') as what from saraban.audit_event order by seq",
  );
  expect(events.map(({ what }) => what)).toEqual([
    "add-person cli true",
    "one-time-password cli true",
    "appoint cli true",
    "end-appointment cli true",
  ]);
});

test("saraban user: passwords, locks, second factor and sessions of a person", async (context) => {
  const { expect } = context;
  const { dir, user, query } = await scene(context);
  await user("add", "somchai", "--name", "สมชาย");
  const [before] = await query("select phc from saraban.person_password");
  expect((await user("password", "somchai")).stdout).toMatch(PASSWORD);
  expect(await query("select phc from saraban.person_password")).not.toEqual([before]);
  const key = await openAccessKey(dir, openLog("silent", "test"));
  await query(
    "insert into saraban.sign_in_guard values ($1, 9, now(), now() + interval '1 h'), ($2, 90, now(), now() + interval '1 h')",
    [key.markOf("guard", "person somchai"), key.markOf("guard", "address 192.0.2.1")],
  );
  expect((await user("unlock", "somchai")).stdout).toContain("may try again");
  expect((await user("unlock", "--address", "192.0.2.1")).stdout).toContain("may try again");
  expect((await user("unlock", "somchai")).stdout).toContain("was not locked");
  expect(await user("totp", "reset", "somchai")).toMatchObject({ code: 1 });
  await query(
    "insert into saraban.person_totp (person_id, sealed_secret, confirmed_at) values ('somchai', 'x', now())",
  );
  await query("insert into saraban.recovery_code values ('somchai', repeat('a', 64), now())");
  const session = "0199c2f4-5b7e-7c31-9d7a-1f2e3d4c5b6a";
  const open = () =>
    query(
      `insert into saraban.session (id, token_sha256, person_id, made_at, seen_at, expires_at, address, user_agent)
         values (gen_random_uuid(), md5(random()::text) || md5(random()::text), 'somchai', now(), now(), now() + interval '1 h', '127.0.0.1', 'Browser')`,
    );
  await open();
  expect(await user("totp", "reset", "somchai")).toMatchObject({ code: 0 });
  expect(await query("select 1 from saraban.recovery_code")).toEqual([]);
  expect((await user("sessions", "somchai")).stdout).toContain("not signed in");
  await open();
  await open();
  const listed = JSON.parse((await user("sessions", "somchai", "--json")).stdout);
  expect(listed).toHaveLength(2);
  expect((await user("sessions", "somchai")).stdout).toContain("127.0.0.1");
  expect(await user("revoke", "somchai", "--session", session)).toMatchObject({ code: 1 });
  expect((await user("revoke", "somchai", "--session", listed[0].id)).stdout).toContain("1 session");
  expect((await user("disable", "somchai")).code).toBe(0);
  expect(await query("select end_reason as r from saraban.session order by ended_at desc limit 1")).toEqual([
    { r: "person-ended" },
  ]);
  expect((await user("list")).stdout).toContain("disabled");
  expect((await user("enable", "somchai")).code).toBe(0);
});

test("saraban user: what is wrong is told by the option it stands in", async (context) => {
  const { expect } = context;
  const { user } = await scene(context);
  await user("add", "somchai", "--name", "สมชาย");
  const clerk = ["appoint", "somchai", "--right", "registry-clerk", "--agency", "agency-a"];
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [["add", "Big"], /ID: .*small letters[\s\S]*--name: .*needed/],
    [["add", "x", "--name", "x", "--oidc-subject", "y"], /--oidc-subject/],
    [["appoint", "somchai"], /--right: [\s\S]*--order: [\s\S]*--order-date: /],
    [[...clerk, "--order", "1", "--order-date", "soon"], /--order-date is a date/],
    [[...clerk, ...ORDER, "--level", "secret"], /--level: /],
    [["appoint", "somchai", "--right", "drafter", ...ORDER], /--agency: /],
    [
      ["appoint", "somchai", "--right", "drafter", "--agency", "agency-z", ...ORDER],
      /one of agency-a, agency-b/,
    ],
    [["end", "x"], /--reason/],
    [["unlock"], /user unlock --address/],
    [["open", "somchai"], /use:/],
    [["show"], /use:/],
    [["list", "somchai"], /use:/],
  ];
  for (const [args, words] of wrong)
    expect({ args, ...(await user(...args)) }).toMatchObject({
      args,
      code: 64,
      stdout: "",
      stderr: expect.stringMatching(words),
    });
  expect(await user("show", "nobody")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no person nobody"),
  });
});

test("the first start makes an administrator and shows the one-time password once, on stdout and nowhere else", async (context) => {
  const { expect } = context;
  const { dir, environment, query } = await scene(context);
  const first = await startServiceProcess("all", { dataDir: dir, environment });
  context.onTestFinished(() => void first.stop());
  const [line = ""] = first.said.filter((one) => one.includes("one-time password"));
  const password = /password: ([0-9A-Z-]{19})$/.exec(line)?.[1] ?? "";
  expect(password).not.toBe("");
  const answer = await fetch(`${first.httpUrl}/api/v1/session`, {
    method: "POST",
    body: JSON.stringify({ id: "admin", password }),
    headers: { "content-type": "application/json" },
  });
  expect(await answer.json()).toMatchObject({
    need: "password-change",
    appointments: [{ right: "administrator", agencyId: null }],
  });
  await first.stop();
  expect(await readFile(first.logFile, "utf8")).not.toContain(password);
  const rows = JSON.stringify([
    await query("select * from saraban.audit_event"),
    await query("select * from saraban.person_password"),
  ]);
  expect(rows).not.toContain(password);
  const again = await runSaraban(environment, ["migrate"]);
  expect(again).toMatchObject({ code: 0, stdout: "The database is up to date.\n" });
  expect(await query("select id from saraban.person")).toEqual([{ id: "admin" }]);
});

test("saraban migrate makes the first administrator too; where a clerk has the name, it says so", async (context) => {
  const { expect } = context;
  const { environment, query } = await scene(context);
  const made = await runSaraban(environment, ["migrate"]);
  expect(made.stdout).toMatch(/Administrator: admin, one-time password: [0-9A-Z-]{19}\n/);
  expect(made.stderr).toBe("");
  const other = await scene(context);
  await other.query(
    "insert into saraban.clerk (id, name, agencies, token_sha256) values ('admin', 'x', '{agency-a}', repeat('a', 64))",
  );
  const refused = await runSaraban(other.environment, ["migrate"]);
  expect(refused).toMatchObject({ code: 0, stdout: expect.stringContaining("the id admin is a clerk's") });
  expect(await query("select count(*)::int as n from saraban.person")).toEqual([{ n: 1 }]);
});
