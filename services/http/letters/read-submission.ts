import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ClosedLevel } from "../../shared/closed/key-provider.ts";
import { type SealedSpool, sealRequest } from "../../shared/closed/seal-request.ts";
import { factsOfDocument } from "../../shared/letter/arrival/facts-of-document.ts";
import { LARGEST_JSON_BYTES } from "../../shared/letter/arrival/json-letter.ts";
import type { LetterFacts } from "../../shared/letter/closed-facts.ts";
import type { Letter } from "../../shared/letter/exchange-types.ts";
import type { ByteStore, SpooledBytes } from "../../shared/runtime/store.ts";
import type { Client } from "../clients/client.ts";
import type { ClosedSubmission } from "../closed/closed-submission.ts";
import { factsOfJson, withFormFiles } from "../closed/facts-of-letter.ts";
import { isAppointed } from "../closed/judge-class.ts";
import type { ClosedDoor } from "../closed/open-closed-door.ts";
import { needRightClass, needRightText, settleSubmission } from "../closed/settle-submission.ts";
import { type Fault, Problem, problem } from "../problem.ts";
import { readWhileStoring } from "../read-while-storing.ts";
import { type LetterCheck, mainFaults, openLetterCheck } from "./check-letter.ts";
import { type DocumentSchema, openDocumentSchema } from "./document-schema.ts";
import { judgeSender, type LetterHead } from "./judge-sender.ts";
import { openMemoryBudget } from "./memory-budget.ts";
import type { OfficeDirectory } from "./office-directory.ts";
import { parseJson, readBody } from "./read-body.ts";
import { fingerprintOf, readMultipartLetter } from "./read-multipart-letter.ts";
import { headOfDocument, readXmlLetter } from "./read-xml-letter.ts";

export const LARGEST_LETTER_BYTES = 100 * 1024 * 1024;

/** JSON is held whole while it is checked, some three times over. */
const JSON_MEMORY_BYTES = 32 * 1024 * 1024;
const MOST_JSON_WAITING = 500;
/** A slow line brings the largest in this time, at 90 KB a second; others wait for its memory. */
const JSON_WITHIN_MS = 120_000;

/** Up to this size octets are committed with their row (store.ts); beyond they are a file, which must have a row. */
const LARGEST_INLINE_BYTES = 64 * 1024;

/** A letter that may be taken in openly, its octets in the store. */
export interface OpenSubmission {
  readonly spooled: SpooledBytes;
  readonly senderDomain: string;
  /** Equal for the same request when it comes again, lower-case hex. */
  readonly fingerprint: string;
}

/** What may be taken in, openly or as classified. */
export type ReadSubmission = OpenSubmission | { readonly closed: ClosedSubmission };

export interface SubmissionParts {
  readonly letters: Pick<ByteStore, "spool">;
  readonly offices: OfficeDirectory;
  readonly closed: Pick<ClosedDoor, "spools">;
}

/** A request as it comes in. */
export interface IncomingLetter {
  readonly client: Client;
  readonly source: Readable;
  /** Content-Type as it came. */
  readonly mediaType: string;
  readonly lengthBytes: number | null;
  /**
   * The arrival of the same request, when it came before. Asked for large ones, just before their file is kept: a client that
   * tries again, or a database that is away, would leave a file behind that belongs to nothing.
   * @throws Problem when its key was used for another request
   */
  known(fingerprint: string): Promise<string | null>;
}

/** Reads a request's body to its end. @throws Problem when it is not to be taken in; then nothing of it is kept */
export type ReadSubmissionBody = (
  letter: IncomingLetter,
) => Promise<ReadSubmission | { readonly knownId: string }>;

/** Compiles what letters are checked with, once. */
export function openSubmissions({ letters, offices, closed }: SubmissionParts): ReadSubmissionBody {
  const check = openLetterCheck();
  const memory = openMemoryBudget(JSON_MEMORY_BYTES, MOST_JSON_WAITING);
  let loading: Promise<DocumentSchema> | undefined;
  const schema = (): Promise<DocumentSchema> => {
    loading ??= openDocumentSchema("government-document.xsd");
    return loading;
  };

  const readJson = async ({ client, source, mediaType, lengthBytes, known }: IncomingLetter) => {
    if (lengthBytes !== null && lengthBytes > LARGEST_JSON_BYTES) throw problem("too-large");
    // As small as most letters are they count as nothing: their number is bounded, and they wait for no large one.
    const isSmall = lengthBytes !== null && lengthBytes <= LARGEST_INLINE_BYTES;
    const release = isSmall ? () => {} : await memory.take(lengthBytes ?? LARGEST_JSON_BYTES, client.id);
    if (release === null) throw problem("too-many-waiting");
    const timer = setTimeout(() => source.destroy(), JSON_WITHIN_MS);
    try {
      const octets = await readBody(source, LARGEST_JSON_BYTES);
      const letter = checked(check, parseJson(octets), "json");
      const { senderDomain, passage } = await judgeSender(offices, client, headOf(letter));
      const facts = isAppointed(client) ? factsOfJson(letter) : null;
      if (facts !== null) {
        needRightClass(facts, passage);
        await needRightText(facts, passage, mediaType, octets);
      }
      if (octets.length > LARGEST_INLINE_BYTES) {
        const knownId = await known(createHash("sha256").update(octets).digest("hex"));
        if (knownId !== null) return { knownId };
      }
      if (passage !== "open" && facts !== null) {
        const sealed = await sealRequest(closed.spools).spool(Readable.from([octets]), {
          limitBytes: LARGEST_JSON_BYTES,
        });
        const fingerprint = sealed.spool.content.sha256;
        return {
          closed: { sealed, level: passage, facts, form: "json" as const, senderDomain, fingerprint },
        };
      }
      const spooled = await letters.spool(Readable.from([octets]), { limitBytes: LARGEST_JSON_BYTES });
      return { spooled, senderDomain, fingerprint: spooled.sha256 };
    } finally {
      clearTimeout(timer);
      release();
    }
  };

  /** Stores what comes while it is read; what is not to be taken in leaves no file behind. */
  const readStreamed = async <Found extends object>(
    { client, source, mediaType, known }: IncomingLetter,
    form: "xml" | "multipart",
    read: (octets: AsyncIterable<Buffer>) => Promise<Found | NoLetter>,
    judge: (found: Found) => Promise<Judgement>,
  ): Promise<ReadSubmission | { readonly knownId: string }> => {
    let sizeBytes = 0;
    const counted = async function* (octets: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const piece of octets) {
        sizeBytes += piece.length;
        yield piece;
      }
    };
    // Of an appointed client nothing lies on a disk in the clear before it is known what it is.
    const sealing = isAppointed(client) ? sealRequest(closed.spools) : null;
    const { verdict, spooled } = await readWhileStoring<
      Found | NoLetter,
      Judgement | { readonly knownId: string } | Problem,
      SpooledBytes | SealedSpool
    >(
      source,
      sealing ?? letters,
      LARGEST_LETTER_BYTES,
      (octets) => read(counted(octets)),
      async (found) => {
        try {
          if ("faults" in found) throw problem("not-a-letter", found.faults);
          const judgement = await judge(found as Found);
          const knownId = sizeBytes > LARGEST_INLINE_BYTES ? await known(judgement.fingerprint) : null;
          return knownId === null
            ? { keep: true, verdict: judgement }
            : { keep: false, verdict: { knownId } };
        } catch (error) {
          if (error instanceof Problem) return { keep: false, verdict: error };
          throw error;
        }
      },
    );
    if (verdict instanceof Problem) throw verdict;
    if ("knownId" in verdict) return verdict;
    if (spooled === null) throw new Error("a letter that may be taken in was not stored");
    const { passage, facts, senderDomain, fingerprint } = verdict;
    if (!("spool" in spooled)) return { spooled, senderDomain, fingerprint };
    const judged = { passage, facts, form, senderDomain, fingerprint, mediaType };
    const settled = await settleSubmission(spooled, judged, letters, LARGEST_LETTER_BYTES);
    return "closed" in settled ? settled : { ...settled, senderDomain, fingerprint };
  };

  const readXml = async (letter: IncomingLetter) => {
    const documents = await schema();
    const hash = createHash("sha256");
    const hashed = async function* (octets: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const piece of octets) {
        hash.update(piece);
        yield piece;
      }
    };
    return readStreamed(
      letter,
      "xml",
      (octets) => readXmlLetter(hashed(octets), documents, false),
      async ({ document }) => {
        const judged = await judgeSender(offices, letter.client, headOfDocument(document));
        return withFacts(letter.client, {
          ...judged,
          facts: factsOfDocument(document),
          fingerprint: hash.digest("hex"),
        });
      },
    );
  };

  const readMultipart = (letter: IncomingLetter) =>
    readStreamed(
      letter,
      "multipart",
      (octets) => readMultipartLetter(octets, letter.mediaType),
      async (parts) => {
        const mains = mainFaults(parts.files.map(({ role }) => role));
        if (mains.length > 0) throw problem("not-a-letter", mains);
        const { head, facts } = await readPart(parts.letterType, parts.letter);
        const judged = await judgeSender(offices, letter.client, head);
        return withFacts(letter.client, {
          ...judged,
          facts: withFormFiles(facts, parts.files),
          fingerprint: fingerprintOf(parts),
        });
      },
    );

  const readPart = async (
    type: string,
    octets: Buffer,
  ): Promise<{ readonly head: LetterHead; readonly facts: LetterFacts }> => {
    if (type === "application/json") {
      const letter = checked(check, parseJson(octets), "part");
      return { head: headOf(letter), facts: factsOfJson(letter) };
    }
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
    return { head: headOfDocument(read.document), facts: factsOfDocument(read.document) };
  };

  return async (letter) => {
    if (letter.lengthBytes !== null && letter.lengthBytes > LARGEST_LETTER_BYTES) throw problem("too-large");
    switch (letter.mediaType.split(";")[0]?.trim().toLowerCase()) {
      case "application/json":
        return readJson(letter);
      case "application/xml":
        return readXml(letter);
      case "multipart/form-data":
        return readMultipart(letter);
      default:
        throw problem("not-a-letter-type");
    }
  };
}

type NoLetter = { readonly faults: readonly Fault[] };
type Judgement = Omit<OpenSubmission, "spooled"> & {
  readonly passage: "open" | ClosedLevel;
  readonly facts: LetterFacts;
};

/** What everybody else hands in is looked into by room reading, when it is in. */
function withFacts(client: Client, judgement: Judgement): Judgement {
  if (isAppointed(client)) needRightClass(judgement.facts, judgement.passage);
  return judgement;
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
  return { secrecy, from: office(from, "/from"), to: office(to, "/to") };
}
