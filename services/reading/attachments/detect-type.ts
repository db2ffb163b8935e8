import { fileTypeFromBuffer } from "file-type";
import type { PartContent } from "../../shared/mime/part-content.ts";
import { extensionOf } from "./safe-name.ts";

/** Types that behave alike: a JPEG called PNG harms nobody, a program called PDF does. */
type Family =
  | "pdf"
  | "archive"
  | "office"
  | "image"
  | "text"
  | "message"
  | "program"
  | "signature"
  | "tnef"
  | "media";

const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  "application/pdf": ["pdf"],
  "application/zip": ["zip"],
  "application/x-rar-compressed": ["rar"],
  "application/x-7z-compressed": ["7z"],
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ["docx"],
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ["xlsx"],
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": ["pptx"],
  "application/vnd.oasis.opendocument.text": ["odt"],
  "application/vnd.oasis.opendocument.spreadsheet": ["ods"],
  "application/vnd.oasis.opendocument.presentation": ["odp"],
  "application/x-msdownload": ["exe", "dll", "scr", "com", "cpl"],
  "application/ms-tnef": ["dat", "tnef"],
  "application/pkcs7-mime": ["p7m", "p7s", "p7c", "p7b"],
  "message/rfc822": ["eml", "mht", "mhtml", "txt"],
  "image/png": ["png"],
  "image/jpeg": ["jpg", "jpeg", "jpe", "jfif"],
  "image/gif": ["gif"],
  "image/tiff": ["tif", "tiff"],
  "application/rtf": ["rtf", "doc"],
};
const FAMILY_OF_EXTENSION: Readonly<Record<Family, RegExp>> = {
  pdf: /^pdf$/,
  archive: /^(?:zip|rar|7z|gz|tgz|bz2|xz|tar|cab)$/,
  office: /^(?:docx?|xlsx?|pptx?|do[ct]m|xl[st]m|xlsb|pptm|od[tspg]|rtf|msg)$/,
  image: /^(?:png|jpe?g|jpe|jfif|gif|tiff?|bmp|webp|heic|ico|svg)$/,
  text: /^(?:txt|csv|xml|html?|json|log|md|ics|vcf)$/,
  message: /^(?:eml|mht|mhtml)$/,
  program: /^(?:exe|dll|scr|com|cpl|msi|bat|cmd|js|vbs|ps1|sh|jar|apk)$/,
  signature: /^p7[smbc]$/,
  tnef: /^tnef$/,
  media: /^(?:mp[34]|m4a|wav|avi|mov|ogg|webm)$/,
};
const PROGRAM =
  /^application\/(?:x-(?:msdownload|elf|mach-binary|ms-shortcut|dosexec|sharedlib|msi)|java-vm|java-archive|vnd\.android\.package-archive|vnd\.microsoft\.portable-executable)$/;
const HEADER_FIELD =
  /^(?:received|return-path|delivered-to|from|to|date|subject|message-id|mime-version|content-type|x-[a-z-]{1,40}|dkim-signature|arc-[a-z-]{1,40}|reply-to|cc)[ \t]*:/i;

/** MIME type of the content by its first octets, in lower case; null when they tell none. Never throws. */
export async function detectType(content: PartContent): Promise<string | null> {
  const { head } = content;
  if (head.length === 0) return null;
  const start = head.toString("latin1", 0, 1_024);
  if (start.startsWith("%PDF-")) return "application/pdf";
  if (head.subarray(0, 4).equals(Buffer.from([0x78, 0x9f, 0x3e, 0x22]))) return "application/ms-tnef";
  if (isPkcs7(head)) return "application/pkcs7-mime";
  const text = textTypeOf(head);
  if (text !== null && text !== "text/plain") return text;
  try {
    const found = await fileTypeFromBuffer(head);
    if (found !== undefined) return found.mime.toLowerCase();
  } catch {
    // Its readers of single formats throw at some damaged files; such a file has no type.
  }
  // Readers of PDF allow a kilobyte of anything in front of it.
  return start.includes("%PDF-") ? "application/pdf" : text;
}

/** Extensions that fit a type, the usual one first; empty where any may stand. */
export function extensionsOf(detected: string | null): readonly string[] {
  return detected === null ? [] : (EXTENSIONS[detected] ?? []);
}

/** Whether the content is something else than it is called, by name or else by declared type, in a way that matters. */
export function isMismatch(detected: string | null, name: string | null, declared: string): boolean {
  const real = familyOf(detected);
  if (real === null) return false;
  const extension = extensionOf(name ?? "").toLowerCase();
  const called = familyOfExtension(extension) ?? familyOf(declared);
  if (real === "program") return called !== "program";
  if (called === null || called === real) return false;
  // A mail, a calendar or a table in text, a document saved as text: what they are called makes them no danger.
  const plain = (family: Family): boolean => family === "text" || family === "message";
  return !(plain(called) && plain(real));
}

function familyOfExtension(extension: string): Family | null {
  for (const [family, pattern] of Object.entries(FAMILY_OF_EXTENSION)) {
    if (pattern.test(extension)) return family as Family;
  }
  return null;
}

function familyOf(type: string | null): Family | null {
  if (type === null) return null;
  if (type === "application/pdf") return "pdf";
  if (PROGRAM.test(type)) return "program";
  if (
    /^application\/(?:vnd\.openxmlformats|vnd\.oasis|vnd\.ms-(?:excel|word|powerpoint)|msword$|x-cfb$|rtf$)/.test(
      type,
    )
  ) {
    return "office";
  }
  if (/^application\/(?:zip|x-zip-compressed|gzip|x-(?:rar|7z|tar|bzip2|xz))/.test(type)) return "archive";
  if (type === "application/ms-tnef") return "tnef";
  if (/pkcs7/.test(type)) return "signature";
  if (type.startsWith("image/")) return "image";
  if (type === "message/rfc822") return "message";
  if (type.startsWith("text/") || type === "application/xml") return "text";
  return /^(?:audio|video)\//.test(type) ? "media" : null;
}

/** DER or BER: SEQUENCE, OBJECT IDENTIFIER 1.2.840.113549.1.7.x. */
function isPkcs7(head: Buffer): boolean {
  if (head[0] !== 0x30) return false;
  const at = head
    .subarray(0, 24)
    .indexOf(Buffer.from([0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07]));
  return at >= 2 && at <= 8;
}

function textTypeOf(head: Buffer): string | null {
  const wide = /^(?:\xFF\xFE|\xFE\xFF)/.test(head.toString("latin1", 0, 2));
  const octets = wide
    ? Buffer.from(head.toString("latin1").replaceAll("\0", ""), "latin1").subarray(2)
    : head;
  for (const octet of octets.subarray(0, 2_048)) {
    if (
      octet < 0x20 &&
      octet !== 0x09 &&
      octet !== 0x0a &&
      octet !== 0x0d &&
      octet !== 0x0c &&
      octet !== 0x1b
    ) {
      return null;
    }
  }
  const start = octets
    .toString("latin1")
    .replace(/^\xEF\xBB\xBF/, "")
    .trimStart()
    .slice(0, 2_000);
  if (/^<\?xml\s/i.test(start) && !/<html[\s>]/i.test(start)) return "application/xml";
  if (/^(?:<!doctype html|<html[\s>]|<head[\s>]|<body[\s>])/i.test(start)) return "text/html";
  if (start.startsWith("{\\rtf")) return "application/rtf";
  if (start.startsWith("BEGIN:VCARD")) return "text/vcard";
  if (start.startsWith("BEGIN:VCALENDAR")) return "text/calendar";
  const lines = start
    .replace(/^From [^\r\n]{1,200}\r?\n/, "")
    .split(/\r?\n/)
    .slice(0, 20);
  const fields = lines.filter((line) => HEADER_FIELD.test(line)).length;
  if (fields >= 3 && HEADER_FIELD.test(lines[0] ?? "")) return "message/rfc822";
  // Whether it is text or some format of letters (PEM, PostScript) only file-type can say.
  return "text/plain";
}
