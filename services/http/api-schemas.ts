import { readdirSync } from "node:fs";
import { join } from "node:path";
import { projectDir, readJson } from "../shared/runtime/settings.ts";

/** As much of JSON Schema (2020-12) as schemas/api uses and readers of the API's document look at. */
export interface Schema {
  readonly $id?: string;
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly contentEncoding?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly $defs?: Readonly<Record<string, Schema>>;
  /** Has no XML form: an open JSON document, such as a statement whose signed form stands beside it. */
  readonly "x-json-only"?: boolean;
  /** Name of the elements in the XML form of an array. */
  readonly "x-item"?: string;
  /** Name of the root element of a document's XML form; without it the document has none. */
  readonly "x-element"?: string;
}

export interface ApiSchemas {
  /** In the order of their files' names. */
  readonly documents: readonly Schema[];
  /** What a $ref names, and the document in which further references of it are to be looked up. */
  resolve(ref: string, within: Schema): { readonly schema: Schema; readonly document: Schema };
}

/** Reads schemas/api/*.schema.json. */
export function readApiSchemas(): ApiSchemas {
  const folder = join(projectDir, "schemas/api");
  const documents = readdirSync(folder)
    .filter((name) => name.endsWith(".schema.json"))
    .sort()
    .map((name) => readJson(join(folder, name)) as Schema);
  return {
    documents,
    resolve(ref, within) {
      const [file = "", fragment = ""] = ref.split("#");
      const document =
        file === ""
          ? within
          : documents.find(({ $id = "" }) => $id === file || $id.slice($id.lastIndexOf("/") + 1) === file);
      if (document === undefined) throw new Error(`schemas/api: ${ref} names no file there`);
      let schema: unknown = document;
      for (const step of fragment.split("/").slice(1)) {
        schema = (schema as Record<string, unknown> | undefined)?.[step];
      }
      if (schema === undefined) throw new Error(`schemas/api: ${ref} names nothing`);
      return { schema: schema as Schema, document };
    },
  };
}
