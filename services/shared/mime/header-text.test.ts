import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readStructuredField, textParameter } from "./header-parameters.ts";
import { decodeHeader, readMailboxes, safeLine } from "./header-text.ts";

const octets = (text: string) => Buffer.from(text).toString("latin1");
const word = (bytes: Buffer) => `=?utf-8?B?${bytes.toString("base64")}?=`;

describe("decodeHeader", () => {
  it("joins words cut inside a character, wherever they are cut", () => {
    const bytes = Buffer.from("ที่ นร ๑๒๐๐/๕๕");
    fc.assert(
      fc.property(fc.integer({ min: 1, max: bytes.length - 1 }), (cut) => {
        const folded = `${word(bytes.subarray(0, cut))}\r\n ${word(bytes.subarray(cut))}`;
        expect(decodeHeader(folded)).toBe("ที่ นร ๑๒๐๐/๕๕");
      }),
      { seed: 2047 },
    );
  });

  it("mixes words, folded tabs and plain text", () => {
    expect(
      decodeHeader(`${word(Buffer.from("ที่ สธ"))}\r\n\t0216/1688\r\n\t${word(Buffer.from("เรื่อง"))}`),
    ).toBe("ที่ สธ 0216/1688 เรื่อง");
  });

  it("reads raw UTF-8, raw TIS-620, Q words and a language tag", () => {
    expect(decodeHeader(octets("ด่วน"))).toBe("ด่วน");
    expect(decodeHeader(Buffer.from("B4E8C7B9", "hex").toString("latin1"))).toBe("ด่วน");
    expect(decodeHeader("=?tis-620?Q?=B4=E8=C7=B9_A?=")).toBe("ด่วน A");
    expect(decodeHeader("=?utf-8*th?B?4LiB?=")).toBe("ก");
  });

  it("leaves what only looks like a word", () => {
    expect(decodeHeader("=?utf-8?X?abc?= 1 =? 2")).toBe("=?utf-8?X?abc?= 1 =? 2");
  });
});

describe("safeLine", () => {
  it("drops what follows a decoded line break", () => {
    const decoded = decodeHeader("=?utf-8?Q?OCSC=0D=0ABcc:_victim@freemail.example.go.th?=");
    expect(safeLine(decoded)).toEqual({ line: "OCSC", injected: true });
    expect(safeLine("OCSC")).toEqual({ line: "OCSC", injected: false });
  });
});

describe("readMailboxes", () => {
  it.each([
    ["saraban@opdc.example.go.th", "saraban@opdc.example.go.th", null],
    ["OPDC <Saraban@OPDC.example.go.th>", "saraban@opdc.example.go.th", "OPDC"],
    [
      '"a, b <x@y.example.go.th>" <saraban@opdc.example.go.th>',
      "saraban@opdc.example.go.th",
      "a, b <x@y.example.go.th>",
    ],
    [
      `${word(Buffer.from("ก <x@evil.example.go.th>,"))} <saraban@opdc.example.go.th>`,
      "saraban@opdc.example.go.th",
      "ก <x@evil.example.go.th>,",
    ],
  ])("%s", (field, address, name) => expect(readMailboxes(field)).toEqual([{ address, name }]));

  it("tells several authors, and makes no address of nonsense", () => {
    expect(readMailboxes("a@x.example.go.th, B <b@x.example.go.th>")).toHaveLength(2);
    expect(readMailboxes("undisclosed")).toEqual([{ address: null, name: null }]);
    expect(readMailboxes("A <a@x@y.example.go.th>")).toEqual([{ address: null, name: "A" }]);
  });
});

describe("textParameter", () => {
  const name = (field: string) => textParameter(readStructuredField(field), "filename");
  it.each([
    ["attachment; filename*=UTF-8''%E0%B8%A7918.pdf; filename=w918.pdf", "ว918.pdf"],
    ["attachment; filename*0*=UTF-8''%E0%B8; filename*1*=%A7; filename*2=918.pdf", "ว918.pdf"],
    ['attachment; filename="=?tis-620?B?x/Xx+C5wZGY=?="', "ว๕๑๘.pdf"],
    [`attachment; filename="${octets("แผน.pdf")}"`, "แผน.pdf"],
    ['attachment; filename="../../etc/passwd"', "../../etc/passwd"],
    ["attachment; filename*=UTF-8''a%2Fb%0D%0Ac%00.pdf", "a/b\r\nc.pdf"],
    ['attachment; filename="C:\\dir\\a;b.pdf"', "C:\\dir\\a;b.pdf"],
    ["attachment", null],
  ])("%s", (field, expected) => expect(name(field)).toBe(expected));
});
