import { takeInSealed } from "../../shared/closed/take-in-sealed.ts";
import type { Alongside } from "../../shared/letter/arrival/envelope.ts";
import { closedFacts } from "../../shared/letter/closed-facts.ts";
import type { Client } from "../clients/client.ts";
import { type ProgramAccepted, programEnvelope, type RequestWay } from "../letters/accept-program-letter.ts";
import type { Office, OfficeDirectory } from "../letters/office-directory.ts";
import type { ClosedSubmission } from "./closed-submission.ts";
import type { ClosedDoor } from "./open-closed-door.ts";

export interface HandInParts {
  readonly closed: ClosedDoor;
  readonly offices: OfficeDirectory;
}

/** A letter for this agency, and the keyed hashes of its place and level (closed-marks.ts). */
export interface ClosedHandIn {
  readonly client: Client;
  readonly agency: Office & { readonly agency: NonNullable<Office["agency"]> };
  readonly way: RequestWay;
  readonly letter: ClosedSubmission;
  /** Further statements of the transaction, made with the key of the agency's and level's marks. */
  readonly alongside: (indexKey: Buffer) => Alongside;
}

/**
 * Takes in a program's classified letter that was judged. Whatever comes of it, keys and what is not kept are gone from
 * memory and disk.
 * @throws KeyFault, StoreError, what the database throws
 */
export async function handInClosed(
  { closed, offices }: HandInParts,
  { client, agency, way, letter, alongside }: ClosedHandIn,
): Promise<ProgramAccepted> {
  const { sealed, level, facts, form, senderDomain, fingerprint } = letter;
  const { id: agencyId, mailbox } = agency.agency;
  try {
    const { sha256, sizeBytes } = sealed.spool.content;
    const found = await offices.byDomain(senderDomain);
    const office = found && {
      domain: found.domain,
      nameThai: found.nameThai,
      organisationId: found.organisationId,
    };
    const handedIn = { form, mediaType: way.mediaType, sha256, sizeBytes };
    // A node passes on letters of every office: whose this one is stands among its facts.
    const address = { id: agencyId, mailbox, domain: agency.domain };
    const intakeId = await takeInSealed(closed, {
      sealed,
      agencyId,
      envelope: programEnvelope(client, address, client.senderDomain, way),
      facts: closedFacts(facts, level, office, handedIn),
      clientId: client.id,
      fingerprint,
      alongside,
    });
    return { result: "accepted", intakeId };
  } catch (error) {
    const { code, constraint } = error as { readonly code?: unknown; readonly constraint?: unknown };
    if (code === "23505" && typeof constraint === "string") return { result: "already", constraint };
    throw error;
  } finally {
    await sealed.drop();
  }
}
