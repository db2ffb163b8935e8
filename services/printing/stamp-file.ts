import type { RegisterLine } from "../shared/letter/register-line.ts";
import type { ReceiveStamp, StampFaces } from "./receive-stamp.ts";
import { openSarabun } from "./sarabun.ts";
import { stampSheetPdf } from "./stamp-pdf.ts";
import { stampPng } from "./stamp-png.ts";
import { stampSvg } from "./stamp-svg.ts";

/** Of the PNG: twice what an office printer resolves well enough for 9 pt Thai. */
const DPI = 300;

let faces: StampFaces | undefined;

/** The receive stamp (ตรารับหนังสือ) of a line, as a file of its own. */
export function drawStampFile(
  format: "stamp-svg" | "stamp-png" | "stamp-pdf",
  agencyNameThai: string,
  line: RegisterLine,
): Uint8Array {
  faces ??= { regular: openSarabun("regular"), bold: openSarabun("bold") };
  const stamp = stampOf(agencyNameThai, line);
  if (format === "stamp-svg") return Buffer.from(stampSvg(stamp, faces));
  return format === "stamp-png" ? stampPng(stamp, faces, DPI) : stampSheetPdf(stamp, faces);
}

/** What the stamp says of a line. */
export function stampOf(agencyNameThai: string, line: RegisterLine): ReceiveStamp {
  const { number, year, arrivedAt, registeredAt, registeredByName } = line;
  return { agencyNameThai, number, year, arrivedAt, registeredAt, receiverName: registeredByName };
}
