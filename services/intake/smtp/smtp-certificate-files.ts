import { type FSWatcher, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { SecureContext } from "node:tls";
import { SettingsError } from "../../shared/runtime/settings.ts";
import { type Certificate, CertificateUnfit, readCertificate } from "./smtp-certificate.ts";

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Our name, which the certificate should be for. */
  readonly hostname: string;
}

/** The calls of a pino logger made here. */
export interface CertificateLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface WatchedCertificate {
  readonly context: SecureContext;
  /** Looks at the files now. Never fails. */
  look(): Promise<void>;
  close(): void;
}

/** A renewal writes two files, each perhaps in pieces: looked at when nothing has moved for so long. */
const SETTLE_MS = 300;
/** For file systems that tell nothing of changes, and links whose target changes elsewhere. */
const LOOK_EVERY_MS = 60_000;

/**
 * Reads certificate and key, and again whenever the files change: a renewal needs no restart. A new pair that is no good
 * leaves the old one in force and says so in the log, once for each such pair.
 *
 * @param renewed told of each new pair
 * @throws SettingsError when the pair is not fit at the start
 */
export async function watchCertificate(
  files: CertificateFiles,
  log: CertificateLog,
  renewed: (context: SecureContext) => void,
): Promise<WatchedCertificate> {
  let tried = await readPair(files);
  const first = certificateOf(tried, files);
  tellWarnings(first, files, log);

  let looking = Promise.resolve();
  const look = (): Promise<void> => {
    looking = looking.then(async () => {
      try {
        const pair = await readPair(files);
        if (pair.cert.equals(tried.cert) && pair.key.equals(tried.key)) return;
        tried = pair;
        const next = certificateOf(pair, files);
        renewed(next.context);
        log.info({ fingerprint: next.fingerprint }, "the new TLS certificate is in force");
        tellWarnings(next, files, log);
      } catch (err) {
        log.error({ err }, "the new TLS certificate is not fit for use: the old one stays in force");
      }
    });
    return looking;
  };

  let settle: NodeJS.Timeout | undefined;
  const moved = (): void => {
    clearTimeout(settle);
    settle = setTimeout(() => void look(), SETTLE_MS);
  };
  // The folders, not the files: a renewal puts a new file or link in the place of the old, and a watch on the old sees nothing.
  const watchers = [...new Set([dirname(files.certFile), dirname(files.keyFile)])].flatMap((folder) =>
    watchFolder(folder, moved),
  );
  const regularly = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  return {
    context: first.context,
    look,
    close() {
      clearTimeout(settle);
      clearInterval(regularly);
      for (const watcher of watchers) watcher.close();
    },
  };
}

interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

async function readPair({ certFile, keyFile }: CertificateFiles): Promise<Pair> {
  return {
    cert: await readSetting(certFile, "smtp.tls.certFile"),
    key: await readSetting(keyFile, "smtp.tls.keyFile"),
  };
}

async function readSetting(file: string, setting: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new SettingsError([
      `${setting}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    ]);
  }
}

function certificateOf(pair: Pair, { certFile, hostname }: CertificateFiles): Certificate {
  try {
    return readCertificate(pair.cert, pair.key, hostname, Date.now());
  } catch (error) {
    if (!(error instanceof CertificateUnfit)) throw error;
    throw new SettingsError([`smtp.tls (${certFile}): ${error.message}`]);
  }
}

function tellWarnings({ warnings }: Certificate, { certFile }: CertificateFiles, log: CertificateLog): void {
  for (const warning of warnings) log.warn({ certFile, warning }, "the TLS certificate needs attention");
}

/** None where the system cannot watch (too many watches): the regular look remains. */
function watchFolder(folder: string, moved: () => void): FSWatcher[] {
  try {
    const watcher = watch(folder, { persistent: false }, moved);
    watcher.on("error", () => watcher.close());
    return [watcher];
  } catch {
    return [];
  }
}
