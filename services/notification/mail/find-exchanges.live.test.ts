import { type TestContext, test } from "vitest";
import { type DnsEntry, startDnsServer } from "../../shared/testing/dns-server.ts";
import { seededRandom } from "../../shared/testing/seeded-random.ts";
import { openExchangeFinder } from "./find-exchanges.ts";

async function finderFor(context: TestContext, zone: Record<string, DnsEntry>, timeoutMs = 3_000) {
  const dns = await startDnsServer(zone);
  const finder = openExchangeFinder(dns.address, timeoutMs, seededRandom(7));
  context.onTestFinished(async () => {
    finder.close();
    await dns.stop();
  });
  return finder;
}

const DOMAIN = "opdc.example.go.th";
const hostsOf = (found: unknown): string[] => (found as { host: string }[]).map(({ host }) => host);

test("mail servers come by preference, in random order among equals, no more than ten", async (context) => {
  const mail = [
    { exchange: "backup.example.go.th", priority: 20 },
    ...["a", "b", "c"].map((name) => ({ exchange: `${name}.example.go.th`, priority: 10 })),
    { exchange: "First.Example.GO.TH", priority: 5 },
    { exchange: "192.0.2.1", priority: 1 },
    ...Array.from({ length: 20 }, (_, place) => ({ exchange: `x${place}.example.go.th`, priority: 30 })),
  ];
  const finder = await finderFor(context, { [`MX ${DOMAIN}`]: { mail } });
  const orders = new Set<string>();
  for (let time = 0; time < 30; time++) {
    const hosts = hostsOf(await finder.find(DOMAIN));
    context.expect(hosts).toHaveLength(10);
    context.expect(hosts[0]).toBe("first.example.go.th");
    context.expect(hosts[4]).toBe("backup.example.go.th");
    orders.add(hosts.slice(1, 4).join(" "));
  }
  context.expect(orders.size).toBe(6);
});

test("a domain without MX stands for itself; one that takes no mail, or is none, is final; trouble is not", async (context) => {
  const finder = await finderFor(
    context,
    {
      "A implicit.example.go.th": { addresses: ["192.0.2.7"] },
      "MX null.example.go.th": { mail: [{ exchange: "", priority: 0 }] },
      "MX failing.example.go.th": "failing",
      "MX silent.example.go.th": "silent",
      "MX literal.example.go.th": { mail: ["192.0.2.1"] },
      "MX loop.example.go.th": "cname-loop",
    },
    500,
  );
  context.expect(hostsOf(await finder.find("implicit.example.go.th"))).toEqual(["implicit.example.go.th"]);
  context.expect(await finder.addresses("implicit.example.go.th")).toEqual(["192.0.2.7"]);
  for (const [domain, result] of [
    ["null.example.go.th", "permanent"],
    ["absent.example.go.th", "permanent"],
    ["literal.example.go.th", "permanent"],
    ["failing.example.go.th", "transient"],
    ["silent.example.go.th", "transient"],
  ] as const)
    context.expect(await finder.find(domain), domain).toMatchObject({ result });
  context.expect(await finder.find("null.example.go.th")).toMatchObject({
    reply: context.expect.stringContaining("5.1.10"),
  });
  // Ends, whatever it is taken for.
  await finder.find("loop.example.go.th");
});

test("what is no server is told when it is set", ({ expect }) => {
  expect(() => openExchangeFinder("dns.example.go.th", 1_000)).toThrow(/notification\.resolver/);
});
