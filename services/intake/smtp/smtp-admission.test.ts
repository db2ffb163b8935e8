import { describe, expect, test } from "vitest";
import { boundGuests, originOf } from "./smtp-admission.ts";

describe("boundGuests", () => {
  test("holds both limits and takes again who left", () => {
    const guests = boundGuests({ maxClients: 3, maxClientsPerAddress: 2 });
    const [a, b, c, d, e] = [{}, {}, {}, {}, {}];
    expect(guests.enter(a, "192.0.2.1")).toBe(true);
    expect(guests.enter(b, "192.0.2.1")).toBe(true);
    expect(guests.enter(c, "192.0.2.1")).toBe(false);
    expect(guests.enter(c, "192.0.2.2")).toBe(true);
    expect(guests.enter(d, "192.0.2.3")).toBe(false);
    // Who was not let in leaves no place behind.
    guests.leave(d);
    expect(guests.enter(e, "192.0.2.3")).toBe(false);
    guests.leave(a);
    guests.leave(a);
    expect(guests.enter(e, "192.0.2.1")).toBe(true);
    expect(guests.enter(d, "192.0.2.4")).toBe(false);
  });

  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["2001:db8:0:0:ffff::", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["2001:db8:1::192.0.2.1", "2001:db8:1:0"],
    // As a dual-stack socket, a balancer's text and its binary header write an IPv4 client.
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:c000:201", "192.0.2.1"],
    ["::ffff:0:192.0.2.1", "0:0:0:0"],
  ])("%s counts as %s", (address, origin) => {
    expect(originOf(address)).toBe(origin);
  });
});
