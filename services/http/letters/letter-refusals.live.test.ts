import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { form, JSON_LETTER, LETTER, openProgram, xmlLetter } from "../testing/program.ts";

test("what is no letter, classified, or another office's is refused, and nothing of it stays", async (context) => {
  const { desk, submit, call, arrivals, storedFiles } = await openProgram(context);
  const large = Buffer.alloc(300_000, 65);
  const file = { ...JSON_LETTER.files[0], content: large.toString("base64") };
  const json = { ...JSON_LETTER, files: [file] };
  const expectRefusal = async (
    answer: ReturnType<typeof call>,
    status: number,
    code: string,
    pointer?: string,
  ) => {
    const { body, headers, ...rest } = await answer;
    expect({ status: rest.status, code: body?.code }).toEqual({ status, code });
    expect(headers.get("content-type")).toMatch(/^application\/problem\+json/);
    if (pointer !== undefined)
      expect(body.errors.map((error: { pointer: string }) => error.pointer)).toContain(`#${pointer}`);
  };
  for (const secrecy of ["confidential", "secret", "top-secret"]) {
    await expectRefusal(submit({ ...json, secrecy }), 403, "classified-here");
  }
  await expectRefusal(
    submit({ ...json, from: { domain: "other.example.go.th" } }),
    403,
    "other-office",
    "/from",
  );
  await expectRefusal(submit({ ...json, from: { organisationId: "11002" } }), 403, "other-office", "/from");
  await expectRefusal(submit({ ...json, to: { organisationId: "0199800000" } }), 422, "not-a-letter", "/to");
  await expectRefusal(submit({ ...json, date: "2026-02-30" }), 422, "not-a-letter", "/date");
  await expectRefusal(submit({ ...json, more: 1 }), 422, "not-a-letter", "/more");
  await expectRefusal(
    submit({ ...json, files: [{ ...file, content: "a-b_" }] }),
    422,
    "not-a-letter",
    "/files/0/content",
  );
  await expectRefusal(submit({ ...json, files: [file, file] }), 422, "not-a-letter", "/files");
  await expectRefusal(submit('{"number":'), 400, "not-understood", "");
  await expectRefusal(
    submit(JSON.stringify(json), { "content-type": "text/plain" }),
    415,
    "not-a-letter-type",
  );
  await expectRefusal(submit(JSON.stringify(json), { "content-type": "none" }), 415, "not-a-letter-type");
  await expectRefusal(submit(JSON.stringify(json), { "content-encoding": "gzip" }), 415, "not-a-letter-type");
  const long = `multipart/form-data; x=${"a".repeat(400)}; boundary=b`;
  await expectRefusal(submit("--b--", { "content-type": long }), 415, "not-a-letter-type");
  await expectRefusal(submit(" ".repeat(8 * 1024 * 1024 + 1)), 413, "too-large");

  const xml = (text: string) =>
    call("POST", "/letters", text, { "content-type": "application/xml", accept: "application/json" });
  const main = large.toString("base64");
  await expectRefusal(xml(xmlLetter({ secret: "002", main })), 403, "classified-here");
  await expectRefusal(xml(xmlLetter({ secret: "004", main })), 403, "classified-here");
  await expectRefusal(xml(xmlLetter({ sender: "1100200000", main })), 403, "other-office");
  const place = "/GovernmentDocument/CorrespondenceLetter";
  await expectRefusal(xml(xmlLetter({ subject: " ", main })), 422, "not-a-letter", `${place}/Subject`);
  await expectRefusal(xml(xmlLetter({ main: `${main}*` })), 422, "not-a-letter");
  await expectRefusal(xml(xmlLetter({ main: "" })), 422, "not-a-letter");
  await expectRefusal(
    xml(xmlLetter({ before: '<!DOCTYPE x [<!ENTITY a "b">]>', main })),
    422,
    "not-a-letter",
  );
  await expectRefusal(xml(`<a>${main}</a>`), 422, "not-a-letter");

  const send = (...given: Parameters<typeof form>) => call("POST", "/letters", form(...given));
  const files: [string, string, Buffer][] = [["main", "a.pdf", large]];
  await expectRefusal(send({ ...LETTER, secrecy: "secret" }, files), 403, "classified-here");
  await expectRefusal(send({ ...LETTER, number: "" }, files), 422, "not-a-letter", "/number");
  await expectRefusal(send(JSON_LETTER, files), 422, "not-a-letter", "/files");
  await expectRefusal(send(LETTER, []), 422, "not-a-letter", "/files");
  await expectRefusal(send(LETTER, [["other", "a.pdf", large]]), 422, "not-a-letter", "/other");
  await expectRefusal(send(LETTER, files, "text/plain"), 422, "not-a-letter", "/letter");
  const broken =
    '--b\r\nContent-Disposition: form-data; name="letter"\r\nContent-Type: application/json\r\n\r\n{"num';
  await expectRefusal(
    call("POST", "/letters", broken, { "content-type": "multipart/form-data; boundary=b" }),
    422,
    "not-a-letter",
  );
  await expectRefusal(
    call("POST", "/letters", broken, { "content-type": "multipart/form-data" }),
    422,
    "not-a-letter",
  );

  expect(await arrivals()).toEqual([]);
  expect(await desk.query("select from saraban.stored_body")).toEqual([]);
  expect(await storedFiles()).toEqual([]);
});

test("a client that stops in the middle of a letter leaves nothing behind", async (context) => {
  const { desk, client, arrivals, storedFiles } = await openProgram(context);
  const gone = new AbortController();
  const pieces = (async function* () {
    yield Buffer.from(
      '--b\r\nContent-Disposition: form-data; name="letter"\r\nContent-Type: application/json\r\n\r\n{}\r\n',
    );
    yield Buffer.alloc(500_000, 65);
    for (const until = Date.now() + 20_000; (await storedFiles()).length === 0 && Date.now() < until; )
      await sleep(5);
    gone.abort();
    await sleep(60_000, undefined, { ref: false });
  })();
  const sending = fetch(`${desk.url}/api/v1/letters`, {
    method: "POST",
    headers: { authorization: `Bearer ${client.token}`, "content-type": "multipart/form-data; boundary=b" },
    body: pieces as never,
    duplex: "half",
    signal: gone.signal,
  } as RequestInit);
  await expect(sending).rejects.toThrow();
  for (const until = Date.now() + 20_000; (await storedFiles()).length > 0 && Date.now() < until; )
    await sleep(5);
  expect(await storedFiles()).toEqual([]);
  expect(await arrivals()).toEqual([]);
});

test("a program whose letters get stuck on their way keeps no other program waiting", async (context) => {
  const { desk, client, submit, call } = await openProgram(context);
  const other = await desk.addClient();
  const { port, hostname } = new URL(desk.url);
  const stuck = Array.from({ length: 6 }, () => connect(Number(port), hostname).on("error", () => {}));
  for (const socket of stuck) {
    socket.write(
      `POST /api/v1/letters HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${client.token}\r\nContent-Type: application/json\r\nContent-Length: 8000000\r\n\r\n{`,
    );
  }
  // Answered behind them: by then each of them holds what it may hold.
  await Promise.all(stuck.map(() => call("GET", "/letters")));
  const large = { ...JSON_LETTER.files[0], content: Buffer.alloc(600_000).toString("base64") };
  expect(await submit({ ...JSON_LETTER, files: [large] }, {}, other.token)).toMatchObject({ status: 202 });
  expect(await submit({ ...JSON_LETTER, number: "นร 0505/2" })).toMatchObject({ status: 202 });
  for (const socket of stuck) socket.destroy();
});
