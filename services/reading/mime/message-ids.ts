import { type HeaderLine, rawField } from "../../shared/mime/parse-mime.ts";

/** The first Message-ID in a field's text, with its angle brackets, or null. */
export function messageIdIn(value: string | null): string | null {
  return /<[^<>\s]{1,900}>/.exec(value ?? "")?.[0] ?? null;
}

/** Message-IDs of References and In-Reply-To, oldest first, at most 50. */
export function referencesOf(headers: readonly HeaderLine[]): string[] {
  const ids = [rawField(headers, "references"), rawField(headers, "in-reply-to")].flatMap(
    (value) => (value ?? "").slice(0, 40_000).match(/<[^<>\s]{1,900}>/g) ?? [],
  );
  return [...new Set(ids)].slice(-50);
}
