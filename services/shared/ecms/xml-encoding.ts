import { isAscii } from "node:buffer";
import type { XmlFault } from "./xml-gate.ts";

type Decoder = InstanceType<typeof TextDecoder>;

const ENCODING = /^<\?xml[^>]{0,100}?\sencoding\s{0,5}=\s{0,5}["']([A-Za-z0-9._:-]{1,40})["']/u;
/**
 * What clients write there who do not know: UTF-8 or Thai, whatever they say. A toolkit that makes its XML as a text of its own
 * says UTF-16 and sends UTF-8; Thai octets that happen to be UTF-8 are no words.
 */
const VAGUE =
  /^(?:utf-?8|utf-?16(?:le|be)?|us-ascii|iso-8859-1|(?:windows|cp)-?1252|(?:x-)?tis-?620.{0,10}|(?:x-)?(?:windows|cp|ms)-?874|iso-?8859-?11|iso-ir-166)$/iu;

/**
 * Octets to text: by the byte order mark, by the declaration, or as UTF-8. What says UTF-8, or nothing, and is none, is
 * Thai (windows-874): the slice that shows it decides, and all before it must have been ASCII, the same in both.
 */
export function openXmlDecoder(refuse: (fault: XmlFault) => never): {
  write(slice: Buffer): string;
  end(): string;
} {
  let decoder: Decoder | null = null;
  let isOpenToThai = false;
  const decode = (slice: Buffer | undefined): string => {
    try {
      return slice === undefined
        ? (decoder?.decode() ?? "")
        : (decoder?.decode(slice, { stream: true }) ?? "");
    } catch {
      if (isOpenToThai && slice !== undefined) {
        isOpenToThai = false;
        decoder = new TextDecoder("windows-874");
        return decoder.decode(slice, { stream: true });
      }
      return refuse("not-well-formed");
    }
  };
  return {
    write(slice) {
      if (decoder === null) {
        const told = encodingOf(slice, refuse);
        decoder = told.decoder;
        isOpenToThai = told.isVague;
      }
      const text = decode(slice);
      if (isOpenToThai && !isAscii(slice)) isOpenToThai = false;
      return text;
    },
    end: () => decode(undefined),
  };
}

function encodingOf(
  slice: Buffer,
  refuse: (fault: XmlFault) => never,
): { readonly decoder: Decoder; readonly isVague: boolean } {
  const sure = (decoder: Decoder) => ({ decoder, isVague: false });
  if (slice[0] === 0xff && slice[1] === 0xfe) return sure(new TextDecoder("utf-16le", { fatal: true }));
  if (slice[0] === 0xfe && slice[1] === 0xff) return sure(new TextDecoder("utf-16be", { fatal: true }));
  // Without the mark: "<" and what stands behind it in every XML are enough (XML 1.0, appendix F).
  if (slice[0] === 0x3c && slice[1] === 0) return sure(new TextDecoder("utf-16le", { fatal: true }));
  if (slice[0] === 0 && slice[1] === 0x3c) return sure(new TextDecoder("utf-16be", { fatal: true }));
  const head = slice.subarray(0, 300).toString("latin1").replace(/^ï»¿/u, "").trimStart();
  if (slice[0] === 0xef && slice[1] === 0xbb && slice[2] === 0xbf)
    return sure(new TextDecoder("utf-8", { fatal: true }));
  const label = ENCODING.exec(head)?.[1] ?? "utf-8";
  if (VAGUE.test(label)) return { decoder: new TextDecoder("utf-8", { fatal: true }), isVague: true };
  try {
    return sure(new TextDecoder(label, { fatal: true }));
  } catch {
    return refuse("unknown-encoding");
  }
}
