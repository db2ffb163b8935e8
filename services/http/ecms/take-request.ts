import type { Readable } from "node:stream";
import { type SealedSpool, sealRequest } from "../../shared/closed/seal-request.ts";
import type { EcmsFault } from "../../shared/ecms/faults.ts";
import type { SoapRequest } from "../../shared/ecms/message.ts";
import type { GovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import { readSoapRequest } from "../../shared/ecms/soap-request.ts";
import { factsOfDocument } from "../../shared/letter/arrival/facts-of-document.ts";
import { isTextMisdeclared } from "../../shared/letter/arrival/misdeclared.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import type { SpooledBytes } from "../../shared/runtime/store.ts";
import { actingForClient } from "../clients/client-access.ts";
import { isAppointed } from "../closed/judge-class.ts";
import { type Judged, readWhileStoring, type Spooling } from "../read-while-storing.ts";
import { answerRequest, mayAsk } from "./answer-request.ts";
import { faultOfNotifier, isKeptClosed, takeClosedLetter } from "./closed-letters.ts";
import { isDocumentKept } from "./document-store.ts";
import { type EcmsAnswer, refused } from "./ecms-answer.ts";
import type { EcmsCall } from "./ecms-call.ts";
import { judgeLetter } from "./judge-letter.ts";
import { passOn } from "./pass-on.ts";
import { routeNotifier } from "./route-notifier.ts";
import { takeLetter, takeNotifier, wayOf } from "./take-in.ts";

/** What comes next: an answer already, or what is left to do once the octets are stored. */
type Verdict =
  | { readonly fault: EcmsFault }
  | { readonly answer: EcmsAnswer }
  | {
      readonly next: (spooled: SpooledBytes) => Promise<EcmsAnswer>;
      /** Whether a text among its files marks it as graver than it is declared; asked of appointed clients. */
      readonly text?: (openRaw: () => Readable) => Promise<boolean>;
    }
  | { readonly closed: (sealed: SealedSpool) => Promise<EcmsAnswer> };

/** What was understood, and is refused all the same, is answered as old clients read it; the rest as a fault of SOAP. */
const REFUSED_AS_LETTER: ReadonlySet<EcmsFault> = new Set([
  "no-letter",
  "not-a-document",
  "several-documents",
  "too-many-objects",
]);

/**
 * Reads a request and does what it asks. Only letters and notifiers that are taken in are stored; of everything else nothing is.
 * @returns fault: it was not understood, or there is no room for letters now (not-available)
 * @throws StoreError (no-space, too-large), what the database throws, and the source's own error
 */
export async function takeRequest(
  call: EcmsCall,
  source: Readable,
  limitBytes: number,
): Promise<EcmsAnswer | { readonly fault: EcmsFault }> {
  // Of an appointed client nothing lies on a disk in the clear before it is known what it is.
  const sealing = isAppointed(call.client) ? sealRequest(call.parts.closed.spools) : null;
  const { verdict, spooled } = await readWhileStoring(
    source,
    (sealing ?? call.parts.letters) as Spooling<SpooledBytes | SealedSpool>,
    limitBytes,
    (octets) => readSoapRequest(octets, null),
    async (request): Promise<Judged<Verdict>> => {
      const judged = await judge(call, request);
      return { keep: "next" in judged || "closed" in judged, verdict: judged };
    },
  );
  if ("fault" in verdict) return verdict;
  if ("answer" in verdict) return verdict.answer;
  if (spooled === null) throw new Error("what is to be taken in was not stored");
  if ("spool" in spooled)
    return "closed" in verdict ? verdict.closed(spooled) : opened(call, verdict, spooled, limitBytes);
  if ("closed" in verdict) throw new Error("a classified letter was not sealed");
  return verdict.next(spooled);
}

/** What was sealed while it came, and is not classified, goes the road of all others. */
async function opened(
  call: EcmsCall,
  { next, text }: Extract<Verdict, { next: unknown }>,
  sealed: SealedSpool,
  limitBytes: number,
): Promise<EcmsAnswer> {
  try {
    if (await text?.(() => sealed.spool.read()))
      return refused("CorrespondenceLetterOutboundRequest", "misdeclared");
    return await next(await sealed.spool.release(call.parts.letters, limitBytes));
  } finally {
    await sealed.drop();
  }
}

async function judge(call: EcmsCall, request: SoapRequest | { readonly fault: EcmsFault }): Promise<Verdict> {
  if ("fault" in request) {
    const { fault } = request;
    return REFUSED_AS_LETTER.has(fault)
      ? { answer: refused("CorrespondenceLetterOutboundRequest", fault) }
      : { fault };
  }
  if (!mayAsk(call.client, request)) return { answer: refused(request.operation, "not-allowed") };
  const { document, notifier } = request;
  if (document !== null) return judgeDocument(call, request, document);
  if (notifier === null) return { answer: await answerRequest(call, request) };
  if (!call.parts.queueRoom()) return { fault: "not-available" };
  const routed = await routeNotifier(call, notifier);
  if ("fault" in routed) return { answer: refused(request.operation, routed.fault) };
  const fault = await faultOfNotifier(call, notifier, routed.receiver.agency.id);
  if (fault !== null) return { answer: refused(request.operation, fault) };
  return { next: (spooled) => takeNotifier(call, request, notifier, routed, spooled) };
}

async function judgeDocument(
  call: EcmsCall,
  request: SoapRequest,
  document: GovernmentDocument,
): Promise<Verdict> {
  const { parts, client } = call;
  const routed = await judgeLetter(parts.offices, client, document);
  if ("fault" in routed) return { answer: refused(request.operation, routed.fault) };
  // Told before anything is stored. Of two that come at the same moment the table's key keeps one out.
  const agencyId = "partner" in routed ? client.agencyId : routed.receiver.agency.id;
  const acting = { ...actingForClient(client), agencies: [agencyId] };
  const isKept = await inTransaction(parts.database, acting, (transaction) =>
    isDocumentKept(transaction, routed.key),
  );
  const isClosedKept = !("partner" in routed) && (await isKeptClosed(call, agencyId, routed.key));
  if (isKept || isClosedKept) return { answer: refused(request.operation, "duplicate") };
  if (!parts.queueRoom()) return { fault: "not-available" };
  if ("partner" in routed) return { next: (spooled) => passOn(call, request, document, routed, spooled) };
  const { passage } = routed;
  if (passage !== "open")
    return { closed: (sealed) => takeClosedLetter(call, request, document, routed, passage, sealed) };
  const facts = factsOfDocument(document);
  return {
    next: (spooled) => takeLetter(call, request, document, routed, spooled),
    text: (openRaw) => isTextMisdeclared(facts, "normal", wayOf(call).mediaType, openRaw),
  };
}
