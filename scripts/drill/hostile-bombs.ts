import { deflateSync } from "node:zlib";
import { zipSync } from "fflate";
import { asn1, pagesWithoutEnd, pdf, tnef, xmlTrouble } from "./hostile-files.ts";
import { below, pick, type Random, randomOctets } from "./hostile-mutations.ts";

const CRLF = "\r\n";
/** Of what is cheap to send and dear to unpack. */
const BOMB_BYTES = 16 * 1024 * 1024;

/** A message made of nothing but trouble of one kind. */
export type MakeBomb = (random: Random) => Buffer;

/** The kinds; what takes long to make is made once. */
export function bombKinds(): readonly MakeBomb[] {
  const zeros = new Uint8Array(BOMB_BYTES);
  const zip = Buffer.from(zipSync({ "letter.pdf": zeros, "a/b/c.xml": new Uint8Array(9) }, { level: 6 }));
  const zipInZip = Buffer.from(zipSync({ "1.zip": zip, "2.zip": zip, "3.zip": zip }, { level: 0 }));
  const manyNames = zipSync(
    Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`${n}.txt`, new Uint8Array(0)])),
  );
  const pdfBomb = pdf(`<< /Length 9 /Filter [/FlateDecode /FlateDecode] >>`, deflateSync(deflateSync(zeros)));
  const contentBomb = pdf(
    "<< /Filter /FlateDecode >>",
    deflateSync("BT /F1 12 Tf (A) Tj ET q Q ".repeat(150_000)),
  );
  return [
    nested,
    hugeHeader,
    manyParts,
    giantLine,
    brokenCharset,
    nulls,
    continuations,
    htmlMess,
    longText,
    report,
    (random) =>
      attached(
        "application/zip",
        "เอกสาร.zip",
        spoiltSometimes(pick(random, [zip, zipInZip, Buffer.from(manyNames)]), random),
        random,
      ),
    (random) =>
      attached(
        "application/pdf",
        "letter.pdf",
        spoiltSometimes(pick(random, [pdfBomb, contentBomb]), random),
        random,
      ),
    (random) => attached("application/pdf", "letter.pdf", pagesWithoutEnd(random), random),
    (random) =>
      attached(
        "application/pdf",
        "letter.pdf",
        Buffer.concat([Buffer.from("%PDF-1.7\n"), randomOctets(below(random, 3000), random)]),
        random,
      ),
    (random) => attached("application/xml", "GovernmentDocument.xml", xmlTrouble(random), random),
    (random) => attached("application/ms-tnef", "winmail.dat", tnef(random), random),
    (random) => attached("application/pkcs7-mime; smime-type=signed-data", "smime.p7m", asn1(random), random),
    (random) => attached("text/plain", "x", deflateSync(zeros.subarray(0, 1e6)), random),
  ];
}

function head(random: Random, ...fields: readonly string[]): string {
  const number = `นร 12${below(random, 99)}/${below(random, 99_999)}`;
  const subject = `=?utf-8?B?${Buffer.from(`ที่ ${number} เรื่อง ทดสอบ`).toString("base64")}?=`;
  const id = `<${below(random, 1e9)}.${below(random, 1e9)}@opdc.example.go.th>`;
  return [
    "From: saraban@opdc.example.go.th",
    "To: saraban@agency-a.example.go.th",
    `Subject: ${subject}`,
    `Message-ID: ${id}`,
    "MIME-Version: 1.0",
    ...fields,
    "",
    "",
  ].join(CRLF);
}

function message(random: Random, fields: readonly string[], body: string | Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(head(random, ...fields)),
    typeof body === "string" ? Buffer.from(body, "latin1") : body,
  ]);
}

function attached(type: string, name: string, content: Buffer, random: Random): Buffer {
  const lines = content.toString("base64").replace(/.{76}/g, `$&${CRLF}`);
  const part = [
    "--b",
    `Content-Type: ${type}`,
    `Content-Disposition: attachment; filename*=utf-8''${encodeURIComponent(name)}`,
    "Content-Transfer-Encoding: base64",
    "",
    lines,
  ];
  return message(random, ['Content-Type: multipart/mixed; boundary="b"'], [...part, "--b--", ""].join(CRLF));
}

function spoiltSometimes(content: Buffer, random: Random): Buffer {
  const spoilt = Buffer.from(content);
  if (random() < 0.5)
    for (let left = 5; left > 0; left--) spoilt[below(random, spoilt.length)] = below(random, 256);
  return random() < 0.2 ? spoilt.subarray(0, below(random, spoilt.length)) : spoilt;
}

/** Multiparts or messages within each other, ended or not. */
function nested(random: Random): Buffer {
  const depth = pick(random, [20, 100, 500, 3000]);
  const messages = random() < 0.5;
  const lines = Array.from({ length: depth }, (_, level) =>
    messages
      ? `Content-Type: message/rfc822${CRLF}${CRLF}Subject: ${level}`
      : `Content-Type: multipart/mixed; boundary="${random() < 0.5 ? level : "b"}"${CRLF}${CRLF}--${level}`,
  );
  return message(random, [], lines.join(CRLF));
}

function hugeHeader(random: Random): Buffer {
  const field = pick<() => string>(random, [
    () => `X-Long: ${"a".repeat(300_000)}`,
    () => Array.from({ length: 5_000 }, (_, n) => `X-${n}: ${n}`).join(CRLF),
    () => `References: ${"<a@b> ".repeat(20_000)}`,
    () => `To: ${"group: a@b.example.go.th, (comment (in) comment) ;".repeat(3_000)}`,
    () => `From: ${"(".repeat(50_000)}a@b`,
    () => `Received: ${`from x${CRLF} `.repeat(10_000)}`,
    () => `Subject: ${"=?utf-8?Q?=E0=B8=A5?= ".repeat(8_000)}`,
    () => `DKIM-Signature: v=1; d=opdc.example.go.th; h=${"from:".repeat(20_000)}`,
  ])();
  return message(random, [field], "x");
}

function manyParts(random: Random): Buffer {
  const part = pick(random, [
    `--b${CRLF}${CRLF}`,
    `--b${CRLF}Content-Type: text/html${CRLF}${CRLF}<p>`,
    `--b--${CRLF}--b${CRLF}`,
  ]);
  return message(
    random,
    ['Content-Type: multipart/mixed; boundary="b"'],
    part.repeat(pick(random, [200, 2_000, 8_000])),
  );
}

function giantLine(random: Random): Buffer {
  const line = pick(random, ["a", "ที่ นร 0101/", "=E0=B8=A5", "(", "เรื่อง ", "\t", "๑"]);
  const length = pick(random, [70_000, 300_000]);
  const encoding = pick(random, ["8bit", "quoted-printable", "base64"]);
  return message(
    random,
    ["Content-Type: text/plain; charset=utf-8", `Content-Transfer-Encoding: ${encoding}`],
    Buffer.from(line.repeat(Math.ceil(length / Buffer.byteLength(line)))),
  );
}

function brokenCharset(random: Random): Buffer {
  const charset = pick(random, [
    "tis-620",
    "utf-8",
    "utf-16le",
    "utf-7",
    "iso-2022-kr",
    "hz-gb-2312",
    "big5",
    "\xff\xfe",
    "x".repeat(2000),
  ]);
  return message(
    random,
    [
      `Content-Type: ${pick(random, ["text/plain", "text/html"])}; charset="${charset}"`,
      "Content-Transfer-Encoding: 8bit",
    ],
    randomOctets(below(random, 6_000), random),
  );
}

function nulls(random: Random): Buffer {
  return message(
    random,
    [`X-Nul: a\0b`, "Content-Type: text/plain; charset=utf-8"],
    `ที่\0นร ${"\0".repeat(below(random, 50_000))}`,
  );
}

/** RFC 2231 in more pieces than anybody has. */
function continuations(random: Random): Buffer {
  const pieces = Array.from(
    { length: 3_000 },
    (_, n) => ` filename*${random() < 0.5 ? n : 0}*=%E0%B8%A5${"%".repeat(below(random, 3))}`,
  );
  return message(random, [`Content-Disposition: attachment;${CRLF}${pieces.join(`;${CRLF}`)}`], "x");
}

function htmlMess(random: Random): Buffer {
  const html = pick(random, [
    "<div>",
    "<table><tr><td>",
    "&#3588;",
    "&#x",
    "<!--",
    "<p style='",
    "</",
    "&amp;amp;",
    "<style>",
  ]).repeat(20_000);
  return message(random, ["Content-Type: text/html; charset=utf-8"], html);
}

/** Words that a reader of letters looks at twice, many times over. */
function longText(random: Random): Buffer {
  const word = pick(random, [
    "ที่ นร 0101/1 ",
    "ลงวันที่ 1 มกราคม ",
    "เรื่อง ",
    "อ้างถึง ที่ ",
    "(((สพธอ",
    "ด่วน ลับ ",
    "สิ่งที่ส่งมาด้วย 1. ",
    "๑/๑/๑/๑/",
    "นร.นร.นร.",
  ]);
  return message(
    random,
    ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"],
    Buffer.from(word.repeat(6_000)),
  );
}

function report(random: Random): Buffer {
  const status = `Final-Recipient: rfc822; ${"a".repeat(below(random, 5_000))}${CRLF}Action: failed${CRLF}Status: 5.${"1".repeat(below(random, 3_000))}${CRLF}`;
  const body = `--b${CRLF}Content-Type: message/delivery-status${CRLF}${CRLF}${status.repeat(40)}${CRLF}--b${CRLF}Content-Type: message/rfc822-headers${CRLF}${CRLF}Message-ID: ${"<".repeat(4_000)}${CRLF}--b--`;
  return message(random, ['Content-Type: multipart/report; report-type=delivery-status; boundary="b"'], body);
}
