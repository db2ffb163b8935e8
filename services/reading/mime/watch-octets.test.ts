import { describe, expect, it } from "vitest";
import { watchOctets } from "./watch-octets.ts";

describe("watchOctets", () => {
  const watch = (text: string, size = 1_000) => {
    const watching = watchOctets();
    for (let at = 0; at < text.length; at += size)
      watching.update(Buffer.from(text.slice(at, at + size), "latin1"));
    return watching.finish();
  };
  const mail = "From: a\r\nSubject: x y\r\n\r\nbody\r\n\r\nmore\r\n";

  it("gives one digest however cut, relayed, refolded or ended", () => {
    const { contentDigest } = watch(mail);
    for (const size of [1, 2, 3, 10]) expect(watch(mail, size).contentDigest).toBe(contentDigest);
    expect(watch(`Received: by relay\r\n\tid 1\r\nX-Spam: no\r\n${mail}`).contentDigest).toBe(contentDigest);
    expect(watch(mail.replace("x y", "x\r\n y")).contentDigest).toBe(contentDigest);
    expect(watch(`${mail}\r\n`).contentDigest).toBe(contentDigest);
    expect(watch(mail.trimEnd()).contentDigest).toBe(contentDigest);
  });

  it("gives another digest for another message", () => {
    const digests = [
      mail,
      mail.replace("x y", "xy"),
      mail.replace("more", "less"),
      mail.replace("From: a", "To: a"),
      // Read as something else: another charset, or parts instead of a text.
      `Content-Type: text/plain; charset=utf-7\r\n${mail}`,
      `Content-Type: multipart/mixed; boundary=x\r\n${mail}`,
      `Content-Transfer-Encoding: base64\r\n${mail}`,
    ];
    expect(new Set(digests.map((text) => watch(text).contentDigest)).size).toBe(7);
  });

  it.each([
    ["a\r\nb\r\n", false],
    ["a\nb\r\n", true],
    ["a\rb\r\n", true],
    ["\na", true],
    ["a\r", true],
    ["a\r\n.\n", true],
  ])("bare newline in %j: %s", (text, bare) => {
    for (const size of [1, 2, 100]) expect(watch(text, size).bareNewline).toBe(bare);
  });
});
