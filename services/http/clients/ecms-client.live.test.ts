import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FastifyInstance, fastify } from "fastify";
import { inject, type TestContext, test } from "vitest";
import { openAdminPool } from "../../shared/runtime/database.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { openLog } from "../../shared/runtime/log.ts";
import { roomDatabase } from "../../shared/testing/arrivals.ts";
import {
  type CertificateFilePair,
  makeCertificate,
  makeClientCertificate,
} from "../../shared/testing/certificates.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { openHttpTls } from "../http-certificate.ts";
import { Problem, sendProblem } from "../problem.ts";
import { admitClients } from "./client-access.ts";
import { insertClient, type NewClient, revokeClient } from "./client-admin-store.ts";
import { fingerprintOf } from "./client-certificate.ts";
import { newSecret } from "./client-store.ts";
import { identifyEcmsClient } from "./ecms-client.ts";
import { type ClientSettings, openClients } from "./open-clients.ts";

const log = openLog("silent", "test");
const HTTP = {
  proxyNetworks: "",
  publicUrl: "",
  clientCertificateHeader: false,
  tokenMinutes: 10,
  clientRequestsPerMinute: 0,
};

/** Doors that say whom they know: each with settings of its own, all on one database. */
async function scene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const database = roomDatabase(context, address, "saraban_http");
  const admin = openAdminPool(address);
  const dir = await mkdtemp(join(tmpdir(), "saraban-ecms-"));
  context.onTestFinished(async () => {
    await admin.end();
    await rm(dir, { recursive: true });
  });
  return {
    admin,
    dir,
    async add(given: Partial<NewClient>): Promise<{ id: string; secret: string }> {
      const id = `node-${newId()}`;
      const secret = newSecret();
      const rest = { certificates: [], networks: [], dialect: "2.0", level: "normal" } as const;
      const office = {
        agencyId: "agency-a",
        name: "ระบบเดิม",
        senderDomain: null,
        scopes: ["submit"],
      } as const;
      await insertClient(admin, { id, ...office, ...rest, ...given }, secret);
      return { id, secret };
    },
    async open(settings: Partial<Omit<ClientSettings, "dataDir">>, tls = openHttpTls(NO_TLS, log)) {
      const clients = openClients(
        { dataDir: dir, http: HTTP, ecms: { byAddress: false }, ...settings },
        database,
        log,
      );
      const trustProxy = settings.http?.proxyNetworks ?? "";
      const certificate = await tls;
      const server = (
        certificate === null
          ? fastify({ trustProxy: trustProxy || false })
          : fastify({ https: certificate.options, trustProxy: false })
      ) as FastifyInstance;
      server.setErrorHandler((error, _request, reply) =>
        error instanceof Problem ? sendProblem(reply, error) : reply.code(500).send({}),
      );
      admitClients(server, clients);
      server.get("/who", async (request) => ({ id: (await identifyEcmsClient(request))?.id ?? null }));
      await server.listen({ host: "127.0.0.1", port: 0 });
      context.onTestFinished(async () => {
        await server.close();
        certificate?.close();
        await clients.calls.stop();
      });
      return (server.server.address() as AddressInfo).port;
    },
  };
}

const NO_TLS = { tls: { certFile: "", keyFile: "", clientCaFile: "" }, publicUrl: "" };

async function who(port: number, headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/who`, { headers });
  const body = (await response.json()) as { id?: string | null };
  return response.status === 200 ? body.id : response.status;
}

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`,
});

test("without a certificate, by id and secret; with nothing nobody is known, wherever he comes from", async (context) => {
  const { expect } = context;
  const { add, admin, open } = await scene(context);
  const { id, secret } = await add({ networks: ["127.0.0.0/8"] });
  const port = await open({});
  expect(await who(port)).toBeNull();
  expect(await who(port, basic(id, secret))).toBe(id);
  expect(await who(port, basic(id, newSecret()))).toBeNull();
  expect(await who(port, { authorization: "Basic %%%" })).toBeNull();
  await revokeClient(admin, id);
  expect(await who(port, basic(id, secret))).toBeNull();
  for (let tries = 3; tries < 10; tries += 1) await who(port, basic(id, secret));
  expect(await who(port, basic(id, secret))).toBe(429);
});

test("by address only where a setting says so; of two clients at one address neither, and wrong credentials are wrong", async (context) => {
  const { expect } = context;
  const { add, admin, open } = await scene(context);
  const one = await add({ networks: ["127.0.0.1/32", "192.0.2.0/24"] });
  const two = await add({ networks: ["198.51.100.0/24", "2001:db8::/32"] });
  const behindProxy = { ...HTTP, proxyNetworks: "127.0.0.0/8" };
  const port = await open({ http: behindProxy, ecms: { byAddress: true } });
  const from = (address: string, more = {}) => who(port, { "x-forwarded-for": address, ...more });
  expect(await who(port)).toBe(one.id);
  expect(await from("192.0.2.77")).toBe(one.id);
  expect(await from("198.51.100.1")).toBe(two.id);
  expect(await from("2001:db8::5")).toBe(two.id);
  expect(await from("203.0.113.1")).toBeNull();
  expect(await from("not an address")).toBeNull();
  expect(await from("192.0.2.77", basic(one.id, "wrong"))).toBeNull();
  await add({ networks: ["192.0.2.0/25"] });
  expect(await from("192.0.2.77")).toBeNull();
  await revokeClient(admin, one.id);
  expect(await from("192.0.2.200")).toBeNull();
});

test("a certificate in Client-Cert is believed from a proxy that settings name, and from nobody else", async (context) => {
  const { expect } = context;
  const { add, dir, open } = await scene(context);
  const der = new X509Certificate(await readFile((await makeCertificate(dir, "client")).certFile)).raw;
  const { id } = await add({ certificates: [fingerprintOf(der)] });
  const field = { "client-cert": `:${der.toString("base64")}:` };
  const http = { ...HTTP, proxyNetworks: "127.0.0.1", clientCertificateHeader: true };
  const trusted = await open({ http });
  expect(await who(trusted, field)).toBe(id);
  for (const wrong of ["", ":", "::", der.toString("base64"), `:${der.toString("base64")}:, :AA==:`])
    expect(await who(trusted, { "client-cert": wrong }), wrong).toBeNull();
  expect(await who(await open({ http: { ...http, clientCertificateHeader: false } }), field)).toBeNull();
  expect(await who(await open({ http: { ...http, proxyNetworks: "192.0.2.1" } }), field)).toBeNull();
  expect(await who(await open({ http: { ...http, proxyNetworks: "" } }), field)).toBeNull();
});

test("by the certificate of the connection, when it comes from an issuer that is believed", async (context) => {
  const { expect } = context;
  const { add, dir, open } = await scene(context);
  const issuer = await makeCertificate(dir, "issuer", { host: "issuer.example.go.th" });
  const server = await makeCertificate(dir, "server", { host: "localhost" });
  const [known, unknown, stranger] = [
    await makeClientCertificate(dir, "known", issuer),
    await makeClientCertificate(dir, "unknown", issuer),
    await makeCertificate(dir, "stranger"), // registered, but its issuer is none of ours
  ];
  const sha256 = async ({ certFile }: CertificateFilePair) =>
    fingerprintOf(new X509Certificate(await readFile(certFile)).raw);
  const { id, secret } = await add({ certificates: [await sha256(known), await sha256(stranger)] });
  const tls = { ...server, clientCaFile: issuer.certFile };
  const port = await open({}, openHttpTls({ tls, publicUrl: "" }, log));
  const ask = async (client: CertificateFilePair | null, headers = {}) => {
    const pair = client && { cert: await readFile(client.certFile), key: await readFile(client.keyFile) };
    const agent = new Agent({
      keepAlive: true,
      ca: await readFile(server.certFile),
      servername: "localhost",
      ...pair,
    });
    context.onTestFinished(() => agent.destroy());
    const answers: unknown[] = [];
    for (let times = 0; times < 2; times += 1)
      answers.push(
        await new Promise((resolve, reject) => {
          const asked = httpsRequest(
            { host: "127.0.0.1", port, path: "/who", agent, headers },
            (response) => {
              let text = "";
              response.on("data", (chunk) => {
                text += chunk;
              });
              response.on("end", () => resolve(JSON.parse(text).id));
            },
          );
          asked.once("error", reject);
          asked.end();
        }),
      );
    return answers;
  };
  expect(await ask(known)).toEqual([id, id]);
  expect(await ask(unknown)).toEqual([null, null]);
  expect(await ask(stranger)).toEqual([null, null]);
  expect(await ask(null)).toEqual([null, null]);
  expect(await ask(unknown, basic(id, secret))).toEqual([id, id]);
});
