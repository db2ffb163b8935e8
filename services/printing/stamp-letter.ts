import { openPdf } from "./open-pdf.ts";
import { pdfDate, pdfNumber, pdfText, updatePdfFile } from "./pdf-file.ts";
import { type Dictionary, type PdfFault, readArray, UnreadablePdf, writtenName } from "./pdf-syntax.ts";
import { drawReceiveStamp, type ReceiveStamp, type StampFaces } from "./receive-stamp.ts";
import { STAMP_MARGIN_PT, writeStampForm } from "./stamp-pdf.ts";
import { findStampPlace } from "./stamp-place.ts";

export type StampedLetter =
  | { readonly stamped: true; readonly pdf: Uint8Array }
  | { readonly stamped: false; readonly fault: PdfFault };

/** No letter is larger; more would be read for nothing. */
const LARGEST_LETTER_BYTES = 64 * 1024 * 1024;

// Print, ReadOnly, Locked (ISO 32000-1 §12.5.3): it is printed, and nobody moves it by accident.
const FLAGS = 4 + 64 + 128;

/**
 * Stamps the upper right corner of a letter's first page. The letter's own bytes stay as they came: the stamp is appended
 * as an update (ISO 32000-1 §7.5.6) that adds a stamp annotation (§12.5.6.12) and changes nothing else, so a digital
 * signature in the letter can still be checked against what was signed. To write the page anew instead, as other tools do,
 * loses the visible signature, which is an annotation too.
 *
 * The file comes from outside: the service calls stampLetterApart.
 */
export function stampLetter(letter: Buffer, stamp: ReceiveStamp, faces: StampFaces): StampedLetter {
  try {
    return { stamped: true, pdf: appendStamp(letter, stamp, faces) };
  } catch (error) {
    if (error instanceof UnreadablePdf) return { stamped: false, fault: error.fault };
    throw error;
  }
}

function appendStamp(letter: Buffer, stamp: ReceiveStamp, faces: StampFaces): Uint8Array {
  if (letter.length > LARGEST_LETTER_BYTES) throw new UnreadablePdf("too-large", "larger than any letter");
  const pdf = openPdf(letter);
  const drawing = drawReceiveStamp(stamp, faces);
  const { page, pageNumber, rectangle, matrix } = findStampPlace(pdf, drawing, STAMP_MARGIN_PT);
  const file = updatePdfFile(letter.length, pdf.firstFreeNumber);
  const form = writeStampForm(file, drawing, faces, `/Matrix[${matrix.join(" ")} 0 0]`);
  const annotation = file.reserve();
  file.object(
    annotation,
    `<</Type/Annot/Subtype/Stamp/Rect[${rectangle.map(pdfNumber).join(" ")}]/F ${FLAGS}/P ${pageNumber} 0 R` +
      `/NM(e-saraban receive stamp ${stamp.year}-${stamp.number})/M${pdfDate(stamp.registeredAt)}` +
      `/Contents${pdfText(drawing.description)}/AP<</N ${form} 0 R>>>>`,
  );
  const before = pdf.resolve(page.get("Annots"));
  const annotations = [...(before === "null" ? [] : readArray(before)), `${annotation} 0 R`];
  file.object(pageNumber, written(new Map([...page, ["Annots", `[${annotations.join(" ")}]`]])));
  const trailer = keep(pdf.trailer, ["Root", "Info", "ID"]);
  const entries = `${trailer}/Prev ${pdf.newestSection}`;
  if (pdf.newestIsStream) file.endWithStream(entries);
  else file.endWithTable(entries);
  return Buffer.concat([letter, file.take()]);
}

function written(dictionary: Dictionary): string {
  return `<<${[...dictionary].map(([name, value]) => `${writtenName(name)} ${value}`).join("\n")}>>`;
}

function keep(dictionary: Dictionary, names: readonly string[]): string {
  return names
    .map((name) => (dictionary.has(name) ? `${writtenName(name)} ${dictionary.get(name)}` : ""))
    .join("");
}
