import type { Level } from "./actor.ts";

/**
 * What something is done to: a letter, a list of letters, a person, a setting. Facts of the database, found by whoever asks
 * decide(), and never taken from the request.
 */
export interface Resource {
  /** Null: it concerns the whole installation. */
  readonly agencyId: string | null;
  /**
   * The unit that the letter belongs to; null: none, or, of a list, a search and a count, whatever of the agency the asker may see
   * (actingOf narrows it). Of a letter to be drafted: unitOfDraft().
   */
  readonly unit: string | null;
  /**
   * Of a letter: its class today; when that is to change, the graver of old and new. Of an appointment: the level that it is for.
   * Of anything else normal.
   */
  readonly secrecy: Level;
  /** Null: neither, or of both books. */
  readonly direction: "inbound" | "outbound" | null;
  /** The person is named for this classified letter and for this act, in force. */
  readonly isNamed: boolean;
  /** Handed in by this program, or addressed to it. */
  readonly isOwn: boolean;
  /**
   * It is the asker's own doing or the asker himself: the draft that he wrote or changed last, his own appointment, his own
   * request to break the glass, his own account. What is forbidden for oneself is denied where this is not said.
   */
  readonly isSelf?: boolean;
  /** approve: whether the agency wants another person than the author (outbound.fourEyes); not said: it does. */
  readonly fourEyes?: boolean;
}

/** What is no letter of anybody: people, settings, the log; and an agency's open register as a whole. */
export function ofAgency(agencyId: string | null, facts: Partial<Resource> = {}): Resource {
  return { ...NOTHING, ...facts, agencyId };
}

const NOTHING: Omit<Resource, "agencyId"> = {
  unit: null,
  secrecy: "normal",
  direction: null,
  isNamed: false,
  isOwn: false,
};
