import type { Server, ServerOptions } from "node:https";
import { resolve } from "node:path";
import { projectDir, type Settings, SettingsError } from "../shared/runtime/settings.ts";
import { type CertificateLog, watchCertificate } from "../shared/runtime/tls-certificate-files.ts";

/** The certificate that the server speaks TLS with; read again when it changes. */
export interface HttpTls {
  readonly options: ServerOptions;
  /** The server shows each new certificate to whoever connects from then on. */
  follow(server: Pick<Server, "setSecureContext">): void;
  close(): void;
}

const HANDSHAKE_WITHIN_MS = 10_000;

/**
 * Null when the settings name no certificate: HTTP as it is, for this machine or behind a proxy.
 * @throws SettingsError when they name half of one, or one that is not fit
 */
export async function openHttpTls(
  { tls, publicUrl }: Pick<Settings["http"], "tls" | "publicUrl">,
  log: CertificateLog,
): Promise<HttpTls | null> {
  const { certFile, keyFile, clientCaFile } = tls;
  if (certFile === "" && keyFile === "") {
    if (clientCaFile === "") return null;
    throw new SettingsError(["http.tls.clientCaFile needs http.tls.certFile and http.tls.keyFile"]);
  }
  if (certFile === "" || keyFile === "")
    throw new SettingsError(["http.tls.certFile and http.tls.keyFile go together"]);
  const files = {
    certFile: resolve(projectDir, certFile),
    keyFile: resolve(projectDir, keyFile),
    clientCaFile: clientCaFile === "" ? "" : resolve(projectDir, clientCaFile),
    setting: "http.tls",
    ownName: publicUrl === "" ? null : { name: new URL(publicUrl).hostname, setting: "http.publicUrl" },
  };
  let server: Pick<Server, "setSecureContext"> | undefined;
  const watched = await watchCertificate(files, log, ({ options }) => {
    inForce = options;
    server?.setSecureContext(options);
  });
  let inForce = watched.certificate.options;
  const onHangUp = (): void => void watched.look();
  process.on("SIGHUP", onHangUp);
  return {
    options: {
      ...inForce,
      handshakeTimeout: HANDSHAKE_WITHIN_MS,
      requestCert: clientCaFile !== "",
      // Clerks and those who check receipts have none: who needs one is asked by the doors (client-certificate.ts).
      rejectUnauthorized: false,
    },
    follow(opened) {
      server = opened;
      opened.setSecureContext(inForce); // it may have been renewed meanwhile
    },
    close() {
      process.removeListener("SIGHUP", onHangUp);
      watched.close();
    },
  };
}
