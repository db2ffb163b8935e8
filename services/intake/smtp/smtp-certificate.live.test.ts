import { copyFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { greetedSmtpClient } from "../../shared/testing/smtp-client.ts";
import {
  type CertificateFilePair,
  implicitTlsClient,
  makeCertificate,
  startTls,
} from "../testing/tls-client.ts";
import { watchCertificate } from "./smtp-certificate-files.ts";
import { openTestDoor } from "./smtp-test-door.ts";

const hostname = "mail.agency-a.example.go.th";

let dir: string;
let first: CertificateFilePair;
let second: CertificateFilePair;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "smtp-certificate-"));
  [first, second] = await Promise.all([makeCertificate(dir, "first"), makeCertificate(dir, "second")]);
});
afterAll(() => rm(dir, { recursive: true }));

/** A log whose next line of a level can be awaited. */
function listeningLog() {
  const lines: { level: string; fields: object; message: string }[] = [];
  const write = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  const heard = (level: string) =>
    expect.poll(() => lines.filter((line) => line.level === level), { timeout: 60_000 });
  return { info: write("info"), warn: write("warn"), error: write("error"), lines, heard };
}

async function copyOf(name: string, pair: CertificateFilePair): Promise<CertificateFilePair> {
  const folder = join(dir, name);
  await mkdir(folder);
  const files = { certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem") };
  await copyFile(pair.certFile, files.certFile);
  await copyFile(pair.keyFile, files.keyFile);
  return files;
}

test("a renewed certificate is shown to the next client, and those inside stay", async () => {
  const files = await copyOf("renewed", first);
  const log = listeningLog();
  const watched = await watchCertificate({ ...files, hostname }, log, (context) =>
    door.door.useCertificate(context),
  );
  const door = await openTestDoor({ tls: { context: watched.context, port: 0, require: false } });
  const shown = async (): Promise<(string | undefined)[]> => {
    const implicit = await implicitTlsClient(door.tlsPort);
    const started = await startTls(await greetedSmtpClient(door.port));
    const both = [implicit, started].map(({ tls }) => tls.getPeerCertificate().fingerprint256);
    implicit.destroy();
    started.destroy();
    return both;
  };
  const inside = await implicitTlsClient(door.tlsPort);
  const [old] = await shown();

  // Half of a renewal, and nonsense: neither may take the certificate away that works.
  await copyFile(second.certFile, files.certFile);
  await log.heard("error").toHaveLength(1);
  await writeFile(files.keyFile, "-----BEGIN PRIVATE KEY-----\n");
  await log.heard("error").toHaveLength(2);
  await watched.look();
  expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(2);
  expect(await shown()).toEqual([old, old]);

  // The other half, by rename, as certbot and cert-manager do.
  await copyFile(second.keyFile, `${files.keyFile}.new`);
  await rename(`${files.keyFile}.new`, files.keyFile);
  await log.heard("info").toHaveLength(1);
  const [next, started] = await shown();
  expect(next).not.toBe(old);
  expect(started).toBe(next);
  expect(log.lines.at(-1)).toMatchObject({ fields: { fingerprint: next } });
  expect((await inside.command("NOOP")).code).toBe(250);
  inside.destroy();
  watched.close();
  await door.close();
});

test("a link that comes to point elsewhere is a renewal too", async () => {
  const folder = join(dir, "links");
  await mkdir(folder);
  const files = { certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem") };
  await symlink(first.certFile, files.certFile);
  await symlink(first.keyFile, files.keyFile);
  const log = listeningLog();
  const watched = await watchCertificate({ ...files, hostname }, log, () => {});
  for (const [file, target] of [
    [files.certFile, second.certFile],
    [files.keyFile, second.keyFile],
  ] as const) {
    await symlink(target, `${file}.new`);
    await rename(`${file}.new`, file);
  }
  await log.heard("info").toHaveLength(1);
  watched.close();
});

test("what is not fit at the start is told by its setting", async () => {
  const start = (files: CertificateFilePair) =>
    watchCertificate({ ...files, hostname }, listeningLog(), () => {});
  const text = join(dir, "text.pem");
  await writeFile(text, "ไม่ใช่ใบรับรอง");
  await expect(start({ ...first, certFile: join(dir, "none.pem") })).rejects.toThrow(
    /^smtp\.tls\.certFile: .*none\.pem cannot be read \(ENOENT\)$/,
  );
  await expect(start({ ...first, keyFile: dir })).rejects.toThrow(/^smtp\.tls\.keyFile: .* \(EISDIR\)$/);
  await expect(start({ ...first, certFile: text })).rejects.toThrow(/holds no certificate in PEM form$/);
  await expect(start({ ...first, keyFile: text })).rejects.toThrow(/the private key cannot be read as PEM/);
  await expect(start({ ...first, keyFile: second.keyFile })).rejects.toThrow(
    /the private key does not belong to the certificate$/,
  );
});

test("an expired certificate, or one for another name, is used and warned of", async () => {
  const expired = await makeCertificate(dir, "expired", { days: -1, host: "elsewhere.example.go.th" });
  const log = listeningLog();
  (await watchCertificate({ ...expired, hostname }, log, () => {})).close();
  expect(log.lines).toMatchObject([
    { level: "warn", fields: { warning: expect.stringMatching(/^it has expired on /) } },
    { level: "warn", fields: { warning: expect.stringMatching(/^it is not for mail\.agency-a/) } },
  ]);
});
