import type { RegisterLine } from "../shared/letter/register-line.ts";
import { openSarabun } from "../shared/pdf/sarabun.ts";
import type { PrintOrder } from "./print-store.ts";
import type { ReceiveStamp, StampFaces } from "./receive-stamp.ts";
import { stampSheetPdf } from "./stamp-pdf.ts";
import { stampPng } from "./stamp-png.ts";
import { stampSvg } from "./stamp-svg.ts";

/** Of the PNG: twice what an office printer resolves well enough for 9 pt Thai. */
const DPI = 300;

let faces: StampFaces | undefined;

/** The receive stamp (ตรารับหนังสือ) of a line, as a file of its own. */
export function drawStampFile(
  format: "stamp-svg" | "stamp-png" | "stamp-pdf",
  order: Pick<PrintOrder, "agencyNameThai" | "receiverName">,
  line: RegisterLine,
): Uint8Array {
  faces ??= { regular: openSarabun("regular"), bold: openSarabun("bold") };
  const stamp = stampOf(order, line);
  if (format === "stamp-svg") return Buffer.from(stampSvg(stamp, faces));
  return format === "stamp-png" ? stampPng(stamp, faces, DPI) : stampSheetPdf(stamp, faces);
}

/**
 * Why a line gets no receive stamp; null when it gets one. The stamp says that a letter was received and stands in the
 * register: of one sent, of a number only reserved and of a cancelled line that would be untrue.
 */
export function stampFault({ direction, status, number }: RegisterLine): string | null {
  if (direction !== "inbound") return "only a line of an inbound book gets a receive stamp";
  if (status === "reserved") return `line ${number} is only reserved: it gets its stamp once it is filled`;
  return status === "cancelled" ? `line ${number} is cancelled` : null;
}

/** What the stamp says of a line. */
export function stampOf(
  { agencyNameThai, receiverName }: Pick<PrintOrder, "agencyNameThai" | "receiverName">,
  line: RegisterLine,
): ReceiveStamp {
  const { number, year, arrivedAt, registeredAt, registeredByName } = line;
  return {
    agencyNameThai,
    number,
    year,
    arrivedAt,
    registeredAt,
    receiverName: registeredByName ?? receiverName,
  };
}
