import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from "node:tls";
import { readCertificate } from "../../shared/runtime/tls-certificate.ts";
import { type CertificateFilePair, makeCertificate } from "../../shared/testing/certificates.ts";
import { type SmtpTestClient, smtpClientOver } from "../../shared/testing/smtp-client.ts";

export { type CertificateFilePair, makeCertificate };

/** As the door would have it from its settings. */
export async function contextOf({ certFile, keyFile }: CertificateFilePair): Promise<SecureContext> {
  const [certPem, keyPem] = [await readFile(certFile), await readFile(keyFile)];
  return readCertificate(certPem, keyPem, null, null, Date.now()).context;
}

/** A client over TLS on top of the connection of another, which is of no use afterwards. */
export async function clientOverTls(
  plain: SmtpTestClient,
  options: ConnectionOptions = {},
): Promise<SmtpTestClient & { readonly tls: TLSSocket }> {
  const { socket } = plain;
  socket.removeAllListeners();
  const tls = connect({ socket, rejectUnauthorized: false, ...options });
  const client = smtpClientOver(tls);
  await new Promise<void>((resolve, reject) => {
    tls.once("secureConnect", resolve);
    tls.once("error", reject);
    tls.once("close", () => reject(new Error("closed in the handshake")));
  });
  return { ...client, tls };
}

/** EHLO and STARTTLS have been said; from here to a second EHLO. */
export async function startTls(plain: SmtpTestClient, options?: ConnectionOptions) {
  const said = await plain.command("STARTTLS");
  if (said.code !== 220) throw new Error(`STARTTLS was answered ${said.text}`);
  return clientOverTls(plain, options);
}

/** Connects to a port where TLS begins at once, and hears the greeting. */
export async function implicitTlsClient(port: number, options: ConnectionOptions = {}) {
  const tls = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
  const client = smtpClientOver(tls);
  await once(tls, "secureConnect");
  await client.reply();
  return { ...client, tls };
}
