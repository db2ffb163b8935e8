import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import mustache from "mustache";
import { SettingsError } from "../../shared/runtime/settings.ts";
import { type Partial, type Template, templateFaults } from "./check-template.ts";
import { plainLine } from "./plain-line.ts";
import { PARTIALS, type PartialName, TEMPLATES, type TemplateName } from "./template-fields.ts";

/** What stands for the names of a template: texts, and rows of texts. Nothing else reaches a template. */
export type View = Readonly<Record<string, string | readonly Readonly<Record<string, string>>[]>>;

/** The texts of all notices, those of agencies that have their own included. */
export interface Templates {
  /** @returns one line for the subject; the text with CR LF */
  render(
    agencyId: string,
    name: TemplateName,
    view: View,
  ): { readonly subject: string; readonly text: string };
}

type Texts = Readonly<Record<TemplateName, Template>> & {
  readonly partials: Readonly<Record<PartialName, Partial>>;
};

const NAMES = Object.keys(TEMPLATES) as TemplateName[];
const LARGEST_FILE = 32 * 1024;
const LONGEST_SUBJECT = 250;

/**
 * Reads the templates of a folder: TYPE.txt for each type of receipt, alert.txt, and the parts that they share; a folder in
 * it that is named by an agency's id holds those which that agency has otherwise.
 * @throws SettingsError with all faults of all files at once: a notice that cannot be written must not be found out when
 *   the first letter of its kind comes
 */
export function readTemplates(folder: string, agencyIds: readonly string[]): Templates {
  const faults: string[] = [];
  const common = readFolder(folder, faults, agencyIds);
  const agencies = agencyIds.flatMap((id) => {
    const files = readFolder(join(folder, id), faults, null);
    return files.size === 0 ? [] : [{ id, files: new Map([...common, ...files]) }];
  });
  for (const name of [...NAMES, ...PARTIALS]) {
    if (!common.has(name)) faults.push(`${join(folder, `${name}.txt`)} is missing`);
  }
  for (const { files } of [{ files: common }, ...agencies]) {
    const { partials, ...templates } = textsOf(files);
    for (const name of NAMES)
      if (templates[name]) faults.push(...templateFaults(templates[name], partials, TEMPLATES[name]));
  }
  if (faults.length > 0) throw new SettingsError([...new Set(faults)]);
  const shared = textsOf(common);
  const own = new Map(agencies.map(({ id, files }) => [id, textsOf(files)]));
  const writer = new mustache.Writer();
  const config = { escape: (text: string) => text };
  return {
    render(agencyId, name, view) {
      const { [name]: template, partials } = own.get(agencyId) ?? shared;
      const parts = Object.fromEntries(PARTIALS.map((part) => [part, partials[part].body]));
      const prepared = prepare(view);
      const subject = plainLine(writer.render(template.subject, prepared, {}, config), LONGEST_SUBJECT);
      const text = writer.render(template.body, prepared, parts, config);
      return { subject, text: `${text.trimEnd()}\n`.replaceAll(/[ \t]*\r?\n/g, "\r\n") };
    },
  };
}

/** Cleaned, and without a prototype: what a template asks for is there by its own name or not at all. */
function prepare(view: View): object {
  return bare(view, (value) =>
    typeof value === "string" ? plainLine(value) : value.map((row) => bare(row, (text) => plainLine(text))),
  );
}

function bare<Value>(fields: Readonly<Record<string, Value>>, clean: (value: Value) => unknown): object {
  return Object.assign(
    Object.create(null),
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, clean(value)])),
  );
}

/** @param agencyIds folders that may stand there; null for such a folder itself */
function readFolder(
  folder: string,
  faults: string[],
  agencyIds: readonly string[] | null,
): Map<string, Partial> {
  const files = new Map<string, Partial>();
  for (const entry of listFolder(folder, faults, agencyIds !== null)) {
    const file = join(folder, entry.name);
    const name = entry.name.replace(/\.txt$/, "");
    if (entry.isDirectory() && agencyIds !== null) {
      if (!agencyIds.includes(entry.name)) faults.push(`${file}: there is no agency with this id`);
    } else if (![...NAMES, ...PARTIALS].includes(name as TemplateName) || !entry.name.endsWith(".txt")) {
      faults.push(`${file}: no notice has this name; there are ${[...NAMES, ...PARTIALS].join(", ")} (.txt)`);
    } else {
      const body = readText(file, faults);
      if (body !== null) files.set(name, { file, body });
    }
  }
  // Checked here, once, though a folder's template may be used for many agencies.
  for (const name of NAMES) {
    const { file, body } = files.get(name) ?? {};
    if (file !== undefined && body !== undefined && !/^Subject:[^\n]*\S[^\n]*\n\n/.test(body))
      faults.push(`${file}:1: begins with a line "Subject: …" and an empty one`);
  }
  return files;
}

function listFolder(folder: string, faults: string[], isNeeded: boolean): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (isNeeded || (error as NodeJS.ErrnoException).code !== "ENOENT")
      faults.push(`${folder}: ${(error as Error).message}`);
    return [];
  }
}

function readText(file: string, faults: string[]): string | null {
  try {
    const octets = readFileSync(file);
    if (octets.length > LARGEST_FILE) throw new Error(`is larger than ${LARGEST_FILE} octets`);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(octets).replaceAll("\r\n", "\n");
    const line = text.split("\n").findIndex((one) => /[\0-\x08\x0b-\x1f\x7f]/.test(one));
    if (line >= 0) throw new Error(`holds a control character on line ${line + 1}`);
    return text;
  } catch (error) {
    faults.push(`${file}: ${(error as Error).message}`);
    return null;
  }
}

function textsOf(files: ReadonlyMap<string, Partial>): Texts {
  const templates = NAMES.flatMap((name) => {
    const read = files.get(name);
    if (!read) return [];
    const [first = "", , ...rest] = read.body.split("\n");
    return [[name, { file: read.file, subject: first.replace(/^Subject:\s*/, ""), body: rest.join("\n") }]];
  });
  const partials = PARTIALS.map((name) => [name, files.get(name) ?? { file: `${name}.txt`, body: "" }]);
  return { ...Object.fromEntries(templates), partials: Object.fromEntries(partials) } as Texts;
}
