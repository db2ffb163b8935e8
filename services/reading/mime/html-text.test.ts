import { describe, expect, it } from "vitest";
import { cpuTimeMs } from "../../shared/testing/cpu-time.ts";
import { htmlToText } from "./html-text.ts";

describe("htmlToText", () => {
  it("drops comments, styles, scripts and attributes, and decodes references", () => {
    const html =
      "<style>/* ที่ กค 1/1 */</style><!-- ที่ กค 2/2 --><script>'<p>ลับ</p>'</script>" +
      '<p title="ลับ > มาก">ที่&nbsp;&#3609;&#x0E23; 3&sol;3 &amp; &unknown;</p>';
    expect(htmlToText(html).trim()).toBe("ที่\u00A0นร 3/3 & &unknown;");
  });

  it("keeps a row on one line and a short cell whole", () => {
    const html = "<table><tr><td><p>ลงวันที่</p></td><td>๒๑<br>มกราคม ๒๕๖๕</td></tr><tr><td>ก</td></tr></table>";
    const lines = htmlToText(html)
      .split("\n")
      .filter((line) => line.trim() !== "");
    expect(lines).toEqual(["ลงวันที่\t๒๑ มกราคม ๒๕๖๕\t", "ก\t"]);
  });

  it("keeps the lines of a letter laid out in one cell", () => {
    const body = "บรรทัดหนึ่ง<br>".repeat(20);
    expect(htmlToText(`<table><tr><td>${body}</td></tr></table>`).split("\n").length).toBeGreaterThan(20);
  });

  it("leaves out what is not shown, its own kind inside it reckoned in, and never a rest that is not closed", () => {
    const hidden =
      '<div style="color:red; display: none !important">ก<div>ข</div>ค</div>ง<img style="display:none">จ';
    expect(htmlToText(hidden)).toBe("งจ");
    expect(htmlToText('<div style="display:none">ลับ<p>ก')).toContain("ลับ");
    expect(htmlToText('<p style="x-display:none">ก</p>')).toContain("ก");
  });

  it("parts what is set at the other margin", () => {
    expect(htmlToText('ที่ กค 1/2<span style="float:right">ลับ</span>')).toBe("ที่ กค 1/2\tลับ");
  });

  it("shows what stands behind an element never closed", () => {
    expect(htmlToText("<style>x<p>ลับ</p>")).toContain("ลับ");
    expect(htmlToText('<a href="x>ลับ')).not.toBe(undefined);
  });

  it.each([
    "<svg>",
    "<",
    "<td>",
    "<!--",
    "&#",
    '<a "',
    "<table><tr><td>",
    "</td>",
    '<p style="display:none">',
    '<p style="',
  ])("is quick with %s for ever", (piece) => {
    const started = cpuTimeMs();
    htmlToText(piece.repeat(Math.floor(500_000 / piece.length)));
    expect(cpuTimeMs() - started).toBeLessThan(2_000);
  });
});
