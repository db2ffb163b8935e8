import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface CertificateFilePair {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Has openssl make a key and a certificate that signs itself; `days` below zero: it has expired. */
export async function makeCertificate(
  dir: string,
  name: string,
  { host = "mail.agency-a.example.go.th", days = 365 }: { host?: string; days?: number } = {},
): Promise<CertificateFilePair> {
  const certFile = join(dir, `${name}.cert.pem`);
  const keyFile = join(dir, `${name}.key.pem`);
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const who = ["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`];
  if (days > 0) {
    await run("openssl", [
      "req",
      "-x509",
      ...curve,
      ...who,
      "-days",
      `${days}`,
      "-keyout",
      keyFile,
      "-out",
      certFile,
    ]);
    return { certFile, keyFile };
  }
  // `req` takes no past days; `x509` does.
  const requestFile = join(dir, `${name}.csr`);
  await run("openssl", ["req", "-new", ...curve, ...who, "-keyout", keyFile, "-out", requestFile]);
  await run("openssl", [
    ...["x509", "-req", "-in", requestFile, "-signkey", keyFile, "-days", `${days}`, "-out", certFile],
  ]);
  return { certFile, keyFile };
}

/** Has openssl make a key and a certificate for a client, signed by the key of another. */
export async function makeClientCertificate(
  dir: string,
  name: string,
  issuer: CertificateFilePair,
): Promise<CertificateFilePair> {
  const [requestFile, certFile, keyFile] = [`${name}.csr`, `${name}.cert.pem`, `${name}.key.pem`].map(
    (file) => join(dir, file),
  ) as [string, string, string];
  await run("openssl", [
    ...["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-subj", `/CN=${name}`, "-keyout", keyFile, "-out", requestFile],
  ]);
  await run("openssl", [
    ...["x509", "-req", "-in", requestFile, "-CA", issuer.certFile, "-CAkey", issuer.keyFile],
    ...["-CAcreateserial", "-days", "30", "-out", certFile],
  ]);
  return { certFile, keyFile };
}
