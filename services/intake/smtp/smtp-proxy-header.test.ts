import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readProxyHeader } from "./smtp-proxy-header.ts";

const text = (line: string): Buffer => Buffer.from(line, "latin1");
const binary = (command: number, family: number, added: string, claimed?: number): Buffer => {
  const tail = Buffer.from(added, "hex");
  const head = Buffer.from("0d0a0d0a000d0a515549540a00000000", "hex");
  head[12] = command;
  head[13] = family;
  head.writeUInt16BE(claimed ?? tail.length, 14);
  return Buffer.concat([head, tail]);
};
const overIPv4 = "c0000207" + "0a000001" + "d903" + "0019";
const overIPv6 = `20010db8${"0".repeat(23)}1${"0".repeat(32)}d9030019`;

const whole: [Buffer, object][] = [
  [text("PROXY TCP4 192.0.2.7 10.0.0.1 55555 25\r\n"), { kind: "client", address: "192.0.2.7", port: 55555 }],
  [text("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n"), { kind: "client", address: "2001:db8::1", port: 0 }],
  [text("PROXY UNKNOWN\r\n"), { kind: "own" }],
  [text(`PROXY UNKNOWN ${"f".repeat(91)}\r\n`), { kind: "own" }],
  [binary(0x21, 0x11, overIPv4), { kind: "client", address: "192.0.2.7", port: 55555 }],
  [binary(0x21, 0x11, `${overIPv4}030004a9b87e8f`), { kind: "client", address: "192.0.2.7" }],
  [binary(0x21, 0x21, overIPv6), { kind: "client", address: "2001:db8:0:0:0:0:0:1", port: 55555 }],
  [binary(0x20, 0x00, ""), { kind: "own" }],
  [binary(0x20, 0x11, overIPv4), { kind: "own" }],
  [binary(0x21, 0x00, "00112233"), { kind: "own" }],
];

describe("the PROXY header", () => {
  test.each(whole)("%# is read whole, and not before its last byte, whatever follows", (header, expected) => {
    for (let cut = 0; cut < header.length; cut++)
      expect(readProxyHeader(header.subarray(0, cut))).toEqual({ kind: "incomplete" });
    for (const behind of ["", "EHLO x\r\n", "PROXY UNKNOWN\r\n"])
      expect(readProxyHeader(Buffer.concat([header, text(behind)]))).toMatchObject({
        ...expected,
        endsAt: header.length,
      });
  });

  test.each([
    text("EHLO client.example.go.th\r\n"),
    text("proxy TCP4 192.0.2.7 10.0.0.1 1 25\r\n"),
    text("PROXY TCP4 192.0.2.7 10.0.0.1 1 25\n"),
    text("PROXY TCP4 192.0.2.7 10.0.0.1 1 25 \r\n"),
    text("PROXY TCP4  192.0.2.7 10.0.0.1 1 25\r\n"),
    text("PROXY TCP4 192.0.2.7 10.0.0.1 01 25\r\n"),
    text("PROXY TCP4 192.0.2.7 10.0.0.1 1 65536\r\n"),
    text("PROXY TCP4 192.0.2.7 10.0.0.1 1\r\n"),
    text("PROXY TCP4 192.0.2.300 10.0.0.1 1 25\r\n"),
    text("PROXY TCP4 2001:db8::1 ::1 1 25\r\n"),
    text("PROXY TCP6 192.0.2.7 10.0.0.1 1 25\r\n"),
    text("PROXY TCP6 fe80::1%eth0 ::1 1 25\r\n"),
    text("PROXY UDP4 192.0.2.7 10.0.0.1 1 25\r\n"),
    text("PROXY \r\n"),
    text(`PROXY UNKNOWN ${"f".repeat(92)}\r\n`),
    text(`PROXY TCP4 ${"1".repeat(107)}`),
    binary(0x22, 0x11, overIPv4),
    binary(0x11, 0x11, overIPv4),
    binary(0x21, 0x12, overIPv4),
    binary(0x21, 0x31, "00".repeat(216)),
    binary(0x21, 0x11, overIPv4.slice(2)),
    binary(0x21, 0x21, overIPv4),
    binary(0x21, 0x11, overIPv4, 2049),
    binary(0x20, 0x00, "", 65_535),
    text("\r\n\r\n\0\r\nQUIT\r\n"),
    text("\r\nEHLO x\r\n"),
  ])("%# is none", (bytes) => {
    expect(readProxyHeader(bytes)).toEqual({ kind: "invalid" });
  });

  test("any bytes are judged, and never beyond a bounded length", () => {
    const start = fc.constantFrom(
      text("PROXY "),
      text("PROXY TCP4 "),
      binary(0x21, 0x11, "").subarray(0, 12),
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 3_000 }), (begin, more) => {
        const bytes = Buffer.concat([begin, more]);
        const { kind } = readProxyHeader(bytes);
        if (bytes.length >= 2_064 + 16) expect(kind).not.toBe("incomplete");
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
