import type { LaidLine, Look } from "../../pdf/lay-text.ts";
import { drawQrCode, qrCode } from "../../pdf/qr-code.ts";
import type { Evidence } from "./evidence.ts";
import {
  clockWords,
  EVIDENCE_HEADINGS,
  type EvidenceRow,
  evidenceRows,
  proofRows,
  type Words,
} from "./evidence-words.ts";
import {
  type Block,
  EDGE,
  frame,
  gap,
  layOften,
  layShort,
  paragraph,
  type Remembered,
  rule,
  SHEET,
  type SheetFonts,
  tableRow,
  WIDTH,
} from "./sheet-blocks.ts";
import { showCode } from "./short-code.ts";

const QR_PT = 100;
const PANEL_PADDING_PT = 8;
/** Where values begin, behind their labels. */
const VALUES_AT = 132;
const PROOF_VALUES_AT = 140;
/** Everything is drawn smaller until it fits on the page. */
const SCALES = [1, 0.92, 0.84, 0.76, 0.68, 0.6, 0.52] as const;

/** Operators of the whole page: Thai, English beneath, what ties it to the message, and how it is checked. */
export function drawReceipt(evidence: Evidence, fonts: SheetFonts, remembered: Remembered): string {
  const panel = layPanel(evidence, fonts, remembered);
  const room = EDGE.top - EDGE.bottom - panel.height;
  let blocks: Block[] = [];
  for (const scale of SCALES) {
    blocks = layBody(evidence, fonts, remembered, scale);
    if (blocks.reduce((sum, { height }) => sum + height, 0) <= room) break;
  }
  let top: number = EDGE.top;
  let operators = "";
  for (const block of blocks) {
    operators += block.draw(top);
    top -= block.height;
  }
  return operators + panel.draw(EDGE.bottom + panel.height);
}

const BLACK = "0 g";
const GREY = "0.35 g";

function layBody(
  evidence: Evidence,
  { regular, bold }: SheetFonts,
  remembered: Remembered,
  scale: number,
): Block[] {
  const { agency, type } = evidence;
  const heading = EVIDENCE_HEADINGS[type];
  const plain: Look = { font: regular, colour: BLACK };
  const strong: Look = { font: bold, colour: BLACK };
  const faint: Look = { font: regular, colour: GREY };
  const often = (text: string, look: Look, size: number, width = WIDTH): readonly LaidLine[] =>
    layOften(text, look, size * scale, width, remembered);
  const once = (text: string, size: number, width: number, mostLines: number): readonly LaidLine[] =>
    layShort(text, plain, size * scale, width, mostLines);
  const centred = (text: string, look: Look, size: number): Block =>
    paragraph(often(text, look, size), size * scale, (line) => (SHEET.width - line.widthPt) / 2);
  const left = (text: string, look: Look, size: number): Block =>
    paragraph(often(text, look, size), size * scale, () => EDGE.left);
  const space = (height: number): Block => gap(height * scale);
  const table = (rows: readonly EvidenceRow[], language: keyof Words, size: number): Block[] =>
    rows.map(({ label, value }) =>
      tableRow(
        often(label[language], faint, size, VALUES_AT - 6),
        // What a person wrote stands in full in the Thai half.
        once(value[language], size, WIDTH - VALUES_AT, language === "th" ? 3 : 2),
        VALUES_AT,
        size * scale,
      ),
    );
  const rows = evidenceRows(evidence);
  const clock = clockWords(evidence);
  const proof = proofRows(evidence).map(({ label: { th, en }, value }) =>
    tableRow(
      often(th === en ? th : `${th} / ${en}`, faint, 8.5, PROOF_VALUES_AT - 4),
      once(value.en, 8.5, WIDTH - PROOF_VALUES_AT, 2),
      PROOF_VALUES_AT,
      8.5 * scale,
    ),
  );
  return [
    centred(agency.nameThai, strong, 15),
    centred(agency.nameEnglish, faint, 10.5),
    space(4),
    rule(1),
    space(6),
    centred(heading.title.th, strong, 20),
    centred(heading.says.th, plain, 13),
    space(5),
    ...table(rows, "th", 12.5),
    space(2),
    left(clock.th, faint, 10.5),
    space(5),
    rule(0.5),
    space(3),
    left(heading.title.en, strong, 11),
    left(heading.says.en, plain, 9.5),
    space(2),
    ...table(rows, "en", 9.5),
    space(2),
    left(clock.en, faint, 9),
    space(5),
    rule(0.5),
    space(3),
    ...proof,
  ];
}

/** The foot of the page: QR code, short code, and how anybody checks what the paper says. */
function layPanel(evidence: Evidence, { regular, bold }: SheetFonts, remembered: Remembered): Block {
  const { code, verifyUrl } = evidence;
  const left = EDGE.left + QR_PT + 2 * PANEL_PADDING_PT;
  const width = EDGE.right - left - PANEL_PADDING_PT;
  const plain: Look = { font: regular, colour: BLACK };
  const line = (lines: readonly LaidLine[], size: number): Block => paragraph(lines, size, () => left);
  const blocks = [
    line(layShort(showCode(code), { font: bold, colour: BLACK }, 16, width), 16),
    ...(verifyUrl === null ? [] : [line(layShort(verifyUrl, plain, 9, width), 9)]),
    ...(verifyUrl === null ? ASK_THE_OFFICE : OPEN_THE_PAGE).map((words) =>
      line(layOften(words, plain, 9, width, remembered), 9),
    ),
  ];
  const text = blocks.reduce((sum, block) => sum + block.height, 0);
  const height = Math.max(QR_PT, text) + 2 * PANEL_PADDING_PT;
  return {
    height,
    draw(top) {
      const bottom = top - height;
      let operators = frame(EDGE.left, bottom, EDGE.right, top);
      const middle = bottom + (height - QR_PT) / 2;
      operators += drawQrCode(qrCode(qrText(evidence)), EDGE.left + PANEL_PADDING_PT / 2, middle, QR_PT);
      let y = top - (height - text) / 2;
      for (const block of blocks) {
        operators += block.draw(y);
        y -= block.height;
      }
      return operators;
    },
  };
}

const OPEN_THE_PAGE = [
  "วิธีตรวจสอบ: สแกนคิวอาร์โค้ด หรือเปิดที่อยู่ข้างต้น หรือแนบไฟล์นี้ในหน้าตรวจสอบของหน่วยงาน ให้ยึดข้อมูลที่หน้าตรวจสอบแสดงเป็นหลัก",
  "To check: scan the QR code, open the address above, or upload this file on the office's page. What that page shows counts, not the print.",
  "เอกสารนี้ออกโดยระบบสารบรรณอิเล็กทรอนิกส์และลงลายมือชื่อดิจิทัลแล้ว ต้นฉบับที่ลงลายมือชื่อแนบอยู่ในไฟล์นี้",
  "Signed digitally; the signed document is attached to this file.",
];
const ASK_THE_OFFICE = [
  "วิธีตรวจสอบ: แจ้งรหัสข้างต้นต่อหน่วยงานผู้ออก หรือตรวจลายมือชื่อดิจิทัลของไฟล์แนบ (.jws) ด้วยกุญแจสาธารณะของหน่วยงาน",
  "To check: tell the code above to the office that issued this, or verify the attached file (.jws) with the office's public key.",
  "เอกสารนี้ออกโดยระบบสารบรรณอิเล็กทรอนิกส์และลงลายมือชื่อดิจิทัลแล้ว",
  "Issued by an electronic correspondence system and signed digitally.",
];

/** A QR code of this many characters can still be read at its size, by a telephone, from paper. */
const LONGEST_QR = 200;

/** What the QR code says: where the statement is checked, or else its code. */
export function qrText({ verifyUrl, code }: Evidence): string {
  const fits = verifyUrl !== null && verifyUrl.length <= LONGEST_QR && /^[!-~]+$/.test(verifyUrl);
  return fits ? verifyUrl : showCode(code);
}
