import type { OutboundFacts } from "../../shared/letter/outbound.ts";
import { markOfFileName, marksItself } from "../../shared/letter/own-markings.ts";

/** Whether a letter is classified by its own words or the names of its files. Files are not opened. */
export function isClassified(facts: OutboundFacts, fileNames: readonly string[]): boolean {
  // No door offers it; a row that another hand has written must not get out all the same.
  const { secrecy = "normal" } = facts as OutboundFacts & { readonly secrecy?: string };
  const { subject, text = "", references = [], enclosures = [] } = facts;
  return (
    secrecy !== "normal" ||
    marksItself({ subject: subject ?? "", text, references, enclosures }) ||
    fileNames.some((name) => markOfFileName(name) !== "normal")
  );
}
