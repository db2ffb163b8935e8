import type { AcceptClosed } from "../letter/arrival/accept-closed.ts";
import type { Alongside, Envelope } from "../letter/arrival/envelope.ts";
import type { ClosedFacts } from "../letter/closed-facts.ts";
import { closedMark } from "./closed-marks.ts";
import { type SealingKeys, sealFacts, wrapBodyKey } from "./seal-letter.ts";
import type { SealedSpool } from "./seal-request.ts";

export interface SealedIntake extends SealingKeys {
  readonly accept: AcceptClosed;
}

export interface LetterToSeal {
  readonly sealed: SealedSpool;
  readonly agencyId: string;
  readonly envelope: Envelope;
  readonly facts: ClosedFacts;
  /** The program that hands it in; "" for what a node gave. */
  readonly clientId: string;
  /** Equal for the same request when it comes again. */
  readonly fingerprint: string;
  /** Further statements of the transaction, made with the key of the agency's and level's marks. */
  readonly alongside: (indexKey: Buffer) => Alongside;
}

/**
 * Takes in a classified letter that was judged: sealed octets on disk, then arrival, sealed facts and work in one
 * transaction. Whatever comes of it, keys and what is not kept are gone from memory and disk.
 * @returns the arrival
 * @throws KeyFault, StoreError, what the database throws
 */
export async function takeInSealed(parts: SealedIntake, letter: LetterToSeal): Promise<string> {
  const { sealed, agencyId, envelope, facts, clientId, fingerprint, alongside } = letter;
  const { letterId, key, spool } = sealed;
  const place = { agencyId, level: facts.level };
  try {
    const { sha256, sizeBytes } = spool.content;
    const rows = await sealFacts(parts, letterId, agencyId, facts);
    const wrapped = await wrapBodyKey(parts, place, { letterId, part: 0, key });
    const indexKey = await parts.indexKeys.of(place);
    const kept = await spool.keep();
    const { intakeId } = await parts.accept(
      envelope,
      {
        ...rows,
        body: { ...kept, ...wrapped },
        handedIn: { sha256, sizeBytes },
        likeness: closedMark(indexKey, "request", [clientId, fingerprint]),
      },
      alongside(indexKey),
    );
    return intakeId;
  } finally {
    await sealed.drop();
  }
}
