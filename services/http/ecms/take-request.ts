import type { Readable } from "node:stream";
import type { EcmsFault } from "../../shared/ecms/faults.ts";
import type { SoapRequest } from "../../shared/ecms/message.ts";
import type { GovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import { readSoapRequest } from "../../shared/ecms/soap-request.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import type { SpooledBytes } from "../../shared/runtime/store.ts";
import { actingForClient } from "../clients/client-access.ts";
import { type Judged, type RequestSize, readWhileStoring } from "../read-while-storing.ts";
import { answerRequest, mayAsk } from "./answer-request.ts";
import { isDocumentKept } from "./document-store.ts";
import { type EcmsAnswer, refused } from "./ecms-answer.ts";
import type { EcmsCall } from "./ecms-call.ts";
import { judgeLetter } from "./judge-letter.ts";
import { passOn } from "./pass-on.ts";
import { routeNotifier } from "./route-notifier.ts";
import { takeLetter, takeNotifier } from "./take-in.ts";

/** What comes next: an answer already, or what is left to do once the octets are stored. */
type Verdict =
  | { readonly fault: EcmsFault }
  | { readonly answer: EcmsAnswer }
  | { readonly next: (spooled: SpooledBytes) => Promise<EcmsAnswer> };

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
  size: RequestSize,
): Promise<EcmsAnswer | { readonly fault: EcmsFault }> {
  const { verdict, spooled } = await readWhileStoring(
    source,
    call.parts.letters,
    size,
    (octets) => readSoapRequest(octets, null),
    async (request): Promise<Judged<Verdict>> => {
      const judged = await judge(call, request);
      return { keep: "next" in judged, verdict: judged };
    },
  );
  if ("fault" in verdict) return verdict;
  if ("answer" in verdict) return verdict.answer;
  if (spooled === null) throw new Error("what is to be taken in was not stored");
  return verdict.next(spooled);
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
  if (isKept) return { answer: refused(request.operation, "duplicate") };
  if (!parts.queueRoom()) return { fault: "not-available" };
  if ("partner" in routed) return { next: (spooled) => passOn(call, request, document, routed, spooled) };
  return { next: (spooled) => takeLetter(call, request, document, routed, spooled) };
}
