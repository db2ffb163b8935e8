import mustache, { type Token } from "mustache";
import {
  type Field,
  type Fields,
  PARTIALS,
  type PartialName,
  type TemplateRules,
} from "./template-fields.ts";

/** A template of a notice as it was read: the words of its first line, and what follows. */
export interface Template {
  readonly file: string;
  readonly subject: string;
  readonly body: string;
}

/** A text that templates share. */
export interface Partial {
  readonly file: string;
  readonly body: string;
}

/** So deep may sections stand in each other. */
const DEEPEST = 4;
/** The body begins on the third line: after the subject and an empty one. */
const BODY_LINE = 3;

/**
 * What is wrong with a template, each fault with file and line: what cannot be parsed, names that nobody fills in, and facts
 * that have to be shown and are not. With the parts that it takes in, which have to fit each template that uses them.
 */
export function templateFaults(
  template: Template,
  partials: Readonly<Record<PartialName, Partial>>,
  { fields, required }: TemplateRules,
): string[] {
  const seen: Seen = { always: new Set(), anywhere: new Set() };
  const faults = [
    ...walk({ file: template.file, text: template.subject, firstLine: 1, fields, partials: null }, seen),
    ...walk({ file: template.file, text: template.body, firstLine: BODY_LINE, fields, partials }, seen),
  ];
  for (const { oneOf, always, because } of required) {
    const shown = always ? seen.always : seen.anywhere;
    if (oneOf.some((name) => shown.has(name))) continue;
    const where = always ? "outside of every section" : "anywhere";
    faults.push(`${template.file}: does not show ${because}: put {{${oneOf.join("}} or {{")}}} ${where}`);
  }
  return faults;
}

interface Seen {
  readonly always: Set<string>;
  readonly anywhere: Set<string>;
}

interface Walked {
  readonly file: string;
  readonly text: string;
  readonly firstLine: number;
  readonly fields: Fields;
  /** Null where none may be taken in. */
  readonly partials: Readonly<Record<PartialName, Partial>> | null;
}

function walk(walked: Walked, seen: Seen, depth = 0): string[] {
  const { file, text, firstLine } = walked;
  try {
    return walkTokens(new mustache.Writer().parse(text), walked, seen, depth);
  } catch (error) {
    // "Unclosed tag at 120": the place in characters becomes a line.
    const message = (error as Error).message;
    const place = Number(/ at (\d+)$/.exec(message)?.[1] ?? 0);
    return [`${file}:${firstLine + lineBreaks(text, place)}: ${message.replace(/ at \d+$/, "")}`];
  }
}

function walkTokens(tokens: readonly Token[], walked: Walked, seen: Seen, depth: number): string[] {
  const { file, text, firstLine, fields, partials } = walked;
  return tokens.flatMap((token) => {
    const [kind, name, start, , inner] = token;
    const fault = (words: string): string[] => [`${file}:${firstLine + lineBreaks(text, start)}: ${words}`];
    if (kind === "text" || kind === "!") return [];
    if (kind === ">") {
      if (partials === null) return fault(`{{> ${name}}} cannot stand here`);
      if (!isPartial(name)) return fault(`there is no part ${name}; there are ${PARTIALS.join(", ")}`);
      const { file: ofPart, body } = partials[name];
      return walk({ file: ofPart, text: body, firstLine: 1, fields, partials: null }, seen, depth);
    }
    if (kind === "=") return fault("the marks {{ and }} cannot be changed");
    const field: Field | undefined = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined)
      return fault(`{{${name}}} is not known here; known are ${Object.keys(fields).join(", ")}`);
    if (kind === "name" || kind === "&") {
      if (field !== "text") return fault(`{{${name}}} can only begin a section: {{#${name}}} … {{/${name}}}`);
      seen.anywhere.add(name);
      if (depth === 0) seen.always.add(name);
      return [];
    }
    if (depth >= DEEPEST) return fault("sections stand too deep in each other");
    const rows =
      kind === "#" && typeof field === "object"
        ? Object.fromEntries(field.map((row) => [row, "text" as const]))
        : {};
    const within = { ...walked, fields: { ...fields, ...rows } };
    return walkTokens(Array.isArray(inner) ? inner : [], within, seen, depth + 1);
  });
}

function isPartial(name: string): name is PartialName {
  return (PARTIALS as readonly string[]).includes(name);
}

function lineBreaks(text: string, upTo: number): number {
  return text.slice(0, upTo).split("\n").length - 1;
}
