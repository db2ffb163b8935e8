import fc, { type Arbitrary } from "fast-check";
import type { Schema } from "../../services/http/api-schemas.ts";
import type { Operation, Parameter } from "../../services/http/openapi/operation.ts";
import { type Schemas, SPITEFUL, valuesOf } from "./api-arbitraries.ts";
import { bodiesOf, pick } from "./api-bodies.ts";
import type { ApiInstallation, Caller } from "./api-installation.ts";
import type { Known } from "./api-known.ts";

export interface ApiRequest {
  readonly operation: Operation;
  readonly caller: Caller;
  readonly method: string;
  /** With its query string. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string | Buffer | null;
}

/** A request that is finished when it is sent. */
export type MakeRequest = (callers: ApiInstallation["callers"], known: Known) => ApiRequest;

/** Requests of an operation: with parameters, fields and bodies that are right, wrong, missing or spiteful. */
export function requestsOf(operation: Operation, schemas: Schemas): Arbitrary<MakeRequest> {
  const { method, path, access, parameters = [] } = operation;
  const inPath = parameters.filter((one) => one.in === "path");
  const inQuery = parameters.filter((one) => one.in === "query");
  const inHeader = parameters.filter((one) => one.in === "header" && one.name !== "Authorization");
  return fc
    .record({
      at: fc.nat(),
      useKnown: fc.integer({ min: 0, max: 9 }),
      who: whoAsks(access),
      place: fc.tuple(...inPath.map((one) => parameterValue(one, schemas))),
      query: fc.tuple(...inQuery.map((one) => queryValue(one, schemas))),
      more: fc.oneof(
        { weight: 15, arbitrary: fc.constant("") },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            "unknown=1",
            "limit=1&limit=2",
            "%ZZ",
            "a[]=1",
            "q=%00",
            "&&&",
            "after=%E0%B8",
          ),
        },
      ),
      fields: fc.tuple(...inHeader.map((one) => headerValue(one, schemas))),
      accept: fc.constantFrom(
        null,
        null,
        null,
        "application/json",
        "application/xml",
        "text/html",
        "*/*;q=0.1, application/xml",
        ",;q=",
        "x".repeat(2000),
      ),
      body: bodiesOf(operation, schemas),
    })
    .map(({ at, useKnown, who, place, query, more, fields, accept, body }) => (callers, known) => {
      const caller = callers[who];
      const links = known.linksOf(path);
      const link = useKnown < 8 && links.length > 0 ? pick([...links].reverse(), at % 60, "") : null;
      const filled =
        link ??
        inPath.reduce((text, { name }, index) => text.replace(`:${name}`, segment(place[index])), path);
      const asked = [
        ...(link?.includes("?")
          ? []
          : query.flatMap((value, index) => queryText(inQuery[index] as Parameter, value, known, at))),
        ...(more === "" ? [] : [more]),
      ].join("&");
      const headers = new Headers({
        "x-forwarded-for": `10.${at % 250}.${(at >> 8) % 250}.${(at >> 16) % 250}`,
      });
      const authorization =
        takesBasic(operation) && caller.basic !== null ? caller.basic : caller.authorization;
      if (authorization !== null) headers.set("authorization", authorization);
      // Now and then in the clear, where a session counts for nothing.
      if (at % 9 > 0) headers.set("x-forwarded-proto", "https");
      for (const [name, value] of Object.entries(caller.session?.fields() ?? {})) headers.set(name, value);
      if (accept !== null) headers.set("accept", accept);
      inHeader.forEach(({ name }, index) => {
        const value = fields[index];
        if (value != null)
          setField(
            headers,
            name,
            value === KNOWN_TAG ? String(pick(known.values("etag"), at, '"x"')) : value,
          );
      });
      const made = body?.(caller, known) ?? null;
      const sends = method === "get" ? null : made;
      if (sends?.type) setField(headers, "content-type", sends.type);
      return {
        operation,
        caller,
        method: method.toUpperCase(),
        path: asked === "" ? filled : `${filled}${filled.includes("?") ? "&" : "?"}${asked}`,
        headers,
        body: sends === null ? null : sends.octets,
      };
    });
}

function takesBasic({ id }: Operation): boolean {
  return id === "callEcms" || id === "getAccessToken";
}

type Who = keyof ApiInstallation["callers"];

/** Mostly somebody who may enter, and each of the others now and then. */
function whoAsks(access: Operation["access"]): Arbitrary<Who> {
  const likely: readonly Who[] =
    access === "people"
      ? ["person", "person", "otherPerson"]
      : access === "clerks"
        ? ["clerk", "clerk", "otherClerk", "person"]
        : access === "public" || access.programsOnly === true
          ? ["own", "office", "node"]
          : ["clerk", "own", "own", "office"];
  return fc.oneof(
    { weight: 7, arbitrary: fc.constantFrom(...likely) },
    {
      weight: 2,
      arbitrary: fc.constantFrom<Who[]>(
        "clerk",
        "otherClerk",
        "own",
        "office",
        "node",
        "reader",
        "nobody",
        "stranger",
        "person",
        "otherPerson",
      ),
    },
  );
}

const spitefulTexts = SPITEFUL.filter(
  (value) => typeof value === "string" && value.length < 500,
) as readonly string[];

function parameterValue({ schema, example }: Parameter, schemas: Schemas): Arbitrary<unknown> {
  return fc.oneof(
    { weight: 6, arbitrary: valuesOf(schema as Schema, schemas) },
    { weight: example === undefined ? 0 : 3, arbitrary: fc.constant(example) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        ...spitefulTexts,
        "-1",
        "0",
        "1e9",
        "99999999999",
        "x",
        "ก",
        "%ZZ",
        "%E0%B8",
        "%00",
        "%2F",
      ),
    },
  );
}

const LEFT_OUT = Symbol("left out");

function queryValue(parameter: Parameter, schemas: Schemas): Arbitrary<unknown> {
  const given = parameterValue(parameter, schemas);
  return fc.oneof(
    { weight: parameter.required === true ? 1 : 12, arbitrary: fc.constant(LEFT_OUT) },
    { weight: 6, arbitrary: given },
  );
}

/** An agency and a cursor are of no use unless they are known. */
function queryText({ name }: Parameter, value: unknown, known: Known, at: number): string[] {
  if (value === LEFT_OUT) return [];
  const one =
    name === "agency" && at % 10 < 8
      ? pick(["agency-a", "agency-b"], at, "")
      : /^(?:after|cursor)$/.test(name) && at % 3 > 0
        ? pick<unknown>([...known.values("next"), ...known.values("intakeId")], at, value)
        : value;
  return [one].flat().map((each) => `${name}=${encodeURIComponent(String(each).toWellFormed())}`);
}

function segment(value: unknown): string {
  const text = String(value).toWellFormed();
  // As they are: what no address may hold.
  if (/^%/.test(text)) return text;
  return text === "" || /^\.{1,2}$/.test(text) ? "%20" : encodeURIComponent(text);
}

const KNOWN_TAG = "known tag";

function headerValue({ name, schema }: Parameter, schemas: Schemas): Arbitrary<string | null> {
  const given =
    name === "Prefer"
      ? // Longer waits only take time.
        fc.constantFrom(
          "wait=0",
          "wait=1",
          "respond-async, wait=1",
          "wait=x",
          "wait=-1",
          ";;",
          `wait=0${" ".repeat(500)}`,
        )
      : name === "If-None-Match"
        ? fc.constantFrom(KNOWN_TAG, KNOWN_TAG, "*", '"x"', ",,,", "W/")
        : fc.oneof(
            valuesOf(schema as Schema, schemas).map(String),
            fc.constantFrom("", "x".repeat(300), "ไทย", "a b", "same-key"),
          );
  return fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: given });
}

/** What the library does not let out would not come in either. */
function setField(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value);
  } catch {
    headers.delete(name);
  }
}
