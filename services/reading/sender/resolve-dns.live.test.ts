import { expect, test } from "vitest";
import { startDnsServer } from "../../shared/testing/dns-server.ts";
import { openDns } from "./resolve-dns.ts";

test("answers, absence and trouble are remembered, each for its time", async ({ onTestFinished }) => {
  const server = await startDnsServer({
    "TXT there.example.com": { texts: ["a", ["b", "c"]] },
    "TXT failing.example.com": "failing",
    "MX there.example.com": { mail: ["mx.example.com"] },
  });
  onTestFinished(() => server.stop());
  let now = 0;
  const dns = openDns(server.address, 5_000, () => now);
  onTestFinished(() => dns.close());
  const ask = (name: string, type = "TXT") => dns.forStep(10, 10_000)(name, type);
  const count = (name: string) => server.asked.filter(({ key }) => key === `TXT ${name}`).length;
  for (const at of [0, 9_000, 30_000, 299_000]) {
    now = at;
    expect(await ask("There.Example.com.")).toEqual([["a"], ["b", "c"]]);
    await expect(ask("absent.example.com")).rejects.toMatchObject({ code: "ENOTFOUND" });
    await expect(ask("failing.example.com")).rejects.toMatchObject({ code: "ESERVFAIL" });
    await expect(ask("there.example.com", "A")).rejects.toMatchObject({ code: "ENODATA" });
  }
  expect(await ask("there.example.com", "MX")).toMatchObject([{ exchange: "mx.example.com", priority: 0 }]);
  expect(count("there.example.com")).toBe(1);
  expect(count("absent.example.com")).toBe(2);
  // Each time asked twice by the resolver itself, before it gives up.
  expect(count("failing.example.com")).toBeGreaterThanOrEqual(3);
  now = 301_000;
  await ask("there.example.com");
  expect(count("there.example.com")).toBe(2);
});

test("a step ends after so many questions, or so long; what is known already is free", async ({
  onTestFinished,
}) => {
  const server = await startDnsServer({
    "TXT a.example.com": { texts: ["a"] },
    "TXT b.example.com": "silent",
  });
  onTestFinished(() => server.stop());
  const dns = openDns(server.address, 5_000);
  onTestFinished(() => dns.close());
  const ask = dns.forStep(2, 5_000);
  await Promise.all([ask("a.example.com", "TXT"), ask("a.example.com", "TXT")]);
  await expect(ask("c.example.com", "TXT")).rejects.toMatchObject({ code: "ENOTFOUND" });
  await expect(ask("d.example.com", "TXT")).rejects.toMatchObject({ code: "ETIMEOUT" });
  expect(await ask("a.example.com", "TXT")).toEqual([["a"]]);
  expect(server.asked.map(({ key }) => key)).toEqual(["TXT a.example.com", "TXT c.example.com"]);
  const started = performance.now();
  await expect(dns.forStep(2, 200)("b.example.com", "TXT")).rejects.toMatchObject({ code: "ETIMEOUT" });
  expect(performance.now() - started).toBeLessThan(30_000);
  for (const name of ["", "a b", "ก.th", "x".repeat(300)])
    await expect(dns.forStep(9, 300)(name, "TXT"), name).rejects.toMatchObject({ code: "EBADNAME" });
});
