import type { ClosedLevel } from "../../shared/closed/key-provider.ts";
import { SECRECIES, type Secrecy } from "../../shared/letter/letter.ts";
import type { Client } from "../clients/client.ts";

/** Whether a client is appointed for any classified letters: what such a one sends is sealed before anybody knows what it is. */
export function isAppointed({ level }: Pick<Client, "level">): boolean {
  return level !== "normal";
}

/**
 * How a letter of this class from this client goes on: openly, or closed under its level; null: it is refused. A client hands in what it is
 * appointed for, and nothing graver (Annex 6 §2.2.9). ลับที่สุด goes no electronic way, whoever sends it.
 * @param secrecy as the letter declares it; null for a word or a code that no list has
 */
export function judgeClass(
  { level }: Pick<Client, "level">,
  secrecy: Secrecy | null,
): "open" | ClosedLevel | null {
  if (secrecy === "normal") return "open";
  if (secrecy === null || secrecy === "top-secret") return null;
  return SECRECIES.indexOf(secrecy) <= SECRECIES.indexOf(level) ? secrecy : null;
}
