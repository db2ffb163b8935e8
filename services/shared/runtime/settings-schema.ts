import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { URL_FORMATS, urlFault } from "./settings-urls.ts";

/** One setting as `schemas/settings.schema.json` declares it. */
export interface SettingDeclaration {
  readonly key: string;
  readonly env: string;
  readonly type: "string" | "integer" | "number" | "boolean";
  readonly description: string;
  readonly default: unknown;
  readonly secret: boolean;
  readonly allowed: string;
}

interface SchemaNode {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  pattern?: string;
  minLength?: number;
  properties?: Record<string, SchemaNode>;
  "x-env"?: string;
  "x-secret"?: boolean;
}

/** The settings that a schema declares, in its order; each leaf of the schema's tree is one. */
export function declaredSettings(schema: object): SettingDeclaration[] {
  const found: SettingDeclaration[] = [];
  const visit = (node: SchemaNode, path: string[]): void => {
    for (const [name, child] of Object.entries(node.properties ?? {})) {
      if (child.properties) {
        visit(child, [...path, name]);
        continue;
      }
      found.push({
        key: [...path, name].join("."),
        env: child["x-env"] ?? "",
        type: (child.type ?? "string") as SettingDeclaration["type"],
        description: child.description ?? "",
        default: child.default,
        secret: child["x-secret"] === true,
        allowed: allowedText(child),
      });
    }
  };
  visit(schema as SchemaNode, []);
  return found;
}

function allowedText(node: SchemaNode): string {
  if (node.enum) return `one of ${node.enum.map((value) => String(value)).join(", ")}`;
  if (node.type === "boolean") return "true or false";
  if (node.type === "integer" || node.type === "number") {
    const whole = node.type === "integer" ? "a whole number" : "a number";
    if (node.minimum !== undefined && node.maximum !== undefined) {
      return `${whole} from ${node.minimum} to ${node.maximum}`;
    }
    if (node.minimum !== undefined) return `${whole}, ${node.minimum} or more`;
    return whole;
  }
  return node.pattern ? `text that matches ${node.pattern}` : "text";
}

/**
 * Checks a tree of settings against the schema, filling in defaults in place.
 * @returns one line for each fault: the key, the value (hidden when secret) and what is allowed.
 */
export function settingFaults(schema: object, tree: Record<string, unknown>): string[] {
  const ajv = new Ajv2020({ allErrors: true, useDefaults: true, strict: true, allowUnionTypes: true });
  ajv.addVocabulary(["x-env", "x-secret"]);
  for (const format of URL_FORMATS) {
    ajv.addFormat(format, (text: string) => urlFault(format, text) === null);
  }
  const validate = ajv.compile(schema);
  if (validate(tree)) return [];
  const declared = new Map(declaredSettings(schema).map((setting) => [setting.key, setting]));
  return [...new Set((validate.errors ?? []).map((error) => faultLine(error, tree, declared)))];
}

function faultLine(
  error: ErrorObject,
  tree: Record<string, unknown>,
  declared: ReadonlyMap<string, SettingDeclaration>,
): string {
  const path = error.instancePath.split("/").slice(1);
  if (error.keyword === "additionalProperties") {
    const unknown = [...path, String(error.params["additionalProperty"])].join(".");
    return `${unknown}: there is no such setting`;
  }
  const key = path.join(".");
  const setting = declared.get(key);
  if (!setting) return `${key || "settings"}: ${error.message ?? "not allowed"}`;
  const value = path.reduce<unknown>((node, name) => (node as Record<string, unknown>)?.[name], tree);
  const shown = setting.secret ? "(hidden)" : JSON.stringify(value);
  if (error.keyword === "format") {
    const fault = urlFault(String(error.params["format"]), String(value));
    return `${key} (${setting.env}) is ${shown}: ${fault ?? "not allowed"}`;
  }
  return `${key} (${setting.env}) is ${shown}: allowed is ${setting.allowed}`;
}
