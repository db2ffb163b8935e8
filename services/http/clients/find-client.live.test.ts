import { inject, test } from "vitest";
import { openAdminPool } from "../../shared/runtime/database.ts";
import { adminQueries, roomDatabase } from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { insertClient } from "./client-admin-store.ts";
import { newSecret, secretHash, secretMark } from "./client-store.ts";
import { openFindClient } from "./find-client.ts";

const ROW = {
  name: "bench",
  agencyId: "agency-a",
  senderDomain: "opdc.example.go.th",
  scopes: ["submit"],
  level: "normal",
  certificates: [],
  networks: [],
  dialect: "2.0",
} as const;

test("asked for together each gets its own client; a wrong secret, or another one's, gets none", async (context) => {
  const { expect } = context;
  const address = await databaseForTest(inject("testServer"), context);
  const admin = openAdminPool(address);
  context.onTestFinished(() => admin.end());
  const secrets = new Map<string, string>();
  for (const id of ["one", "two", "three"]) {
    secrets.set(id, newSecret());
    await insertClient(admin, { ...ROW, id }, secrets.get(id) as string);
  }
  const find = openFindClient(roomDatabase(context, address, "saraban_http"));
  const secretOf = (id: string) => secrets.get(id) as string;
  const markOf = (id: string) => secretMark(secretHash(secretOf(id)));
  const found = await Promise.all([
    ...["one", "two", "three"].map((id) => find.bySecret(id, secretOf(id))),
    ...["three", "two", "one"].map((id) => find.ofToken(id, markOf(id))),
    find.bySecret("one", secretOf("two")),
    find.bySecret("one", newSecret()),
    find.bySecret("nobody", secretOf("one")),
    find.bySecret("one", "a".repeat(64)),
    find.bySecret("o\0e", secretOf("one")),
    find.ofToken("one", markOf("two")),
  ]);
  const ids = found.map((client) => client?.id ?? null);
  expect(ids).toEqual(["one", "two", "three", "three", "two", "one", null, null, null, null, null, null]);
  expect([...(found[0]?.scopes ?? [])]).toEqual(["submit"]);
});

test("who is revoked while others are being looked for is not let in by the question before", async (context) => {
  const { expect } = context;
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const admin = openAdminPool(address);
  context.onTestFinished(() => admin.end());
  const secret = newSecret();
  await insertClient(admin, { ...ROW, id: "one" }, secret);
  const find = openFindClient(roomDatabase(context, address, "saraban_http"));
  for (let time = 0; time < 20; time++) {
    await query("update saraban.client set active = true where id = 'one'");
    const before = Array.from({ length: 5 }, () => find.bySecret("one", secret));
    await query("update saraban.client set active = false where id = 'one'");
    expect(await find.bySecret("one", secret)).toBeNull();
    await Promise.all(before);
  }
});
