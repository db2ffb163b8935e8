/** Without white space and invisible characters, SARA AM composed: as expected.json's words are to be compared. */
export function comparedText(text: string): string {
  return text
    .replace(/[\s\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu, "")
    .replace(/\u0E4D([\u0E48-\u0E4B]?)\u0E32/gu, "$1\u0E33");
}
