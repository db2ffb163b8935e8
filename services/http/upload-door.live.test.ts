import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "vitest";
import { LARGEST_UPLOAD_BYTES } from "../shared/letter/uploaded-files.ts";
import { openDesk } from "./testing/desk.ts";

type Desk = Awaited<ReturnType<typeof openDesk>>;

const PDF = Buffer.from("%PDF-1.7\nเนื้อหาทดสอบ");

function upload(
  desk: Desk,
  name: string,
  body: Buffer,
  more: { type?: string; token?: string; agency?: string } = {},
) {
  const { type = "application/pdf", token, agency = "agency-a" } = more;
  return desk.ask(`/outbound/files?agency=${agency}&name=${encodeURIComponent(name)}`, {
    method: "POST",
    body: new Uint8Array(body),
    headers: { "content-type": type },
    ...(token === undefined ? {} : { token }),
  });
}

async function keptFiles({ dataDir }: Desk): Promise<string[]> {
  const found = await readdir(join(dataDir, "uploads"), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map(({ name }) => name);
}

test("a file is taken in octet for octet, of whatever type it says to be; small ones lie in the row, large ones in the store", async (context) => {
  const { expect } = context;
  const desk = await openDesk(context);
  const small = await upload(desk, "../หนังสือ ๑๒.pdf", PDF);
  expect(small).toMatchObject({
    status: 201,
    body: {
      agencyId: "agency-a",
      name: "หนังสือ ๑๒.pdf",
      mediaType: "application/pdf",
      sizeBytes: PDF.length,
      sha256: createHash("sha256").update(PDF).digest("hex"),
    },
  });
  expect(
    await desk.query("select content, uploaded_by like 'person:clerk-%' as by from saraban.uploaded_file"),
  ).toEqual([{ content: PDF, by: true }]);
  // A JSON file is a file, and what it holds is no request.
  const json = await upload(desk, "a.json", Buffer.from("{not json"), { type: "application/json" });
  expect(json).toMatchObject({ status: 201, body: { mediaType: "application/json" } });
  const page = await upload(desk, "a.html", PDF, { type: "Text/HTML; charset=utf-8" });
  expect(page).toMatchObject({ status: 201, body: { mediaType: "text/html" } });
  const large = Buffer.alloc(200_000, 7);
  const sha256 = createHash("sha256").update(large).digest("hex");
  expect(await upload(desk, "large.bin", large)).toMatchObject({ status: 201, body: { sha256 } });
  expect(await keptFiles(desk)).toEqual([sha256]);
  expect(
    await desk.query("select content is null as none from saraban.uploaded_file where size_bytes = 200000"),
  ).toEqual([{ none: true }]);
});

test("no name, an empty file, another agency, no token: nothing is kept", async (context) => {
  const { expect } = context;
  const desk = await openDesk(context);
  for (const name of ["..", "/", "x".repeat(256), "\u200b"])
    expect(await upload(desk, name, PDF), name).toMatchObject({
      status: 400,
      body: { code: "not-understood", errors: [{ parameter: "name" }] },
    });
  expect(await upload(desk, "", PDF)).toMatchObject({ status: 400 });
  expect(await upload(desk, "a.pdf", Buffer.alloc(0))).toMatchObject({
    status: 400,
    body: { errors: [{ detailThai: "แฟ้มไม่มีข้อมูล" }] },
  });
  const stranger = await desk.addClerk("agency-b");
  expect((await upload(desk, "a.pdf", PDF, { token: stranger })).status).toBe(404);
  expect((await upload(desk, "a.pdf", PDF, { agency: "agency-z" })).status).toBe(404);
  expect((await upload(desk, "a.pdf", PDF, { token: "wrong" })).status).toBe(401);
  expect(await desk.query("select from saraban.uploaded_file")).toEqual([]);
});

test("more than 50 MB is refused, said before or found out on the way; a client that goes away leaves nothing", async (context) => {
  const { expect } = context;
  const desk = await openDesk(context);
  const send = (headers: Record<string, string | number>, body: Iterable<Buffer> | AsyncIterable<Buffer>) =>
    new Promise<{ status: number; code: string } | "cut">((resolve) => {
      const asked = request(`${desk.url}/api/v1/outbound/files?agency=agency-a&name=a.bin`, {
        method: "POST",
        agent: false,
        headers: { authorization: `Bearer ${desk.token}`, ...headers },
      });
      asked.once("response", async (response) => {
        const pieces = await response.toArray();
        asked.destroy();
        resolve({
          status: response.statusCode ?? 0,
          code: JSON.parse(Buffer.concat(pieces).toString()).code,
        });
      });
      asked.once("error", () => resolve("cut"));
      Readable.from(body)
        .on("error", () => asked.destroy())
        .pipe(asked);
    });
  const block = Buffer.alloc(1024 * 1024);
  const blocks = function* (count: number) {
    for (let index = 0; index < count; index++) yield block;
  };
  const said = await send({ "content-length": LARGEST_UPLOAD_BYTES + 1 }, blocks(1));
  expect(said).toEqual({ status: 413, code: "too-large" });
  expect(await send({ "transfer-encoding": "chunked" }, blocks(51))).toEqual({
    status: 413,
    code: "too-large",
  });
  const goesAway = async function* () {
    yield block;
    throw new Error("the line is cut");
  };
  expect(await send({ "content-length": 3 * block.length }, goesAway())).toBe("cut");
  await expect.poll(() => keptFiles(desk), { timeout: 60_000 }).toEqual([]);
  expect(await desk.query("select from saraban.uploaded_file")).toEqual([]);
  expect((await upload(desk, "a.pdf", PDF)).status).toBe(201);
});

test("a request that comes in drop by drop is cut off; a file may take its time", async (context) => {
  const { expect } = context;
  const desk = await openDesk(context, undefined, undefined, 300);
  const drip = (path: string, type: string, withinMs: number) =>
    new Promise<number | "cut">((resolve) => {
      const headers = { authorization: `Bearer ${desk.token}`, "content-type": type, "content-length": 2 };
      const asked = request(`${desk.url}/api/v1${path}`, { method: "POST", agent: false, headers });
      asked.once("response", (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asked.once("error", () => resolve("cut"));
      asked.write("{");
      setTimeout(() => asked.end("}"), withinMs);
    });
  const file = "/outbound/files?agency=agency-a&name=a.bin";
  const slow = [drip("/acts", "application/json", 1_000), drip(file, "application/octet-stream", 1_000)];
  expect(await Promise.all(slow)).toEqual(["cut", 201]);
  expect(await drip("/acts", "application/json", 0)).toBe(422);
});
