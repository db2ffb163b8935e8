import { createHash } from "node:crypto";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, type TestContext, test } from "vitest";
import { indexKeyOf, queryGrams } from "../../shared/closed/blind-index.ts";
import { openFileKeys } from "../../shared/closed/file-key-provider.ts";
import { closedKeyFolder } from "../../shared/closed/key-files.ts";
import {
  bodySubject,
  type ClosedLevel,
  factsSubject,
  INDEX_SUBJECT,
} from "../../shared/closed/key-provider.ts";
import { openStream } from "../../shared/closed/open-stream.ts";
import { openBytes } from "../../shared/closed/seal-bytes.ts";
import { bodyPart, factsPart } from "../../shared/closed/sealed-form.ts";
import { openArrivedFile } from "../../shared/letter/arrival/open-arrived-file.ts";
import type { ClosedFacts } from "../../shared/letter/closed-facts.ts";
import { projectDir, readJson } from "../../shared/runtime/settings.ts";
import { openStore } from "../../shared/runtime/store.ts";
import { columnsWith, filesWith } from "../../shared/testing/find-words.ts";
import { form, openProgram, PDF, xmlLetter } from "../testing/program.ts";

const MARK = "มะม่วงกวน7Q4";
const NUMBER = "นร 0505/98761";
const SUBJECT = `เรื่อง ${MARK} ทดสอบ`;
const FILE = Buffer.concat([Buffer.from(`%PDF-1.4 ${MARK}-pdf `), Buffer.alloc(90_000, "x")]);
const WORDS = [MARK, "98761", "บุคคล9Z", "แฟ้ม3K"];
const FACTS = {
  number: NUMBER,
  date: "2026-05-31",
  subject: SUBJECT,
  from: { person: "บุคคล9Z" },
  to: { name: "อธิบดี" },
  enclosures: [`บัญชี ${MARK}`],
};
const validFacts = (() => {
  const ajv = new Ajv2020({ allErrors: true });
  addFormats.default(ajv);
  return ajv.compile(readJson(join(projectDir, "schemas/closed-facts.schema.json")));
})();

async function scene(context: TestContext) {
  const program = await openProgram(context);
  const { desk } = program;
  const clients = {
    normal: program.client,
    confidential: await desk.addClient({ level: "confidential" }),
    secret: await desk.addClient({ level: "secret" }),
  };
  const json = (secrecy: string, more: object = {}, file = PDF) => ({
    ...FACTS,
    secrecy,
    ...more,
    files: [
      { name: "แฟ้ม3K.pdf", mediaType: "application/pdf", role: "main", content: file.toString("base64") },
    ],
  });
  /** The three forms of the exchange API. */
  const send = {
    json: (secrecy: string, token: string, headers = {}, file = PDF) =>
      program.submit(json(secrecy, {}, file), headers, token),
    xml: (secrecy: string, token: string, headers = {}, file = PDF) => {
      const secret =
        { normal: "001", confidential: "002", secret: "003", "top-secret": "004" }[secrecy] ?? "";
      const text = xmlLetter({ secret, subject: SUBJECT, main: file.toString("base64") }).replace(
        "นร 0505/77",
        NUMBER,
      );
      return program.call(
        "POST",
        "/letters",
        text,
        { "content-type": "application/xml", accept: "application/json", ...headers },
        token,
      );
    },
    multipart: (secrecy: string, token: string, headers = {}, file = PDF) =>
      program.call(
        "POST",
        "/letters",
        form({ ...FACTS, secrecy }, [["main", "แฟ้ม3K.pdf", file]]),
        headers,
        token,
      ),
  };
  return { ...program, clients, send, json };
}

type Scene = Awaited<ReturnType<typeof scene>>;

/** Opens what was taken in, as who has the keys can. */
async function opened({ desk }: Scene, id: string) {
  const keys = openFileKeys({ folder: closedKeyFolder(desk.dataDir), usedBy: async () => null });
  const [row] = await desk.query<{
    level: ClosedLevel;
    sealed_facts: Buffer;
    wrapped_key: string;
    handed_in_sha256: string;
    handed_in_bytes: number;
  }>("select * from saraban.closed_letter where id = $1", [id]);
  const [body] = await desk.query<{ wrapped_key: string; sha256: string; content: Buffer | null }>(
    "select b.wrapped_key, b.sha256, s.content from saraban.closed_body b join saraban.stored_body s using (agency_id, sha256) where letter_id = $1 and part = 0",
    [id],
  );
  if (!row || !body) throw new Error("no such letter");
  const place = { agencyId: "agency-a", level: row.level };
  const factsKey = await keys.unwrap({ ...place, subject: factsSubject(id) }, row.wrapped_key);
  const facts = JSON.parse(openBytes(factsKey, factsPart(id), row.sealed_facts).toString()) as ClosedFacts;
  const bodyKey = await keys.unwrap({ ...place, subject: bodySubject(id, 0) }, body.wrapped_key);
  const store = await openStore({ dir: join(desk.dataDir, "letters") });
  const sealed = () =>
    body.content === null ? store.openStored(body.sha256) : Readable.from([body.content]);
  const raw = () => sealed().pipe(openStream(bodyKey, bodyPart(id, 0)));
  return { facts, raw, row, keys, place };
}

const FORMS = ["json", "xml", "multipart"] as const;
const LEVELS = ["normal", "confidential", "secret", "top-secret"] as const;

test("each form, each level, each client: what a client is appointed for is taken in closed, what is graver leaves nothing", async (context) => {
  const here = await scene(context);
  const { clients, send, desk, storedFiles } = here;
  let rows = 0;
  for (const name of FORMS)
    for (const level of LEVELS)
      for (const [clientLevel, client] of Object.entries(clients)) {
        const file = Buffer.concat([FILE, Buffer.from(`${name}${level}${clientLevel}`)]);
        const answer = await send[name](level, client.token, {}, file);
        const may =
          LEVELS.indexOf(level) <= LEVELS.indexOf(clientLevel as "secret") && level !== "top-secret";
        const what = `${name} ${level} by ${clientLevel}`;
        expect([what, answer.status, answer.body.code ?? ""]).toEqual([
          what,
          may ? 202 : 403,
          may ? "" : "classified-here",
        ]);
        if (may) rows++;
        expect(await storedFiles(), what).toHaveLength(rows);
        if (!may) continue;
        const [row] = await desk.query<{
          job: string;
          work_key: string;
          media_type: string;
          closed_level: string | null;
        }>(
          `select w.job, w.work_key, i.media_type, i.closed_level from saraban.intake i join saraban.outbox w on w.subject_id = i.id where i.id = $1`,
          [answer.body.id],
        );
        expect(row, what).toEqual(
          level === "normal"
            ? {
                job: "read-letter",
                work_key: answer.body.id,
                media_type: expect.stringMatching(/json|xml|form-data/),
                closed_level: null,
              }
            : {
                job: "register-closed",
                work_key: "agency-a.inbound.classified",
                media_type: "application/vnd.saraban.sealed",
                closed_level: level,
              },
        );
      }
  expect(rows).toBe(FORMS.length * 6);
});

test("what is closed holds everything and says nothing: facts, octets and files open with the keys alone", async (context) => {
  const here = await scene(context);
  const { clients, send, desk, arrivals } = here;
  const { token, id: clientId } = clients.secret;
  for (const name of FORMS)
    for (const file of [PDF, FILE]) {
      const answer = await send[name](
        "secret",
        token,
        { "idempotency-key": `${NUMBER.replace(/\D/g, "")}-${name}-${file.length}` },
        file,
      );
      expect(answer.status).toBe(202);
      const id = answer.body.id as string;
      const { facts, raw, row, keys, place } = await opened(here, id);
      expect(validFacts(facts), JSON.stringify(validFacts.errors)).toBe(true);
      expect(facts).toMatchObject({
        level: "secret",
        number: NUMBER,
        numberPrinted: NUMBER,
        date: "2026-05-31",
        subject: SUBJECT,
      });
      expect(facts.office).toMatchObject({ domain: "opdc.example.go.th", organisationId: "0101200000" });
      const octets = await buffer(raw());
      const sha256 = createHash("sha256").update(octets).digest("hex");
      expect(facts.handedIn).toEqual({
        form: name,
        mediaType: facts.handedIn?.mediaType,
        sha256,
        sizeBytes: octets.length,
      });
      expect(row).toMatchObject({ handed_in_sha256: sha256, handed_in_bytes: octets.length });
      const [main] = facts.files;
      expect(main).toMatchObject({
        role: "main",
        name: name === "xml" ? null : "แฟ้ม3K.pdf",
        mediaType: "application/pdf",
        sizeBytes: file.length,
        sha256: createHash("sha256").update(file).digest("hex"),
        part: 0,
      });
      const { content } = await openArrivedFile(raw(), facts.handedIn?.mediaType ?? null, main?.place ?? "");
      expect((await buffer(content)).equals(file)).toBe(true);
      // A cleared person finds it by a part of its subject, and of its number.
      const [index] = await desk.query<{ wrapped_key: string }>(
        "select wrapped_key from saraban.closed_index_key where level = 'secret'",
      );
      const indexKey = indexKeyOf(
        await keys.unwrap({ ...place, subject: INDEX_SUBJECT }, index?.wrapped_key ?? ""),
      );
      for (const [term, found] of [
        ["ม่วงกวน", 1],
        ["98761", 1],
        [name === "xml" ? "เลขาธิการ" : "บุคคล9Z", 1],
        ["ไม่มีคำนี้", 0],
      ] as const) {
        const { all } = queryGrams(term, indexKey);
        const hits = await desk.query(
          "select letter_id from saraban.closed_gram where letter_id = $1 and gram = any ($2::bytea[]) group by letter_id having count(*) = $3",
          [id, all, all.length],
        );
        expect(hits, `${name} ${term}`).toHaveLength(found);
      }
    }
  expect(await arrivals()).toHaveLength(6);
  expect(await columnsWith(desk.query, WORDS)).toEqual([]);
  expect(await filesWith(desk.dataDir, WORDS)).toEqual([]);
  // The client itself asks for its letters; to its office's other program, and to clerks, there is nothing.
  const list = (token: string) => here.call("GET", "/letters", undefined, {}, token);
  expect((await list(token)).body.letters).toHaveLength(6);
  expect((await list(clients.confidential.token)).body.letters).toEqual([]);
  const [first] = (await list(token)).body.letters;
  expect((await here.call("GET", `/letters/${first.id}`, undefined, {}, token)).body).toMatchObject({
    id: first.id,
    status: "received",
  });
  for (const other of [clients.confidential.token, clients.normal.token])
    for (const path of [`/letters/${first.id}`, `/letters/${first.id}/receipts`])
      expect((await here.call("GET", path, undefined, {}, other)).status, path).toBe(404);
  for (const path of [`/arrivals/${first.id}/receipts`, `/tray/${first.id}`])
    expect((await desk.ask(path)).status, path).toBe(404);
  expect(clientId).not.toBe("");
});

test("the same request is one letter, however often and in whatever form its key stands", async (context) => {
  const here = await scene(context);
  const { clients, send, desk, submit, json } = here;
  const { token } = clients.secret;
  const key = { "idempotency-key": "98761" };
  const both = await Promise.all([send.json("secret", token, key), send.json("secret", token, key)]);
  const id = both[0].body.id;
  expect(
    [...both, await send.json("secret", token, key)].map(({ status, body }) => [status, body.id]),
  ).toEqual(Array(3).fill([202, id]));
  for (const other of [json("secret", { subject: "อื่น" }), json("confidential"), json("normal")])
    expect(await submit(other, key, token)).toMatchObject({ status: 422, body: { code: "key-in-use" } });
  // The other way round: a key that an ordinary letter has used up.
  const ordinary = { "idempotency-key": "2" };
  const open = await send.json("normal", token, ordinary);
  expect((await send.json("normal", token, ordinary)).body.id).toBe(open.body.id);
  expect(await send.json("secret", token, ordinary)).toMatchObject({
    status: 422,
    body: { code: "key-in-use" },
  });
  // Without a key for a day, two at once among them.
  const keyless = await Promise.all([
    send.multipart("secret", token, {}, FILE),
    send.multipart("secret", token, {}, FILE),
    send.multipart("secret", token, {}, FILE),
  ]);
  expect(new Set(keyless.map(({ body }) => body.id)).size).toBe(1);
  expect(await desk.query("select 1 from saraban.closed_letter")).toHaveLength(2);
  expect(JSON.stringify(await desk.query("select idempotency_key from saraban.submission"))).not.toContain(
    "98761",
  );
  // Another program's same words are another request.
  const another = await desk.addClient({ level: "secret" });
  expect((await send.json("secret", another.token, key)).body.id).not.toBe(id);
});

test("a letter whose words mark it graver than it declares is refused, and one of an appointed client leaves nothing at all", async (context) => {
  const here = await scene(context);
  const { clients, submit, call, arrivals, storedFiles, desk, json } = here;
  const misdeclared = { status: 422, body: { code: "misdeclared" } };
  const { token } = clients.secret;
  const text = (words: string) => ({
    files: [
      {
        name: "a.txt",
        mediaType: "text/plain",
        role: "main",
        content: Buffer.from(words).toString("base64"),
      },
    ],
  });
  for (const [declared, more] of [
    ["secret", { subject: "(ลับที่สุด) แผน" }],
    ["confidential", { subject: "ลับมาก ที่ นร 0505/1 เรื่อง แผน" }],
    ["confidential", { enclosures: ["ลับมาก"] }],
    ["normal", { subject: "แผน (ลับ)" }],
    ["normal", { files: [{ ...json("normal").files[0], name: "ลับมาก_แผน.pdf" }] }],
    ["confidential", text(`หน้าแรก\nลับที่สุด\n`)],
    ["normal", text(`ลับ\nเรียน`)],
  ] as const)
    expect(
      await submit({ ...json(declared), ...more }, {}, token),
      JSON.stringify([declared, more]),
    ).toMatchObject(misdeclared);
  const tis620 = Buffer.concat([Buffer.from([0xc5, 0xd1, 0xba, 0xc1, 0xd2, 0xa1]), Buffer.from("\n")]); // ลับมาก
  for (const [xml, code] of [
    [xmlLetter({ secret: "002", subject: "แผน (ลับมาก)" }), 422],
    [
      xmlLetter({ secret: "001", main: tis620.toString("base64") }).replace("application/pdf", "text/plain"),
      422,
    ],
    [
      xmlLetter({ secret: "003", main: tis620.toString("base64") }).replace("application/pdf", "text/plain"),
      202,
    ],
  ] as const)
    expect((await call("POST", "/letters", xml, { "content-type": "application/xml" }, token)).status).toBe(
      code,
    );
  // What is said as it is marked is taken; and words that are no marking are none.
  expect((await submit(json("secret", { subject: "แผน (ลับมาก)" }), {}, token)).status).toBe(202);
  expect((await submit(json("normal", { subject: "เทศกาลอำเภอลับแล การลับมีด" }), {}, token)).status).toBe(202);
  expect(await arrivals()).toHaveLength(3);
  expect(await storedFiles()).toEqual([]);
  expect(await desk.query("select 1 from saraban.stored_body")).toHaveLength(3);
  // Who is not appointed is not asked here: room reading finds the mark, and it is refused then, as ever.
  expect((await submit(json("normal", { subject: "แผน (ลับ)" }), {}, clients.normal.token)).status).toBe(202);
});

test("an ordinary letter of an appointed client is stored as it came, to the octet, and leaves nothing sealed behind", async (context) => {
  const here = await scene(context);
  const { clients, send, arrivals, desk, storedFiles, call } = here;
  const { token } = clients.secret;
  const xml = xmlLetter({ main: FILE.toString("base64") });
  await call("POST", "/letters", xml, { "content-type": "application/xml" }, token);
  await call("POST", "/letters", xmlLetter(), { "content-type": "application/xml" }, token);
  await send.multipart("normal", token, {}, FILE);
  await send.json("normal", token, {}, FILE);
  const rows = (await arrivals()) as { media_type: string; sha256: string; content: Buffer | null }[];
  expect(rows.map(({ media_type }) => String(media_type).split(";")[0])).toEqual([
    "application/xml",
    "application/xml",
    "multipart/form-data",
    "application/json",
  ]);
  expect(rows[0]).toMatchObject({ sha256: createHash("sha256").update(xml).digest("hex") });
  expect(rows[1]?.content?.toString()).toBe(xmlLetter());
  expect((await storedFiles()).sort()).toEqual(
    rows.flatMap(({ sha256, content }) => (content === null ? [sha256] : [])).sort(),
  );
  for (const table of ["closed_letter", "closed_body", "closed_gram", "closed_index_key"])
    expect(await desk.query(`select 1 from saraban.${table}`), table).toEqual([]);
  expect(await desk.query("select distinct job from saraban.outbox")).toEqual([{ job: "read-letter" }]);
});

test("without the keys of the level classified letters are refused for now, and nothing of them stays; others go on", async (context) => {
  const here = await scene(context);
  const { clients, send, desk, storedFiles } = here;
  const { token } = clients.secret;
  expect((await send.xml("secret", token, {}, FILE)).status).toBe(202);
  const { rename } = await import("node:fs/promises");
  const folder = closedKeyFolder(desk.dataDir);
  await rename(folder, `${folder}.away`);
  const later = Buffer.concat([FILE, Buffer.from("2")]);
  for (const name of FORMS)
    expect(await send[name]("secret", token, {}, later)).toMatchObject({
      status: 503,
      body: { code: "not-now" },
    });
  expect((await send.json("normal", token)).status).toBe(202);
  expect(await storedFiles()).toHaveLength(1);
  await rename(`${folder}.away`, folder);
  expect((await send.xml("secret", token, {}, later)).status).toBe(202);
});
