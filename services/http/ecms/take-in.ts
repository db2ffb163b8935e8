import { Readable } from "node:stream";
import type { Notifier, SoapRequest } from "../../shared/ecms/message.ts";
import type { GovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import { wireTime } from "../../shared/ecms/wire-text.ts";
import { departmentOf } from "../../shared/ecms/write-document.ts";
import { letterTaken, notifierTaken } from "../../shared/ecms/write-soap.ts";
import type { EcmsDialect } from "../../shared/letter/directory.ts";
import { newId } from "../../shared/runtime/ids.ts";
import type { SpooledBytes } from "../../shared/runtime/store.ts";
import { acceptProgramLetter, programEnvelope, type RequestWay } from "../letters/accept-program-letter.ts";
import { insertingDocument } from "./document-store.ts";
import { echoDocument } from "./echo-document.ts";
import { type EcmsAnswer, refused } from "./ecms-answer.ts";
import type { EcmsCall } from "./ecms-call.ts";
import type { RoutedLetter } from "./judge-letter.ts";
import type { RoutedNotifier } from "./route-notifier.ts";

/** Takes in a letter that may be, with its identity, and answers with its echo. */
export async function takeLetter(
  call: EcmsCall,
  { operation, dialect }: Pick<SoapRequest, "operation" | "dialect">,
  document: GovernmentDocument,
  { key, sender, receiver }: RoutedLetter,
  spooled: SpooledBytes,
): Promise<EcmsAnswer> {
  const { parts, client } = call;
  // Small octets are let go of by then.
  const { inline, sha256 } = spooled;
  const processId = newId();
  const { at } = parts.now();
  const taken = await acceptProgramLetter(parts, {
    envelope: programEnvelope(client, addressOf(receiver), sender.domain, wayOf(call)),
    spooled,
    alongside: ({ intakeId, agencyId }) => [insertingDocument({ processId, agencyId, intakeId }, key, at)],
  });
  // Another request with the same letter was a moment faster.
  if (taken.result === "already") return refused(operation, "duplicate");
  const echo = echoDocument(document, () =>
    inline === null ? parts.letters.openStored(sha256) : Readable.from([inline]),
  );
  return {
    body: letterTaken({ processId, at }, echo.document, dialect),
    close: echo.close,
    operation,
    subjectId: taken.intakeId,
  };
}

/** Takes in a notifier, and answers with it and what this node adds: when, and which office accepted. */
export async function takeNotifier(
  call: EcmsCall,
  { dialect }: Pick<SoapRequest, "dialect">,
  notifier: Notifier,
  { receiver, senderDomain, acceptDepartment }: RoutedNotifier,
  spooled: SpooledBytes,
): Promise<EcmsAnswer> {
  const { parts, client } = call;
  const { at } = parts.now();
  const taken = await acceptProgramLetter(parts, {
    envelope: programEnvelope(client, addressOf(receiver), senderDomain, wayOf(call)),
    spooled,
    alongside: () => [],
  });
  if (taken.result === "already") throw new Error(`a notifier broke ${taken.constraint}`);
  const added = { ...notifier, acceptDate: wireTime(at), acceptDepartment: acceptDepartment ?? "" };
  return {
    body: notifierTaken({ processId: taken.intakeId, at }, inDialect(added, dialect)),
    operation: notifier.type,
    subjectId: taken.intakeId,
  };
}

/** Offices as the client's dialect writes them; the element stands there once, with one Code. */
export function inDialect(notifier: Notifier, dialect: EcmsDialect): Notifier {
  return { ...notifier, acceptDepartment: departmentOf(notifier.acceptDepartment ?? "", dialect === "1.0") };
}

function addressOf({ agency, domain }: RoutedNotifier["receiver"]): {
  id: string;
  domain: string;
  mailbox: string;
} {
  return { id: agency.id, domain, mailbox: agency.mailbox };
}

/** Room reading reads the octets by their type; clients that send none, or a wrong one, send XML all the same. */
export function wayOf({ remoteAddress, tls, mediaType }: EcmsCall): RequestWay {
  const isXml = /^(?:text|application)\/(?:soap\+)?xml(?=[\s;]|$)/i.test(mediaType);
  return { door: "ecms", remoteAddress, tls, mediaType: isXml ? mediaType : "text/xml" };
}
