import type { AcceptLetter, Alongside, Envelope } from "../../shared/letter/arrival/envelope.ts";
import type { Agency } from "../../shared/letter/directory.ts";
import type { SpooledBytes } from "../../shared/runtime/store.ts";
import type { Client } from "../clients/client.ts";

/** What a letter is accepted with. */
export interface AcceptParts {
  readonly acceptLetter: AcceptLetter;
}

/** The way a request came. */
export interface RequestWay {
  readonly door: "api" | "ecms";
  readonly remoteAddress: string;
  readonly tls: boolean;
  /** Content-Type as it came, with its boundary. */
  readonly mediaType: string;
}

/** Longer ones name no more: a boundary has at most 70 characters (RFC 2046 §5.1.1). */
export const LONGEST_MEDIA_TYPE = 400;

/**
 * The envelope of a letter that a program hands in, for the one agency that its client works with.
 * @param senderDomain in whose name: the client's own domain, or for a node that of the letter's sender
 */
export function programEnvelope(
  client: Client,
  agency: Pick<Agency, "id" | "domain" | "mailbox">,
  senderDomain: string | null,
  { door, remoteAddress, tls, mediaType }: RequestWay,
): Envelope {
  return {
    door,
    mailFrom: "",
    recipients: [{ address: `${agency.mailbox}@${agency.domain}`, agencyId: agency.id, unit: null }],
    remoteAddress,
    helo: "",
    smtpUtf8: false,
    tls,
    program: { mediaType: mediaType.slice(0, LONGEST_MEDIA_TYPE), clientId: client.id, senderDomain },
  };
}

/** accepted: durable, and on its way; already: a key that `alongside` uses up is in use, and nothing was written. */
export type ProgramAccepted =
  | { readonly result: "accepted"; readonly intakeId: string }
  | { readonly result: "already"; readonly constraint: string };

/**
 * Takes in what a program handed in: octets, arrival, job and the statements of `alongside` in one transaction, many
 * requests in one commit. Lets go of the octets in memory, however it ends.
 * @throws what the database throws (it is away, or refuses for another reason); nothing is written then
 */
export async function acceptProgramLetter(
  { acceptLetter }: AcceptParts,
  letter: {
    readonly envelope: Envelope;
    readonly spooled: SpooledBytes;
    /** Its statements break a unique key where the letter is here already. */
    readonly alongside: Alongside;
  },
): Promise<ProgramAccepted> {
  try {
    const { intakeIds } = await acceptLetter(letter.envelope, letter.spooled, letter.alongside);
    return { result: "accepted", intakeId: intakeIds[0] as string };
  } catch (error) {
    const { code, constraint } = error as { readonly code?: unknown; readonly constraint?: unknown };
    if (code === "23505" && typeof constraint === "string") return { result: "already", constraint };
    throw error;
  } finally {
    letter.spooled.discard();
  }
}
