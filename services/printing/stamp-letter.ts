import {
  EncryptedPDFError,
  ParseSpeeds,
  PDFDict,
  PDFDocument,
  PDFHexString,
  PDFName,
  PDFObjectCopier,
  PDFRawStream,
  PDFString,
} from "@cantoo/pdf-lib";
import { drawReceiveStamp, type ReceiveStamp, type StampDrawing, type StampFaces } from "./receive-stamp.ts";
import { STAMP_MARGIN_PT, stampSheetPdf } from "./stamp-pdf.ts";
import { findStampPlace } from "./stamp-place.ts";

/** Why a letter's PDF cannot be stamped. */
export type PdfFault = "not-a-pdf" | "broken" | "encrypted" | "too-large";

export type StampedLetter =
  | { readonly stamped: true; readonly pdf: Uint8Array }
  | { readonly stamped: false; readonly fault: PdfFault };

/** No letter is larger; more would be read for nothing. */
const LARGEST_LETTER_BYTES = 64 * 1024 * 1024;
/** Readers take no higher ones (ISO 32000-1 annex C): they would not find the stamp. */
const HIGHEST_NUMBER = 8_388_607;
// Print, ReadOnly, Locked (ISO 32000-1 §12.5.3): it is printed, and nobody moves it by accident.
const FLAGS = 4 + 64 + 128;
const AT_ONCE = { parseSpeed: ParseSpeeds.Fastest, updateMetadata: false } as const;

/**
 * Stamps the upper right corner of a letter's first page. The letter's own bytes stay as they came: the stamp is appended
 * as an update (ISO 32000-1 §7.5.6) that adds a stamp annotation (§12.5.6.12) and changes nothing else, so a digital
 * signature in the letter can still be checked against what was signed. To write the page anew instead loses the visible
 * signature, which is an annotation too.
 *
 * The file comes from outside, and its bombs are not bounded here: the service calls stampLetterApart. The library takes
 * the last object of each number in the file, whatever the cross-reference table says: a file forged so that the two
 * differ can look otherwise once it is stamped. The letter to go by is the one that came.
 */
export async function stampLetter(
  letter: Uint8Array,
  stamp: ReceiveStamp,
  faces: StampFaces,
): Promise<StampedLetter> {
  const refused = (fault: PdfFault): StampedLetter => ({ stamped: false, fault });
  if (letter.length > LARGEST_LETTER_BYTES) return refused("too-large");
  if (Buffer.from(letter.subarray(0, 5)).toString("latin1") !== "%PDF-") return refused("not-a-pdf");
  const drawing = drawReceiveStamp(stamp, faces);
  const sheet = await PDFDocument.load(stampSheetPdf(stamp, faces), AT_ONCE);
  try {
    const update = await writeUpdate(letter, sheet, drawing, stamp);
    return { stamped: true, pdf: Buffer.concat([letter, update]) };
  } catch (error) {
    // Everything else that the library throws, a full stack among it, comes from what the file says.
    return refused(error instanceof EncryptedPDFError ? "encrypted" : "broken");
  }
}

async function writeUpdate(
  letter: Uint8Array,
  sheet: PDFDocument,
  drawing: StampDrawing,
  stamp: ReceiveStamp,
): Promise<Uint8Array> {
  const pdf = await PDFDocument.load(letter, { ...AT_ONCE, forIncrementalUpdate: true });
  const { context } = pdf;
  const { prevStartXRef } = context.pdfFileDetails;
  if (prevStartXRef === 0) throw new Error("no startxref: the end of the file is missing");
  if (context.largestObjectNumber > HIGHEST_NUMBER) throw new Error("an object's number is too high");
  // The context's own snapshot counts the catalogue as changed, and with it every `set` searches all objects: more than
  // 20 s in a letter of 300,000. This one holds what is new, and the page.
  const changes = pdf.takeSnapshot();
  delete context.snapshot;
  const page = pdf.getPage(0);
  changes.markRefForSave(page.ref);
  const { rectangle, matrix } = findStampPlace(page, drawing, STAMP_MARGIN_PT);
  const form = PDFObjectCopier.for(sheet.context, context).copy(stampForm(sheet));
  form.dict.set(PDFName.of("Matrix"), context.obj([...matrix, 0, 0]));
  const annotation = context.obj({
    Type: "Annot",
    Subtype: "Stamp",
    Rect: rectangle.map(thousandth),
    F: FLAGS,
    P: page.ref,
    NM: PDFString.of(`e-saraban receive stamp ${stamp.year}-${stamp.number}`),
    M: PDFString.fromDate(stamp.registeredAt),
    Contents: PDFHexString.fromText(drawing.description),
    AP: { N: context.register(form) },
  });
  const others = page.node.Annots()?.asArray() ?? [];
  page.node.set(PDFName.of("Annots"), context.obj([...others, context.register(annotation)]));
  // An update's cross-reference section is of the same kind as the one before it (ISO 32000-1 §7.5.8.1).
  const section = Buffer.from(letter.subarray(prevStartXRef, prevStartXRef + 40)).toString("latin1");
  return pdf.saveIncremental(changes, { useObjectStreams: /^\s*\d+\s+\d+\s+obj/.test(section) });
}

/** The stamp on the sheet that stampSheetPdf writes: a form with its fonts. */
function stampForm(sheet: PDFDocument): PDFRawStream {
  const forms = sheet.getPage(0).node.Resources()?.lookup(PDFName.of("XObject"), PDFDict);
  const form = forms?.lookup(PDFName.of("Stamp"));
  if (!(form instanceof PDFRawStream)) throw new Error("the sheet has no stamp");
  return form;
}

function thousandth(value: number): number {
  return Math.round(value * 1000) / 1000;
}
