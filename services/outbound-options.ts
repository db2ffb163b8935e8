import { FACT_OPTIONS, type FactOptions, factsOf } from "./fact-options.ts";
import type { OutboundFacts, RecipientChannel, RecipientFacts } from "./shared/letter/outbound.ts";

/** Options that say what stands in an outbound letter. */
export const LETTER_OPTIONS = {
  ...FACT_OPTIONS,
  to: { type: "string", multiple: true },
  file: { type: "string", multiple: true },
  text: { type: "string" },
  circular: { type: "boolean" },
  addressee: { type: "string" },
  owner: { type: "string" },
  replaces: { type: "string" },
} as const;

export interface LetterOptions extends Omit<FactOptions, "to"> {
  /** A partner's domain, an address, or "NAME <address>"; any number of them. */
  readonly to?: string[] | undefined;
  readonly text?: string | undefined;
  readonly circular?: boolean | undefined;
  /** ถึง, as the book says it. */
  readonly addressee?: string | undefined;
  readonly owner?: string | undefined;
  readonly replaces?: string | undefined;
}

export const LETTER_USAGE = `--subject …, --to [mail:|ecms:]DOMAIN-OF-A-PARTNER | ADDRESS | "NAME <ADDRESS>"…, --file FILE… (the letter first), --circular,
  --text WORDS-OF-THE-MAIL, --date, --from, --addressee, --action, --remarks, --urgency, --kind, --reference…, --enclosure…,
  --owner ADDRESS (told when nobody answers), --replaces ID`;

/**
 * The letter that the options describe. Whether its values are allowed is the act's check to say.
 * @param base what it says so far: an option that is not given changes nothing, a list that is given replaces the whole list
 * @param files ids of uploaded files; null when none are given
 * @returns null when the date cannot be read
 */
export function letterOf(
  options: LetterOptions,
  base: OutboundFacts | null,
  files: readonly string[] | null,
): OutboundFacts | null {
  const { to, addressee, text, circular, owner, replaces, ...rest } = options;
  const facts = factsOf({
    ...rest,
    ...(addressee === undefined ? {} : { to: addressee }),
    number: undefined,
  });
  if (facts === null) return null;
  return {
    ...base,
    ...facts,
    series: circular === undefined ? (base?.series ?? "ordinary") : circular ? "circular" : "ordinary",
    recipients: to?.map(recipientOf) ?? base?.recipients ?? [],
    files: files ?? base?.files ?? [],
    ...(text === undefined ? {} : { text }),
    ...(owner === undefined ? {} : { ownerMail: owner }),
    ...(replaces === undefined ? {} : { replaces }),
  };
}

/** "NAME <ADDRESS>", an address, or the domain of a partner; mail:DOMAIN or ecms:DOMAIN for one channel and no other. */
export function recipientOf(text: string): RecipientFacts {
  const [, name, inBrackets] = /^([^<>]{1,300})<([^<>]{1,254})>$/.exec(text.trim()) ?? [];
  const address = (inBrackets ?? text).trim();
  const named = name === undefined || name.trim() === "" ? {} : { name: name.trim() };
  if (address.includes("@")) return { ...named, address };
  const [, channel, partner = address] = /^(mail|ecms):(.*)$/.exec(address) ?? [];
  return { ...named, partner, ...(channel === undefined ? {} : { channel: channel as RecipientChannel }) };
}
