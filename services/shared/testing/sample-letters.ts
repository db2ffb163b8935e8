import { thaiLetterDate } from "../letter/stamp.ts";
import { samplePdf } from "./sample-pdf.ts";

/** A made-up letter as a mail program sends it, and what a register should find in it. */
export interface SampleLetter {
  /** RFC 5322 octets, lines ended by CR LF, without the dots of transparency. */
  readonly octets: Buffer;
  /** With angle brackets. */
  readonly messageId: string;
  readonly mailFrom: string;
  readonly to: string;
  /** ที่, canonical: Arabic digits. */
  readonly number: string;
  /** ลงวันที่, ISO 8601. */
  readonly date: string;
  readonly subject: string;
  readonly sender: string;
}

export interface SampleOptions {
  /** Same seed, same letters, octet for octet. Letters of different seeds have different numbers and Message-IDs. */
  readonly seed: number;
  /** Of the whole message; met within 100 bytes, never exceeded, but no letter is smaller than some 3 KB. Default 20 KB. */
  readonly sizeBytes?: number;
  readonly to?: string;
  /** Sender's domain, one of config/partners.yaml; by default each letter takes its turn among them. */
  readonly domain?: string;
}

interface Sender {
  readonly domain: string;
  readonly name: string;
  readonly code: string;
  readonly address: string;
}

/** Partners of config/partners.yaml; the units and addresses are made up. */
const SENDERS: readonly Sender[] = [
  {
    domain: "opdc.example.go.th",
    name: "สำนักงาน ก.พ.ร.",
    code: "นร 1203",
    address: "ถนนพิษณุโลก เขตดุสิต กทม. 10300",
  },
  {
    domain: "mot.example.go.th",
    name: "กระทรวงคมนาคม",
    code: "คค 0202",
    address: "ถนนราชดำเนินนอก กทม. 10100",
  },
  {
    domain: "moph.example.go.th",
    name: "กระทรวงสาธารณสุข",
    code: "สธ 0216",
    address: "ถนนติวานนท์ จังหวัดนนทบุรี 11000",
  },
  {
    domain: "moc.example.go.th",
    name: "กระทรวงพาณิชย์",
    code: "พณ 0803",
    address: "ถนนนนทบุรี จังหวัดนนทบุรี 11000",
  },
  { domain: "cgd.example.go.th", name: "กรมบัญชีกลาง", code: "กค 0402.5", address: "ถนนพระรามที่ 6 กทม. 10400" },
  {
    domain: "ocsc.example.go.th",
    name: "สำนักงาน ก.พ.",
    code: "นร 1004.3",
    address: "ถนนติวานนท์ จังหวัดนนทบุรี 11000",
  },
];

const SUBJECTS = [
  "ขอความอนุเคราะห์ข้อมูลการปรับปรุงระบบบริการประชาชน",
  "ขอเชิญประชุมคณะทำงานขับเคลื่อนระบบราชการดิจิทัล",
  "ขอส่งรายงานผลการดำเนินงานตามแผนปฏิบัติราชการ",
  "แนวทางการรับและส่งหนังสือราชการทางอิเล็กทรอนิกส์",
  "การติดตามผลการเบิกจ่ายงบประมาณรายจ่ายประจำปี",
  "ขอให้สำรวจความต้องการพัฒนาบุคลากรด้านดิจิทัล",
];

const CRLF = "\r\n";
const FIRST_DAY = Date.UTC(2026, 0, 5);
const DAY_MS = 24 * 60 * 60 * 1000;

/** The letter with this index of a seed's series: number, date, subject and Message-ID of its own. */
export function sampleLetter(index: number, options: SampleOptions): SampleLetter {
  const { seed, sizeBytes = 20 * 1024, to = "saraban@agency-a.example.go.th" } = options;
  const random = randomBytesOf(seed * 1_000_003 + index);
  const senders =
    options.domain === undefined ? SENDERS : SENDERS.filter(({ domain }) => domain === options.domain);
  const sender = senders[index % senders.length];
  if (!sender) throw new Error(`there are no sample letters from ${options.domain}`);
  // Seven digits: the seed's last two and the index, so that two series in one book are not each other's duplicates.
  const running = (seed % 90) * 100_000 + index + 1;
  const number = `${sender.code}/${running}`;
  const date = new Date(FIRST_DAY + (index % 300) * DAY_MS).toISOString().slice(0, 10);
  const subject = `${SUBJECTS[index % SUBJECTS.length]} ฉบับทดสอบ ${index + 1}`;
  const messageId = `<sample.${seed}.${index}@${sender.domain}>`;
  const mailFrom = `saraban@${sender.domain}`;
  const printed = index % 2 === 0 ? number : thaiDigits(number);
  const printedDate = index % 2 === 0 ? thaiLetterDate(date) : thaiDigits(thaiLetterDate(date));
  const text = [
    `ที่ ${printed}`,
    "",
    sender.name,
    sender.address,
    "",
    printedDate,
    "",
    `เรื่อง  ${subject}`,
    "",
    "เรียน  ผู้อำนวยการหน่วยงานทดสอบ ก",
    "",
    `        ด้วย${sender.name}จัดทำหนังสือฉบับนี้ขึ้นเพื่อทดสอบระบบสารบรรณอิเล็กทรอนิกส์ รายละเอียดตามเอกสารแนบ`,
    "        จึงเรียนมาเพื่อโปรดพิจารณา",
    "",
    "ขอแสดงความนับถือ",
    sender.name,
    "",
  ].join(CRLF);
  const boundary = `=_sample_${seed}_${index}`;
  const head = [
    `From: ${encodedWords(`งานสารบรรณ ${sender.name}`)} <${mailFrom}>`,
    `To: ${to}`,
    `Subject: ${encodedWords(`ที่ ${printed} ลงวันที่ ${printedDate} เรื่อง ${subject}`)}`,
    `Date: ${new Date(`${date}T09:00:00+07:00`).toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: ${messageId}`,
    "MIME-Version: 1.0",
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    "",
    `--${boundary}`,
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
    "",
    base64Lines(Buffer.from(text)),
    `--${boundary}`,
    `Content-Type: application/pdf; name="letter-${running}.pdf"`,
    `Content-Disposition: attachment; filename="letter-${running}.pdf"`,
    "Content-Transfer-Encoding: base64",
    "",
    "",
  ].join(CRLF);
  const tail = `${CRLF}--${boundary}--${CRLF}`;
  // 57 octets make a line of 76 characters and its CR LF; the last line has no CR LF of its own.
  const pdfBytes = Math.floor((sizeBytes - head.length - tail.length + 2) / 78) * 57;
  const pdf = samplePdf(pdfBytes, random);
  return {
    octets: Buffer.from(head + base64Lines(pdf) + tail, "latin1"),
    messageId,
    mailFrom,
    to,
    number,
    date,
    subject,
    sender: sender.name,
  };
}

/** RFC 2047 §2: UTF-8 in base64, in words of at most 75 characters, never cutting a character. */
function encodedWords(text: string): string {
  const words: string[] = [];
  let word = "";
  for (const character of text) {
    if (Buffer.byteLength(word + character) > 45) {
      words.push(word);
      word = "";
    }
    word += character;
  }
  words.push(word);
  return words.map((part) => `=?UTF-8?B?${Buffer.from(part).toString("base64")}?=`).join(`${CRLF} `);
}

/** RFC 2045 §6.8: lines of 76 characters. */
function base64Lines(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll(/.{76}(?!$)/g, `$&${CRLF}`);
}

function thaiDigits(text: string): string {
  return text.replaceAll(/[0-9]/g, (digit) => String.fromCodePoint(0x0e50 + Number(digit)));
}

/** Bytes of mulberry32: fast, the same everywhere, without any claim to be unguessable. */
function randomBytesOf(seed: number): (length: number) => Buffer {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return (length) => {
    const bytes = Buffer.alloc(length);
    let at = 0;
    for (; at + 4 <= length; at += 4) bytes.writeUInt32LE(next(), at);
    for (; at < length; at++) bytes[at] = next() & 0xff;
    return bytes;
  };
}
