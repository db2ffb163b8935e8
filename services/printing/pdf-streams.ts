import { inflateSync } from "node:zlib";
import { broken, type Dictionary, readArray, readDictionary, UnreadablePdf } from "./pdf-syntax.ts";

/** A table of a million objects is 20 MB; what would become larger is a bomb. */
const LARGEST_BYTES = 32 * 1024 * 1024;

/** The content of a cross-reference or object stream; other filters than Flate are not used for these. */
export function decodeStream(dictionary: Dictionary, data: Buffer): Buffer {
  const filter = single(dictionary.get("Filter"));
  if (filter === null) return data;
  if (filter !== "/FlateDecode") throw new UnreadablePdf("unsupported", "a stream with another filter");
  const parameters = single(dictionary.get("DecodeParms"));
  const entries = parameters === null ? new Map<string, string>() : readDictionary(parameters);
  const predictor = Number(entries.get("Predictor") ?? 1);
  const bytes = inflate(data);
  if (predictor === 1) return bytes;
  const plain =
    Number(entries.get("Colors") ?? 1) === 1 && Number(entries.get("BitsPerComponent") ?? 8) === 8;
  if (predictor < 10 || !plain) throw new UnreadablePdf("unsupported", "a stream with another predictor");
  return undoPrediction(bytes, Number(entries.get("Columns") ?? 1));
}

/** Filters and their parameters may stand in an array of one. */
function single(value: string | undefined): string | null {
  if (value === undefined || value === "null") return null;
  if (!value.startsWith("[")) return value;
  const [only, ...others] = readArray(value);
  if (others.length > 0) throw new UnreadablePdf("unsupported", "a stream with several filters");
  return only === undefined || only === "null" ? null : only;
}

function inflate(data: Buffer): Buffer {
  try {
    return inflateSync(data, { maxOutputLength: LARGEST_BYTES });
  } catch {
    throw broken("a stream cannot be inflated");
  }
}

/** The PNG predictors (ISO 32000-1 §7.4.4.4) over rows of bytes: each says how it differs from the one above. */
function undoPrediction(bytes: Buffer, columns: number): Buffer {
  if (!Number.isSafeInteger(columns) || columns < 1 || columns > 1024) throw broken("a predictor's width");
  const rows = Math.floor(bytes.length / (columns + 1));
  const plain = Buffer.alloc(rows * columns);
  for (let row = 0; row < rows; row++) {
    const kind = bytes[row * (columns + 1)] ?? 0;
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      const left = column === 0 ? 0 : (plain[at - 1] ?? 0);
      const above = row === 0 ? 0 : (plain[at - columns] ?? 0);
      const corner = row === 0 || column === 0 ? 0 : (plain[at - columns - 1] ?? 0);
      const value = bytes[row * (columns + 1) + 1 + column] ?? 0;
      plain[at] = value + predicted(kind, left, above, corner);
    }
  }
  return plain;
}

function predicted(kind: number, left: number, above: number, corner: number): number {
  if (kind === 0) return 0;
  if (kind === 1) return left;
  if (kind === 2) return above;
  if (kind === 3) return Math.floor((left + above) / 2);
  if (kind !== 4) throw broken("an unknown predictor");
  const sum = left + above - corner;
  const [byLeft, byAbove, byCorner] = [Math.abs(sum - left), Math.abs(sum - above), Math.abs(sum - corner)];
  if (byLeft <= byAbove && byLeft <= byCorner) return left;
  return byAbove <= byCorner ? above : corner;
}
