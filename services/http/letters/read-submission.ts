import { Readable } from "node:stream";
import type { Letter } from "../../shared/letter/exchange-types.ts";
import type { ByteStore, SpooledBytes } from "../../shared/runtime/store.ts";
import type { Client } from "../clients/client.ts";
import { readWhileStoring } from "../ecms/read-while-storing.ts";
import { type Fault, Problem, problem } from "../problem.ts";
import { type LetterCheck, mainFaults, openLetterCheck } from "./check-letter.ts";
import { type DocumentSchema, openDocumentSchema } from "./document-schema.ts";
import { judgeSender, type LetterHead } from "./judge-sender.ts";
import { openMemoryBudget } from "./memory-budget.ts";
import type { OfficeDirectory } from "./office-directory.ts";
import { parseJson, readBody } from "./read-body.ts";
import { fingerprintOf, readMultipartLetter } from "./read-multipart-letter.ts";
import { headOfDocument, readXmlLetter } from "./read-xml-letter.ts";

export const LARGEST_JSON_BYTES = 8 * 1024 * 1024;
export const LARGEST_LETTER_BYTES = 100 * 1024 * 1024;

/** JSON is held whole while it is checked, some three times over. */
const JSON_MEMORY_BYTES = 32 * 1024 * 1024;
const MOST_JSON_WAITING = 500;

/** A letter that may be taken in, its octets in the store. */
export interface ReadSubmission {
  readonly spooled: SpooledBytes;
  readonly senderDomain: string;
  /** Equal for the same request when it comes again, lower-case hex. */
  readonly fingerprint: string;
}

export interface SubmissionParts {
  readonly letters: Pick<ByteStore, "spool">;
  readonly offices: OfficeDirectory;
}

/** Reads a request's body to its end. @throws Problem when it is not to be taken in; then nothing of it is kept */
export type ReadSubmissionBody = (
  client: Client,
  source: Readable,
  mediaType: string,
  lengthBytes: number | null,
) => Promise<ReadSubmission>;

/** Compiles what letters are checked with, once. */
export function openSubmissions({ letters, offices }: SubmissionParts): ReadSubmissionBody {
  const check = openLetterCheck();
  const memory = openMemoryBudget(JSON_MEMORY_BYTES, MOST_JSON_WAITING);
  let loading: Promise<DocumentSchema> | undefined;
  const schema = (): Promise<DocumentSchema> => {
    loading ??= openDocumentSchema("government-document.xsd");
    return loading;
  };

  const readJson = async (client: Client, source: Readable, lengthBytes: number | null) => {
    if (lengthBytes !== null && lengthBytes > LARGEST_JSON_BYTES) throw problem("too-large");
    const release = await memory.take(lengthBytes ?? LARGEST_JSON_BYTES);
    if (release === null) throw problem("too-many-waiting");
    try {
      const octets = await readBody(source, LARGEST_JSON_BYTES);
      const senderDomain = await judgeSender(
        offices,
        client,
        headOf(checked(check, parseJson(octets), "json")),
      );
      const spooled = await letters.spool(Readable.from([octets]), { limitBytes: LARGEST_JSON_BYTES });
      return { spooled, senderDomain, fingerprint: spooled.sha256 };
    } finally {
      release();
    }
  };

  /** Stores what comes while it is read; what is not to be taken in leaves no file behind. */
  const readStreamed = async <Found extends object>(
    source: Readable,
    read: (octets: AsyncIterable<Buffer>) => Promise<Found | { readonly faults: readonly Fault[] }>,
    judge: (found: Found) => Promise<{ readonly senderDomain: string; readonly fingerprint: string | null }>,
  ): Promise<ReadSubmission> => {
    type Verdict = Awaited<ReturnType<typeof judge>> | Problem;
    const { verdict, spooled } = await readWhileStoring<
      Found | { readonly faults: readonly Fault[] },
      Verdict
    >(source, letters, LARGEST_LETTER_BYTES, read, async (found) => {
      try {
        if ("faults" in found) throw problem("not-a-letter", found.faults);
        return { keep: true, verdict: await judge(found as Found) };
      } catch (error) {
        if (error instanceof Problem) return { keep: false, verdict: error };
        throw error;
      }
    });
    if (verdict instanceof Problem) throw verdict;
    if (spooled === null) throw new Error("a letter that may be taken in was not stored");
    return {
      spooled,
      senderDomain: verdict.senderDomain,
      fingerprint: verdict.fingerprint ?? spooled.sha256,
    };
  };

  const readXml = async (client: Client, source: Readable) => {
    const documents = await schema();
    return readStreamed(
      source,
      (octets) => readXmlLetter(octets, documents, false),
      async ({ document }) => ({
        senderDomain: await judgeSender(offices, client, headOfDocument(document)),
        fingerprint: null,
      }),
    );
  };

  const readMultipart = (client: Client, source: Readable, mediaType: string) =>
    readStreamed(
      source,
      (octets) => readMultipartLetter(octets, mediaType),
      async (parts) => {
        const mains = mainFaults(parts.files.map(({ role }) => role));
        if (mains.length > 0) throw problem("not-a-letter", mains);
        const head = await headOfPart(parts.letterType, parts.letter);
        return { senderDomain: await judgeSender(offices, client, head), fingerprint: fingerprintOf(parts) };
      },
    );

  const headOfPart = async (type: string, octets: Buffer): Promise<LetterHead> => {
    if (type === "application/json") return headOf(checked(check, parseJson(octets), "part"));
    if (type !== "application/xml") {
      throw problem("not-a-letter", [
        {
          pointer: "/letter",
          en: "is application/json or application/xml",
          th: "ต้องเป็น application/json หรือ application/xml",
        },
      ]);
    }
    const read = await readXmlLetter(Readable.from([octets]), await schema(), true);
    if ("faults" in read) throw problem("not-a-letter", read.faults);
    if (read.document.objects.length > 0) {
      throw problem("not-a-letter", [
        {
          pointer: "/letter",
          en: "holds files itself; send it as application/xml",
          th: "มีแฟ้มอยู่ในเอกสาร ให้ส่งแบบ application/xml",
        },
      ]);
    }
    return headOfDocument(read.document);
  };

  return async (client, source, mediaType, lengthBytes) => {
    if (lengthBytes !== null && lengthBytes > LARGEST_LETTER_BYTES) throw problem("too-large");
    switch (mediaType.split(";")[0]?.trim().toLowerCase()) {
      case "application/json":
        return readJson(client, source, lengthBytes);
      case "application/xml":
        return readXml(client, source);
      case "multipart/form-data":
        return readMultipart(client, source, mediaType);
      default:
        throw problem("not-a-letter-type");
    }
  };
}

function checked(check: LetterCheck, asked: unknown, form: "json" | "part"): Letter {
  const result = check(asked, form);
  if ("faults" in result) throw problem("not-a-letter", result.faults);
  return result.letter;
}

function headOf({ secrecy = "normal", from, to }: Letter): LetterHead {
  const office = (party: Letter["from"], pointer: string): LetterHead["from"] => ({
    organisationId: party?.organisationId ?? null,
    domain: party?.domain ?? null,
    pointer,
  });
  return { isClassified: secrecy !== "normal", from: office(from, "/from"), to: office(to, "/to") };
}
