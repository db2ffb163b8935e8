import { isIPv4, isIPv6 } from "node:net";

/**
 * The PROXY protocol (versions 1 and 2 of HAProxy's specification): a balancer before us tells the client's address, ahead
 * of everything else on the connection. Whoever may write it chooses the address that is stored with a letter, so it is
 * read from the balancers of smtp.proxyNetworks alone, and to the letter.
 */
export type ProxyHeader =
  /** The first bytes of a header, so far well. */
  | { readonly kind: "incomplete" }
  /** Never to become a header. */
  | { readonly kind: "invalid" }
  /** The balancer speaks for itself (a health check) or does not know: the connection's own address holds. */
  | { readonly kind: "own"; readonly endsAt: number }
  | { readonly kind: "client"; readonly address: string; readonly port: number; readonly endsAt: number };

const INCOMPLETE: ProxyHeader = { kind: "incomplete" };
const INVALID: ProxyHeader = { kind: "invalid" };

/** Version 1, §2.1: "the worst case" with its CR LF. */
const MAX_TEXT_BYTES = 107;
const TEXT_BEGIN = Buffer.from("PROXY ");
const BINARY_BEGIN = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const BINARY_FIXED_BYTES = 16;
/** Version 2 allows 64 KiB of additions (TLVs). What balancers send fits into this many times over. */
const MAX_ADDED_BYTES = 2048;

/** Reads the header that a connection begins with, from what has come of it. */
export function readProxyHeader(begin: Buffer): ProxyHeader {
  if (agrees(begin, TEXT_BEGIN)) return begin.length < TEXT_BEGIN.length ? INCOMPLETE : readText(begin);
  if (agrees(begin, BINARY_BEGIN)) return begin.length < BINARY_FIXED_BYTES ? INCOMPLETE : readBinary(begin);
  return INVALID;
}

function agrees(begin: Buffer, expected: Buffer): boolean {
  const length = Math.min(begin.length, expected.length);
  return begin.subarray(0, length).equals(expected.subarray(0, length));
}

function readText(begin: Buffer): ProxyHeader {
  const lineFeed = begin.subarray(0, MAX_TEXT_BYTES).indexOf(0x0a);
  if (lineFeed === -1) return begin.length < MAX_TEXT_BYTES ? INCOMPLETE : INVALID;
  if (begin[lineFeed - 1] !== 0x0d) return INVALID;
  const endsAt = lineFeed + 1;
  const words = begin.toString("latin1", TEXT_BEGIN.length, lineFeed - 1).split(" ");
  if (words[0] === "UNKNOWN") return { kind: "own", endsAt };
  const [family, source = "", target = "", sourcePort = "", targetPort = "", ...more] = words;
  const isAddress = family === "TCP4" ? isIPv4 : family === "TCP6" ? isPlainIPv6 : null;
  if (isAddress === null || more.length > 0) return INVALID;
  if (!isAddress(source) || !isAddress(target) || !isPort(sourcePort) || !isPort(targetPort)) return INVALID;
  return { kind: "client", address: source, port: Number(sourcePort), endsAt };
}

/** Without a zone: it means something on the balancer's machine only. */
const isPlainIPv6 = (text: string): boolean => isIPv6(text) && !text.includes("%");

const isPort = (text: string): boolean => /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;

function readBinary(begin: Buffer): ProxyHeader {
  const [versionAndCommand, family] = [begin[12], begin[13]];
  const addedBytes = begin.readUInt16BE(14);
  const endsAt = BINARY_FIXED_BYTES + addedBytes;
  const isLocal = versionAndCommand === 0x20;
  if ((!isLocal && versionAndCommand !== 0x21) || addedBytes > MAX_ADDED_BYTES) return INVALID;
  // TCP over IPv4 and IPv6, or unspecified; a UNIX socket or UDP is no way to a mail server.
  const addressBytes = family === 0x11 ? 4 : family === 0x21 ? 16 : 0;
  if (!isLocal && family !== 0x00 && (addressBytes === 0 || addedBytes < addressBytes * 2 + 4))
    return INVALID;
  if (begin.length < endsAt) return INCOMPLETE;
  if (isLocal || family === 0x00) return { kind: "own", endsAt };
  const address = begin.subarray(BINARY_FIXED_BYTES, BINARY_FIXED_BYTES + addressBytes);
  const port = begin.readUInt16BE(BINARY_FIXED_BYTES + addressBytes * 2);
  return { kind: "client", address: addressText(address), port, endsAt };
}

function addressText(address: Buffer): string {
  if (address.length === 4) return [...address].join(".");
  const groups = Array.from({ length: 8 }, (_, at) => address.readUInt16BE(at * 2).toString(16));
  return groups.join(":");
}
