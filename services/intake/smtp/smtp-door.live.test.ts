import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  connectSmtpClient,
  dotText,
  greetedSmtpClient,
  openSmtpData,
  type SmtpTestClient,
} from "../../shared/testing/smtp-client.ts";
import { openTestDoor, type TestDoor } from "./smtp-test-door.ts";

const a = "saraban@agency-a.example.go.th";
const b = "saraban@agency-b.example.go.th";

let door: TestDoor;
let client: SmtpTestClient;
beforeAll(async () => {
  door = await openTestDoor();
});
afterAll(() => door.close());
beforeEach(async () => {
  client?.destroy();
  door.taken.length = 0;
  client = await greetedSmtpClient(door.port);
});

const deliver = async (body: string | Buffer, to: readonly string[] = [a]) => {
  await openSmtpData(client, { to });
  await client.send(dotText(body));
  return client.reply();
};

describe("a plain conversation", () => {
  test("greets without naming its software and announces what it can", async () => {
    const fresh = await connectSmtpClient(door.port);
    expect((await fresh.reply()).text).toBe("220 mail.agency-a.example.go.th ESMTP");
    expect((await fresh.command("EHLO client.example.go.th")).lines).toEqual([
      "mail.agency-a.example.go.th",
      "PIPELINING",
      "8BITMIME",
      "SMTPUTF8",
      "ENHANCEDSTATUSCODES",
      "SIZE 1000000",
    ]);
    expect((await fresh.command("QUIT")).text).toBe("221 2.0.0 Bye");
    expect(await fresh.rest()).toEqual([]);
  });

  test("greets at once: the library's 100 ms for each connection are gone", async () => {
    const tookMs: number[] = [];
    for (let index = 0; index < 20; index++) {
      const startedMs = performance.now();
      const fresh = await connectSmtpClient(door.port);
      expect((await fresh.reply()).code).toBe(220);
      tookMs.push(performance.now() - startedMs);
      fresh.destroy();
    }
    // The quickest: on a busy machine some take longer, and with the pause none would be quicker than it.
    expect(Math.min(...tookMs)).toBeLessThan(100);
  });

  test("says 250 with the intake id, and hands over envelope and bytes", async () => {
    expect((await deliver("Subject: x\r\n\r\n.text\r\n")).text).toBe("250 2.0.0 Accepted as agency-a-1");
    expect(door.taken).toEqual([
      {
        envelope: {
          door: "smtp",
          mailFrom: "saraban@opdc.example.go.th",
          recipients: [{ address: a, agencyId: "agency-a", unit: null }],
          remoteAddress: "127.0.0.1",
          helo: "client.example.go.th",
          smtpUtf8: false,
          tls: false,
        },
        bytes: Buffer.from("Subject: x\r\n\r\n.text\r\n"),
        newlines: { bareLf: false, bareCr: false },
      },
    ]);
  });

  test("one line in the log for each letter: its id or ids and its size, nothing of who and what", async () => {
    door.logged.length = 0;
    const body = "Subject: confidential\r\n";
    await deliver(body);
    await deliver(body, [a, b]);
    const line = (ids: object) => ({
      level: "info",
      fields: { ...ids, sizeBytes: body.length, connection: expect.stringMatching(/^[a-z0-9]+$/) },
      message: "letter accepted",
    });
    expect(door.logged).toEqual([
      line({ letter: "agency-a-1" }),
      line({ letters: ["agency-a-2", "agency-b-2"] }),
    ]);
  });

  test("hands a letter to two agencies over once, and one recipient said twice once", async () => {
    expect((await deliver("x\r\n", [a, b, a.toUpperCase()])).text).toBe(
      "250 2.0.0 Accepted as agency-a-1,agency-b-1",
    );
    expect(door.taken).toHaveLength(1);
    expect(door.taken[0]?.envelope.recipients).toHaveLength(2);
  });

  test("takes letters one after the other, after RSET, and from the null sender", async () => {
    await deliver("one\r\n");
    expect((await client.command(`MAIL FROM:<x@example.go.th>`)).code).toBe(250);
    expect((await client.command("RSET")).text).toBe("250 2.0.0 Flushed");
    await openSmtpData(client, { from: "", to: [a] });
    await client.send(dotText("two\r\n"));
    expect((await client.reply()).code).toBe(250);
    expect(door.taken.map(({ envelope }) => envelope.mailFrom)).toEqual(["saraban@opdc.example.go.th", ""]);
  });

  test("refused recipients do not spoil the others", async () => {
    await client.command("MAIL FROM:<x@example.go.th>");
    expect((await client.command("RCPT TO:<nobody@agency-a.example.go.th>")).text).toMatch(/^550 5\.1\.1 /);
    expect((await client.command("RCPT TO:<someone@elsewhere.example.go.th>")).text).toMatch(/^550 5\.7\.1 /);
    expect((await client.command("DATA")).text).toMatch(/^503 5\.5\.1 /);
    expect((await client.command(`RCPT TO:<${b}>`)).text).toMatch(/^250 2\.1\.5 /);
    expect((await client.command("DATA")).code).toBe(354);
    await client.send(dotText("x"));
    expect((await client.reply()).text).toBe("250 2.0.0 Accepted as agency-b-1");
  });

  test("postmaster without a domain is heard (RFC 5321 §4.5.1)", async () => {
    expect((await deliver("x\r\n", ["postmaster"])).code).toBe(250);
  });

  test("a whole transaction in one packet", async () => {
    await client.send(
      `MAIL FROM:<x@example.go.th> BODY=8BITMIME\r\nRCPT TO:<${a}>\r\nRCPT TO:<no@agency-a.example.go.th>\r\nDATA\r\n`,
    );
    const codes = [];
    for (let index = 0; index < 4; index++) codes.push((await client.reply()).code);
    expect(codes).toEqual([250, 250, 550, 354]);
    await client.send("x\r\n.\r\nQUIT\r\n");
    expect((await client.rest()).map(({ code }) => code)).toEqual([250, 221]);
    expect(door.taken).toHaveLength(1);
  });

  test("Thai addresses with SMTPUTF8, not without", async () => {
    const thai = "RCPT TO:<สารบรรณ@agency-a.example.go.th>";
    await client.command("MAIL FROM:<x@example.go.th>");
    expect((await client.command(thai)).text).toMatch(/^553 5\.6\.7 /);
    await client.command("RSET");
    expect((await client.command("MAIL FROM:<ผู้ส่ง@example.go.th>")).text).toMatch(/^553 5\.6\.7 /);
    expect((await client.command("MAIL FROM:<ผู้ส่ง@example.go.th> SMTPUTF8")).code).toBe(250);
    expect((await client.command(thai)).code).toBe(250);
    await client.command("DATA");
    await client.send(dotText("x\r\n"));
    expect((await client.reply()).code).toBe(250);
    expect(door.taken[0]?.envelope).toMatchObject({ mailFrom: "ผู้ส่ง@example.go.th", smtpUtf8: true });
  });

  test("VRFY and HELP tell nothing about who exists or what runs here", async () => {
    expect((await client.command(`VRFY ${a}`)).text).toBe(
      "252 2.1.5 Not verified here; the answer to RCPT tells",
    );
    expect((await client.command("HELP")).text).toBe("214 2.0.0 RFC 5321 SMTP for official letters");
  });
});

describe("sizes and counts", () => {
  test("SIZE over the limit is refused at MAIL, at the limit it is not", async () => {
    expect((await client.command("MAIL FROM:<x@example.go.th> SIZE=1000001")).text).toMatch(/^552 5\.3\.4 /);
    expect((await client.command("MAIL FROM:<x@example.go.th> SIZE=1000000")).code).toBe(250);
  });

  test("a letter of just the limit is taken, one byte more is not and the next one is", async () => {
    expect((await deliver(Buffer.alloc(1_000_000 - 2, "a"))).code).toBe(250);
    expect((await deliver(Buffer.alloc(1_000_000 - 1, "a"))).text).toMatch(/^552 5\.3\.4 /);
    expect((await deliver("small\r\n")).code).toBe(250);
    expect(door.taken.map(({ bytes }) => bytes.length)).toEqual([1_000_000, 7]);
  });

  test("a letter without end is heard out so far and no farther", async () => {
    await openSmtpData(client, { to: [a] });
    const rest = client.rest();
    // The door ends the connection in the middle: whether the write fails is no matter.
    await client.send(Buffer.alloc(4_000_000, "a")).catch(() => undefined);
    expect((await rest).map(({ text }) => text)).toEqual([expect.stringMatching(/^552 5\.3\.4 /)]);
    expect(door.taken).toEqual([]);
  });

  test("the 101st recipient is asked to come again", async () => {
    const few = await openTestDoor({ maxRecipients: 2 });
    const guest = await greetedSmtpClient(few.port);
    await guest.command("MAIL FROM:<x@example.go.th>");
    await guest.command(`RCPT TO:<${a}>`);
    await guest.command(`RCPT TO:<${b}>`);
    expect((await guest.command("RCPT TO:<postmaster@agency-a.example.go.th>")).text).toMatch(
      /^452 4\.5\.3 /,
    );
    await guest.command("DATA");
    await guest.send(dotText("x"));
    expect((await guest.reply()).code).toBe(250);
    await few.close();
  });
});
