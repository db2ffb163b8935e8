import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  dotText,
  greetedSmtpClient,
  openSmtpData,
  type SmtpTestClient,
} from "../../shared/testing/smtp-client.ts";
import { openTestDoor, type TestDoor } from "./smtp-test-door.ts";

const to = ["saraban@agency-a.example.go.th"];

let door: TestDoor;
let client: SmtpTestClient;
beforeAll(async () => {
  door = await openTestDoor();
  client = await greetedSmtpClient(door.port);
});
afterAll(() => door.close());

/** Sends pieces so that the door reads each by itself: loopback hands a write over at once. */
async function sendApart(pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    await client.send(piece);
    await nextTurn();
    await nextTurn();
  }
}

const hasLoneNewline = /(?<!\r)\n|\r(?!\n)/;

const smuggled = Buffer.from(
  "MAIL FROM:<minister@opdc.example.go.th>\r\nRCPT TO:<saraban@agency-b.example.go.th>\r\nDATA\r\nforged\r\n.\r\n",
);

describe("SMTP smuggling (CVE-2023-51764, -51765, -51766)", () => {
  test.each([
    "\n.\n",
    "\n.\r\n",
    "\r\n.\n",
    "\r.\r",
    "\r.\r\n",
    "\r\n.\r",
    "\r.\n",
    "\n.\r",
    "\r\n.\r\r\n",
    "\r\n\0.\r\n",
    "\r\n.\0\r\n",
    "\r\n.\r\0\n",
    "\r\0\n.\r\n",
    "\n\r.\r\n",
    "\n\n.\n\n",
    "\r\r.\r\r",
    "\r\n .\r\n",
    "\x85.\x85",
  ])("%j never ends a letter, whatever the packets", async (variant) => {
    const sent = Buffer.concat([Buffer.from(`one${variant}`), smuggled]);
    const meant = sent.toString().slice(0, -3).replaceAll("\r\n.", "\r\n");
    for (let cut = 1; cut < sent.length; cut++) {
      door.taken.length = 0;
      await openSmtpData(client, { to });
      await sendApart([sent.subarray(0, cut), sent.subarray(cut)]);
      expect((await client.reply()).text).toMatch(/^250 2\.0\.0 Accepted as agency-a-1$/);
      expect((await client.command("NOOP")).code).toBe(250);
      expect(door.taken.map(({ bytes }) => bytes.toString())).toEqual([meant]);
      // Told with the letter (bare_newlines): a reader may lay its lines out in another way than we do.
      expect(Object.values(door.taken[0]?.newlines ?? {}).includes(true)).toBe(hasLoneNewline.test(meant));
    }
  });

  test("what the pieces of an end are followed by is never a command, for any two cuts", async () => {
    const sent = Buffer.concat([Buffer.from("a\r\n.\r\0\n.\n..\r\n.\rRSET\n.\r\n\n.\r\n"), smuggled]);
    const meant = sent.toString().slice(0, -3).replaceAll("\r\n.", "\r\n");
    const around = 34;
    for (let first = 1; first < around; first++)
      for (let second = first + 1; second < around; second += 2) {
        door.taken.length = 0;
        await openSmtpData(client, { to });
        await sendApart([sent.subarray(0, first), sent.subarray(first, second), sent.subarray(second)]);
        expect((await client.reply()).code).toBe(250);
        expect(door.taken.map(({ bytes }) => bytes.toString())).toEqual([meant]);
      }
    expect(client.pending()).toBe(0);
  });

  test("a true end cut at each byte ends it, and what follows is commands", async () => {
    const sent = Buffer.from("one\r\n.\r\nNOOP\r\nBOGUS\r\nRSET\r\n");
    for (let cut = 1; cut < sent.length; cut++) {
      door.taken.length = 0;
      await openSmtpData(client, { to });
      await sendApart([sent.subarray(0, cut), sent.subarray(cut)]);
      const codes = [];
      for (let index = 0; index < 4; index++) codes.push((await client.reply()).code);
      expect(codes).toEqual([250, 250, 500, 250]);
      expect(door.taken.map(({ bytes }) => bytes.toString())).toEqual(["one\r\n"]);
    }
  });

  test("commands behind the letter wait until it is stored", async () => {
    const gate = Promise.withResolvers<void>();
    const slow = await openTestDoor({
      async acceptLetter() {
        await gate.promise;
        return { intakeIds: ["slow-1"] };
      },
    });
    const guest = await greetedSmtpClient(slow.port);
    await openSmtpData(guest, { to });
    await guest.send("one\r\n.\r\nNOOP\r\n");
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    // RFC 5321 §6.1: no 250 before the letter is durable.
    expect(guest.pending()).toBe(0);
    gate.resolve();
    expect((await guest.reply()).text).toBe("250 2.0.0 Accepted as slow-1");
    expect((await guest.reply()).text).toBe("250 2.0.0 OK");
    await slow.close();
  });
});

describe("the bytes of a letter", () => {
  test("lone LF and CR are kept as they came, and told", async () => {
    for (const [body, bareLf, bareCr] of [
      ["a\nb\r\n", true, false],
      ["a\rb\r\n", false, true],
      ["a\n..b\r\n", true, false],
    ] as const) {
      door.taken.length = 0;
      await openSmtpData(client, { to });
      await client.send(dotText(body));
      await client.reply();
      expect(door.taken[0]).toMatchObject({ bytes: Buffer.from(body), newlines: { bareLf, bareCr } });
    }
  });

  test("are the client's, for any bytes in any packets", async () => {
    const part = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom("\r\n", "\r\n.", "..", ".", "\r", "\n", "\r\n\r\n") },
      {
        weight: 1,
        arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
      },
      // Past the size that stays in memory.
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 60_000 }).map((size) => "x.\r\n".repeat(size / 4)) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 12 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
        async (parts, marks) => {
          const body = Buffer.from(parts.join(""), "latin1");
          const sent = dotText(body);
          const at = [0, ...marks.map((mark) => Math.floor(mark * sent.length)), sent.length].sort(
            (x, y) => x - y,
          );
          door.taken.length = 0;
          await openSmtpData(client, { to });
          await sendApart(at.slice(1).map((mark, index) => sent.subarray(at[index], mark)));
          expect((await client.reply()).code).toBe(250);
          const ended = body.length === 0 || body.subarray(-2).toString() === "\r\n";
          const meant = ended ? body : Buffer.concat([body, Buffer.from("\r\n")]);
          expect(door.taken[0]?.bytes.equals(meant)).toBe(true);
        },
      ),
      { seed: 5321, numRuns: 150 },
    );
  });

  test("come through byte by byte", async () => {
    door.taken.length = 0;
    const body = ".\r\n..\r\n...a\r\n\r\n.\r\r\n";
    await openSmtpData(client, { to });
    await sendApart([...dotText(body)].map((byte) => Buffer.of(byte)));
    expect((await client.reply()).code).toBe(250);
    expect(door.taken[0]?.bytes.toString()).toBe(body);
  });
});
