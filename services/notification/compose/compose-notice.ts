import type { Evidence } from "../../shared/letter/evidence/evidence.ts";
import { receiptPdf } from "../../shared/letter/evidence/receipt-pdf.ts";
import type { MailFile, OutgoingMail } from "../mail/outgoing-mail.ts";
import {
  type AlertFacts,
  type DisputeFacts,
  isDispute,
  isUnsigned,
  type SenderFacts,
} from "../notice-facts.ts";
import type { Notice } from "../notice-store.ts";
import { mailEnds } from "./mail-ends.ts";
import type { Templates, View } from "./read-templates.ts";
import { agencyView, inBoth, receiptView } from "./receipt-view.ts";
import { evidenceOfUnsigned, UNSIGNED_TOLD } from "./unsigned-notice.ts";

export interface ComposeParts {
  readonly templates: Templates;
  /** Whether receipts are attached as PDF too. */
  readonly withPdf: boolean;
}

/**
 * The message of a notice to the sender of an arrival, or to a person of the agency: text for people, Thai first, and its
 * receipt as JSON, as the signed JWS and as a PDF. A second try composes the same.
 */
export async function composeNotice(
  { templates, withPdf }: ComposeParts,
  notice: Notice,
  returnPath: string,
): Promise<OutgoingMail> {
  const { kind, facts, receipt } = notice;
  const ends = mailEnds(notice, returnPath);
  const agencyId = notice.agencyId;
  if (kind === "alert") {
    const words = isDispute(facts)
      ? templates.render(agencyId, "alert-dispute", disputeView(facts))
      : templates.render(agencyId, "alert", alertView(facts as AlertFacts));
    return { ...ends, ...words, autoSubmitted: "auto-generated", files: [] };
  }
  if (isUnsigned(facts)) {
    const evidence = evidenceOfUnsigned(facts);
    const view = receiptView({ evidence, told: UNSIGNED_TOLD, isCopy: kind === "copy" });
    const file = jsonFile(`receipt-${facts.evidenceId}.json`, facts);
    return { ...ends, ...templates.render(agencyId, evidence.type, view), files: [file] };
  }
  if (receipt === null) throw new Error(`notice ${notice.id} carries no receipt`);
  const { evidence, jws } = receipt;
  const view = receiptView({ evidence, told: (facts as SenderFacts).told, isCopy: kind === "copy" });
  const words = templates.render(agencyId, evidence.type, view);
  return { ...ends, ...words, files: await receiptFiles(evidence, jws, withPdf) };
}

/** A receipt as files: for programs, for who wants to check it, and for paper. */
export async function receiptFiles(evidence: Evidence, jws: string, withPdf: boolean): Promise<MailFile[]> {
  const name = `receipt-${evidence.evidenceId}`;
  return [
    jsonFile(`${name}.json`, evidence),
    { filename: `${name}.jws`, contentType: "application/jose", content: jws },
    ...(withPdf
      ? [
          {
            filename: `${name}.pdf`,
            contentType: "application/pdf",
            content: await receiptPdf(evidence, jws),
          },
        ]
      : []),
  ];
}

function jsonFile(filename: string, document: object): MailFile {
  const content = JSON.stringify(document, null, 2);
  return { filename, contentType: "application/json; charset=utf-8", content };
}

/** It goes out as plain mail, so it says nothing of the sender and none of his words. */
function alertView({ agency, intakeId, receivedAt, reason, keepUntil }: AlertFacts): View {
  const { reasonTh, reasonEn } = ALERT_WORDS[reason];
  return {
    ...agencyView(agency),
    letterId: intakeId,
    ...inBoth("receivedAt", receivedAt),
    ...inBoth("keptUntil", keepUntil),
    reasonTh,
    reasonEn,
  };
}

function disputeView({ agency, letterId, registerNumber, receivedAt }: DisputeFacts): View {
  return { ...agencyView(agency), letterId, registerNumber, ...inBoth("receivedAt", receivedAt) };
}

/** What happened, not what the sender should do. */
const ALERT_WORDS: Readonly<
  Record<AlertFacts["reason"], { readonly reasonTh: string; readonly reasonEn: string }>
> = {
  "classified-by-mail": {
    reasonTh: "มีชั้นความลับ ส่งทางไปรษณีย์อิเล็กทรอนิกส์ธรรมดาไม่ได้",
    reasonEn: "marked as classified, which plain mail may not carry",
  },
  infected: { reasonTh: "พบไวรัสคอมพิวเตอร์", reasonEn: "a virus was found in it" },
  "sender-not-accepted": {
    reasonTh: "ผู้ส่งไม่ใช่ผู้ที่อ้าง หรือเป็นผู้ส่งที่หน่วยงานไม่รับ",
    reasonEn: "its sender is forged, or not accepted by the agency",
  },
};
