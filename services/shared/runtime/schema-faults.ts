import type { ErrorObject } from "ajv/dist/2020.js";

/** Where in a file of config/ a fault of its schema lies, for example "agencies.0.domain"; "the file" for its top level. */
export function placeOfFault({ instancePath }: ErrorObject): string {
  return instancePath.replace(/^\//, "").replaceAll("/", ".") || "the file";
}

/** A fault of a schema in one line: the place, what is wanted there, and the key that has no place or the values that have. */
export function schemaFault(error: ErrorObject): string {
  const { message, params } = error;
  const named: unknown = params["additionalProperty"] ?? params["allowedValues"];
  return `${placeOfFault(error)} ${message ?? "is not allowed"}${named === undefined ? "" : `: ${String(named)}`}`;
}
