import type { Schema } from "../api-schemas.ts";
import type { Scope } from "../clients/client.ts";
import type { ProblemCode } from "../problem.ts";

export const TAGS = {
  people: { th: "การเข้าสู่ระบบ บุคคล และคำสั่งแต่งตั้ง", en: "Signing in, people and their appointments" },
  access: {
    th: "การยืนยันตัวโปรแกรม",
    en: "Access tokens for programs",
  },
  letters: { th: "ส่งหนังสือด้วยโปรแกรม", en: "Letters that programs hand in" },
  inbox: { th: "กล่องขาเข้าของโปรแกรม", en: "What waits for a program" },
  register: { th: "ทะเบียนหนังสือและรายการรอลงทะเบียน", en: "The books, and the tray of clerks" },
  outbound: { th: "หนังสือส่งออก", en: "Letters of the agency's own" },
  receipts: { th: "ใบตอบรับและการตรวจสอบ", en: "Signed receipts, and their check" },
  reference: { th: "ข้อมูลอ้างอิง", en: "Code lists, directory, time" },
  ecms: { th: "e-CMS (SOAP)", en: "e-CMS (SOAP)" },
  operation: { th: "สถานะของระบบ", en: "State of the service, and this document" },
} as const;
export type Tag = keyof typeof TAGS;

/**
 * Who comes in. public: anybody; people: who has signed in, by the session's cookie; clerks: who has signed in and is appointed
 * to work with ordinary letters, and clerks with a token; else programs with any one of these scopes ("any": every
 * program), and people too unless it is for programs only.
 */
export type Access =
  | "public"
  | "people"
  | "clerks"
  | { readonly scopes: readonly Scope[] | "any"; readonly programsOnly?: boolean };

/** A parameter in the path, the query string or a header. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly description: string;
  readonly schema: Schema & {
    readonly pattern?: string;
    readonly maximum?: number;
    readonly default?: unknown;
  };
  readonly required?: boolean;
  readonly example?: unknown;
}

/** One form of a body: a schema, or the name of one of the components; neither for octets. */
export interface Form {
  readonly schema?: object;
  readonly component?: string;
  readonly example?: unknown;
  /** Of multipart/form-data: media types of parts. */
  readonly encoding?: Readonly<Record<string, { readonly contentType: string }>>;
}

/** An answer that is no problem, by its media types. */
export interface Answer {
  readonly description: string;
  readonly forms?: Readonly<Record<string, Form>>;
  /** Names of components/headers. */
  readonly headers?: readonly string[];
}

/** One operation of this room: a row of the table from which the document is made. */
export interface Operation {
  readonly method: "get" | "post" | "patch" | "delete";
  /** As the door registers it: /api/v1/letters/:id */
  readonly path: string;
  readonly id: string;
  readonly tag: Tag;
  readonly th: string;
  readonly en: string;
  readonly description?: string;
  readonly access: Access;
  readonly parameters?: readonly Parameter[];
  readonly body?: { readonly forms: Readonly<Record<string, Form>>; readonly isOptional?: boolean };
  readonly answers: Readonly<Record<number, Answer>>;
  /** Problems besides those that any request to such a door may meet. */
  readonly problems?: readonly ProblemCode[];
  /** Codes of 422 besides, which are no ProblemCode: why the registry refuses an act. */
  readonly refusals?: readonly string[];
  /** Of doors that do not answer with problem details. */
  readonly hasOwnErrors?: boolean;
}

export function component(name: string, example?: unknown): Form {
  return { component: name, ...(example === undefined ? {} : { example }) };
}

/** A JSON answer that is a component. */
export function answers(description: string, name: string, example?: unknown): Answer {
  return { description, forms: { "application/json": component(name, example) } };
}

/** The same, with its XML form. */
export function answersInBoth(description: string, name: string, example?: unknown): Answer {
  const form = component(name, example);
  return { description, forms: { "application/json": form, "application/xml": component(name) } };
}

/** A letter's file, as asFile (file-headers.ts) sends it. */
export const A_FILE: Answer = {
  description: "Its octets",
  forms: {
    "*/*": { schema: { description: "As the file's media type says, else application/octet-stream" } },
  },
  headers: ["Content-Disposition"],
};
