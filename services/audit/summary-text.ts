import type { CheckCode, CheckResult } from "./check-result.ts";
import type { Verification } from "./verify-register.ts";

const LOOKED_AT: Readonly<Record<CheckCode, string>> = {
  books: "lines",
  events: "events",
  outcomes: "arrivals",
  acknowledgements: "letters to answer",
  "stored-files": "stored messages",
  acts: "acts",
  outbound: "letters of our own",
  receipts: "receipts",
  "sent-files": "files of letters sent",
  classified: "classified letters",
};

/** The verification for a terminal: one line a check, then what is wrong. */
export function summaryText({ verified, checkedAt, agencies, checks }: Verification): string {
  const lines = [
    `Register of ${agencies.length > 5 ? `${agencies.length} agencies` : agencies.join(", ")}, ${checkedAt.toISOString()}`,
    "",
    ...checks.map(checkLine),
  ];
  for (const check of checks) {
    lines.push(...check.notes.map((note) => `\nNote, ${check.code}: ${note}`));
    if (check.ok) continue;
    lines.push("", `FAULTS, ${check.code}:`);
    lines.push(...check.violations.map(({ code, says }) => `  ${code}: ${says}`));
    if (check.more > 0) lines.push(`  … and ${check.more} more`);
  }
  const total = checks.reduce((sum, { violations, more }) => sum + violations.length + more, 0);
  lines.push("", verified ? "Everything is in order." : `${total} violations.`);
  return `${lines.join("\n")}\n`;
}

function checkLine({ code, ok, looked, figures }: CheckResult): string {
  const told = Object.entries(figures).map(([name, count]) => `${words(name)} ${count}`);
  const detail = told.length === 0 ? "" : ` (${told.join(", ")})`;
  return `${ok ? "ok   " : "FAULT"}  ${code.padEnd(16)}  ${looked} ${LOOKED_AT[code]}${detail}`;
}

/** "onTheirWay" as "on their way"; a reason ("failed: 550 5.1.1") as it is. */
function words(name: string): string {
  return name.includes(":") ? name : name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
