import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadSettings } from "../../shared/runtime/settings.ts";
import { openDns } from "./resolve-dns.ts";
import { readSenderSettings } from "./sender-settings.ts";

const read = (env: Record<string, string> = {}) => readSenderSettings(loadSettings(env));

test("auto: off where nobody but this machine is heard, on at an open door or when it is said how", () => {
  expect(read().checks).toBe(false);
  expect(read({ SARABAN_SMTP_HOST: "0.0.0.0" }).checks).toBe(true);
  expect(read({ SARABAN_SENDERS_DNS_SERVERS: "127.0.0.1:5353" }).checks).toBe(true);
  expect(read({ SARABAN_SENDERS_TRUSTED_RELAYS: "127.0.0.1" }).checks).toBe(true);
  // Anybody's mail is in a mailbox on another server; and a file that nobody can read may name one.
  const dir = mkdtempSync(join(tmpdir(), "saraban-senders-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "mailboxes.yaml");
  for (const [content, checks] of [
    ["mailboxes: []", false],
    ["mailboxes: [{ id: a }]", true],
    ["mailboxes: [", true],
  ] as const) {
    writeFileSync(file, content);
    expect(read({ SARABAN_MAILBOXES_FILE: file }).checks, content).toBe(checks);
  }
  expect(read({ SARABAN_SENDERS_CHECK: "off", SARABAN_SMTP_HOST: "0.0.0.0" }).checks).toBe(false);
  expect(read({ SARABAN_SENDERS_CHECK: "on" }).checks).toBe(true);
});

test("government domains are kept as DNS has them; relays as networks", () => {
  expect(read().governmentDomains).toEqual([
    "go.th",
    "mi.th",
    "xn--h3cuzk1di.xn--o3cw4h",
    "xn--o3cyx2a.xn--o3cw4h",
  ]);
  const { isTrustedRelay } = read({ SARABAN_SENDERS_TRUSTED_RELAYS: "10.0.0.0/8, 2001:db8::1" });
  expect(["10.9.1.1", "::ffff:10.1.1.1", "2001:db8::1", "11.0.0.1", ""].map(isTrustedRelay)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

test("faults are told at the start, all at once, with the setting's name", () => {
  expect(() =>
    read({ SARABAN_SENDERS_TRUSTED_RELAYS: "10.0.0.0/33", SARABAN_SENDERS_TRUSTED_SEALERS: "a b@c" }),
  ).toThrow(/trustedRelays: "10\.0\.0\.0\/33"[\s\S]*trustedSealers: "b@c"/);
  for (const servers of ["dns.example.com", "127.0.0.1:0", "127.0.0.1:99999"])
    expect(() => openDns(servers, 1_000), servers).toThrow(/senders\.dnsServers/);
});
