import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { schemaFault } from "../../runtime/schema-faults.ts";
import { projectDir, readJson } from "../../runtime/settings.ts";
import { dayOfIsoDate } from "../bangkok-day.ts";
import type { Evidence } from "./evidence.ts";

/** Compiled at the first use, once: it takes longer than all that is checked with it in a minute. */
let isEvidence: ValidateFunction<Evidence> | undefined;

/** What keeps a document from being a statement by schemas/evidence.schema.json, in English; null when it is one. */
export function evidenceFault(document: unknown): string | null {
  isEvidence ??= compile();
  if (isEvidence(document)) return null;
  const [fault] = isEvidence.errors ?? [];
  return fault ? schemaFault(fault) : "it does not agree with its schema";
}

/** The years that PostgreSQL, JavaScript and RFC 3339 all write with four digits. */
const YEAR = /^(?!0000)\d{4}-/;

function compile(): ValidateFunction<Evidence> {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
  ajv.addFormat("date", (text: string) => dayOfIsoDate(text) !== null);
  // The one spelling of an instant that we write (RFC 3339 §5.6), of a day that exists.
  ajv.addFormat("date-time", (text: string) => {
    const at = new Date(text);
    return YEAR.test(text) && !Number.isNaN(at.getTime()) && at.toISOString() === text;
  });
  return ajv.compile<Evidence>(readJson(join(projectDir, "schemas/evidence.schema.json")));
}
