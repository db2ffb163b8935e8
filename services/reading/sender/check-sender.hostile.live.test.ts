import { describe, expect, test } from "vitest";
import { AT, FORWARDED, FROM, MINISTRY, senderBench } from "../testing/sender-bench.ts";
import { mailFrom, rsaKey, signedBy } from "../testing/signed-mail.ts";

const bench = senderBench();
const QUICK_MS = 800;

describe("a signature that proves nothing", () => {
  const unsigned = () => mailFrom(FROM);
  test.each<[string, () => Promise<Buffer>, string]>([
    [
      "rsa-sha1",
      async () => signedBy(await unsigned(), MINISTRY, bench.key, { algorithm: "rsa-sha1" }),
      "weak-algorithm",
    ],
    [
      "a length, behind which anybody may write",
      async () =>
        Buffer.concat([
          await signedBy(await unsigned(), MINISTRY, bench.key, { maxBodyLength: 20 }),
          Buffer.from("added by another\r\n"),
        ]),
      "body-length",
    ],
    [
      "an end that has passed",
      async () =>
        signedBy(await unsigned(), MINISTRY, bench.key, {
          signTime: new Date(AT.getTime() - 7_200_000),
          expires: new Date(AT.getTime() - 3_600_000),
        }),
      "expired",
    ],
    [
      "no From in it",
      () => mailFrom(FROM, { domain: MINISTRY, key: bench.key, fields: "subject:to" }),
      "from-not-signed",
    ],
    [
      "a time to come",
      async () => signedBy(await unsigned(), MINISTRY, bench.key, { signTime: new Date(AT.getTime() + 1e8) }),
      "future",
    ],
  ])("%s", async (_, make, reason) => {
    const found = await bench.check(await make(), FORWARDED);
    expect(found.detail.dkim[0]).toMatchObject({ reason });
    expect(found.standing).toBe("forged");
  });

  test("a key of 512 bits, or one that is being tried out", async () => {
    const weak = rsaKey(512);
    bench.server.zone.set(`TXT weak._domainkey.${MINISTRY}`, { texts: [weak.record] });
    const message = await mailFrom(FROM, { domain: MINISTRY, key: weak, selector: "weak" });
    expect((await bench.check(message, FORWARDED)).detail.dkim[0]).toMatchObject({
      result: "policy",
      reason: "weak-key",
    });
    bench.server.zone.set(`TXT tried._domainkey.${MINISTRY}`, { texts: [`${bench.key.record}; t=y`] });
    const tried = await mailFrom(FROM, { domain: MINISTRY, key: bench.key, selector: "tried" });
    expect((await bench.check(tried, FORWARDED)).detail.dkim[0]).toMatchObject({
      result: "policy",
      reason: "testing",
    });
  });

  test("the eleventh: no more are looked at, in no more time", async () => {
    let message = await mailFrom(FROM);
    for (let count = 0; count < 12; count++)
      message = await signedBy(message, count === 0 ? MINISTRY : `d${count}.example.com`, bench.key);
    const found = await bench.check(message, FORWARDED);
    expect(found.detail.dkim).toHaveLength(10);
    expect(found.standing).toBe("forged");
  });
});

describe("DNS", () => {
  test("silent, failing: undecided, again soon, then rarely, then never; and quickly", async () => {
    const message = await bench.signed();
    for (const trouble of ["silent", "failing"] as const) {
      for (const name of [`TXT s1._domainkey.${MINISTRY}`, `TXT _dmarc.${MINISTRY}`]) {
        const before = bench.server.zone.get(name);
        bench.server.zone.set(name, trouble);
        bench.forget();
        const started = performance.now();
        const found = await bench.check(message, FORWARDED, { senders: { dnsTimeoutMs: QUICK_MS } });
        expect(found, `${trouble} ${name}`).toMatchObject({ standing: "undecided", retryAfterMs: 60_000 });
        expect(performance.now() - started).toBeLessThan(20_000);
        bench.server.zone.set(name, before ?? "absent");
      }
    }
    bench.server.zone.set(`TXT _dmarc.${MINISTRY}`, "failing");
    bench.forget();
    const waited = (minutes: number) =>
      bench.check(message, FORWARDED, { now: new Date(AT.getTime() + minutes * 60_000) });
    expect((await waited(6)).retryAfterMs).toBe(300_000);
    expect(await waited(31)).toMatchObject({ standing: "undecided", retryAfterMs: null });
  });

  test("a stranger's silent DNS does not save a forgery from being seen", async () => {
    bench.server.zone.set("TXT s1._domainkey.forwarder.example.com", "silent");
    bench.server.zone.set("TXT forwarder.example.com", "silent");
    const message = await bench.signed(FROM, "forwarder.example.com");
    const found = await bench.check(message, FORWARDED, { senders: { dnsTimeoutMs: 3 * QUICK_MS } });
    expect(found).toMatchObject({
      standing: "forged",
      detail: { spf: { result: "temperror" }, dkim: [{ result: "temperror", reason: "dns" }] },
    });
  });

  test("a forger's own silent domains do not use up the time in which the forged one is asked", async () => {
    const others = rsaKey(1024);
    let message = await signedBy(await mailFrom(FROM), MINISTRY, others);
    for (let count = 0; count < 9; count++) {
      bench.server.zone.set(`TXT s1._domainkey.slow${count}.example.com`, "silent");
      message = await signedBy(message, `slow${count}.example.com`, others);
    }
    const started = performance.now();
    const senders = { dnsTimeoutMs: QUICK_MS };
    const found = await bench.check(message, FORWARDED, { from: FROM, senders });
    expect(found.standing).toBe("forged");
    expect(found.detail.dkim.at(-1)).toMatchObject({ domain: MINISTRY, reason: "bad-signature" });
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test("slow but in time; asked once for many letters, and for one letter at a time", async () => {
    bench.server.delayMs = 40;
    const message = await bench.signed();
    await bench.check(message, FORWARDED);
    const asked = bench.server.asked.length;
    const started = performance.now();
    for (const found of await Promise.all(Array.from({ length: 20 }, () => bench.check(message, FORWARDED))))
      expect(found.standing).toBe("proved");
    expect(bench.server.asked).toHaveLength(asked);
    expect(performance.now() - started).toBeLessThan(30_000);
  });

  test("an answer too long for UDP is fetched over TCP", async () => {
    const texts = [
      ["v=spf1 ", ...Array.from({ length: 60 }, (_, at) => `ip4:203.0.113.${at} `), "ip4:192.0.2.25 -all"],
    ];
    bench.server.zone.set(`TXT ${MINISTRY}`, { texts: [...texts, "x".repeat(900)] });
    expect((await bench.check(await mailFrom(FROM))).detail.spf.result).toBe("pass");
    expect(bench.server.asked).toContainEqual({ key: `TXT ${MINISTRY}`, over: "tcp" });
  });

  test("hostile answers: loops, depth, size, thousands of strings, what is no key", async () => {
    const envelope = { mailFrom: "a@hostile.example.com", remoteAddress: "198.51.100.9" };
    const spfOf = async (texts: (string | string[])[]) => {
      bench.server.zone.set("TXT hostile.example.com", { texts });
      bench.forget();
      const started = performance.now();
      const found = await bench.check(await mailFrom(FROM), envelope);
      expect(performance.now() - started).toBeLessThan(30_000);
      return found.detail.spf.result;
    };
    expect(await spfOf(["v=spf1 include:hostile.example.com -all"])).toBe("permerror");
    for (let at = 0; at < 15; at++)
      bench.server.zone.set(`TXT h${at}.example.com`, {
        texts: [`v=spf1 include:h${at + 1}.example.com -all`],
      });
    expect(await spfOf(["v=spf1 include:h0.example.com -all"])).toBe("permerror");
    expect(await spfOf([Array.from({ length: 4_000 }, () => "v=spf1 ")])).toBe("none");
    expect(await spfOf([`v=spf1 ${"a:x.example.com ".repeat(900)}`])).toMatch(/permerror|none/);
    expect(await spfOf(["v=spf1 exists:%{l}.%{i}._%{d}.example.com ptr mx a:%{h} -all"])).toMatch(
      /fail|error/,
    );
    bench.server.zone.set("TXT hostile.example.com", "cname-loop");
    bench.server.zone.set(`TXT s1._domainkey.${MINISTRY}`, { texts: [`v=DKIM1; p=${"A".repeat(9_000)}`] });
    const found = await bench.check(await bench.signed(), envelope);
    expect(found).toMatchObject({
      standing: "forged",
      detail: { dkim: [{ result: expect.not.stringMatching("pass") }] },
    });
  });
});

describe("hostile messages", () => {
  test("no line end, only line ends, bare line ends: bounded, and another's signature is still good", async () => {
    const good = await bench.signed();
    const cases = [
      Buffer.concat([good, Buffer.alloc(2_000_000, 65)]),
      Buffer.concat([good, Buffer.alloc(2_000_000, 10)]),
      Buffer.concat([good, Buffer.alloc(2_000_000, 32)]),
      Buffer.alloc(300_000, 58),
      Buffer.from("\r\n\r\n"),
      Buffer.alloc(0),
    ];
    for (const message of cases) {
      const started = performance.now();
      expect((await bench.check(message, FORWARDED)).standing).toMatch(/forged|unproved|proved/);
      expect(performance.now() - started).toBeLessThan(30_000);
    }
    const bare = Buffer.from(good.toString("latin1").replaceAll("\r\n", "\n"), "latin1");
    expect((await bench.check(bare, FORWARDED)).standing).toBe("proved");
    const detail = JSON.stringify((await bench.check(cases[0] as Buffer, FORWARDED)).detail);
    expect(detail.length).toBeLessThan(5_000);
  });

  test("checks that are off ask nothing", async () => {
    const found = await bench.check(await bench.signed(), {}, { senders: { check: "off" } as never });
    expect(found).toMatchObject({ standing: "unchecked", retryAfterMs: null });
    expect(bench.server.asked).toEqual([]);
  });
});
