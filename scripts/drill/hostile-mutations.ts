/** A message as it lies in a folder of letters: what is mutated. */
export interface Seed {
  readonly from: string;
  readonly to: readonly string[];
  readonly octets: Buffer;
}

export type Random = () => number;

const CRLF = "\r\n";
const MAX_OCTETS = 400_000;

export const below = (random: Random, end: number): number => Math.floor(random() * end);
export const pick = <T>(random: Random, from: readonly T[]): T => from[below(random, from.length)] as T;

/** Flips, cuts, repeats, moves and inserts octets; what is most often wrong with mail is none of its standards. */
export function mutateOctets(octets: Buffer, random: Random): Buffer {
  let mutated: Buffer = Buffer.from(octets);
  for (let left = 1 + below(random, 8); left > 0; left--) {
    const at = below(random, mutated.length + 1);
    const end = Math.min(mutated.length, at + 1 + below(random, pick(random, [4, 64, 2000])));
    const [before, within, after] = [
      mutated.subarray(0, at),
      mutated.subarray(at, end),
      mutated.subarray(end),
    ];
    mutated = pick<() => Buffer>(random, [
      () => flipped(mutated, at, random),
      () => Buffer.concat([before, after]),
      () => Buffer.concat([before, within, within, after]),
      () => Buffer.concat([before, INSERTED[below(random, INSERTED.length)] as Buffer, within, after]),
      () => Buffer.concat([before, randomOctets(1 + below(random, 40), random), after]),
      () => Buffer.concat([after, within, before]),
      () => before,
    ])();
  }
  return mutated.subarray(0, MAX_OCTETS);
}

/** What has broken parsers: ends of lines of every sort, NULs, wrong UTF-8, control codes, boundaries, encoded words. */
const INSERTED = [
  "\0",
  "\r",
  "\n",
  "\r\n\r\n",
  "\r\n.\r\n",
  "\n.\n",
  "\r.\r",
  "\r\n..\r\n",
  "\x1b$B",
  "\x1a",
  "\xff\xfe",
  "\xef\xbb\xbf",
  "\xed\xa0\x80",
  "\xc0\x80",
  "\xe0\xb8",
  "--",
  "--\r\n",
  "=?utf-8?B?",
  "=?tis-620?Q?=E0?=",
  "?=",
  "=\r\n",
  '"',
  "\\",
  "((((((((",
  "%00",
  "\t \t \t \r\n ",
  ";;;;;;;;",
].map((text) => Buffer.from(text, "latin1"));

function flipped(octets: Buffer, at: number, random: Random): Buffer {
  if (at < octets.length) octets[at] = (octets[at] as number) ^ (1 << below(random, 8));
  return octets;
}

export function randomOctets(length: number, random: Random): Buffer {
  const octets = Buffer.alloc(length);
  for (let at = 0; at < length; at++) octets[at] = below(random, 256);
  return octets;
}

const CHARSETS = [
  "tis-620",
  "windows-874",
  "iso-8859-11",
  "utf-16",
  "utf-16be",
  "utf-32",
  "utf-7",
  "iso-2022-jp",
  "gb18030",
  "x-nobody",
  "",
  "\xff",
];
const ENCODINGS = [
  "base64",
  "quoted-printable",
  "7bit",
  "8bit",
  "binary",
  "x-uuencode",
  "",
  "BASE64 ",
  "base64; x",
];
const TYPES = [
  "text/plain",
  "text/html",
  "multipart/mixed",
  "multipart/report; report-type=delivery-status",
  "message/rfc822",
  "message/partial; number=1; total=9; id=x",
  "message/external-body; access-type=URL",
  "application/ms-tnef",
  "application/pkcs7-mime; smime-type=enveloped-data",
  "application/pkcs7-mime; smime-type=signed-data",
  "application/zip",
  "application/pdf",
  "application/xml",
  "text/calendar",
  "*/*",
  "",
];

/** Drops, repeats, reorders and spoils header fields, of the message or of one of its parts. */
export function mutateHeader(octets: Buffer, random: Random): Buffer {
  const text = octets.toString("latin1");
  const fields = [
    ...text.matchAll(/^[A-Za-z][A-Za-z0-9-]{1,40}:[^\r\n]{0,4000}(?:\r\n[ \t][^\r\n]{0,4000}){0,40}\r\n/gm),
  ];
  if (fields.length === 0) return mutateOctets(octets, random);
  let mutated = text;
  for (let left = 1 + below(random, 3); left > 0; left--) {
    const field = pick(random, fields)[0];
    const colon = field.indexOf(":");
    const [name, value] = [field.slice(0, colon), field.slice(colon + 1)];
    const other = pick(random, fields)[0];
    mutated = mutated.replace(field, () =>
      pick<() => string>(random, [
        () => "",
        () => field + field,
        () => field + other,
        () => `${name}:${value.replaceAll(CRLF, "\n")}`,
        () => `${name} :${value}`,
        () => `${name}:${CRLF}${value}`,
        () => `${name}: ${"\xa1\xa2\xa3 ".repeat(below(random, 200))}${CRLF}`,
        () => `${name}: ${pick(random, CHARSETS)}${CRLF}`,
        () =>
          `${name}: =?${pick(random, CHARSETS)}?${pick(random, ["B", "Q", "X"])}?${value.trim()}?=${CRLF}`,
        () =>
          `Content-Type: ${pick(random, TYPES)}; charset="${pick(random, CHARSETS)}"; boundary="${pick(random, ["b", "", "=", "x".repeat(300)])}"${CRLF}`,
        () => `Content-Transfer-Encoding: ${pick(random, ENCODINGS)}${CRLF}`,
        () =>
          `Content-Disposition: attachment; filename*${below(random, 9)}*=${pick(random, CHARSETS)}''%E0%B8%${CRLF}`,
        () => `Subject: ${"=?utf-8?B?4LiX4Li14LmI?= ".repeat(below(random, 300))}${CRLF}`,
        () => `From: ${"a@opdc.example.go.th, ".repeat(below(random, 300))}${CRLF}`,
        () => `${name}: ${mutateOctets(Buffer.from(value, "latin1"), random).toString("latin1")}`,
      ])(),
    );
  }
  return Buffer.from(mutated, "latin1").subarray(0, MAX_OCTETS);
}

/** Cuts messages at their boundaries and puts them together wrongly, one within another, without an end. */
export function mutateStructure(octets: Buffer, other: Buffer, random: Random): Buffer {
  const text = octets.toString("latin1");
  const boundary = /boundary="?([^"\r\n;]{1,70})/i.exec(text)?.[1] ?? "no-boundary";
  const foreign = other.toString("latin1");
  const parts = text.split(`--${boundary}`);
  const shuffled = parts.toSorted(() => random() - 0.5);
  const mutated = pick<() => string>(random, [
    () => shuffled.join(`--${boundary}`),
    () => parts.slice(0, 1 + below(random, parts.length)).join(`--${boundary}`),
    () => parts.join(`--${boundary}${" ".repeat(below(random, 300))}`),
    () => parts.join(`\n--${boundary}`),
    () => text.replaceAll(boundary, boundary.slice(0, below(random, 4))),
    () => text.replaceAll(`--${boundary}`, `--${boundary}--`),
    () => parts.join(`--${boundary}${CRLF}Content-Type: message/rfc822${CRLF}${CRLF}${foreign}--${boundary}`),
    () => wrapped(foreign, text),
    () => wrapped(wrapped(text, foreign), foreign),
    () => text + foreign,
    () =>
      text.replace(
        /Content-Transfer-Encoding:[^\r\n]*/gi,
        () => `Content-Transfer-Encoding: ${pick(random, ENCODINGS)}`,
      ),
    () => text.replace(/Content-Type: [a-z]+\/[a-z0-9.-]+/gi, () => `Content-Type: ${pick(random, TYPES)}`),
    () => text.replace(/charset="?[A-Za-z0-9-]+"?/gi, () => `charset=${pick(random, CHARSETS)}`),
    () =>
      text.replace(/^(?:[A-Za-z0-9+/]{76}\r\n){2,}/gm, (lines) =>
        lines.slice(below(random, 4), -below(random, 90) - 1),
      ),
  ])();
  return Buffer.from(mutated, "latin1").subarray(0, MAX_OCTETS);
}

function wrapped(head: string, inner: string): string {
  const fields = head.slice(0, head.indexOf("\r\n\r\n")).replace(/^Content-[\s\S]*?\r\n(?![ \t])/gim, "");
  return `${fields}${CRLF}MIME-Version: 1.0${CRLF}Content-Type: message/rfc822${CRLF}${CRLF}${inner}`;
}
