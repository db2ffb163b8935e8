import { type FixedFont, fixFont, thaiAndAscii } from "../../pdf/fixed-font.ts";
import { DEFLATED, deflated, newPdfFile, type PdfFile, pdfDate, pdfText } from "../../pdf/pdf-file.ts";
import { openSarabun } from "../../pdf/sarabun.ts";
import type { Evidence } from "./evidence.ts";
import { EVIDENCE_HEADINGS } from "./evidence-words.ts";
import { drawReceipt } from "./receipt-sheet.ts";
import { type Remembered, SHEET } from "./sheet-blocks.ts";

type Faces = Remembered & { readonly regular: FixedFont; readonly bold: FixedFont };

/** Made at the first receipt and kept, for it takes as long as a hundred receipts. Never changes afterwards. */
let kept: Promise<Faces> | undefined;

async function openFaces(): Promise<Faces> {
  const regular = await fixFont(openSarabun("regular"), thaiAndAscii());
  return { regular, bold: await fixFont(openSarabun("bold"), thaiAndAscii()), laid: new Map() };
}

/** Level of zlib: a tenth more octets in half the time. */
const QUICKLY = 1;

/**
 * The statement on paper: one A4 page in Thai and English, with a QR code by which anyone checks it. The signed document
 * itself lies in the file as an attachment that is not compressed, so that it can be found again without a PDF reader.
 * The same statement gives the same octets.
 */
export async function receiptPdf(evidence: Evidence, jws: string): Promise<Buffer> {
  kept ??= openFaces().catch((error: unknown) => {
    kept = undefined;
    throw error;
  });
  const faces = await kept;
  const file = newPdfFile();
  const regular = faces.regular.addTo(file);
  const bold = faces.bold.addTo(file);
  const pageTree = file.reserve();
  const page = file.reserve();
  const content = file.reserve();
  const catalogue = file.reserve();
  const info = file.reserve();
  file.rawStream(content, DEFLATED, deflated(drawReceipt(evidence, { regular, bold }, faces), QUICKLY));
  file.object(
    page,
    `<</Type/Page/Parent ${pageTree} 0 R/MediaBox[0 0 ${SHEET.width} ${SHEET.height}]` +
      `/Resources<</Font<<${regular.resource}${bold.resource}>>>>/Contents ${content} 0 R>>`,
  );
  file.object(pageTree, `<</Type/Pages/Count 1/Kids[${page} 0 R]>>`);
  regular.embed();
  bold.embed();
  const attached = attach(file, `receipt-${evidence.evidenceId}.jws`, jws);
  file.object(
    catalogue,
    `<</Type/Catalog/Pages ${pageTree} 0 R/Lang(th-TH)/ViewerPreferences<</DisplayDocTitle true>>` +
      `/Names<</EmbeddedFiles<</Names[${attached.name} ${attached.number} 0 R]>>>>/AF[${attached.number} 0 R]>>`,
  );
  const title = `${EVIDENCE_HEADINGS[evidence.type].title.th} ${evidence.evidenceId}`;
  file.object(
    info,
    `<</Title${pdfText(title)}/Author${pdfText(evidence.agency.nameThai)}/Producer(e-saraban mail)` +
      `/CreationDate${pdfDate(new Date(evidence.issuedAt))}>>`,
  );
  // ISO 32000-1 §14.4: two names of the file, the same as long as it is not changed.
  const id = `<${evidence.evidenceId.replaceAll("-", "")}>`;
  file.endWithTable(`/Root ${catalogue} 0 R/Info ${info} 0 R/ID[${id}${id}]`);
  return file.take();
}

/** An attached file (ISO 32000-1 §7.11.4). @returns its file specification */
function attach(file: PdfFile, filename: string, text: string): { number: number; name: string } {
  const stream = file.reserve();
  const number = file.reserve();
  const bytes = Buffer.from(text, "latin1");
  const name = pdfText(filename);
  file.rawStream(
    stream,
    `/Type/EmbeddedFile/Subtype/application#2Fjose/Params<</Size ${bytes.length}>>`,
    bytes,
  );
  file.object(
    number,
    `<</Type/Filespec/F(${filename})/UF${name}/AFRelationship/Data/EF<</F ${stream} 0 R/UF ${stream} 0 R>>>>`,
  );
  return { number, name };
}
