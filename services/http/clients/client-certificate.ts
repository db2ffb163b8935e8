import { createHash } from "node:crypto";
import { TLSSocket } from "node:tls";
import type { FastifyRequest } from "fastify";
import type { NetworkSet } from "../../shared/runtime/networks.ts";

/** A byte sequence of Structured Fields (RFC 9440 §2.1): the certificate's DER. */
const CLIENT_CERT = /^:([A-Za-z0-9+/]{1,16000}={0,2}):$/;

/** From whom the field Client-Cert is believed; null: from nobody. */
export type BelievedProxies = NetworkSet | null;

/**
 * SHA-256 (hex) of the certificate under which a request came: of the TLS connection, or as a proxy of ours says in
 * Client-Cert (RFC 9440) that it came to it. Everybody has other people's certificates: what counts is that the holder of
 * the key made the connection, which here the handshake shows, and behind a proxy only the proxy knows.
 * @returns null when there is none that was checked
 */
export function certificateOf(request: FastifyRequest, proxies: BelievedProxies): string | null {
  const { socket } = request.raw;
  if (socket instanceof TLSSocket) {
    const own = ofConnection(socket);
    if (own !== null) return own;
  }
  const field = request.headers["client-cert"];
  if (proxies === null || typeof field !== "string" || !proxies(socket.remoteAddress ?? "")) return null;
  const der = CLIENT_CERT.exec(field.trim())?.[1];
  return der === undefined ? null : createHash("sha256").update(Buffer.from(der, "base64")).digest("hex");
}

/** Of a connection it stays the same, and asking OpenSSL costs a copy. */
const known = new WeakMap<TLSSocket, string | null>();

function ofConnection(socket: TLSSocket): string | null {
  const before = known.get(socket);
  if (before !== undefined) return before;
  // Not `authorized`: it came from none of http.tls.clientCaFile, has expired, or was made for another use.
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  const sha256 = certificate === undefined ? null : fingerprintOf(certificate.raw);
  known.set(socket, sha256);
  return sha256;
}

/** @param der of the certificate */
export function fingerprintOf(der: Buffer): string {
  return createHash("sha256").update(der).digest("hex");
}
