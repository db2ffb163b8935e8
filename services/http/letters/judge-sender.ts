import type { ClosedLevel } from "../../shared/closed/key-provider.ts";
import { tenDigits } from "../../shared/ecms/codes.ts";
import type { Secrecy } from "../../shared/letter/letter.ts";
import type { Client } from "../clients/client.ts";
import { judgeClass } from "../closed/judge-class.ts";
import { type Fault, problem } from "../problem.ts";
import type { OfficeDirectory } from "./office-directory.ts";

/** What a letter says of its class and its offices; null where it says nothing. */
export interface LetterHead {
  /** As it declares it; null for a word or a code that no list has. */
  readonly secrecy: Secrecy | null;
  readonly from: NamedOffice;
  readonly to: NamedOffice;
}

export interface NamedOffice {
  readonly organisationId: string | null;
  readonly domain: string | null;
  /** Where in the request it stands, as a pointer. */
  readonly pointer: string;
}

/**
 * Whether this client may hand in this letter. Asked before anything of it is kept.
 * @returns domain of the office in whose name it comes, and whether it goes on openly
 * @throws Problem 403 for letters graver than the client is appointed for and for another office's, 422 for one that goes to
 *   another agency
 */
export async function judgeSender(
  offices: OfficeDirectory,
  client: Client,
  { secrecy, from, to }: LetterHead,
): Promise<{ readonly senderDomain: string; readonly passage: "open" | ClosedLevel }> {
  const passage = judgeClass(client, secrecy);
  if (passage === null) throw problem("classified-here");
  const agency = await offices.agency(client.agencyId);
  const sender = client.senderDomain ?? (await namedDomain(offices, from));
  if (sender === null) throw problem("not-a-letter", [unknownOffice(from.pointer)]);
  if (client.senderDomain !== null && !(await isOffice(offices, from, sender))) {
    throw problem("other-office", [
      {
        pointer: from.pointer,
        en: `is not the office of this program, ${sender}`,
        th: `ไม่ใช่หน่วยงานของโปรแกรมนี้ (${sender})`,
      },
    ]);
  }
  if (!(await isOffice(offices, to, agency.domain))) {
    throw problem("not-a-letter", [
      {
        pointer: to.pointer,
        en: `is not the agency that this program hands letters in to, ${agency.domain}`,
        th: `ไม่ใช่หน่วยงานผู้รับที่โปรแกรมนี้ส่งหนังสือถึง (${agency.domain})`,
      },
    ]);
  }
  return { senderDomain: sender, passage };
}

/** Of a node, which passes on letters of all offices that the directory knows. */
async function namedDomain(
  offices: OfficeDirectory,
  { organisationId, domain }: NamedOffice,
): Promise<string | null> {
  const byNumber = organisationId === null ? null : await offices.byOrganisation(organisationId);
  const byName = domain === null ? null : await offices.byDomain(domain);
  if (organisationId !== null && domain !== null && byNumber?.domain !== byName?.domain) return null;
  return (byNumber ?? byName)?.domain ?? null;
}

/** Whether what is named may be the office of this domain; who names nothing names no other one. */
async function isOffice(
  offices: OfficeDirectory,
  { organisationId, domain }: NamedOffice,
  wanted: string,
): Promise<boolean> {
  if (domain !== null && domain.toLowerCase() !== wanted) return false;
  if (organisationId === null) return true;
  const office = await offices.byDomain(wanted);
  const own = office?.organisationId ?? null;
  if (own !== null) return tenDigits(organisationId) === own;
  // The directory has no number for this office: it must not be another one's.
  return (await offices.byOrganisation(organisationId)) === null;
}

function unknownOffice(pointer: string): Fault {
  return {
    pointer,
    en: "names the sending office by its organisationId or domain, as the directory has it",
    th: "ต้องระบุหน่วยงานผู้ส่งด้วยรหัสหน่วยงานหรือโดเมนที่มีในทะเบียนหน่วยงาน",
  };
}
