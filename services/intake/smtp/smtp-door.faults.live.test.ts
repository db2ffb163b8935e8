import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setInterval as every, setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { LetterRefused } from "../../shared/letter/refusals.ts";
import { realFiles, type StoreFiles } from "../../shared/runtime/store-spill.ts";
import {
  connectSmtpClient,
  dotText,
  greetedSmtpClient,
  openSmtpData,
  type SmtpTestClient,
} from "../../shared/testing/smtp-client.ts";
import { openTestDoor, type TestDoor } from "./smtp-test-door.ts";

const to = ["saraban@agency-a.example.go.th"];
const large = Buffer.alloc(300_000, "a\r\n");

const doors: TestDoor[] = [];
const openDoor = async (...given: Parameters<typeof openTestDoor>): Promise<TestDoor> => {
  const door = await openTestDoor(...given);
  doors.push(door);
  return door;
};
afterEach(async () => {
  await Promise.all(doors.splice(0).map((door) => door.close()));
});

const incoming = (door: TestDoor): Promise<string[]> => readdir(join(door.dir, "incoming"));
const deliver = async (client: SmtpTestClient, body: string | Buffer = "x\r\n") => {
  await openSmtpData(client, { to });
  await client.send(dotText(body));
  return client.reply();
};

describe("faults of ours", () => {
  test("a letter that cannot be recorded is 451 without inner words, and logged with its cause", async () => {
    const cause = new Error("connection to 10.0.0.5 refused");
    let broken = true;
    const door = await openDoor({
      acceptLetter: async () => {
        if (broken) throw cause;
        return { intakeIds: ["again"] };
      },
    });
    const client = await greetedSmtpClient(door.port);
    // A fault of ours is not held against the client, however often.
    for (let round = 0; round < 25; round++) {
      expect((await deliver(client)).text).toBe(
        "451 4.3.0 The letter could not be taken just now; nothing was stored, try again later",
      );
    }
    expect(door.logged[0]).toMatchObject({ level: "error", fields: { err: cause } });
    broken = false;
    expect((await deliver(client)).text).toBe("250 2.0.0 Accepted as again");
  });

  test("a refusal keeps its own reply and is no fault of ours", async () => {
    const door = await openDoor({
      acceptLetter: () => Promise.reject(new LetterRefused("classified-by-mail")),
    });
    const client = await greetedSmtpClient(door.port);
    expect((await deliver(client)).text).toMatch(/^550 5\.7\.1 /);
    expect(door.logged).toEqual([]);
    expect(door.refused).toEqual(["classified-by-mail"]);
  });

  test("a directory that fails is 451 for that recipient", async () => {
    const door = await openDoor({
      findRecipient: () => {
        throw new Error("inner");
      },
    });
    const client = await greetedSmtpClient(door.port);
    await client.command("MAIL FROM:<x@example.go.th>");
    expect((await client.command(`RCPT TO:<${to[0]}>`)).text).toMatch(/^451 4\.3\.0 (?!.*inner)/);
    expect((await client.command("NOOP")).code).toBe(250);
  });

  test.each([
    ["ENOSPC", /^452 4\.3\.1 /],
    ["EIO", /^451 4\.3\.0 (?!.*EIO)/],
  ])("a disk that fails with %s", async (code, expected) => {
    const failing: StoreFiles = {
      ...realFiles,
      create: async (path) => {
        const file = await realFiles.create(path);
        const fail = () => Promise.reject(Object.assign(new Error(code), { code }));
        return { write: fail, sync: fail, close: () => file.close() };
      },
    };
    const door = await openDoor({}, { files: failing });
    const client = await greetedSmtpClient(door.port);
    expect((await deliver(client, large)).text).toMatch(expected);
    expect(await incoming(door)).toEqual([]);
    // The same connection goes on; a small letter needs no file.
    expect((await deliver(client)).code).toBe(250);
    expect(door.taken).toHaveLength(1);
    expect(door.logged).toMatchObject([
      { level: "error", fields: { err: { cause: { code } } } },
      { level: "info", message: "letter accepted" },
    ]);
  });
});

describe("clients that go away", () => {
  test.each([
    ["closes", 100],
    ["closes", 500_000],
    ["resets", 100],
    ["resets", 500_000],
  ])("who %s after %d bytes leaves nothing", async (how, sizeBytes) => {
    const door = await openDoor();
    const client = await greetedSmtpClient(door.port);
    await openSmtpData(client, { to });
    await client.send(Buffer.alloc(sizeBytes, "a"));
    if (how === "closes") client.destroy();
    else client.socket.resetAndDestroy();
    await vi.waitFor(() => expect(door.logged.at(-1)?.message).toContain("left before"), {
      interval: 5,
      timeout: 60_000,
    });
    expect(door.taken).toEqual([]);
    expect(await incoming(door)).toEqual([]);
  });

  test("who leaves right after the final dot was heard: once, and the door goes on", async () => {
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    const door = await openDoor({
      acceptLetter: async () => {
        calls++;
        await gate.promise;
        return { intakeIds: ["1"] };
      },
    });
    const client = await greetedSmtpClient(door.port);
    await openSmtpData(client, { to });
    await client.send(dotText("x\r\n"));
    await vi.waitFor(() => expect(calls).toBe(1), { interval: 5, timeout: 60_000 });
    client.socket.resetAndDestroy();
    await nextTurn();
    gate.resolve();
    expect((await deliver(await greetedSmtpClient(door.port))).code).toBe(250);
    expect(calls).toBe(2);
  });
});

describe("slow clients", () => {
  test("silence ends a connection, before and within a letter", async () => {
    const door = await openDoor({ idleTimeoutMs: 150 });
    const silent = await connectSmtpClient(door.port);
    expect((await silent.rest()).map(({ text }) => text.slice(0, 9))).toEqual(["220 mail.", "421 4.4.2"]);
    const inLetter = await greetedSmtpClient(door.port);
    await openSmtpData(inLetter, { to });
    await inLetter.send(large);
    expect((await inLetter.rest()).map(({ text }) => text.slice(0, 9))).toEqual(["421 4.4.2"]);
    expect(door.refused).toEqual(["idle-timeout", "data-timeout"]);
    await vi.waitFor(async () => expect(await incoming(door)).toEqual([]), { interval: 5, timeout: 60_000 });
  });

  test("bytes that trickle in hold neither a command nor a letter open, and hold up nobody", async () => {
    const door = await openDoor({ idleTimeoutMs: 400, dataTimeoutMs: 500 });
    const command = await greetedSmtpClient(door.port);
    const letter = await greetedSmtpClient(door.port);
    await openSmtpData(letter, { to });
    const ends = Promise.all([command.rest(), letter.rest()]);
    const stop = new AbortController();
    const trickle = (async () => {
      for await (const _ of every(50, null, { signal: stop.signal })) {
        for (const { socket } of [command, letter]) if (socket.writable) socket.write("x");
      }
    })().catch(() => undefined);
    const other = await greetedSmtpClient(door.port);
    expect((await deliver(other)).code).toBe(250);
    other.destroy();
    const [commandSaid, letterSaid] = await ends;
    stop.abort();
    await trickle;
    expect(commandSaid.map(({ text }) => text.slice(0, 9))).toEqual(["421 4.4.2"]);
    expect(letterSaid.map(({ text }) => text.slice(0, 9))).toEqual(["421 4.4.2"]);
    expect([...door.refused].sort()).toEqual(["data-timeout", "idle-timeout"]);
    expect(door.taken).toHaveLength(1);
  });

  test("a long conversation is no silence", async () => {
    const door = await openDoor({ idleTimeoutMs: 400 });
    const client = await greetedSmtpClient(door.port);
    const startedMs = performance.now();
    while (performance.now() - startedMs < 900) {
      expect((await client.command("NOOP")).code).toBe(250);
      await wait(50);
    }
  });

  test("the time of one letter is not the time of the next", async () => {
    const door = await openDoor({ dataTimeoutMs: 400 });
    const client = await greetedSmtpClient(door.port);
    expect((await deliver(client)).code).toBe(250);
    await wait(250);
    await openSmtpData(client, { to });
    await wait(250);
    await client.send("x\r\n.\r\n");
    expect((await client.reply()).code).toBe(250);
  });

  test("the time we take to store is not the client's", async () => {
    const door = await openDoor({
      idleTimeoutMs: 200,
      dataTimeoutMs: 250,
      acceptLetter: async () => {
        await wait(350);
        return { intakeIds: ["1"] };
      },
    });
    const client = await greetedSmtpClient(door.port);
    expect((await deliver(client)).code).toBe(250);
    expect((await deliver(client)).code).toBe(250);
  });

  test("who never reads the replies is not read on, and dropped", async () => {
    let readOn = false;
    const dropped = Promise.withResolvers<boolean>();
    const door = await openDoor({ idleTimeoutMs: 300, events: { refused: () => dropped.resolve(readOn) } });
    const deaf = connect(door.port, "127.0.0.1");
    deaf.on("error", () => undefined);
    await once(deaf, "connect");
    deaf.pause();
    deaf.write("HELP\r\n".repeat(4_000_000), () => {
      readOn = true;
    });
    const other = await greetedSmtpClient(door.port);
    expect((await deliver(other)).code).toBe(250);
    other.destroy();
    // Replies nobody reads are not piled up: the commands were left in the sender's hands.
    expect(await dropped.promise).toBe(false);
    deaf.destroy();
  });
});

describe("many clients", () => {
  test("200 connections at once each deliver", async () => {
    const door = await openDoor();
    const clients = await Promise.all(Array.from({ length: 200 }, () => greetedSmtpClient(door.port)));
    await Promise.all(clients.map((client) => openSmtpData(client, { to })));
    const replies = await Promise.all(
      clients.map(async (client, index) => {
        await client.send(dotText(`letter ${index}\r\n`));
        return client.reply();
      }),
    );
    expect(new Set(replies.map(({ code }) => code))).toEqual(new Set([250]));
    const expected = clients.map((_, index) => `letter ${index}\r\n`);
    expect(door.taken.map(({ bytes }) => bytes.toString()).sort()).toEqual(expected.sort());
    for (const client of clients) client.destroy();
  });

  test("past the limits 421, and room again when one leaves", async () => {
    const door = await openDoor({ maxClients: 3, maxClientsPerAddress: 2 });
    const [first, second] = [await connectSmtpClient(door.port), await connectSmtpClient(door.port)];
    expect((await first.reply()).code).toBe(220);
    expect((await second.reply()).code).toBe(220);
    const third = await connectSmtpClient(door.port);
    expect((await third.rest()).map(({ text }) => text)).toEqual([expect.stringMatching(/^421 4\.7\.0 /)]);
    first.destroy();
    await vi.waitFor(
      async () => expect((await (await connectSmtpClient(door.port)).reply()).code).toBe(220),
      { timeout: 60_000 },
    );
  });
});

describe("closing", () => {
  test("idle clients hear 421, a letter in transfer is finished, newcomers find nobody", async () => {
    const door = await openDoor();
    const idle = await greetedSmtpClient(door.port);
    const busy = await greetedSmtpClient(door.port);
    await openSmtpData(busy, { to });
    await busy.send("half ");
    const startedMs = performance.now();
    const closed = door.door.close(60_000);
    expect((await idle.reply()).text).toMatch(/^421 4\.3\.2 /);
    await expect(connectSmtpClient(door.port)).rejects.toThrow();
    await busy.send("whole\r\n.\r\n");
    expect((await busy.rest()).map(({ text }) => text.slice(0, 9))).toEqual(["250 2.0.0", "421 4.3.2"]);
    idle.destroy();
    await closed;
    expect(performance.now() - startedMs).toBeLessThan(30_000);
    expect(door.taken.map(({ bytes }) => bytes.toString())).toEqual(["half whole\r\n"]);
  });

  test("who is not done after the grace is cut, and nothing of the letter stays", async () => {
    const door = await openDoor();
    const slow = await greetedSmtpClient(door.port, { lingers: true });
    await openSmtpData(slow, { to });
    await slow.send(large);
    const startedMs = performance.now();
    const rest = slow.rest();
    await Promise.all([door.door.close(100), door.door.close(100)]);
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    expect((await rest).map(({ text }) => text.slice(0, 9))).toEqual(["421 4.3.2"]);
    await vi.waitFor(async () => expect(await incoming(door)).toEqual([]), { interval: 5, timeout: 60_000 });
    expect(door.taken).toEqual([]);
  });

  test("a port that is taken is told", async () => {
    const door = await openDoor();
    await expect(openDoor({ port: door.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});
