import { domainToUnicode } from "node:url";
import { describe, expect, test } from "vitest";
import { AT, FORWARDED, FROM, MINISTRY, senderBench } from "../testing/sender-bench.ts";
import { ed25519Key, mailFrom, rsaKey, sealedBy, signedBy } from "../testing/signed-mail.ts";

const bench = senderBench();
const noDmarc = () => bench.server.zone.delete(`TXT _dmarc.${MINISTRY}`);

describe("proved", () => {
  test("by an aligned signature, though it came by way of another server", async () => {
    const found = await bench.check(await bench.signed(), FORWARDED, { from: FROM });
    expect(found).toMatchObject({
      standing: "proved",
      retryAfterMs: null,
      detail: {
        dkim: [{ result: "pass", domain: MINISTRY, selector: "s1", aligned: true }],
        dmarc: { result: "pass", policy: "reject", domain: MINISTRY },
        at: AT.toISOString(),
      },
    });
  });

  test("by Ed25519", async () => {
    const own = ed25519Key();
    bench.server.zone.set(`TXT s1._domainkey.${MINISTRY}`, { texts: [own.record] });
    const message = await signedBy(await mailFrom(FROM), MINISTRY, own);
    expect((await bench.check(message, FORWARDED)).standing).toBe("proved");
  });

  test("by SPF of the envelope's domain, or of the server's name where the envelope has none", async () => {
    const message = await mailFrom(FROM);
    const found = await bench.check(message);
    expect(found).toMatchObject({
      standing: "proved",
      detail: { spf: { result: "pass", domain: MINISTRY } },
    });
    bench.server.zone.set(`TXT mail.${MINISTRY}`, { texts: ["v=spf1 ip4:192.0.2.25 -all"] });
    expect(await bench.check(message, { mailFrom: "" })).toMatchObject({
      standing: "proved",
      detail: { spf: { result: "pass", domain: `mail.${MINISTRY}` } },
    });
  });

  test("without a DMARC record by the same proofs, where domains lie above one another", async () => {
    noDmarc();
    const message = await bench.signed();
    expect((await bench.check(message, FORWARDED)).standing).toBe("proved");
    expect((await bench.check(await bench.signed(`a@unit.${MINISTRY}`), FORWARDED)).standing).toBe("proved");
    // example.go.th is not above it but beside: another ministry.
    expect((await bench.check(await bench.signed("a@other.example.go.th"), FORWARDED)).standing).toBe(
      "unproved",
    );
  });

  test("a domain in Thai is the same as its A-label", async () => {
    const label = "xn--12cl1ca5azfua.xn--o3cw4h";
    bench.server.zone.set(`TXT s1._domainkey.${label}`, { texts: [bench.key.record] });
    bench.server.zone.set(`TXT _dmarc.${label}`, { texts: ["v=DMARC1; p=reject"] });
    const thai = domainToUnicode(label);
    const raw = (await mailFrom(`a@${label}`)).toString("utf8").replace(`a@${label}`, `a@${thai}`);
    const message = await signedBy(Buffer.from(raw), label, bench.key);
    const found = await bench.check(message, FORWARDED, { from: `a@${thai}` });
    expect(found).toMatchObject({ standing: "proved", detail: { dmarc: { result: "pass", domain: label } } });
  });

  test("alignment is the domain owner's choice: strict wants the very same domain", async () => {
    bench.server.zone.set(`TXT _dmarc.unit.${MINISTRY}`, { texts: ["v=DMARC1; p=reject; adkim=s; aspf=s"] });
    const message = await bench.signed(`a@unit.${MINISTRY}`);
    expect((await bench.check(message, FORWARDED)).standing).toBe("forged");
    bench.server.zone.set(`TXT _dmarc.unit.${MINISTRY}`, { texts: ["v=DMARC1; p=reject"] });
    bench.forget();
    expect((await bench.check(message, FORWARDED)).standing).toBe("proved");
  });
});

describe("forged", () => {
  test.each([
    ["a changed text", (text: string) => text.replace(/\r\n\r\n/, "\r\n\r\nAAAA"), "body-hash"],
    ["another subject", (text: string) => text.replace(/^Subject: .*/m, "Subject: x"), "bad-signature"],
  ])("a signed letter with %s", async (_, change, reason) => {
    const message = Buffer.from(change((await bench.signed()).toString("latin1")), "latin1");
    const found = await bench.check(message, FORWARDED);
    expect(found).toMatchObject({ standing: "forged", detail: { dkim: [{ result: "fail", reason }] } });
  });

  test("a government sender, written by someone who proves to be someone else", async () => {
    bench.server.zone.set("TXT forwarder.example.com", { texts: ["v=spf1 ip4:198.51.100.9 -all"] });
    bench.server.zone.set("TXT s1._domainkey.forwarder.example.com", { texts: [bench.key.record] });
    const message = await bench.signed(FROM, "forwarder.example.com");
    const found = await bench.check(message, FORWARDED);
    expect(found).toMatchObject({
      standing: "forged",
      detail: {
        spf: { result: "pass", domain: "forwarder.example.com" },
        dkim: [{ result: "pass", aligned: false }],
        dmarc: { result: "fail" },
      },
    });
    // Whatever its owner asks for on a failure; of anybody else only what the owner asks for counts.
    bench.server.zone.set("TXT _dmarc.shop.example.com", { texts: ["v=DMARC1; p=none"] });
    bench.server.zone.set("TXT _dmarc.other.example.go.th", { texts: ["v=DMARC1; p=none"] });
    expect((await bench.check(await mailFrom("a@other.example.go.th"), FORWARDED)).standing).toBe("forged");
    expect((await bench.check(await mailFrom("a@shop.example.com"), FORWARDED)).standing).toBe("unproved");
    const known = { known: ["shop.example.com"] };
    expect((await bench.check(await mailFrom("a@shop.example.com"), FORWARDED, known)).standing).toBe(
      "forged",
    );
  });

  test("without DMARC: a server that the domain's SPF refuses", async () => {
    noDmarc();
    const message = await mailFrom(FROM);
    const stranger = { remoteAddress: "198.51.100.9" };
    expect(await bench.check(message, stranger)).toMatchObject({
      standing: "forged",
      detail: { spf: { result: "fail" }, dmarc: { result: "none" } },
    });
    // Another envelope: SPF says nothing of the ministry, for or against it.
    expect((await bench.check(message, FORWARDED)).standing).toBe("unproved");
    // Forwarded unchanged, it still bears its signature.
    expect((await bench.check(await bench.signed(), stranger)).standing).toBe("proved");
  });

  test("a From that is read in two ways, and a head beyond all measure", async () => {
    const message = await bench.signed("a@attacker.example.com", MINISTRY);
    expect(await bench.check(message, {}, { from: FROM })).toMatchObject({
      standing: "forged",
      detail: { trouble: "from-differs" },
    });
    const huge = Buffer.concat([Buffer.from(`X-A: ${"a\r\n ".repeat(100_000)}\r\n`), await bench.signed()]);
    const started = performance.now();
    expect(await bench.check(huge, {}, { from: FROM })).toMatchObject({
      standing: "forged",
      detail: { trouble: "head-too-large" },
    });
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});

describe("unproved", () => {
  test("several senders, or none", async () => {
    const message = (await bench.signed()).toString("latin1");
    const two = message.replace("From: ", "From: a@attacker.example.com\r\nFrom: ");
    const listed = message.replace(/^From: (.*)$/m, "From: $1, b@other.example.go.th");
    const none = message.replace(/^From: .*\r\n/m, "");
    for (const text of [two, listed, none]) {
      const found = await bench.check(Buffer.from(text, "latin1"));
      expect(found).toMatchObject({ standing: "unproved", detail: { trouble: "from-unclear" } });
    }
  });
});

describe("a list", () => {
  const RESULTS = `list.example.org; dmarc=pass header.from=${MINISTRY}`;
  const through = async (results: string, domain = "list.example.org", sealer = bench.key) => {
    bench.server.zone.set(`TXT arc1._domainkey.${domain}`, { texts: [bench.key.record] });
    return bench.check(await sealedBy(await bench.signed(), domain, sealer, results), FORWARDED);
  };
  test("that is trusted vouches for what it changed", async () => {
    expect(await through(RESULTS)).toMatchObject({
      standing: "proved",
      detail: { dmarc: { result: "fail" }, arc: { result: "pass", trustedBy: "list.example.org" } },
    });
  });
  test("that is not trusted, found nothing, or seals with another's name does not", async () => {
    const stranger = await through(RESULTS, "list.example.net");
    expect(stranger).toMatchObject({ standing: "forged", detail: { arc: { result: "pass" } } });
    const found = await through(`list.example.org; dmarc=fail header.from=${MINISTRY}`);
    expect(found.standing).toBe("forged");
    const quoted = await through(`list.example.org; x=y reason="; dmarc=pass header.from=${MINISTRY}"`);
    expect(quoted.standing).toBe("forged");
    // A trusted list that passes on what another one claims to have found.
    const claimed = await sealedBy(await bench.signed(), "list.example.net", bench.key, RESULTS);
    const both = await sealedBy(claimed, "list.example.org", bench.key, "list.example.org; arc=pass", "pass");
    expect(await bench.check(both, FORWARDED)).toMatchObject({
      standing: "forged",
      detail: { arc: { result: "pass" } },
    });
    const seal = await through(RESULTS, "list.example.org", rsaKey());
    expect(seal).toMatchObject({ standing: "forged", detail: { arc: { result: "fail" } } });
  });
});

describe("behind other servers", () => {
  const behind = async (received: string[], more = "") =>
    Buffer.concat([
      Buffer.from(
        received.map((line) => `Received: ${line}; Mon, 2 Nov 2026 10:00:00 +0700\r\n`).join("") + more,
      ),
      await mailFrom(FROM),
    ]);
  const HONEST = "from mail.ministry.example.go.th (unknown [192.0.2.3]) by relay.agency-a.example.go.th";
  const FORGED = "from x ([192.0.2.3]) (unknown [198.51.100.9]) by relay.agency-a.example.go.th";

  test("a relay of our own: the client is the one that it wrote down", async () => {
    const relay = { remoteAddress: "10.9.0.1", helo: "relay" };
    expect((await bench.check(await behind([HONEST]), relay)).standing).toBe("proved");
    expect((await bench.check(await behind([FORGED, HONEST]), relay)).standing).toBe("forged");
    const inner = "from outer (outer [10.9.0.2]) by relay.agency-a.example.go.th";
    expect((await bench.check(await behind([inner, HONEST]), relay)).standing).toBe("proved");
    // From anybody else the same field is only text.
    expect((await bench.check(await behind([HONEST]), { remoteAddress: "198.51.100.9" })).standing).toBe(
      "forged",
    );
  });

  test("results are believed of our own relay, above what came from outside, and of nobody else", async () => {
    const results = `Authentication-Results: relay.agency-a.example.go.th;\r\n dmarc=pass header.from=${MINISTRY}\r\n`;
    const relay = { remoteAddress: "10.9.0.1", helo: "relay" };
    const above = Buffer.concat([Buffer.from(results), await behind([FORGED])]);
    expect((await bench.check(above, relay)).standing).toBe("proved");
    expect((await bench.check(above, { remoteAddress: "198.51.100.9" })).standing).toBe("forged");
    expect((await bench.check(above, relay, { senders: { authservId: "" } as never })).standing).toBe(
      "forged",
    );
  });

  test("a mailbox elsewhere: signatures, and the hosting server's results where its name is configured", async () => {
    const imap = { door: "imap", remoteAddress: "", helo: "" } as const;
    expect((await bench.check(await bench.signed(), imap)).standing).toBe("proved");
    const plain = await mailFrom(FROM);
    expect(await bench.check(plain, imap)).toMatchObject({
      standing: "unproved",
      detail: { spf: { result: "none" } },
    });
    const host = { ...imap, authservId: "Mail.example.go.th" };
    const told = (result: string) =>
      Buffer.concat([
        Buffer.from(
          `Authentication-Results: mail.example.go.th (host); spf=${result}\r\n smtp.mailfrom=${FROM}\r\n`,
        ),
        plain,
      ]);
    expect((await bench.check(told("pass"), host)).standing).toBe("proved");
    expect((await bench.check(told("fail"), host)).standing).toBe("forged");
    expect((await bench.check(told("pass"), imap)).standing).toBe("unproved");
  });
});
