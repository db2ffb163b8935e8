import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { projectDir, SettingsError } from "../../shared/runtime/settings.ts";
import { readMailboxes } from "./imap-config.ts";

const SECRETS = { SARABAN_SECRET_A: "made-up" };

function mailboxesFile(entries: readonly object[] | string): string {
  const dir = mkdtempSync(join(tmpdir(), "mailboxes-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "mailboxes.yaml");
  // JSON is YAML.
  writeFileSync(file, typeof entries === "string" ? entries : JSON.stringify({ mailboxes: entries }));
  return file;
}

function faultsOf(entries: readonly object[] | string): string {
  try {
    readMailboxes(mailboxesFile(entries), ["agency-a"], SECRETS);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults.join("\n");
    throw error;
  }
  return "";
}

const entry = {
  id: "a",
  agency: "agency-a",
  host: "imap.example.go.th",
  user: "saraban@agency-a.example.go.th",
  passwordEnv: "SARABAN_SECRET_A",
};

test("the file of a new installation names none; an entry without more has careful defaults", () => {
  expect(readMailboxes(join(projectDir, "config/mailboxes.yaml"), [], {})).toEqual([]);
  expect(readMailboxes(mailboxesFile([entry]), ["agency-a"], SECRETS)).toEqual([
    {
      id: "a",
      agencyId: "agency-a",
      host: "imap.example.go.th",
      port: 993,
      security: "tls",
      ca: null,
      user: "saraban@agency-a.example.go.th",
      secret: { kind: "password", place: { env: "SARABAN_SECRET_A" } },
      folder: "INBOX",
      since: null,
      after: { when: "registered", flag: "\\Seen", moveTo: null },
      pollMs: 60_000,
      maxMessageBytes: 52_428_800,
      authservId: null,
    },
  ]);
});

test("a day is one of Bangkok", () => {
  const [mailbox] = readMailboxes(mailboxesFile([{ ...entry, since: "2026-10-01" }]), ["agency-a"], SECRETS);
  expect(mailbox?.since?.toISOString()).toBe("2026-09-30T17:00:00.000Z");
});

test("all faults are told at once, with file, place and what to do, and without a secret", () => {
  const faults = faultsOf([
    { ...entry, agency: "agency-x" },
    { ...entry, passwordEnv: "SARABAN_SECRET_MISSING" },
    { ...entry, id: "c", folder: "Other", security: "none", caFile: "/nowhere/ca.pem" },
    {
      ...entry,
      id: "d",
      folder: "D",
      passwordEnv: undefined,
      oauth2: { tokenUrl: "http://login.example.go.th/t", clientId: "x", scope: "y" },
    },
  ]);
  expect(faults).toMatch(/mailboxes\.0 \(a\): agency agency-x is not in the list of agencies/);
  expect(faults).toMatch(/mailboxes\.1 \(a\): the id stands there twice/);
  expect(faults).toMatch(/mailboxes\.1 \(a\): password: SARABAN_SECRET_MISSING is not set/);
  expect(faults).toMatch(/mailboxes\.1: folder \S+\/INBOX stands there twice/);
  expect(faults).toMatch(/mailboxes\.2 \(c\): security none sends the password in the clear/);
  expect(faults).toMatch(/mailboxes\.2 \(c\): caFile: ENOENT/);
  expect(faults).toMatch(/mailboxes\.3 \(d\): oauth2\.tokenUrl would carry the secret in the clear/);
  expect(faults).not.toContain("made-up");
});

test.each<[string, object, RegExp]>([
  [
    "a password in the file itself",
    { password: "made-up" },
    /mailboxes\.0 must NOT have additional properties: password/,
  ],
  [
    "no secret",
    { passwordEnv: undefined },
    /mailboxes\.0 needs exactly one of passwordEnv, passwordFile and oauth2/,
  ],
  ["two secrets", { passwordFile: "/x" }, /mailboxes\.0 needs exactly one of/],
  ["a variable that is no secret's", { passwordEnv: "DATABASE_URL" }, /mailboxes\.0\.passwordEnv must match/],
  [
    "oauth2 without a grant",
    { passwordEnv: undefined, oauth2: { tokenUrl: "https://x", clientId: "x" } },
    /oauth2 needs scope, or a refresh token/,
  ],
  ["IDLE beyond what servers allow", { pollSeconds: 1800 }, /pollSeconds must be <= 1500/],
  ["a flag that deletes", { after: { flag: "\\Deleted" } }, /flag must match/],
  ["a folder that names many", { after: { moveTo: "a*" } }, /moveTo must match/],
])("%s is a fault", (_what, change, fault) => {
  expect(faultsOf([{ ...entry, ...change }])).toMatch(fault);
  expect(faultsOf([{ ...entry, ...change }])).not.toContain("made-up");
});

test("a file that is none of ours says so", () => {
  expect(faultsOf("- a\n")).toMatch(/the top level is not a mapping/);
  expect(faultsOf("mailboxes: 5\n")).toMatch(/mailboxes must be array/);
});
