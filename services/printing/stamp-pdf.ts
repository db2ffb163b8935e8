import { newPdfFile, type PdfFile, pdfDate, pdfNumber, pdfText } from "../shared/pdf/pdf-file.ts";
import { addPdfFont } from "../shared/pdf/pdf-font.ts";
import {
  drawReceiveStamp,
  type ReceiveStamp,
  STAMP_EDGE_PT,
  STAMP_INK,
  type StampDrawing,
  type StampFaces,
} from "./receive-stamp.ts";

/** From the upper and the right edge of the page. */
export const STAMP_MARGIN_PT = 14;

/** A4 upright, points. */
const SHEET = { width: 595.28, height: 841.89 } as const;

/**
 * The stamp alone on a clear page, in the upper right corner: to be printed onto a letter on paper, or laid over a letter
 * of which there is no PDF, or none that can be stamped.
 */
export function stampSheetPdf(stamp: ReceiveStamp, faces: StampFaces): Uint8Array {
  const drawing = drawReceiveStamp(stamp, faces);
  const file = newPdfFile();
  const form = writeStampForm(file, drawing, faces);
  const pageTree = file.reserve();
  const page = file.reserve();
  const content = file.reserve();
  const catalogue = file.reserve();
  const info = file.reserve();
  const left = pdfNumber(SHEET.width - STAMP_MARGIN_PT - drawing.widthPt);
  const bottom = pdfNumber(SHEET.height - STAMP_MARGIN_PT - drawing.heightPt);
  file.stream(content, "", `q 1 0 0 1 ${left} ${bottom} cm /Stamp Do Q`);
  file.object(
    page,
    `<</Type/Page/Parent ${pageTree} 0 R/MediaBox[0 0 ${SHEET.width} ${SHEET.height}]` +
      `/Resources<</XObject<</Stamp ${form} 0 R>>>>/Contents ${content} 0 R>>`,
  );
  file.object(pageTree, `<</Type/Pages/Count 1/Kids[${page} 0 R]>>`);
  file.object(catalogue, `<</Type/Catalog/Pages ${pageTree} 0 R/Lang(th-TH)>>`);
  file.object(
    info,
    `<</Title${pdfText(drawing.description)}/Producer(e-saraban mail)/CreationDate${pdfDate(stamp.registeredAt)}>>`,
  );
  file.endWithTable(`/Root ${catalogue} 0 R/Info ${info} 0 R`);
  return file.take();
}

/**
 * The stamp as a form (ISO 32000-1 §8.10) with its lower left corner at 0, 0; with its words as text, so that a search in
 * the stamped letter finds them.
 * @returns its object number
 */
function writeStampForm(file: PdfFile, drawing: StampDrawing, faces: StampFaces): number {
  const form = file.reserve();
  const fonts = { regular: addPdfFont(file, faces.regular), bold: addPdfFont(file, faces.bold) };
  const ink = [STAMP_INK.red, STAMP_INK.green, STAMP_INK.blue].map((part) => pdfNumber(part / 255)).join(" ");
  const words = drawing.words.map(({ text, face, sizePt, x, y }) => {
    return `BT ${sizePt} 0 0 ${sizePt} ${pdfNumber(x)} ${pdfNumber(y)} Tm ${fonts[face].show(text)} ET\n`;
  });
  const half = STAMP_EDGE_PT / 2;
  const box = [half, half, drawing.widthPt - STAMP_EDGE_PT, drawing.heightPt - STAMP_EDGE_PT].map(pdfNumber);
  const size = `${pdfNumber(drawing.widthPt)} ${pdfNumber(drawing.heightPt)}`;
  const resources = `<</Font<<${fonts.regular.resource}${fonts.bold.resource}>>>>`;
  file.stream(
    form,
    `/Type/XObject/Subtype/Form/BBox[0 0 ${size}]/Resources${resources}`,
    `${ink} rg ${ink} RG ${STAMP_EDGE_PT} w ${box.join(" ")} re S\n${words.join("")}`,
  );
  fonts.regular.embed();
  fonts.bold.embed();
  return form;
}
