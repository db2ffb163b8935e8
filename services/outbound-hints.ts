/** What helps against a refusal of the registry, for who works at a command line. */
export function hintOf(refusal: string, letterId: string): string | undefined {
  switch (refusal) {
    case "who-drafted-it-does-not-approve-it":
      return "Another person signs it off: as another user of this machine, or with a token of his own (clerk add … --may approve). For trying it alone: outbound: { fourEyes: false } in config/agencies.yaml, then start again.";
    case "a-recipient-cannot-be-reached":
      return `Give the partner a mailbox in config/partners.yaml (saraban migrate reads it), or name an address: saraban outbound change ${letterId} --to saraban@…`;
    case "the-agency-has-no-letter-code":
      return "letterCode: stands with the agency in config/agencies.yaml (saraban migrate reads it).";
    case "another-version-was-seen":
    case "no-such-recipient":
      return `See saraban outbound show ${letterId}`;
    case "the-letter-is-not-approved":
      return `First: saraban outbound approve ${letterId} (with --send it goes out at once)`;
    case "the-letter-is-sent":
      return `A letter that was sent is asked back: saraban outbound recall ${letterId} --reason WHY [--replaced-by ID]`;
    case "no-recipients":
      return `saraban outbound change ${letterId} --to DOMAIN-OF-A-PARTNER | ADDRESS`;
    case "neither-text-nor-files":
      return `saraban outbound change ${letterId} --file LETTER.pdf`;
    default:
      return undefined;
  }
}
