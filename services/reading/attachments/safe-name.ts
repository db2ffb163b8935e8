const MAX_CHARACTERS = 120;
const MAX_BYTES = 200;
// Windows opens a device by these names, whatever stands behind the first dot.
const RESERVED = /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])$/i;
// What a double click would run, on any desktop.
const RUNS =
  /^(?:exe|com|scr|pif|bat|cmd|vbs?|vbe|jse?|wsf|wsh|hta|lnk|msi|msp|cpl|ps1|psm1|reg|jar|dll|sh|app|apk|elf|dmg|pkg|deb|rpm|iso|img|vhdx?|chm|scf|url|inf|xll|iqy|settingcontent-ms|appinstaller)$/i;

/**
 * The name under which an attachment may be saved, on any system: one path component in NFC of at most 120 characters
 * and 200 octets in UTF-8, never empty, without device names, controls and direction marks. The extension tells the type
 * of the content where that is known; what would run by a double click gets ".bin" behind.
 *
 * @param typical extensions of the content's type, the usual one first; empty when the type is unknown
 * @param taken names given so far, in lower case, with the next number behind each; the new one is added, so that none
 *   overwrites another
 */
export function safeName(
  name: string | null,
  typical: readonly string[],
  taken: Map<string, number>,
): string {
  let base = lastPart((name ?? "").slice(0, 1_000).normalize("NFC"))
    .replace(/\p{C}|\p{Default_Ignorable_Code_Point}|[\u2028\u2029\uFFFD]/gu, "")
    .replace(/[<>:"|?*]/g, "_")
    .replace(/\s+/gu, " ");
  base = trimmed(base);
  const [usual] = typical;
  const extension = extensionOf(base).toLowerCase();
  if (base === "") base = usual === undefined ? "attachment" : `attachment.${usual}`;
  else if (usual !== undefined && !typical.includes(extension)) base = `${base}.${usual}`;
  if (RUNS.test(extensionOf(base))) base = `${base}.bin`;
  if (RESERVED.test((base.split(".")[0] ?? "").trim())) base = `_${base}`;

  const plain = cut(base, "");
  let copy = taken.get(plain.toLowerCase()) ?? 1;
  let given = copy === 1 ? plain : cut(base, ` (${copy})`);
  while (taken.has(given.toLowerCase())) given = cut(base, ` (${++copy})`);
  // Hundreds of one name must not be tried one by one again.
  taken.set(plain.toLowerCase(), copy + 1);
  taken.set(given.toLowerCase(), Math.max(2, taken.get(given.toLowerCase()) ?? 2));
  return given;
}

/** Without its dot; empty when the name has none that could be one. */
export function extensionOf(name: string): string {
  return /\.([a-z0-9][a-z0-9-]{0,20})$/iu.exec(name.slice(-32).trimEnd())?.[1] ?? "";
}

function lastPart(name: string): string {
  const parts = name.split(/[/\\]/).filter((part) => trimmed(part) !== "");
  return parts.at(-1) ?? "";
}

/** A leading dot hides a file, a leading hyphen is an option to a program; Windows drops trailing dots and spaces. */
function trimmed(name: string): string {
  let start = 0;
  let end = name.length;
  while (start < end && /[\s.~-]/u.test(name[start] ?? "")) start++;
  while (end > start && /[\s.]/u.test(name[end - 1] ?? "")) end--;
  return name.slice(start, end);
}

function cut(name: string, mark: string): string {
  const extension = extensionOf(name);
  const tail = extension === "" ? mark : `${mark}.${extension}`;
  const stem = extension === "" ? name : name.slice(0, -(extension.length + 1));
  let kept = "";
  let characters = tail.length;
  let bytes = Buffer.byteLength(tail);
  for (const character of stem) {
    characters += character.length;
    bytes += Buffer.byteLength(character);
    if (characters > MAX_CHARACTERS || bytes > MAX_BYTES) break;
    kept += character;
  }
  const whole = kept.replace(/[\s.]{1,120}$/u, "");
  return `${whole === "" ? "attachment" : whole}${tail}`;
}
