import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { readJson } from "../../services/shared/runtime/settings.ts";
import type { CorpusRequest, ExpectedRequest } from "./ecms-expected.ts";

/** What a correct service must conclude from one file; the form is that of the shared corpus's expected.json. */
export interface ExpectedMail {
  readonly file: string;
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly outcome: ExpectedOutcome;
  readonly alsoAcceptable?: readonly ExpectedOutcome[];
  readonly acknowledge: boolean;
  readonly registrations: number;
  readonly letter: ExpectedLetter | null;
  /** Where the letter's facts stand: subject, body, pdf, filename, xml. */
  readonly where?: readonly string[];
  /** Not there: not compared. */
  readonly attachments?: readonly ExpectedAttachment[];
  /** The Message-ID of ours that a report speaks of, and what it says of it. */
  readonly relatesTo?: string;
  readonly delivery?: Readonly<Record<string, unknown>>;
  readonly after?: readonly string[];
  readonly precondition?: Readonly<Record<string, unknown>>;
  readonly messages?: number;
  readonly mustNotContain?: readonly string[];
  readonly mustContainLine?: string;
  readonly smtpUtf8?: boolean;
}

export type ExpectedOutcome =
  | "register"
  | "duplicate"
  | "possible-duplicate"
  | "ignore"
  | "triage"
  | "refuse";

/** null: cannot be derived from the file, and not compared; but a number or a date must not be invented. */
export interface ExpectedLetter {
  readonly number: string | null;
  readonly date: string | null;
  readonly subject: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly urgency: string | null;
  readonly secrecy: string | null;
}

export interface ExpectedAttachment {
  /** As sent and decoded. */
  readonly filename: string | null;
  readonly mimeType: string;
  /** null where the content cannot be decoded, and for message/rfc822. */
  readonly size: number | null;
  readonly sha256: string | null;
  readonly inline?: boolean;
  readonly contains?: readonly ExpectedAttachment[];
}

/** An agency of directory.json. */
export interface DirectoryEntry {
  readonly domain: string;
  readonly address: string;
  readonly name: string;
  readonly head?: string;
  readonly codeLetters?: string;
  readonly romanCode?: string;
  /** Ten digits, and the older five. */
  readonly organisationId?: string;
  readonly organisationIdShort?: string;
  /** Address of its e-CMS node. */
  readonly ecms?: string;
  /** Served by the service under test. */
  readonly own?: boolean;
}

/** A file to be sent. */
export interface CorpusMail {
  readonly expected: ExpectedMail;
  readonly octets: Buffer;
}

export interface Corpus {
  readonly mails: readonly CorpusMail[];
  /** null: the folder has no directory.json; the agencies of config/ are served. */
  readonly directory: readonly DirectoryEntry[] | null;
  /** Requests of the e-CMS exchange. */
  readonly requests: readonly CorpusRequest[];
  /** Mails that come after a request: the two are sent to installations of their own. */
  readonly notCounted: readonly string[];
}

/** The folder cannot be used: no such files, or files of another form. One line for each fault. */
export class CorpusFault extends Error {}

/** The folder of letters: the shared corpus where it lies beside the repository, else our own samples. */
export function chooseLetters(projectDir: string, given: string | undefined): string {
  if (given !== undefined) return given;
  const corpus = join(projectDir, "../shared/corpus");
  return existsSync(join(corpus, "expected.json")) ? corpus : join(projectDir, "samples");
}

/** @throws CorpusFault that names each fault and its place */
export async function loadCorpus(folder: string): Promise<Corpus> {
  const expected = (await readForm(join(folder, "expected.json"), "")) as {
    mail: ExpectedMail[];
    ecms?: ExpectedRequest[];
  };
  const ecms = (expected.ecms ?? []).map(({ file }) => file);
  const faults = [...mailFaults(expected.mail, ecms), ...requestFaults(expected.ecms ?? [])];
  if (faults.length > 0) throw new CorpusFault(faults.map((fault) => `expected.json: ${fault}`).join("\n"));
  const waiting = expected.mail.filter(({ file }) => ecms.some((door) => reaches(file, door, expected.mail)));
  const sendable = expected.mail.filter((mail) => !waiting.includes(mail));
  const mails = await Promise.all(
    sendable.map(async (mail) => ({ expected: mail, octets: await readOctets(folder, mail.file) })),
  );
  const directoryFile = join(folder, "directory.json");
  const directory = existsSync(directoryFile)
    ? ((await readForm(directoryFile, "#/$defs/directory")) as DirectoryEntry[])
    : null;
  if (directory !== null && !directory.some(({ own }) => own))
    throw new CorpusFault("directory.json: no agency is marked as own");
  const requests = await Promise.all(
    (expected.ecms ?? []).map(async (one) => ({ expected: one, octets: await readOctets(folder, one.file) })),
  );
  return { mails, requests, directory, notCounted: waiting.map(({ file }) => file) };
}

async function readForm(file: string, form: string): Promise<unknown> {
  const name = file.slice(file.lastIndexOf("/") + 1);
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CorpusFault(code === "ENOENT" ? `there is no ${file}` : `${name}: ${message}`);
  }
  const schema = readJson(fileURLToPath(new URL("expected.schema.json", import.meta.url)));
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  ajv.addSchema(schema, "corpus");
  const validate = ajv.getSchema(`corpus${form}`);
  if (!validate) throw new Error(`no form ${form}`);
  if (validate(content)) return content;
  const lines = (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const allowed = params["allowedValues"] === undefined ? "" : `: ${String(params["allowedValues"])}`;
    return `${name}: ${placeOf(content, instancePath)} ${message ?? "is not allowed"}${allowed}`;
  });
  throw new CorpusFault([...new Set(lines)].slice(0, 20).join("\n"));
}

/** "mail/a01.eml: letter.date" for "/mail/0/letter/date". */
function placeOf(content: unknown, instancePath: string): string {
  const [list, index, ...rest] = instancePath.split("/").slice(1);
  const entry = (content as Record<string, { file?: string }[]>)?.[list ?? ""]?.[Number(index)];
  const place = rest.join(".") || "the entry";
  return entry?.file === undefined ? instancePath || "the file" : `${entry.file}: ${place}`;
}

/** What has to go in first: the files of `after`, and an inbound letter that is a precondition. */
export function earlierOf({ after = [], precondition }: ExpectedMail): readonly string[] {
  const inbound = precondition?.["inboundLetter"];
  return typeof inbound === "string" ? [...after, inbound] : after;
}

function mailFaults(mails: readonly ExpectedMail[], withoutDoor: readonly string[]): string[] {
  const files = mails.map(({ file }) => file);
  return mails.flatMap((mail, index) => {
    const { file } = mail;
    const unknown = earlierOf(mail).filter((one) => !files.includes(one) && !withoutDoor.includes(one));
    return [
      ...(files.indexOf(file) === index ? [] : [`${file} stands there twice`]),
      ...(isOutside(file) ? [`${file} lies outside the folder`] : []),
      ...unknown.map((earlier) => `${file}: after names ${earlier}, which is not there`),
      ...(earlierOf(mail).some((earlier) => reaches(earlier, file, mails))
        ? [`${file}: after leads back to itself`]
        : []),
    ];
  });
}

function requestFaults(requests: readonly ExpectedRequest[]): string[] {
  const files = requests.map(({ file }) => file);
  return requests.flatMap(({ file, after = [], precondition }, index) => {
    const inbound = precondition?.inboundLetter;
    const earlier = [...after, ...(inbound === undefined ? [] : [inbound])];
    // Each stands behind those it names, so that none can lead back to itself.
    const unknown = earlier.filter((one) => !files.slice(0, index).includes(one));
    return [
      ...(files.indexOf(file) === index ? [] : [`${file} stands there twice`]),
      ...(isOutside(file) ? [`${file} lies outside the folder`] : []),
      ...unknown.map((one) => `${file}: after names ${one}, which does not stand before it`),
    ];
  });
}

function isOutside(file: string): boolean {
  return isAbsolute(file) || normalize(file).startsWith("..");
}

/** Whether `to` is `from`, or must go in before it. */
function reaches(
  from: string,
  to: string,
  mails: readonly ExpectedMail[],
  seen = new Set<string>(),
): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  const mail = mails.find(({ file }) => file === from);
  return mail !== undefined && earlierOf(mail).some((file) => reaches(file, to, mails, seen));
}

async function readOctets(folder: string, file: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, file));
  } catch (error) {
    throw new CorpusFault(`${file}: ${(error as Error).message}`);
  }
}
