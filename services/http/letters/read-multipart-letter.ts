import { createHash } from "node:crypto";
import { readFormParts } from "../../shared/mime/form-parts.ts";
import type { Fault } from "../problem.ts";
import { uploadName } from "../upload-name.ts";

/** A file of a letter in multipart/form-data, as it came by. */
export interface PassedFile {
  readonly role: "main" | "enclosure";
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface MultipartLetter {
  /** Content type of the part "letter", in lower case, and its octets. */
  readonly letterType: string;
  readonly letter: Buffer;
  readonly files: readonly PassedFile[];
}

const LARGEST_LETTER_PART = 1024 * 1024;
const MOST_FILES = 100;

/**
 * Reads multipart/form-data (RFC 7578) as it streams by: first the part "letter", then the files, each a part named main or
 * enclosure. Of a file nothing is held; it is measured and digested.
 * @returns what is wrong with it, in the place of its parts. Throws only what the source throws
 */
export async function readMultipartLetter(
  octets: AsyncIterable<Buffer>,
  mediaType: string,
): Promise<MultipartLetter | { readonly faults: readonly Fault[] }> {
  const faults: Fault[] = [];
  const files: PassedFile[] = [];
  const letter: { type: string; octets: Buffer[]; sizeBytes: number } = {
    type: "",
    octets: [],
    sizeBytes: 0,
  };
  let parts = 0;
  const fault = await readFormParts(
    octets,
    mediaType,
    ({ field, fileName, mediaType: type, encoding }, content) => {
      parts += 1;
      if (!/^(?:7bit|8bit|binary)$/.test(encoding)) {
        faults.push(
          partFault(
            field,
            "comes as it is, without Content-Transfer-Encoding",
            "ต้องไม่ใช้ Content-Transfer-Encoding",
          ),
        );
      }
      if (parts === 1) {
        if (field !== "letter") {
          faults.push(partFault(field, "stands first; the first part is letter", "ส่วนแรกต้องชื่อ letter"));
        }
        letter.type = type;
        content.on("data", (piece: Buffer) => {
          letter.sizeBytes += piece.length;
          if (letter.sizeBytes <= LARGEST_LETTER_PART) letter.octets.push(piece);
        });
        return undefined;
      }
      const given = fileName === null ? null : uploadName(fileName);
      if (field !== "main" && field !== "enclosure") {
        faults.push(
          partFault(field, "is no part of a letter: main or enclosure", "ส่วนที่เป็นแฟ้มต้องชื่อ main หรือ enclosure"),
        );
      } else if (given === null) {
        faults.push(partFault(field, "has no filename that can be used", "ไม่มีชื่อแฟ้ม (filename) ที่ใช้ได้"));
      }
      const hash = createHash("sha256");
      let sizeBytes = 0;
      content.on("data", (piece: Buffer) => {
        sizeBytes += piece.length;
        hash.update(piece);
      });
      content.on("end", () => {
        if (sizeBytes === 0) faults.push(partFault(field, "is empty", "ว่างเปล่า"));
        const role = field === "main" ? "main" : "enclosure";
        files.push({ role, name: given ?? "", mediaType: type, sizeBytes, sha256: hash.digest("hex") });
      });
      return undefined;
    },
  );
  switch (fault) {
    case "no-boundary":
      faults.push(partFault("", "names no boundary in its Content-Type", "ไม่ระบุ boundary ใน Content-Type"));
      break;
    case "too-many-parts":
      faults.push(partFault("", `has more than ${MOST_FILES} files`, `มีแฟ้มเกิน ${MOST_FILES} แฟ้ม`));
      break;
    case "broken":
      faults.unshift(partFault("", "is no multipart/form-data", "ไม่ใช่ multipart/form-data"));
      break;
    default:
      if (parts === 0) faults.push(partFault("letter", "is needed", "ต้องมีส่วน letter"));
  }
  if (letter.sizeBytes > LARGEST_LETTER_PART) {
    faults.push(partFault("letter", "is too long: at most 1 MiB", "ยาวเกินกำหนด: ไม่เกิน 1 MiB"));
  }
  if (faults.length > 0) return { faults };
  return { letterType: letter.type, letter: Buffer.concat(letter.octets), files };
}

/** Pointer to a part by its name. */
function partFault(name: string, en: string, th: string): Fault {
  const shown = name.slice(0, 60).replaceAll("~", "~0").replaceAll("/", "~1");
  return { pointer: shown === "" ? "" : `/${shown}`, en, th };
}

/** The same letter and files, whatever boundary parts them: a client that tries again writes another one. */
export function fingerprintOf({ letterType, letter, files }: MultipartLetter): string {
  const parts = files.map(({ role, name, mediaType, sha256 }) => [role, name, mediaType, sha256]);
  const own = createHash("sha256").update(letter).digest("hex");
  return createHash("sha256")
    .update(JSON.stringify([letterType, own, parts]))
    .digest("hex");
}
