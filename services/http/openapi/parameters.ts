import type { Parameter } from "./operation.ts";

const UUID = { type: "string", format: "uuid" } as const;
const ID = "0199c2f4-5b7e-7c31-9d7a-1f2e3d4c5b6a";

export function idInPath(name: string, description: string): Parameter {
  return { name, in: "path", description, schema: UUID, required: true, example: ID };
}

export const BOOK: Parameter = {
  name: "book",
  in: "path",
  description: "AGENCY.DIRECTION.SERIES",
  schema: { type: "string", pattern: "^[a-z0-9][a-z0-9-]{0,62}\\.(inbound|outbound)\\.[a-z]{1,20}$" },
  required: true,
  example: "agency-a.inbound.ordinary",
};

export function numberInPath(name: string, description: string, example: number): Parameter {
  return {
    name,
    in: "path",
    description,
    schema: { type: "integer", minimum: 1, maximum: 999 },
    required: true,
    example,
  };
}

export const AGENCY: Parameter = {
  name: "agency",
  in: "query",
  description: "Id of an agency of yours",
  schema: { type: "string", pattern: "^[a-z0-9][a-z0-9-]{0,62}$" },
  required: true,
  example: "agency-a",
};

export function limit(otherwise: number): Parameter {
  return {
    name: "limit",
    in: "query",
    description: "Of a page",
    schema: { type: "integer", minimum: 1, maximum: 100, default: otherwise },
  };
}

export const AFTER_ID: Parameter = {
  name: "after",
  in: "query",
  description: "The value of next in the page before",
  schema: UUID,
};

/** A page that begins after a number. */
export const AFTER_NUMBER: Parameter = {
  ...AFTER_ID,
  schema: { type: "string", pattern: "^[1-9][0-9]{0,8}$" },
};

/** Parameters of a list of an agency (agency-page.ts). */
export const AGENCY_PAGE: readonly Parameter[] = [AGENCY, limit(50), AFTER_ID];

export function prefer(longestSeconds: number, what: string): Parameter {
  return {
    name: "Prefer",
    in: "header",
    description: `wait=N (RFC 7240): waits up to N seconds, at most ${longestSeconds}, for ${what}`,
    schema: { type: "string", pattern: "^wait=[0-9]{1,3}$" },
    example: "wait=10",
  };
}

export const IDEMPOTENCY_KEY: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  description:
    "Chosen by the client, such as a UUID: the same request under the same key is taken in once. Without it, the same octets are taken in once a day",
  schema: { type: "string", pattern: '^"?[!#-~]{1,255}"?$' },
  example: ID,
};

export const IF_NONE_MATCH: Parameter = {
  name: "If-None-Match",
  in: "header",
  description: "ETag of an earlier answer: when nothing has changed, the answer is 304 without a body",
  schema: { type: "string", maxLength: 200 },
};
