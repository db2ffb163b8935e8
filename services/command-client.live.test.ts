import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { run } from "./command-client.ts";
import { adminQueries } from "./shared/testing/arrivals.ts";
import { makeCertificate } from "./shared/testing/certificates.ts";
import { databaseUrl, runHere, runSaraban } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";

const SECRET = /^scs_[A-Za-z0-9_-]{43}\n$/;

async function scene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const dir = await mkdtemp(join(tmpdir(), "saraban-client-"));
  context.onTestFinished(() => rm(dir, { recursive: true }));
  const environment = { SARABAN_DATA_DIR: dir, DATABASE_URL: databaseUrl(address) };
  const client = (...args: string[]) => runHere(run, environment, ["client", ...args]);
  const shown = async (id: string) => JSON.parse((await client("show", id, "--json")).stdout);
  return { dir, environment, client, shown, query: adminQueries(context, address) };
}

const NEW = ["--name", "ระบบสารบรรณ", "--agency", "agency-a", "--scope", "submit"];

test("saraban client: a secret is shown once and kept as its hash; rotated, revoked", async (context) => {
  const { expect } = context;
  const { client, environment, query, shown } = await scene(context);
  const added = await runSaraban(environment, ["client", "add", "edoc", ...NEW, "--scope", "read-inbound"]);
  expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(SECRET) });
  expect(added.stderr).toContain("shown this once");
  const [row] = await query<{ all: string }>("select jsonb_agg(s)::text as all from saraban.client_secret s");
  expect(row?.all).not.toContain(added.stdout.trim().slice(4));
  expect(await shown("edoc")).toMatchObject({
    agencyId: "agency-a",
    senderDomain: "agency-a.example.go.th",
    scopes: ["submit", "read-inbound"],
    level: "normal",
    active: true,
    secrets: [{ expiresAt: null }],
  });
  expect(await client("add", "edoc", ...NEW)).toMatchObject({ code: 1, stdout: "" });
  const rotated = await client("rotate", "edoc", "--overlap", "2h", "--json");
  const { secret, previousHoldsUntil } = JSON.parse(rotated.stdout);
  expect(`${secret}\n`).toMatch(SECRET);
  expect((await shown("edoc")).secrets).toMatchObject([
    { expiresAt: null },
    { expiresAt: expect.stringContaining(previousHoldsUntil.slice(0, 19)) },
  ]);
  expect((await client("rotate", "edoc", "--overlap", "0s")).stdout).toMatch(SECRET);
  expect((await shown("edoc")).secrets).toHaveLength(1);
  expect((await client("list")).stdout).toContain("edoc");
  expect(await client("revoke", "edoc")).toMatchObject({ code: 0 });
  expect(await shown("edoc")).toMatchObject({ active: false, secrets: [] });
  for (const args of [["revoke"], ["rotate"], ["scopes", "--scope", "submit"]])
    expect(await client(args[0] as string, "edoc", ...args.slice(1))).toMatchObject({ code: 1 });
});

test("in whose name a program comes says what it may be given", async (context) => {
  const { expect } = context;
  const { client, shown } = await scene(context);
  const opdc = [...NEW, "--sender", "OPDC.example.go.th"];
  expect(await client("add", "opdc", ...opdc, "--scope", "read-inbound")).toMatchObject({
    code: 64,
    stderr: expect.stringContaining("only the agency's own systems"),
  });
  expect(await client("add", "opdc", ...opdc)).toMatchObject({ code: 0 });
  expect(await client("scopes", "opdc", "--scope", "send-outbound")).toMatchObject({ code: 64 });
  expect(await client("scopes", "opdc", "--scope", "receipts", "--scope", "submit")).toMatchObject({
    code: 0,
  });
  expect(await shown("opdc")).toMatchObject({
    senderDomain: "opdc.example.go.th",
    scopes: ["receipts", "submit"],
  });
  expect(await client("add", "node", ...NEW, "--node", "--ecms", "1.0")).toMatchObject({ code: 0 });
  expect(await shown("node")).toMatchObject({ senderDomain: null, dialect: "1.0" });
  // A node is nobody's own system.
  expect(await client("scopes", "node", "--scope", "read-inbound")).toMatchObject({ code: 64 });
  const wrong = [
    ["add", "Big", ...NEW],
    ["add", "x", "--name", "ก", "--agency", "nowhere", "--scope", "submit"],
    ["add", "x", "--name", " ", "--agency", "agency-a", "--scope", "submit"],
    ["add", "x", "--name", "ก", "--agency", "agency-a"],
    ["add", "x", ...NEW, "--scope", "everything"],
    ["add", "x", ...NEW, "--sender", "nobody.example.com"],
    ["add", "x", ...NEW, "--sender", "opdc.example.go.th", "--node"],
    ["add", "x", ...NEW, "--level", "open"],
    ["add", "x", ...NEW, "--network", "192.0.2.0/33"],
    ["add", "x", ...NEW, "--network", "192.0.2.7/24"],
    ["add", "x", ...NEW, "--network", "0.0.0.0/0"],
    ["add", "x", ...NEW, "--certificate", "nothing.pem"],
    ["rotate", "node", "--overlap", "long"],
    ["certificate", "node"],
    ["show"],
    ["open", "node"],
  ];
  for (const args of wrong)
    expect({ args, ...(await client(...args)) }).toMatchObject({ args, code: 64, stdout: "" });
});

test("certificates and networks come and go; one certificate is one client's; what opens nothing yet is told", async (context) => {
  const { expect } = context;
  const { client, dir, shown } = await scene(context);
  await client("add", "one", ...NEW, "--network", "192.0.2.0/24");
  await client("add", "two", ...NEW);
  const { certFile } = await makeCertificate(dir, "client");
  const { fingerprint256 } = new X509Certificate(await readFile(certFile));
  const added = await client("certificate", "one", "--add", certFile);
  expect(added).toMatchObject({ code: 0, stderr: expect.stringContaining("http.tls.clientCaFile") });
  expect((await shown("one")).certificates).toEqual([fingerprint256.replaceAll(":", "").toLowerCase()]);
  expect(await client("certificate", "two", "--add", fingerprint256)).toMatchObject({ code: 64 });
  expect(await client("certificate", "one", "--remove", fingerprint256)).toMatchObject({ code: 0 });
  expect(await client("certificate", "one", "--remove", fingerprint256)).toMatchObject({ code: 64 });
  expect(await client("certificate", "two", "--add", fingerprint256)).toMatchObject({ code: 0 });
  const network = await client("network", "one", "--add", "2001:db8::/32");
  expect(network.stderr).toContain("ecms.byAddress is off");
  expect((await shown("one")).networks).toEqual(["192.0.2.0/24", "2001:db8::/32"]);
  await client("network", "one", "--remove", "192.0.2.0/24");
  expect((await shown("one")).networks).toEqual(["2001:db8::/32"]);
});
