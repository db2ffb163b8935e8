import { resolve } from "node:path";
import type { SecureContext } from "node:tls";
import type { Kysely } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";
import { readNetworks } from "../../shared/runtime/networks.ts";
import { projectDir, type Settings, SettingsError } from "../../shared/runtime/settings.ts";
import {
  type CertificateLog,
  type WatchedCertificate,
  watchCertificate,
} from "../../shared/runtime/tls-certificate-files.ts";
import { type GreylistTimes, noteAttempt, removeStaleAttempts } from "../greylist-store.ts";
import { limitClients } from "./smtp-client-limits.ts";
import { openSmtpDoor, type SmtpDoor, type SmtpDoorOptions } from "./smtp-door.ts";
import { type AskGreylist, greylistWith } from "./smtp-greylist.ts";

export interface ConfiguredDoor extends Pick<SmtpDoor, "close"> {
  /** Where it listens, for the person who started it. */
  readonly says: readonly string[];
}

const HOUR_SECONDS = 3600;
const CLEAN_EVERY_MS = 10 * 60 * 1000;

/**
 * The door as the settings want it: ports, certificate, limits, greylist.
 *
 * @throws SettingsError when a network, the certificate or its key is not fit
 */
export async function openConfiguredDoor(
  smtp: Settings["smtp"],
  parts: Pick<SmtpDoorOptions, "acceptLetter" | "findRecipient" | "store"> & {
    readonly database: Kysely<Tables>;
    readonly log: CertificateLog;
  },
): Promise<ConfiguredDoor> {
  const { database, log } = parts;
  const trusts = readNetworks(smtp.trustedNetworks, "smtp.trustedNetworks");
  const proxies = readNetworks(smtp.proxyNetworks, "smtp.proxyNetworks");
  let door: SmtpDoor | undefined;
  let inForce: SecureContext | undefined;
  const certificate = await openCertificate(smtp, log, (renewed) => {
    inForce = renewed;
    door?.useCertificate(inForce);
  });
  const greylist = smtp.greylist.enabled ? openGreylist(smtp.greylist, database, log) : null;
  const letGo = (): void => {
    certificate?.close();
    greylist?.close();
  };
  try {
    door = await openSmtpDoor({
      ...parts,
      host: smtp.host,
      port: smtp.port,
      hostname: smtp.hostname,
      maxMessageBytes: smtp.maxMessageBytes,
      maxRecipients: smtp.maxRecipients,
      maxClients: smtp.maxClients,
      maxClientsPerAddress: smtp.maxClientsPerAddress,
      idleTimeoutMs: smtp.idleTimeoutSeconds * 1000,
      dataTimeoutMs: smtp.dataTimeoutSeconds * 1000,
      trusts,
      proxies,
      limits: limitClients(smtp.limits),
      ...(greylist && { greylist: greylist.ask }),
      ...(certificate && {
        tls: {
          context: certificate.certificate.context,
          port: smtp.tls.port === 0 ? null : smtp.tls.port,
          require: smtp.tls.require,
        },
      }),
    });
  } catch (error) {
    letGo();
    throw error;
  }
  // It may have been renewed while the ports were being opened.
  if (inForce) door.useCertificate(inForce);
  const { port, tlsPort } = door;
  return {
    says: [
      `SMTP on ${smtp.host}:${port}${certificate ? " (STARTTLS)" : ""}`,
      ...(tlsPort === null ? [] : [`SMTP over TLS on ${smtp.host}:${tlsPort}`]),
    ],
    async close(graceMs) {
      letGo();
      await door.close(graceMs);
    },
  };
}

/** Null when the settings name none. */
async function openCertificate(
  { tls, hostname }: Settings["smtp"],
  log: CertificateLog,
  renewed: (context: SecureContext) => void,
): Promise<WatchedCertificate | null> {
  if (tls.certFile === "" && tls.keyFile === "") {
    if (tls.port === 0 && !tls.require) return null;
    throw new SettingsError([
      "smtp.tls.port and smtp.tls.require need smtp.tls.certFile and smtp.tls.keyFile",
    ]);
  }
  if (tls.certFile === "" || tls.keyFile === "")
    throw new SettingsError(["smtp.tls.certFile and smtp.tls.keyFile go together"]);
  const files = {
    certFile: resolve(projectDir, tls.certFile),
    keyFile: resolve(projectDir, tls.keyFile),
    clientCaFile: "",
    setting: "smtp.tls",
    ownName: { name: hostname, setting: "smtp.hostname" },
  };
  const watched = await watchCertificate(files, log, ({ context }) => renewed(context));
  const onHangUp = (): void => void watched.look();
  process.on("SIGHUP", onHangUp);
  return {
    ...watched,
    close() {
      process.removeListener("SIGHUP", onHangUp);
      watched.close();
    },
  };
}

function openGreylist(
  settings: Settings["smtp"]["greylist"],
  database: Kysely<Tables>,
  log: CertificateLog,
): { readonly ask: AskGreylist; close(): void } {
  const times: GreylistTimes = {
    delaySeconds: settings.delaySeconds,
    windowSeconds: settings.windowHours * HOUR_SECONDS,
    keepSeconds: settings.keepDays * 24 * HOUR_SECONDS,
  };
  const troubled = (err: unknown): void =>
    log.error({ err }, "the greylist cannot be asked: every letter passes it");
  const cleaning = setInterval(
    () => void removeStaleAttempts(database, times).catch(troubled),
    CLEAN_EVERY_MS,
  ).unref();
  return {
    ask: greylistWith((keys) => noteAttempt(database, keys, times), troubled),
    close: () => clearInterval(cleaning),
  };
}
