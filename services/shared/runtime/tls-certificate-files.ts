import { type FSWatcher, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { SettingsError } from "./settings.ts";
import { type Certificate, CertificateUnfit, type OwnName, readCertificate } from "./tls-certificate.ts";

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Certificates that those of clients have to come from; "": none are asked for. */
  readonly clientCaFile: string;
  /** The group of settings that names them, for messages: smtp.tls. */
  readonly setting: string;
  /** Null where we have none that is known. */
  readonly ownName: OwnName | null;
}

/** The calls of a pino logger made here. */
export interface CertificateLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface WatchedCertificate {
  /** The first one. */
  readonly certificate: Certificate;
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
  renewed: (certificate: Certificate) => void,
): Promise<WatchedCertificate> {
  let tried = await readPair(files);
  const first = certificateOf(tried, files);
  tellWarnings(first, files, log);

  let looking = Promise.resolve();
  const look = (): Promise<void> => {
    looking = looking.then(async () => {
      try {
        const pair = await readPair(files);
        if (isSame(pair, tried)) return;
        tried = pair;
        const next = certificateOf(pair, files);
        renewed(next);
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
  const names = [files.certFile, files.keyFile, files.clientCaFile].filter((name) => name !== "");
  const watchers = [...new Set(names.map((name) => dirname(name)))].flatMap((folder) =>
    watchFolder(folder, moved),
  );
  const regularly = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  return {
    certificate: first,
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
  readonly clientCa: Buffer | null;
}

async function readPair({ certFile, keyFile, clientCaFile, setting }: CertificateFiles): Promise<Pair> {
  return {
    cert: await readSetting(certFile, `${setting}.certFile`),
    key: await readSetting(keyFile, `${setting}.keyFile`),
    clientCa: clientCaFile === "" ? null : await readSetting(clientCaFile, `${setting}.clientCaFile`),
  };
}

function isSame(one: Pair, other: Pair): boolean {
  const sameCa = one.clientCa === null || other.clientCa === null || one.clientCa.equals(other.clientCa);
  return one.cert.equals(other.cert) && one.key.equals(other.key) && sameCa;
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

function certificateOf(
  { cert, key, clientCa }: Pair,
  { certFile, setting, ownName }: CertificateFiles,
): Certificate {
  try {
    return readCertificate(cert, key, clientCa, ownName, Date.now());
  } catch (error) {
    if (!(error instanceof CertificateUnfit)) throw error;
    throw new SettingsError([`${setting} (${certFile}): ${error.message}`]);
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
