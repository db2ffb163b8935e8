import { createConfig, lintFromString } from "@redocly/openapi-core";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { openapiDocument } from "./document.ts";
import { allOperations } from "./operations.ts";
import { problemsOf } from "./problem-answers.ts";

const ECMS = "/ecms-ws01/service2";

/** What the linter has to say, and why it stays: these doors refuse nothing, and those addresses are as they are. */
const ACCEPTED = new Set([
  // QR codes of issued receipts open the page wherever a proxy has put it, also as a folder.
  "no-path-trailing-slash #/paths/~1verify~1",
  // GET on the address of the SOAP door says what it is, as an error.
  "operation-2xx-response #/paths/~1ecms-ws01~1service2/get/responses",
  // Sends the browser to the OpenID provider.
  "operation-2xx-response #/paths/~1api~1v1~1oidc~1start/get/responses",
  ...[
    "~1api~1v1~1codes",
    "~1api~1v1~1time",
    "~1healthz",
    "~1readyz",
    "~1metrics",
    "~1openapi.json",
    "~1api~1v1~1openapi.json",
    "~1api~1docs",
    "~1api~1docs~1page.js",
    "~1api~1docs~1page.css",
  ].map((path) => `operation-4xx-response #/paths/${path}/get/responses`),
]);

test("a linter of OpenAPI finds nothing in the document", async () => {
  const config = await createConfig({
    extends: ["recommended-strict"],
    // The rule adds "nothing else" to each part of a schema, conditions too, where no example could pass.
    rules: { "no-invalid-media-type-examples": { severity: "error", allowAdditionalProperties: true } },
  });
  const found = await lintFromString({ source: JSON.stringify(openapiDocument(ECMS)), config });
  const told = found.map(({ ruleId, location: [place] }) => `${ruleId} ${place?.pointer}`);
  expect(told.filter((one) => !ACCEPTED.has(one))).toEqual([]);
});

test("the linter would find what is wrong", async () => {
  const document = openapiDocument(ECMS);
  (document["paths"] as Record<string, { get: object }>)["/api/v1/time"] = {
    get: { operationId: "getTime", responses: { 200: { description: "" } }, security: [{ nobody: [] }] },
  };
  const config = await createConfig({ extends: ["recommended-strict"] });
  const found = await lintFromString({ source: JSON.stringify(document), config });
  expect(found.map(({ ruleId }) => ruleId)).toContain("security-defined");
});

test("every schema compiles, and every example is one", () => {
  const document = openapiDocument(ECMS);
  const ajv = new Ajv2020({
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    validateFormats: true,
  });
  // ajv-formats is CommonJS: its function stands in `default`.
  (addFormats as unknown as { default: (to: Ajv2020) => void }).default(ajv);
  ajv.addKeyword("xml");
  ajv.addKeyword("components");
  const { schemas } = document["components"] as { schemas: Record<string, object> };
  ajv.addSchema({ $id: "https://saraban.example.go.th/openapi.json", components: { schemas } });
  for (const name of Object.keys(schemas)) {
    expect(
      ajv.getSchema(`https://saraban.example.go.th/openapi.json#/components/schemas/${name}`),
      name,
    ).toBeTypeOf("function");
  }
  for (const { id, body, answers } of allOperations(ECMS)) {
    const forms = [body?.forms ?? {}, ...Object.values(answers).map(({ forms = {} }) => forms)];
    for (const { component, example } of forms.flatMap((each) => Object.values(each))) {
      if (component === undefined || example === undefined) continue;
      const check = ajv.getSchema(
        `https://saraban.example.go.th/openapi.json#/components/schemas/${component}`,
      );
      expect({ id, component, fits: check?.(example), errors: check?.errors }).toMatchObject({ fits: true });
    }
  }
});

test("each operation has an id of its own, and says what may go wrong", () => {
  const operations = allOperations(ECMS);
  expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
  for (const operation of operations) {
    const statuses = [...problemsOf(operation).keys(), ...Object.keys(operation.answers).map(Number)];
    if (operation.access !== "public")
      expect(statuses, operation.id).toEqual(expect.arrayContaining([401, 403, 429, 503]));
  }
});
