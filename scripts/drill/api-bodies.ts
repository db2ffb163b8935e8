import fc, { type Arbitrary } from "fast-check";
import type { Schema } from "../../services/http/api-schemas.ts";
import { envelope, keyed, letter } from "../../services/http/ecms/testing/soap.ts";
import { LETTER } from "../../services/http/openapi/examples.ts";
import type { Form, Operation } from "../../services/http/openapi/operation.ts";
import { newId } from "../../services/shared/runtime/ids.ts";
import { samplePdf } from "../../services/shared/testing/sample-pdf.ts";
import { act } from "./api-acts.ts";
import { type Change, change, changed, type Schemas, SPITEFUL, valuesOf } from "./api-arbitraries.ts";
import type { Caller } from "./api-installation.ts";
import type { Known } from "./api-known.ts";

export interface Body {
  /** Null: the request has no Content-Type. */
  readonly type: string | null;
  readonly octets: string | Buffer;
}

/** A body that is finished when it is sent: by then more is known. */
export type MakeBody = (caller: Caller, known: Known) => Body;

const PDF = samplePdf(0, (length) => Buffer.alloc(length));

/** The example of the document with a number and a page of its own: the same contents would be the same letter. */
export function soundLetter(at: number): object {
  const octets = samplePdf(700, (length) => Buffer.alloc(length, `letter ${at} `));
  const content = octets.toString("base64");
  const files = [{ name: "letter.pdf", mediaType: "application/pdf", role: "main", content }];
  return { ...LETTER, number: `นร 1200/${at}`, files };
}
const GARBAGE: readonly (string | Buffer)[] = [
  "",
  "{",
  "[]",
  "null",
  '"text"',
  "[".repeat(50_000),
  '{"a":'.repeat(10_000),
  '{"id":1,"id":2}',
  "\ufeff{}",
  Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
  Buffer.alloc(100_000, "x"),
  "<a><b></a></b>",
  "--x\r\n\r\n",
];
const TYPES = [
  null,
  "application/json",
  "application/json; charset=tis-620",
  "application/xml",
  "text/xml",
  "text/plain",
  "multipart/form-data",
  "multipart/form-data; boundary=",
  "application/x-www-form-urlencoded",
  "application/octet-stream",
  ";;;",
  "a/b/c",
];

/** Bodies of an operation: of each of its forms, whole and spoilt, and some that are nothing at all. */
export function bodiesOf({ id, body }: Operation, schemas: Schemas): Arbitrary<MakeBody | null> {
  if (body === undefined) {
    return fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: garbage });
  }
  const forms = Object.entries(body.forms).map(([type, form]) => formBody(id, type, form, schemas));
  return fc.oneof(
    { weight: 16, arbitrary: fc.oneof(...forms) },
    { weight: 3, arbitrary: garbage },
    { weight: 1, arbitrary: fc.constant(null) },
  );
}

const garbage: Arbitrary<MakeBody> = fc
  .record({ type: fc.constantFrom(...TYPES), octets: fc.constantFrom(...GARBAGE) })
  .map((made) => () => made);

const changes = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Change[]>([]) },
  { weight: 2, arbitrary: fc.array(change, { minLength: 1, maxLength: 2 }) },
);

function formBody(id: string, type: string, form: Form, schemas: Schemas): Arbitrary<MakeBody> {
  if (id === "callEcms") return soapBody;
  if (type === "application/xml")
    return spoilt(fc.constant(null).map(() => () => ({ type, octets: governmentDocument() })));
  if (type === "multipart/form-data") return id === "submitLetter" ? letterForm : checkForm;
  if (type === "application/x-www-form-urlencoded") return urlencoded(form, schemas);
  if (type === "*/*") return octetsBody;
  return jsonBody(id, form, schemas);
}

function jsonBody(id: string, { component, schema = {} }: Form, schemas: Schemas): Arbitrary<MakeBody> {
  const described = valuesOf(
    component === undefined ? (schema as Schema) : { $ref: `/${component}` },
    schemas,
  );
  const values: Arbitrary<(caller: Caller, known: Known) => unknown> =
    id === "doAct"
      ? fc.oneof(
          { weight: 4, arbitrary: act },
          { weight: 1, arbitrary: described.map((value) => () => value) },
        )
      : id === "submitLetter"
        ? fc.oneof(
            {
              weight: 2,
              arbitrary: described.map((value) => (caller: Caller) => ({
                ...(value as object),
                ...parties(caller),
              })),
            },
            { weight: 2, arbitrary: fc.nat().map((at) => (caller: Caller) => oneLetter(caller, at)) },
          )
        : id === "verifyReceipt"
          ? fc.oneof(
              described.map((value) => () => value),
              fc.nat().map((at) => (_caller: Caller, known: Known) => ({
                code: pick(known.values("receiptCode"), at, ""),
              })),
              fc.nat().map((at) => (_caller: Caller, known: Known) => ({
                jws: pick(known.values("jws"), at, "a.b.c"),
              })),
            )
          : described.map((value) => () => value);
  return fc.tuple(values, changes).map(([make, spoiling]) => (caller, known) => ({
    type: "application/json",
    octets: JSON.stringify(spoiling.reduce(changed, make(caller, known))) ?? "",
  }));
}

export function pick<Value>(values: readonly Value[], at: number, otherwise: Value): Value {
  return values[at % Math.max(1, values.length)] ?? otherwise;
}

/** In whose name a program hands in letters, and to whom. */
function parties({ name }: Caller): object {
  const to = { organisationId: name === "node" ? "0199800000" : "0199900000" };
  return name === "own"
    ? { to, from: { organisationId: "0199900000" } }
    : { to, from: { organisationId: "0101200000" } };
}

function oneLetter(caller: Caller, at: number): object {
  return { ...soundLetter(at % 100_000), ...parties(caller) };
}

const letterForm: Arbitrary<MakeBody> = fc
  .record({
    at: fc.nat(),
    spoiling: changes,
    names: fc.constantFrom(
      ["main"],
      ["main", "enclosure"],
      ["main", "enclosure", "enclosure"],
      [],
      ["main", "main"],
      ["other"],
      ["enclosure"],
    ),
    fileName: fc.constantFrom("letter.pdf", "หนังสือ.pdf", "../../x", "", 'a"b', "\u0000", "ก".repeat(300)),
    content: fc.oneof(
      fc.constant(PDF),
      fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets)),
    ),
    asXml: fc.boolean(),
    cut: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 80 }) }),
  })
  .map(({ at, spoiling, names, fileName, content, asXml, cut }) => (caller) => {
    const { files: _, ...facts } = oneLetter(caller, at) as { files?: unknown };
    const head = asXml
      ? { type: "application/xml", octets: governmentDocument() }
      : { type: "application/json", octets: JSON.stringify(spoiling.reduce(changed, facts)) ?? "" };
    const part = (name: string, more: string, type: string, octets: Buffer): Buffer =>
      Buffer.concat([
        Buffer.from(
          `--of-a-letter\r\nContent-Disposition: form-data; name="${name}"${more}\r\nContent-Type: ${type}\r\n\r\n`,
        ),
        octets,
        Buffer.from("\r\n"),
      ]);
    const parts = [
      part("letter", "", head.type, Buffer.from(head.octets)),
      ...names.map((name) =>
        part(name, `; filename="${fileName.replaceAll('"', "%22")}"`, "application/pdf", content),
      ),
      Buffer.from("--of-a-letter--\r\n"),
    ];
    const octets = Buffer.concat(parts);
    return {
      type: "multipart/form-data; boundary=of-a-letter",
      octets: octets.subarray(0, octets.length - cut),
    };
  });

const checkForm: Arbitrary<MakeBody> = fc.nat().map((at) => (_caller, known) => {
  const octets = String(
    pick<unknown>([...known.values("jws"), ...SPITEFUL.filter((value) => typeof value === "string")], at, ""),
  );
  const name = at % 2 === 0 ? "text" : "file";
  const more = name === "file" ? '; filename="receipt.jws"\r\nContent-Type: application/octet-stream' : "";
  return {
    type: "multipart/form-data; boundary=of-a-check",
    octets: `--of-a-check\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${octets}\r\n--of-a-check--\r\n`,
  };
});

function urlencoded({ component, schema = {} }: Form, schemas: Schemas): Arbitrary<MakeBody> {
  const described = valuesOf(
    component === undefined ? (schema as Schema) : { $ref: `/${component}` },
    schemas,
  );
  return fc
    .tuple(
      described,
      fc.constantFrom(
        "",
        "&scope=receipts",
        "&scope=submit+receipts",
        "&grant_type=password",
        "&a=%ZZ",
        "&scope=",
      ),
    )
    .map(([value, more]) => () => {
      const members = Object.entries((value ?? {}) as object).filter(
        ([name]) => more === "" || name !== "scope",
      );
      const form = new URLSearchParams(
        members.map(([name, member]): [string, string] => [name, String(member)]),
      );
      return { type: "application/x-www-form-urlencoded", octets: `${form}${more}` };
    });
}

const octetsBody: Arbitrary<MakeBody> = fc
  .record({
    type: fc.constantFrom(
      "application/pdf",
      "application/json",
      "text/html",
      "image/svg+xml",
      "application/octet-stream",
      "x/y",
    ),
    octets: fc.oneof(
      fc.constant(PDF),
      fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)),
    ),
  })
  .map((made) => () => made);

function governmentDocument(): string {
  const text = letter({ id: `นร ๑๒๐๐/${newId().slice(-6)}` });
  return text.slice(
    text.indexOf("<rsm:GovernmentDocument"),
    text.indexOf("</CorrespondenceLetterOutboundRequest>"),
  );
}

const REQUESTS = [
  "CorrespondenceLetterInboundRequest",
  "CorrespondenceLetterDeleteRequest",
  "CorrespondenceDeleteGovernmentDocumentRequest",
  "CorrespondenceLetterInboundSpecialRequest",
  "CorrespondenceLetterOutboundRequest",
  "OutboundStatusRequest",
  "TimeCheckRequest",
  "GetOrganizationList",
  "GetSecretCodes",
  "NoSuchRequest",
];

const soapBody: Arbitrary<MakeBody> = spoilt(
  fc
    .record({ at: fc.nat(), kind: fc.nat({ max: 3 }), dialect: fc.constantFrom("1.0", "2.0") })
    .map(({ at, kind, dialect }) => (caller: Caller, known: Known) => {
      const receiver = caller.name === "node" ? "0199800000" : "0199900000";
      const item = String(pick(known.values("id"), at, newId()));
      const request = pick(REQUESTS, at, "TimeCheckRequest");
      const octets =
        kind === 0
          ? letter({ id: `นร ๑๒๐๐/${at % 1000}`, receiver }, dialect)
          : kind === 1
            ? envelope(`<${request}/>`, dialect)
            : kind === 2
              ? envelope(`<${request}><ProcessID>${item}</ProcessID></${request}>`, dialect)
              : keyed(request, { id: `นร ๑๒๐๐/${at % 1000}`, receiver });
      return {
        type: pick(["text/xml", "text/xml; charset=tis-620", "application/soap+xml", ""], at, "text/xml"),
        octets,
      };
    }),
);

/** Some of them with something else in the middle, or cut off. */
function spoilt(bodies: Arbitrary<MakeBody>): Arbitrary<MakeBody> {
  const put = fc.constantFrom(
    "<",
    "&",
    "]]>",
    "<!DOCTYPE a>",
    "<a>".repeat(60),
    "\u0000",
    "</ram:ID>",
    "ก",
    "&#0;",
    "xmlns=''",
  );
  const spoiling = fc.oneof(
    { weight: 2, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.record({ place: fc.nat(), cut: fc.boolean(), put }) },
  );
  return fc.tuple(bodies, spoiling).map(([make, how]) => (caller, known) => {
    const { type, octets } = make(caller, known);
    if (how === null) return { type, octets };
    const whole = String(octets);
    const place = how.place % whole.length;
    return { type, octets: `${whole.slice(0, place)}${how.put}${how.cut ? "" : whole.slice(place)}` };
  });
}
