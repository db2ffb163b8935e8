import type { LookupAddress } from "node:dns";
import { expect, test } from "vitest";
import type { FindAddresses } from "../../shared/runtime/guarded-lookup.ts";
import { checkedLookup, webhookUrlFault } from "./webhook-address.ts";

test("webhooks are called over https, or on this machine", () => {
  const good = [
    "https://hooks.example.go.th/saraban?x=1",
    "http://localhost:8081/",
    "http://127.0.0.1/",
    "http://[::1]:9/",
  ];
  for (const url of good) expect(webhookUrlFault(url), url).toBeNull();
  const wrong = [
    "",
    "hooks.example.go.th",
    "http://hooks.example.go.th/",
    "http://127.0.0.1.example.go.th/",
    "http://10.0.0.1/",
    "ftp://localhost/",
    "file:///etc/passwd",
    "https://user:secret@hooks.example.go.th/",
    `https://hooks.example.go.th/${"x".repeat(2_000)}`,
  ];
  for (const url of wrong) expect(webhookUrlFault(url), url).not.toBeNull();
});

function lookUp(url: string, find: FindAddresses, allowPrivate = false): Promise<readonly string[]> {
  const parsed = new URL(url);
  return new Promise((resolve, reject) => {
    checkedLookup(parsed, find, allowPrivate)(parsed.hostname, { all: true }, (error, found) =>
      error ? reject(error) : resolve((found as LookupAddress[]).map(({ address }) => address)),
    );
  });
}

test("a name in the DNS leads to no address beside us, unless the setting says so", async () => {
  const hooks = "https://hooks.example.go.th/";
  const at =
    (...addresses: string[]) =>
    async () =>
      addresses;
  expect(await lookUp(hooks, at("192.0.43.8", "2001:500:88:200::8"))).toEqual([
    "192.0.43.8",
    "2001:500:88:200::8",
  ]);
  const inside = ["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1"];
  const never = ["127.0.0.1", "0.0.0.0", "169.254.169.254", "::1", "::", "fe80::1", "::ffff:10.0.0.1"];
  for (const address of inside) {
    await expect(lookUp(hooks, at("192.0.43.8", address)), address).rejects.toThrow("private network");
    expect(await lookUp(hooks, at(address), true)).toEqual([address]);
  }
  for (const address of never) {
    await expect(lookUp(hooks, at(address)), address).rejects.toThrow("private network");
    await expect(lookUp(hooks, at(address), true), address).rejects.toThrow("private network");
  }
  await expect(lookUp(hooks, at())).rejects.toThrow("no address");
});

test("an address in the URL is judged too, however it is written; this machine is itself only by its name", async () => {
  const nobody: FindAddresses = async () => {
    throw new Error("nobody is asked");
  };
  for (const url of [
    "https://10.0.0.1/",
    "https://0x0a000001/",
    "https://167772161/",
    "https://[fd00::1]/",
    "https://[::ffff:a00:1]/",
  ])
    expect(() => checkedLookup(new URL(url), nobody, false), url).toThrow("private network");
  expect(await lookUp("http://localhost/", nobody)).toEqual(["127.0.0.1", "::1"]);
});
