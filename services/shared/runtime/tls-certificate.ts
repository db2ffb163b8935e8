import { constants, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";

/** A certificate with its key, ready for handshakes. */
export interface Certificate {
  readonly context: SecureContext;
  /** What the context was made of, for servers that make their own. */
  readonly options: SecureContextOptions;
  /** What an operator should know: expired, soon to expire, not for our name. Empty when all is well. */
  readonly warnings: readonly string[];
  /** SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` says it. */
  readonly fingerprint: string;
}

/** Says what is wrong with a certificate or key in words for its operator; tells nothing of the key. */
export class CertificateUnfit extends Error {
  override readonly name = "CertificateUnfit";
}

const WARN_BEFORE_DAYS = 14;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Our name, which a certificate should be for, and the setting that it stands in. */
export interface OwnName {
  readonly name: string;
  readonly setting: string;
}

/**
 * Reads a certificate (PEM, the server's own first, then the chain) and its private key (PEM, without a password).
 *
 * A certificate that has expired is taken with a warning: most servers that send mail do not look (RFC 7435 §4), and to
 * refuse it would end TLS for all of them.
 *
 * @param clientCaPem certificates that those of clients have to come from; null: none are asked for
 * @throws CertificateUnfit
 */
export function readCertificate(
  certPem: Buffer,
  keyPem: Buffer,
  clientCaPem: Buffer | null,
  ownName: OwnName | null,
  nowMs: number,
): Certificate {
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(certPem);
  } catch (cause) {
    throw new CertificateUnfit("the certificate file holds no certificate in PEM form", { cause });
  }
  const options: SecureContextOptions = {
    cert: certPem,
    key: keyPem,
    minVersion: "TLSv1.2",
    // A client could make us calculate handshakes over and over on one connection.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(clientCaPem === null ? {} : { ca: certificatesOf(clientCaPem) }),
  };
  let context: SecureContext;
  try {
    context = createSecureContext(options);
  } catch (cause) {
    throw new CertificateUnfit(faultOf(cause), { cause });
  }
  return { context, options, warnings: warningsOf(leaf, ownName, nowMs), fingerprint: leaf.fingerprint256 };
}

/** One by one: of a file without any, or with a broken one, OpenSSL would say nothing and let nobody in. */
function certificatesOf(pem: Buffer): string[] {
  const found = pem.toString("latin1").match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (found === null)
    throw new CertificateUnfit("the file of clients' issuers holds no certificate in PEM form");
  for (const one of found) {
    try {
      new X509Certificate(one);
    } catch (cause) {
      throw new CertificateUnfit("the file of clients' issuers holds a certificate that cannot be read", {
        cause,
      });
    }
  }
  return found;
}

/** OpenSSL's codes; its own words name its source files. */
function faultOf(cause: unknown): string {
  const { code } = cause as { code?: unknown };
  if (code === "ERR_OSSL_X509_KEY_VALUES_MISMATCH" || code === "ERR_OSSL_X509_KEY_TYPE_MISMATCH")
    return "the private key does not belong to the certificate";
  if (
    code === "ERR_OSSL_BAD_DECRYPT" ||
    code === "ERR_OSSL_BAD_PASSWORD_READ" ||
    code === "ERR_MISSING_PASSPHRASE"
  )
    return "the private key is locked by a password; give one without";
  if (typeof code === "string" && code.includes("TOO_SMALL")) return "the key is too short to be safe";
  return `the private key cannot be read as PEM, or the pair is not fit for TLS (${String(code)})`;
}

function warningsOf(leaf: X509Certificate, ownName: OwnName | null, nowMs: number): string[] {
  const warnings: string[] = [];
  const daysLeft = (leaf.validToDate.getTime() - nowMs) / DAY_MS;
  if (daysLeft < 0) warnings.push(`it has expired on ${leaf.validTo}`);
  else if (daysLeft < WARN_BEFORE_DAYS) warnings.push(`it expires on ${leaf.validTo}`);
  if (leaf.validFromDate.getTime() > nowMs) warnings.push(`it is not valid before ${leaf.validFrom}`);
  if (ownName !== null && leaf.checkHost(ownName.name) === undefined)
    warnings.push(`it is not for ${ownName.name}, the name of ${ownName.setting}`);
  return warnings;
}
