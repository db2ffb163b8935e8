import { type ContentKeeper, openContentKeeper } from "../../shared/mime/part-content.ts";
import type { LetterFile } from "../attachments/letter-file.ts";
import { findFacts } from "../facts/find-facts.ts";
import { readFiles } from "../facts/read-files.ts";
import { type SettledFacts, settleFacts } from "../facts/settle-facts.ts";
import type { PdfRead, PdfReader } from "../pdf/read-pdf.ts";
import type { KnownSender, KnownSenders } from "../reading.ts";
import { DOCX_TYPE } from "./make-office.ts";
import { linesOfText } from "./printed-lines.ts";

/** A mail and its files, settled: what each test of settle-facts.ts sets up. */

export const cgd: KnownSender = { name: "กรมบัญชีกลาง", codeLetters: "กค", romanCode: "CGD" };
export const rid: KnownSender = { name: "กรมชลประทาน", codeLetters: "กษ" };
const known: KnownSenders = new Map([
  ["cgd.example.go.th", cgd],
  ["rid.example.go.th", rid],
]);

/** A reader of files that are the printed text itself. */
const reader: PdfReader = {
  async read(content): Promise<PdfRead> {
    const text = (await content.read()).toString("utf8").slice("%PDF-".length);
    if (text === "scan") return { kind: "no-text", pageCount: 1 };
    if (text === "locked") return { kind: "encrypted" };
    if (text === "damaged") return { kind: "unreadable", why: "damaged" };
    const recognised = text.startsWith("recognised\n");
    const pages = text.replace("recognised\n", "").split("\f");
    return {
      kind: "text",
      pageCount: pages.length,
      pages: pages.map((page, index) => ({ number: index + 1, lines: linesOfText(page) })),
      cut: false,
      recognised,
    };
  },
  async close() {},
};

export type File = {
  name?: string;
  pdf?: string;
  xml?: string;
  docx?: Uint8Array;
  type?: string;
  forwarded?: boolean;
};

async function fileOf(
  keeper: ContentKeeper,
  { name, pdf, xml, docx, type, forwarded = false }: File,
  index: number,
): Promise<LetterFile> {
  const octets = Buffer.from(docx ?? (pdf === undefined ? (xml ?? "") : `%PDF-${pdf}`));
  return {
    attachment: {
      name: name ?? null,
      safeName: "file",
      contentType: name?.endsWith(".txt") ? "text/plain" : "application/octet-stream",
      detectedType: type ?? (docx === undefined ? null : DOCX_TYPE),
      sizeBytes: octets.length,
      sha256: null,
      role: "enclosure",
      marks: [],
      members: [],
      inline: false,
      partId: `${index + 2}`,
    },
    content: await keeper.keepOctets(octets),
    forwarded,
  };
}

export type Sent = { subject?: string; body?: string; files?: File[]; sender?: KnownSender };

export async function settle({ subject = "ส่งหนังสือ", body = "ตามแนบ", files = [], sender = cgd }: Sent) {
  const keeper = openContentKeeper();
  const built = await Promise.all(files.map((file, index) => fileOf(keeper, file, index)));
  const found = findFacts(subject, [body], sender);
  const attachments = built.map(({ attachment }) => attachment);
  const said = await readFiles(built, sender, known, reader, attachments).finally(() => keeper.dispose());
  const settled = settleFacts(found, said, known);
  return {
    ...settled,
    roles: built.map(({ attachment }) => attachment.role),
    marks: built.map(({ attachment }) => attachment.marks),
  };
}

export function printed(number: string, date = "๓ มีนาคม ๒๕๖๕", rest = "", agency = "กรมบัญชีกลาง"): string {
  return `ที่ ${number}                                ${agency}
                                       ถนนพระรามที่ ๖
                              ${date}
เรื่อง ตอบข้อหารือการเบิกจ่าย
เรียน ผู้อำนวยการหน่วยงานทดสอบ ก${rest}
               ด้วยกรมบัญชีกลางขอเรียนว่า ประชุมครั้งที่ ๑/๒๕๖๖
               จึงเรียนมาเพื่อโปรดทราบ`;
}

export function xml(number: string, { secret = "001", speed = "001", date = "2022-03-03" } = {}): string {
  return `<GovernmentDocument><CorrespondenceLetter><ID>${number}</ID><CorrespondenceDate>${date}</CorrespondenceDate><Subject>ตอบข้อหารือการเบิกจ่าย</Subject><SecretCode>${secret}</SecretCode><SpeedCode>${speed}</SpeedCode><ReceiverParty><JobTitle>ผู้อำนวยการ</JobTitle></ReceiverParty><Attachment>๑. แบบสำรวจ จำนวน ๑ ชุด ๒. คู่มือ จำนวน ๒ เล่ม</Attachment><ReferenceCorrespondence><ID>ทก ๐๑๐๑/๑๒</ID><CorrespondenceDate>2020-04-10</CorrespondenceDate></ReferenceCorrespondence></CorrespondenceLetter></GovernmentDocument>`;
}

export function conflicting({ conflicts, problems }: SettledFacts) {
  return { fields: conflicts.map(({ field }) => field), blocked: problems.includes("conflicting-facts") };
}
export const AGREED = { fields: [], blocked: false };
