import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { openAdminPool } from "../runtime/database.ts";
import { loadSettings } from "../runtime/settings.ts";
import { databaseForTest } from "../testing/database.ts";
import { readDirectory, storeDirectory } from "./agencies.ts";
import { directoryWarnings } from "./directory.ts";

const AGENCY = {
  id: "agency-c",
  domain: "Agency-C.example.go.th",
  mailbox: "Saraban",
  nameThai: "ค",
  nameEnglish: "C",
  receiverName: "ผู้รับ",
};

function settingsWith(context: TestContext, agencies: object[], partners: object[] = []) {
  const folder = mkdtempSync(join(tmpdir(), "saraban-directory-"));
  context.onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "agencies.yaml"), JSON.stringify({ agencies }));
  writeFileSync(join(folder, "partners.yaml"), JSON.stringify({ partners }));
  return loadSettings({
    SARABAN_AGENCIES_FILE: join(folder, "agencies.yaml"),
    SARABAN_PARTNERS_FILE: join(folder, "partners.yaml"),
  });
}

test("a fault in the files names the file, the place and what is wrong, all at once", ({
  expect,
  ...context
}) => {
  const settings = settingsWith(
    context as TestContext,
    [
      { ...AGENCY, id: "ค" },
      { ...AGENCY, extra: 1 },
    ],
    [
      { domain: "x.example.go.th", nameThai: "ก" },
      { domain: "x.example.go.th", nameThai: "ก" },
    ],
  );
  expect(() => readDirectory(settings)).toThrow(
    /agencies\.0\.id must match pattern[\s\S]*agencies\.1 must NOT have additional properties: extra/,
  );
  const twice = settingsWith(context as TestContext, [AGENCY, AGENCY]);
  expect(() => readDirectory(twice)).toThrow(
    /id agency-c stands there twice[\s\S]*domain .* stands there twice/,
  );
});

test("a letterCode whose numbers could not be found again is a fault that says what to write", ({
  expect,
  ...context
}) => {
  const read = (letterCode: string) =>
    readDirectory(settingsWith(context as TestContext, [{ ...AGENCY, letterCode }]));
  for (const letterCode of ["นร 0505", "นร (กพ) 0505.1", "ชม 0017"])
    expect(read(letterCode).agencies).toMatchObject([{ letterCode }]);
  expect(() => read("นร (ก.พ.) 0505")).toThrow(
    "agencies.yaml: letterCode of agency-c is to be written นร (กพ) 0505",
  );
  for (const letterCode of ["ถนน 0505", "นร (เอ) 0505"])
    expect(() => read(letterCode)).toThrow("letterCode of agency-c gives no numbers that could be read back");
});

test("rules on senders: no setting registers a forged letter", ({ expect, ...context }) => {
  const read = (senders: object) =>
    readDirectory(settingsWith(context as TestContext, [{ ...AGENCY, senders }]));
  const chosen = { partnerUnproved: "register", forged: "refuse" };
  expect(read(chosen).agencies[0]?.senders).toEqual(chosen);
  expect(() => read({ forged: "register" })).toThrow(/senders\.forged must be equal to one of/);
  expect(() => read({ unknown: "register" })).toThrow(/senders\.unknown must be equal to one of/);
});

test("contacts are people inside the agency, and not its central mailbox", ({ expect, ...context }) => {
  const read = (contacts: object) =>
    readDirectory(settingsWith(context as TestContext, [{ ...AGENCY, contacts }]));
  const contacts = {
    classifiedRegistrar: "registrar@secret.agency-c.example.go.th",
    clerk: "Clerk@agency-c.example.go.th",
  };
  expect(read(contacts).agencies[0]?.contacts).toEqual(contacts);
  expect(() => read({ clerk: "a@example.com" })).toThrow(
    "contacts of agency-c: clerk a@example.com is not in the agency's domain; use an address in Agency-C.example.go.th",
  );
  expect(() => read({ clerk: "a@notagency-c.example.go.th" })).toThrow(/not in the agency's domain/);
  for (const local of ["saraban", "SARABAN_finance", "saraban+x"])
    expect(() => read({ clerk: `${local}@agency-c.example.go.th` })).toThrow(/is the central mailbox itself/);
  expect(() => read({ clerk: "a b@agency-c.example.go.th" })).toThrow(/contacts\.clerk must match pattern/);
});

test("letter case makes no other domain", ({ expect, ...context }) => {
  const settings = settingsWith(
    context as TestContext,
    [AGENCY, { ...AGENCY, id: "agency-d", domain: AGENCY.domain.toUpperCase() }],
    [
      { domain: "x.example.go.th", nameThai: "ก" },
      { domain: "X.example.go.th", nameThai: "ก" },
    ],
  );
  expect(() => readDirectory(settings)).toThrow(
    /domain agency-c\.example\.go\.th stands there twice[\s\S]*domain x\.example\.go\.th stands there twice/,
  );
});

test("a domain moves to a new agency and to one that was inactive; two agencies exchange theirs", async (context) => {
  const { expect } = context;
  const pool = openAdminPool(await databaseForTest(inject("testServer"), context));
  context.onTestFinished(() => pool.end());
  const [c, d] = ["c.example.go.th", "d.example.go.th"] as const;
  const steps = [
    { "agency-c": c, "agency-d": d },
    { "agency-c": d, "agency-d": c },
    { "agency-e": c, "agency-d": d },
    { "agency-c": c },
  ];
  for (const step of steps) {
    const agencies = Object.entries(step).map(([id, domain]) => ({ ...AGENCY, id, domain }));
    await storeDirectory(pool, { agencies, partners: [] });
    const { rows } = await pool.query<{ id: string; domain: string }>(
      "select id, domain from saraban.agency where active",
    );
    expect(Object.fromEntries(rows.map(({ id, domain }) => [id, domain]))).toEqual(step);
  }
});

test("rules and contacts are stored, and gone again when the file has none", async (context) => {
  const { expect } = context;
  const pool = openAdminPool(await databaseForTest(inject("testServer"), context));
  context.onTestFinished(() => pool.end());
  const stored = async () =>
    (await pool.query("select senders, contacts from saraban.agency where id = 'agency-c'")).rows;
  const contacts = { clerk: "clerk@agency-c.example.go.th" };
  const senders = { forged: "refuse" } as const;
  await storeDirectory(pool, { agencies: [{ ...AGENCY, senders, contacts }], partners: [] });
  expect(await stored()).toEqual([{ senders, contacts }]);
  await storeDirectory(pool, { agencies: [AGENCY], partners: [] });
  expect(await stored()).toEqual([{ senders: {}, contacts: {} }]);
});

test("a directory that cannot be stored leaves the old one in force", async (context) => {
  const { expect } = context;
  const pool = openAdminPool(await databaseForTest(inject("testServer"), context));
  context.onTestFinished(() => pool.end());
  await storeDirectory(pool, { agencies: [AGENCY], partners: [] });
  const unfit = {
    agencies: [
      { ...AGENCY, id: "agency-d" },
      { ...AGENCY, id: "agency-e" },
    ],
    partners: [],
  };
  await expect(storeDirectory(pool, unfit)).rejects.toMatchObject({ code: "23505" });
  expect((await pool.query("select id from saraban.agency where active")).rows).toEqual([{ id: "agency-c" }]);
});

test("what leaves the files becomes inactive and keeps its books; what comes back is active again", async (context) => {
  const { expect } = context;
  const pool = openAdminPool(await databaseForTest(inject("testServer"), context));
  context.onTestFinished(() => pool.end());
  const list = async () =>
    (await pool.query("select id, domain, mailbox, active from saraban.agency order by id")).rows;
  await storeDirectory(pool, { agencies: [AGENCY], partners: [] });
  expect(await list()).toEqual([
    { id: "agency-a", domain: "agency-a.example.go.th", mailbox: "saraban", active: false },
    { id: "agency-b", domain: "agency-b.example.go.th", mailbox: "saraban", active: false },
    { id: "agency-c", domain: "agency-c.example.go.th", mailbox: "saraban", active: true },
  ]);
  expect((await pool.query("select count(*) as n from saraban.partner where active")).rows).toEqual([
    { n: 0 },
  ]);
  await storeDirectory(pool, readDirectory(loadSettings({})));
  expect((await list()).map(({ active }) => active)).toEqual([true, true, false]);
  expect(
    (
      await pool.query(
        "select code_letters from saraban.partner where domain = 'opdc.example.go.th' and active",
      )
    ).rows,
  ).toEqual([{ code_letters: "นร" }]);
});

/** Public half of an Ed25519 key. */
function publicKey(kid: string) {
  const { x } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  return { kty: "OKP", crv: "Ed25519", x: x as string, kid } as const;
}

test("a partner's address and keys: faults are told with file and place, and no private half is repeated", ({
  expect,
  ...context
}) => {
  const read = (more: object) =>
    readDirectory(
      settingsWith(context as TestContext, [AGENCY], [{ domain: "x.example.go.th", nameThai: "ก", ...more }]),
    );
  const key = publicKey("k1");
  const good = {
    mailbox: "saraban_7@x.example.go.th",
    keysUrl: "https://x.example.go.th/.well-known/jwks.json",
    keys: [key, { ...publicKey("k2"), alg: "EdDSA", use: "sig" }],
  };
  expect(read(good).partners).toMatchObject([good]);
  expect(directoryWarnings(read(good))).toEqual([]);
  expect(directoryWarnings(read({ mailbox: "central@x.example.go.th" }))).toEqual([
    "mailbox central@x.example.go.th of partner x.example.go.th does not begin with saraban, as central addresses do",
  ]);
  for (const keysUrl of ["http://localhost:8080/k", "http://127.0.0.1/k", "http://[::1]:8080/k"])
    expect(read({ keysUrl }).partners).toMatchObject([{ keysUrl }]);
  for (const keysUrl of [
    "http://x.example.go.th/k",
    "http://127.0.0.1.example.com/k",
    "http://localhost@x.example.go.th/k",
    "https://user:secret@x.example.go.th/k",
  ])
    expect(() => read({ keysUrl }), keysUrl).toThrow(
      "partners.yaml: keysUrl of x.example.go.th is an https URL",
    );
  expect(() => read({ keysUrl: "file:///etc/passwd" })).toThrow(/partners\.0\.keysUrl must match pattern/);
  expect(() => read({ mailbox: "a b@x.example.go.th" })).toThrow(/partners\.0\.mailbox must match pattern/);
  expect(() => read({ keys: [key, publicKey("k1")] })).toThrow(
    "keys of x.example.go.th: kid k1 stands there twice",
  );
  expect(() => read({ keys: [{ ...key, x: "A".repeat(42) }] })).toThrow(
    /partners\.0\.keys\.0\.x must match pattern/,
  );
  const secret = "NEVER-TO-BE-SHOWN";
  expect(() => read({ keys: [{ ...key, d: secret }] })).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(
        /partners\.0\.keys\.0 must NOT have additional properties: d(?![\s\S]*NEVER)/,
      ),
    }),
  );
});

test("what the files say of outbound letters and keys is stored; a key that leaves the file is believed no more", async (context) => {
  const { expect } = context;
  const pool = openAdminPool(await databaseForTest(inject("testServer"), context));
  context.onTestFinished(() => pool.end());
  const rules = { outbound: { fourEyes: false }, receipts: { handedOver: true }, romanCode: "testc" };
  const partner = {
    domain: "X.example.go.th",
    nameThai: "ก",
    mailbox: "saraban@x.example.go.th",
    keysUrl: "https://x.example.go.th/k",
  };
  const keys = [publicKey("k1"), publicKey("k2")] as const;
  const agencies = [{ ...AGENCY, ...rules }];
  const stored = async () => ({
    agency: (
      await pool.query("select outbound, receipts, roman_code from saraban.agency where id = 'agency-c'")
    ).rows,
    partner: (
      await pool.query("select domain, mailbox, keys_url from saraban.partner where active order by domain")
    ).rows,
    keys: (
      await pool.query("select kid, source, active, jwk ->> 'x' as x from saraban.partner_key order by kid")
    ).rows,
  });
  await storeDirectory(pool, { agencies, partners: [{ ...partner, keys }] });
  expect(await stored()).toEqual({
    agency: [{ outbound: { fourEyes: false }, receipts: { handedOver: true }, roman_code: "TESTC" }],
    partner: [{ domain: "x.example.go.th", mailbox: partner.mailbox, keys_url: partner.keysUrl }],
    keys: keys.map(({ kid, x }) => ({ kid, x, source: "config", active: true })),
  });
  // One that was fetched is the notification's to look after, until its partner is gone.
  await pool.query(
    "insert into saraban.partner_key (domain, kid, jwk, source) values ('x.example.go.th', 'k3', '{}', 'url')",
  );
  await storeDirectory(pool, { agencies: [AGENCY], partners: [{ ...partner, keys: [keys[1]] }] });
  const active = async () => (await stored()).keys.filter((key) => key.active).map(({ kid }) => kid);
  expect(await active()).toEqual(["k2", "k3"]);
  expect((await stored()).agency).toEqual([{ outbound: {}, receipts: {}, roman_code: null }]);
  await storeDirectory(pool, { agencies: [AGENCY], partners: [] });
  expect(await active()).toEqual([]);
});
