import { X509Certificate } from "node:crypto";
import { copyFile, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLog } from "../shared/runtime/log.ts";
import {
  type CertificateFilePair,
  makeCertificate,
  makeClientCertificate,
} from "../shared/testing/certificates.ts";
import { fingerprintOf } from "./clients/client-certificate.ts";
import { openHttpTls } from "./http-certificate.ts";
import { openDesk } from "./testing/desk.ts";

const log = openLog("silent", "test");
const publicUrl = "";

let dir: string;
let [first, second, issuer, program]: CertificateFilePair[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "saraban-https-"));
  [first, second, issuer] = await Promise.all(
    ["first", "second", "issuer"].map((name) => makeCertificate(dir, name, { host: "localhost" })),
  );
  program = await makeClientCertificate(dir, "program", issuer as CertificateFilePair);
});
afterAll(() => rm(dir, { recursive: true }));

const given = (pair: CertificateFilePair | undefined) => pair as CertificateFilePair;

test("a program's certificate is enough; others come in without one; a renewed certificate is shown at once", async (context) => {
  const files = { certFile: join(dir, "live.cert"), keyFile: join(dir, "live.key") };
  await copyFile(given(first).certFile, files.certFile);
  await copyFile(given(first).keyFile, files.keyFile);
  let renewed: (line: object) => void;
  const renewal = new Promise<object>((resolve) => {
    renewed = resolve;
  });
  const listening = { info: (fields: object) => renewed(fields), warn() {}, error() {} };
  const tls = await openHttpTls(
    { tls: { ...files, clientCaFile: given(issuer).certFile }, publicUrl },
    listening,
  );
  context.onTestFinished(() => tls?.close());
  const { url, addClient, token } = await openDesk(context, undefined, log, undefined, {}, tls);
  const sha256 = fingerprintOf(new X509Certificate(await readFile(given(program).certFile)).raw);
  await addClient({
    certificates: [sha256],
    senderDomain: "agency-a.example.go.th",
    scopes: ["read-inbound"],
  });
  const port = Number(new URL(url).port);
  expect(new URL(url).protocol).toBe("https:");
  const ca = await Promise.all([first, second].map((pair) => readFile(given(pair).certFile)));
  const ours = { host: "127.0.0.1", port, ca, servername: "localhost" };
  const get = (path: string, more: object = {}) =>
    new Promise<number | undefined>((resolve, reject) => {
      const asked = request({ ...ours, path, agent: false, ...more }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.once("error", reject).end();
    });
  const pair = { cert: await readFile(given(program).certFile), key: await readFile(given(program).keyFile) };
  expect(await get("/api/v1/lines", pair)).toBe(200);
  expect(await get("/api/v1/outbound?agency=agency-a", pair)).toBe(403);
  expect(await get("/api/v1/lines")).toBe(401);
  expect(await get("/api/v1/tray?agency=agency-a", { headers: { authorization: `Bearer ${token}` } })).toBe(
    200,
  );
  expect(await get("/healthz")).toBe(200);

  const shown = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ ...ours, rejectUnauthorized: true }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      });
      socket.once("error", reject);
    });
  const old = await shown();
  for (const file of ["certFile", "keyFile"] as const) {
    await copyFile(given(second)[file], `${files[file]}.new`);
    await rename(`${files[file]}.new`, files[file]);
  }
  expect(await renewal).toEqual({ fingerprint: await shown() });
  expect(await shown()).not.toBe(old);
  // What certificates of programs have to come from is still asked for.
  expect(await get("/api/v1/lines", pair)).toBe(200);
});

test("half a certificate, and issuers that are none, are told by their setting", async () => {
  const open = (tls: Partial<CertificateFilePair & { clientCaFile: string }>) =>
    openHttpTls({ tls: { certFile: "", keyFile: "", clientCaFile: "", ...tls }, publicUrl }, log);
  expect(await open({})).toBeNull();
  await expect(open({ certFile: given(first).certFile })).rejects.toThrow(/go together/);
  await expect(open({ clientCaFile: given(issuer).certFile })).rejects.toThrow(
    /^http\.tls\.clientCaFile needs/,
  );
  await expect(open({ ...given(first), clientCaFile: join(dir, "none.pem") })).rejects.toThrow(
    /^http\.tls\.clientCaFile: .*\(ENOENT\)$/,
  );
  await expect(open({ ...given(first), clientCaFile: given(first).keyFile })).rejects.toThrow(
    /issuers holds no certificate in PEM form$/,
  );
});
