import { describe, expect, test } from "vitest";
import { isTemporary, LetterRefused, type Refusal, refusals, smtpReplyOf, worstOf } from "./refusals.ts";

const rows: [string, Refusal][] = Object.entries(refusals);

describe("the table of refusals", () => {
  test.each(rows)("%s: reply code and enhanced status agree in class", (_code, { smtp, http }) => {
    expect(smtp.code).toBeGreaterThanOrEqual(400);
    expect(smtp.code).toBeLessThan(600);
    expect(smtp.enhanced).toMatch(/^[45]\.\d{1,3}\.\d{1,3}$/);
    expect(smtp.enhanced[0]).toBe(String(smtp.code)[0]);
    expect(http).toBeGreaterThanOrEqual(400);
    expect(http).toBeLessThan(600);
  });

  test.each(rows)("%s: words in both languages, English in ASCII and in one reply line", (_code, row) => {
    expect(row.en).toMatch(/^[\x20-\x7e]+$/);
    // RFC 5321 §4.5.3.1.5: a reply line has at most 512 octets with code and CRLF.
    expect(`${row.smtp.code} ${row.smtp.enhanced} ${row.en}\r\n`.length).toBeLessThanOrEqual(512);
    expect(row.th).toMatch(/[\u0e01-\u0e5b]{4}/);
    expect(row.clause).toMatch(/^(RFC \d+|Annex \d+) §[\d.]+$/);
  });

  test("every code the door promises keeps its reply", () => {
    const said = (code: keyof typeof refusals) =>
      `${smtpReplyOf(code).code} ${smtpReplyOf(code).text.split(" ")[0]}`;
    expect(said("unknown-recipient")).toBe("550 5.1.1");
    expect(said("relay-denied")).toBe("550 5.7.1");
    expect(said("too-large")).toBe("552 5.3.4");
    expect(said("too-many-recipients")).toBe("452 4.5.3");
    expect(said("no-space")).toBe("452 4.3.1");
    expect(said("try-later")).toBe("451 4.3.0");
    expect(said("shutting-down")).toBe("421 4.3.2");
    expect(said("classified-by-mail")).toBe("550 5.7.1");
  });

  test("the worst of several is the one told", () => {
    expect(worstOf(["too-large", "classified-by-mail", "try-later"])).toBe("classified-by-mail");
    expect(worstOf(["try-later"])).toBe("try-later");
    expect(worstOf([])).toBeNull();
  });

  test("only 4xx rows invite another try", () => {
    expect(isTemporary("no-space")).toBe(true);
    expect(isTemporary("too-large")).toBe(false);
  });

  test("a refusal carries its row and keeps its cause", () => {
    const cause = new Error("inner");
    const refused = new LetterRefused("too-large", { cause });
    expect(refused.refusal.http).toBe(413);
    expect(refused.cause).toBe(cause);
  });
});
