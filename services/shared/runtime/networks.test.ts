import { describe, expect, test } from "vitest";
import { readNetworks } from "./networks.ts";

describe("networks in settings", () => {
  test("hold their addresses and no others", () => {
    const among = readNetworks("192.0.2.0/24, 2001:db8:1::/48\n127.0.0.1", "smtp.trustedNetworks");
    for (const address of ["192.0.2.255", "::ffff:192.0.2.7", "2001:db8:1:ffff::1", "127.0.0.1"])
      expect([address, among(address)]).toEqual([address, true]);
    for (const address of ["192.0.3.1", "2001:db8:2::1", "127.0.0.2", "", "nonsense", "::1"])
      expect([address, among(address)]).toEqual([address, false]);
  });

  test("none: nobody", () => {
    expect(readNetworks("", "x")("127.0.0.1")).toBe(false);
  });

  test("every fault is told at once, with the setting's name", () => {
    expect(() =>
      readNetworks("192.0.2.0/33 300.1.1.1 2001:db8::/129 10.0.0.0/8/8 10.0.0.0/ ok", "smtp.proxyNetworks"),
    ).toThrow(
      /^(?:smtp\.proxyNetworks: "[^"]+" is no network; write 192\.0\.2\.0\/24 or 2001:db8::\/32\n?){6}$/,
    );
  });
});
