import { describe, expect, it } from "vitest";
import { decodeText } from "./charset.ts";

// "หนังสือ" and, in windows-874 only, quotation marks and an ellipsis around ก.
const TIS = Buffer.from("CBB9D1A7CAD7CD", "hex");
const WINDOWS = Buffer.concat([Buffer.from([0x93, 0xa1, 0x94, 0x85]), TIS]);

describe("decodeText", () => {
  it.each([
    "tis-620",
    "TIS-620",
    "tis620",
    "TIS-620-2533",
    "windows-874",
    "x-windows-874",
    "cp874",
    "ibm874",
    "iso-8859-11",
    "iso-ir-166",
    "dos-874",
  ])("reads Thai labelled %s", (label) => {
    expect(decodeText(WINDOWS, label)).toEqual({ text: "“ก”…หนังสือ", charsetKnown: true });
  });

  it.each([null, "", "us-ascii", "iso-8859-1", "utf-8", "windows-1252", "unknown-8bit"])(
    "reads Thai octets labelled %s as Thai",
    (label) => expect(decodeText(TIS, label)).toEqual({ text: "หนังสือ", charsetKnown: true }),
  );

  it("reads UTF-8 under a Thai label, and says when a label names nothing", () => {
    expect(decodeText(Buffer.from("หนังสือ"), "tis-620").text).toBe("หนังสือ");
    expect(decodeText(TIS, "x-thai-mystery")).toEqual({ text: "หนังสือ", charsetKnown: false });
    expect(decodeText(Buffer.from("หนังสือ"), "x-mystery")).toEqual({ text: "หนังสือ", charsetKnown: false });
  });

  it("keeps Latin text Latin, and UTF-8 cut inside a character UTF-8", () => {
    expect(decodeText(Buffer.from("caf\u00e9", "latin1"), "iso-8859-1").text).toBe("café");
    expect(decodeText(Buffer.from("หนังสือ").subarray(0, -1), "utf-8").text).toBe("หนังสื\uFFFD");
  });
});
