import { type AddressObject, type ParsedMail, simpleParser } from "mailparser";
import { createTransport } from "nodemailer";
import { findLetterNumbers } from "../../services/shared/letter/letter-number.ts";
import { arabicToThaiDigits } from "../../services/shared/letter/thai-text.ts";

/** The ends of a message as its header names them. */
export interface HeaderEnds {
  /** First address of From; null when there is none. */
  readonly from: string | null;
  /** Addresses of To and Cc. */
  readonly to: readonly string[];
}

export async function readEnds(octets: Buffer): Promise<HeaderEnds> {
  const { from, to, cc } = await simpleParser(octets, { skipHtmlToText: true, skipTextToHtml: true });
  return { from: addresses(from)[0] ?? null, to: [...addresses(to), ...addresses(cc)] };
}

function addresses(field: AddressObject | AddressObject[] | undefined): string[] {
  const objects = field === undefined ? [] : Array.isArray(field) ? field : [field];
  return objects.flatMap(({ value }) => value.flatMap(({ address }) => (address ? [address] : [])));
}

/**
 * The same letter as if it were another one: a new Message-ID and, in subject and body, a new running number behind
 * the slash of its letter number. Written anew in UTF-8, so a sample of an old character set loses that.
 * @param running the new running number, at most 7 digits
 */
export async function freshCopy(octets: Buffer, running: number): Promise<Buffer> {
  const mail = await simpleParser(octets, {
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipImageLinks: true,
  });
  const renumber = (text: string): string => renumbered(text, running);
  const from = mail.from?.value[0];
  const { message } = await createTransport({
    streamTransport: true,
    buffer: true,
    newline: "windows",
  }).sendMail({
    ...(from ? { from: { name: from.name, address: from.address ?? "" } } : {}),
    to: [...addresses(mail.to)],
    subject: renumber(mail.subject ?? ""),
    ...(mail.text === undefined ? {} : { text: renumber(mail.text) }),
    ...(mail.html ? { html: renumber(mail.html) } : {}),
    textEncoding: "base64",
    date: new Date(),
    headers: keptHeaders(mail),
    messageId: `<fresh-${running}-${Date.now()}@${from?.address?.split("@")[1] ?? "sender.example.go.th"}>`,
    attachments: mail.attachments.map(({ filename, content, contentType }) => ({
      filename: filename ?? false,
      content,
      contentType,
    })),
  });
  return message as Buffer;
}

/** What marks a machine's message, so that the copy of one is not taken for a letter. */
function keptHeaders({ headers }: ParsedMail): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ["auto-submitted", "precedence"]) {
    const value = headers.get(name);
    if (typeof value === "string") kept[name] = value;
  }
  return kept;
}

/** Puts the new running number where the text's first letter number has its own, in the digits it was printed with. */
export function renumbered(text: string, running: number): string {
  const first = findLetterNumbers(text)[0];
  if (!first) return text;
  let out = "";
  let done = 0;
  for (const found of findLetterNumbers(text)) {
    // Only the letter's own number: what it refers to (อ้างถึง) keeps its number.
    if (found.canonical !== first.canonical) continue;
    const digits = /[๐-๙]\s*$/u.test(found.printed) ? arabicToThaiDigits(String(running)) : String(running);
    out += text.slice(done, found.start) + found.printed.replace(/[0-9๐-๙]+\s*$/u, digits);
    done = found.end;
  }
  return out + text.slice(done);
}
