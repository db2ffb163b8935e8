import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "vitest";
import { projectDir, SettingsError } from "../../shared/runtime/settings.ts";
import { readTemplates, type View } from "./read-templates.ts";
import { TEMPLATES, type TemplateName } from "./template-fields.ts";

const DEFAULTS = join(projectDir, "config/templates");

/** A folder with the default templates, changed. */
function folder(
  context: TestContext,
  files: Readonly<Record<string, string | ((text: string) => string)>>,
): string {
  const dir = mkdtempSync(join(tmpdir(), "saraban-templates-"));
  context.onTestFinished(() => rmSync(dir, { recursive: true }));
  cpSync(DEFAULTS, dir, { recursive: true });
  for (const [name, change] of Object.entries(files)) {
    const file = join(dir, name);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(
      file,
      typeof change === "string" ? change : change(readFileSync(join(DEFAULTS, name), "utf8")),
    );
  }
  return dir;
}

function faultsOf(dir: string, agencies: readonly string[] = []): string[] {
  try {
    readTemplates(dir, agencies);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.faults.map((fault) => fault.replaceAll(`${dir}/`, ""));
  }
}

/** Each name with a text that says which it is. */
function fullView(name: TemplateName): View {
  return Object.fromEntries(
    Object.entries(TEMPLATES[name].fields).map(([field, kind]) => [
      field,
      typeof kind === "object" ? [Object.fromEntries(kind.map((row) => [row, `<${row}>`]))] : `<${field}>`,
    ]),
  );
}

test("the templates that come with the service are whole, Thai first, and show everything that they know", ({
  expect,
}) => {
  const templates = readTemplates(DEFAULTS, ["agency-a"]);
  for (const name of Object.keys(TEMPLATES) as TemplateName[]) {
    const { subject, text } = templates.render("agency-a", name, fullView(name));
    expect(subject, name).not.toBe("");
    expect(text, name).not.toMatch(/\{\{|\}\}/);
    expect(text.indexOf("<agencyTh>"), name).toBeGreaterThanOrEqual(0);
    expect(text.indexOf("<agencyTh>"), name).toBeLessThan(text.indexOf("<agencyEn>"));
    expect(text.replaceAll("\r\n", ""), name).not.toMatch(/[\r\n]/);
    for (const { oneOf } of TEMPLATES[name].required) {
      expect(
        oneOf.some((field) => `${subject}${text}`.includes(`<${field}>`)),
        `${name} ${oneOf}`,
      ).toBe(true);
    }
  }
  const { text } = templates.render("agency-a", "registered", fullView("registered"));
  for (const field of [
    "serviceHoursTh",
    "serviceHoursEn",
    "mailbox",
    "code",
    "verifyUrl",
    "deemedAtTh",
    "clockEn",
  ]) {
    expect(text, field).toContain(`<${field}>`);
  }
});

test("all faults of all files are told at once, with file and line", (context) => {
  const dir = folder(context, {
    "registered.txt": (text) =>
      text.replace("{{receiverName}}", "{{reciverName}}").replace("{{receiverName}}", ""),
    "rejected.txt": (text) => `${text}\n{{#reason}}\nnever closed`,
    "arrived.txt": (text) => text.replace("Subject:", "Betreff:"),
    "conditions-th.txt": (text) => `${text}{{registerNumber}}`,
    "corrected.txt": (text) => text.replace("{{#changes}}", "{{#changes}}{{length}}{{changes}}"),
    "cancelled.txt": (text) => `${text}{{constructor}}{{__proto__}}{{toString}}{{agencyTh.length}}{{.}}`,
    "alert.txt": "Subject: x\n\n{{letterId}} {{=<% %>=}} {{> /etc/passwd}} {{reasonTh}}",
    "recieved.txt": "Subject: x\n\n",
    "agency-a/registered.txt": "Subject: x\n\nno facts",
    "agency-z/registered.txt": "Subject: x\n\nno facts",
    "refused.txt": `Subject: x\n\n${"x".repeat(40_000)}`,
    "invalid.txt": "Subject: x\r\n\r\n\x1b[2J",
  });
  const faults = faultsOf(dir, ["agency-a"]);
  const expectFault = (pattern: RegExp) =>
    context
      .expect(
        faults.filter((fault) => pattern.test(fault)),
        String(pattern),
      )
      .not.toEqual([]);
  for (const pattern of [
    /^registered\.txt:\d\d: \{\{reciverName\}\} is not known here/,
    /^registered\.txt: does not show the receiver's name \(Annex 6 §1\.1\)/,
    /^rejected\.txt:\d\d: Unclosed section "reason"/,
    /^arrived\.txt:1: begins with a line "Subject: …"/,
    /^conditions-th\.txt:\d+: \{\{registerNumber\}\} is not known here/,
    /^corrected\.txt:8: \{\{length\}\} is not known here/,
    /^corrected\.txt:8: \{\{changes\}\} can only begin a section/,
    /^cancelled\.txt:\d\d: \{\{constructor\}\} is not known/,
    /^cancelled\.txt:\d\d: \{\{__proto__\}\} is not known/,
    /^cancelled\.txt:\d\d: \{\{agencyTh\.length\}\} is not known/,
    /^cancelled\.txt:\d\d: \{\{\.\}\} is not known/,
    /^alert\.txt:3: the marks/,
    /^recieved\.txt: no notice has this name/,
    /^agency-a\/registered\.txt: does not show the letter number/,
    /^agency-a\/registered\.txt: does not show how to verify it/,
    /^agency-z: there is no agency with this id/,
    /^refused\.txt: is larger/,
    /^invalid\.txt: holds a control character on line 3/,
  ])
    expectFault(pattern);
  context.expect(faultsOf(folder(context, {}), ["agency-a", "agency-b"])).toEqual([]);
  rmSync(join(dir, "registered.txt"));
  context.expect(faultsOf(dir)).toContain("registered.txt is missing");
});

test("a field inside a section does not count as shown: a letter could make it disappear", (context) => {
  const hidden = (text: string) =>
    text.replaceAll("{{receivingUnit}}", "{{#letterNumber}}{{receivingUnit}}{{/letterNumber}}");
  const dir = folder(context, { "registered.txt": hidden });
  context.expect(faultsOf(dir)).toEqual([expect_("the receiving unit")]);
  function expect_(what: string) {
    return context.expect.stringContaining(`registered.txt: does not show ${what}`);
  }
});

test("facts are lines: they write no header, no line of their own, no tag, and turn nothing round", (context) => {
  const templates = readTemplates(DEFAULTS, []);
  const hostile =
    "นร 1\r\nBcc: all@example.go.th\r\n\r\nbody\u2028next\u202e321\0{{evidenceId}}{{> conditions-th}}<b>&amp;\ud800";
  const view = {
    ...fullView("registered"),
    letterNumber: hostile,
    letterNumberPrinted: hostile,
    evidenceId: "ID",
  };
  const { subject, text } = templates.render("agency-a", "registered", view);
  context.expect(subject).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
  context.expect(subject).toContain("นร 1 Bcc: all@example.go.th body next 321 {{evidenceId}}");
  context.expect(text).not.toMatch(/^\s*(Bcc|body|next)/m);
  context.expect(text).not.toMatch(/[\0\u2028\u202e]/);
  context.expect(text).toContain("{{evidenceId}}{{> conditions-th}}<b>&amp;");
  const long = templates.render("agency-a", "registered", { ...view, letterNumber: "ก".repeat(5_000) });
  context.expect(long.subject.length).toBeLessThanOrEqual(250);
});

test("an agency's own texts stand beside the common ones; a template reads no prototype", (context) => {
  const dir = folder(context, {
    "agency-b/conditions-th.txt": "เงื่อนไขของหน่วยงาน ข {{serviceHoursTh}}\n",
    "agency-b/alert.txt": "Subject: ข {{agencyTh}}\n\n{{letterId}} {{reasonTh}}\n",
  });
  const templates = readTemplates(dir, ["agency-a", "agency-b"]);
  const view = fullView("registered");
  context
    .expect(templates.render("agency-b", "registered", view).text)
    .toContain("เงื่อนไขของหน่วยงาน ข <serviceHoursTh>");
  context.expect(templates.render("agency-a", "registered", view).text).not.toContain("เงื่อนไขของหน่วยงาน ข");
  context.expect(templates.render("agency-b", "alert", fullView("alert"))).toEqual({
    subject: "ข <agencyTh>",
    text: "<letterId> <reasonTh>\r\n",
  });
  // Known as a name, and not filled in: an empty text, not what every object has.
  const empty = templates.render("agency-a", "alert", {});
  context.expect(`${empty.subject}${empty.text}`).not.toMatch(/function|object|undefined|null/);
});
