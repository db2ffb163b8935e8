import { type ProblemCode, problems } from "../problem.ts";
import { PROBLEM } from "./examples.ts";
import type { Operation } from "./operation.ts";

/** The codes of problems with which an operation may answer, by HTTP status. */
export function problemsOf({
  access,
  problems: own = [],
  refusals = [],
  hasOwnErrors,
}: Operation): Map<number, string[]> {
  const found = new Map<number, string[]>();
  if (hasOwnErrors === true) return found;
  const codes = new Set<ProblemCode>([...accessProblems(access), ...own, "not-now"]);
  for (const code of codes) {
    const { status } = problems[code];
    found.set(status, [...(found.get(status) ?? []), code]);
  }
  if (refusals.length > 0) found.set(422, [...(found.get(422) ?? []), ...refusals]);
  return new Map([...found].sort(([a], [b]) => a - b));
}

/** What a request with a session's cookie may meet on any door. */
const SESSION_PROBLEMS: readonly ProblemCode[] = [
  "session-over",
  "other-site",
  "csrf-token-needed",
  "second-factor-needed",
  "second-factor-set-up-needed",
  "password-change-needed",
];

function accessProblems(access: Operation["access"]): ProblemCode[] {
  if (access === "public") return [];
  if (access === "people") return ["not-signed-in", ...SESSION_PROBLEMS, "too-many-requests"];
  const all: ProblemCode[] = ["no-token", "wrong-token", "too-many-wrong-tokens", "client-over-limit"];
  if (access === "clerks") return [...all, ...SESSION_PROBLEMS, "not-appointed", "people-only"];
  return [
    ...all,
    ...SESSION_PROBLEMS,
    "not-appointed",
    ...(access.scopes === "any" ? [] : (["scope-needed"] as const)),
    ...(access.programsOnly === true ? (["programs-only"] as const) : []),
  ];
}

const HEADERS: Readonly<Record<number, readonly string[]>> = {
  401: ["WWW-Authenticate"],
  403: ["WWW-Authenticate"],
  429: ["Retry-After", "RateLimit", "RateLimit-Policy"],
  503: ["Retry-After"],
};

/** The answers for these codes: problem details, in JSON or XML, with a code that is one of them. */
export function problemAnswer(status: number, codes: readonly string[]): object {
  const ref = { $ref: "#/components/schemas/ProblemDetails" };
  const schema = { allOf: [ref, { type: "object", properties: { code: { enum: codes } } }] };
  const words = codes.map((code) =>
    code in problems ? `\`${code}\`: ${problems[code as ProblemCode].en}` : `\`${code}\``,
  );
  const headers = HEADERS[status];
  return {
    description: words.join("\n\n"),
    ...(headers === undefined
      ? {}
      : {
          headers: Object.fromEntries(
            headers.map((name) => [name, { $ref: `#/components/headers/${name}` }]),
          ),
        }),
    content: {
      "application/problem+json": {
        schema,
        ...(codes.includes(PROBLEM.code) ? { example: PROBLEM } : {}),
      },
      "application/problem+xml": { schema: ref },
    },
  };
}
