import { expect, test } from "vitest";
import { openPrivateAddresses } from "./private-addresses.ts";

test("addresses of machines beside us are told from those of the world, in any clothes", () => {
  const isPrivate = openPrivateAddresses();
  for (const address of [
    "127.0.0.1",
    "10.1.2.3",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:a00:1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fd00::1",
    "fe80::1",
    "ff02::1",
    "no address",
  ])
    expect(isPrivate(address), address).toBe(true);
  for (const address of ["203.150.0.1", "8.8.8.8", "172.32.0.1", "2404:6800:4001::1", "::ffff:8.8.8.8"])
    expect(isPrivate(address), address).toBe(false);
});
