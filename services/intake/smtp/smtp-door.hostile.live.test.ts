import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  connectSmtpClient,
  dotText,
  greetedSmtpClient,
  openSmtpData,
  type SmtpTestClient,
} from "../../shared/testing/smtp-client.ts";
import { openTestDoor, type TestDoor } from "./smtp-test-door.ts";

const a = "saraban@agency-a.example.go.th";

let door: TestDoor;
let client: SmtpTestClient;
beforeAll(async () => {
  door = await openTestDoor();
});
afterAll(() => door.close());
beforeEach(async () => {
  door.taken.length = 0;
  client = await greetedSmtpClient(door.port);
});
// Whatever a client does, and while it still does it, another one is served.
afterEach(async () => {
  const other = await greetedSmtpClient(door.port, { timeoutMs: 2_000 });
  await openSmtpData(other, { to: [a] });
  await other.send(dotText("another\r\n"));
  expect((await other.reply()).code).toBe(250);
  other.destroy();
  client.destroy();
});

const codes = (replies: readonly { code: number }[]): number[] => replies.map(({ code }) => code);

describe("before the conversation", () => {
  test("who talks before the greeting is turned away", async () => {
    const socket = connect(door.port, "127.0.0.1");
    socket.setEncoding("utf8");
    // Queued before there is a connection: the bytes come with it.
    socket.write("EHLO early.example.go.th\r\nMAIL FROM:<x@example.go.th>\r\n");
    const [said] = await once(socket, "data");
    expect(said).toMatch(/^421 4\.5\.1 .*\r\n$/);
    await once(socket, "close");
  });

  test("a web browser is told that this is SMTP", async () => {
    const guest = await connectSmtpClient(door.port);
    await guest.reply();
    await guest.send(
      "POST /letters HTTP/1.1\r\nHost: mail.example.go.th\r\n\r\nMAIL FROM:<x@example.go.th>\r\n",
    );
    expect((await guest.rest()).map(({ text }) => text)).toEqual([expect.stringMatching(/^554 5\.5\.1 /)]);
  });

  test("a TLS handshake on the plain port does no harm", async () => {
    await client.send(Buffer.from("1603010200010001fc0303", "hex"));
    await client.send(Buffer.from("\r\n"));
    expect((await client.reply()).text).toMatch(/^500 5\.5\.2 /);
  });
});

describe("commands", () => {
  test.each([
    ["RCPT TO:<saraban@agency-a.example.go.th>", "503 5.5.1"],
    ["DATA", "503 5.5.1"],
    ["BOGUS", "500 5.5.2"],
    ["", "500 5.5.2"],
    ["AUTH PLAIN AGEAYg==", "500 5.5.2"],
    ["STARTTLS", "500 5.5.2"],
    ["XCLIENT ADDR=192.0.2.1", "500 5.5.2"],
    ["WIZ", "500 5.5.2"],
    ["MAILBOX_SYNTAX_ERROR", "500 5.5.2"],
    ["too-large", "500 5.5.2"],
    ["MAIL", "553 5.1.7"],
    ["MAIL FROM:x@example.go.th", "553 5.1.7"],
    ["MAIL FROM:<x@example.go.th", "553 5.1.7"],
    ["MAIL FROM:<x@example.go.th> SIZE=-1", "501 5.5.4"],
    ["MAIL FROM:<x@example.go.th> SIZE=1e9", "501 5.5.4"],
    ["MAIL FROM:<x@example.go.th> SIZE=99999999999999999999", "552 5.3.4"],
    ["MAIL FROM:<x@example.go.th> BODY=BINARYMIME", "501 5.5.4"],
    ["MAIL FROM:<x@example.go.th> RET=NONE", "501 5.5.4"],
    ["MAIL FROM:<x@example.go.th> RET=HDRS RET=FULL", "501 5.5.4"],
    ["MAIL FROM:<x@example.go.th> ENVID", "501 5.5.4"],
    ["MAIL FROM:<x@example.go.th> ENVID=a+0D+0Ab", "553 5.1.7"],
    ["MAIL FROM:<x@example.go.th> AUTH=<>", "555 5.5.4"],
    ["MAIL FROM:<x@example.go.th> REQUIRETLS", "555 5.5.4"],
    ["EXPN saraban", "502 5.5.1"],
    ["ETRN agency-a.example.go.th", "502 5.5.1"],
    ["BDAT 5 LAST", "500 5.5.2"],
    ["MAIL FROM:<x@example.go.th>\0", "500 5.5.2"],
    ["NO\0OP", "500 5.5.2"],
    ["NOOP\rRSET", "500 5.5.2"],
    ["EHLO \x1b[2J", "500 5.5.2"],
  ])("%j is answered %s and the conversation goes on", async (line, begin) => {
    expect((await client.command(line)).text).toMatch(new RegExp(`^${begin} `));
    expect((await client.command("NOOP")).code).toBe(250);
    expect((await client.command("MAIL FROM:<x@example.go.th>")).code).toBe(250);
  });

  test("bytes that are no UTF-8", async () => {
    await client.send(Buffer.from("MAIL FROM:<\xff\xfe@example.go.th>\r\n", "latin1"));
    expect((await client.reply()).text).toMatch(/^500 5\.5\.2 /);
  });

  test("MAIL within MAIL, and MAIL without EHLO", async () => {
    await client.command("MAIL FROM:<x@example.go.th>");
    expect((await client.command("MAIL FROM:<y@example.go.th>")).text).toMatch(/^503 5\.5\.1 /);
    const guest = await connectSmtpClient(door.port);
    await guest.reply();
    expect((await guest.command("MAIL FROM:<x@example.go.th>")).text).toMatch(/^503 5\.5\.1 /);
    guest.destroy();
  });

  test("an endless line ends the connection, before it fills the memory", async () => {
    const rest = client.rest();
    await client.send(Buffer.alloc(200_000, "A")).catch(() => undefined);
    expect((await rest).map(({ text }) => text)).toEqual([expect.stringMatching(/^500 5\.5\.2 .*too long/)]);
  });

  test("a line of 2,048 bytes is read, a longer one is not, however it is cut", async () => {
    expect((await client.command(`NOOP ${"x".repeat(2043)}`)).code).toBe(250);
    await client.send(`NOOP ${"x".repeat(1000)}`);
    await client.send(`${"x".repeat(1044)}\r\nNOOP\r\n`);
    expect(codes(await client.rest())).toEqual([500]);
  });

  test("a thousand bad commands end early", async () => {
    const rest = client.rest();
    await client.send("BAD COMMAND\r\n".repeat(1000)).catch(() => undefined);
    const replies = await rest;
    expect(replies.length).toBeLessThanOrEqual(20);
    expect(replies.at(-1)?.text).toMatch(/^421 4\.7\.0 /);
  });

  test("a thousand commands out of order end early too", async () => {
    const rest = client.rest();
    await client.send("DATA\r\n".repeat(1000)).catch(() => undefined);
    expect(codes(await rest)).toEqual([...Array<number>(20).fill(503), 421]);
  });

  test("guessing addresses ends after as many as a letter may have", async () => {
    const rest = client.rest();
    const guesses = Array.from(
      { length: 300 },
      (_, index) => `RCPT TO:<user${index}@agency-a.example.go.th>\r\n`,
    );
    await client.send(`MAIL FROM:<x@example.go.th>\r\n${guesses.join("")}`).catch(() => undefined);
    expect(codes(await rest)).toEqual([250, ...Array<number>(100).fill(550), 421]);
  });

  test("a flood of harmless commands is answered in full while others are served", async () => {
    await client.send("NOOP\r\n".repeat(5_000));
    for (let index = 0; index < 5_000; index++) expect((await client.reply()).code).toBe(250);
  });
});

describe("addresses", () => {
  test.each([
    ["<root;x@opdc.example.go.th>", "553 5.1.7"],
    ["<root,x@opdc.example.go.th>", "553 5.1.7"],
    ["<x(y)@opdc.example.go.th>", "553 5.1.7"],
    ["<group:x@opdc.example.go.th>", "553 5.1.7"],
    ["<x\\y@opdc.example.go.th>", "553 5.1.7"],
    ['<x"y"@opdc.example.go.th>', "553 5.1.7"],
    ['<"x"y"@opdc.example.go.th>', "553 5.1.7"],
    ['<"x@opdc.example.go.th>', "553 5.1.7"],
    ["<[x]@opdc.example.go.th>", "553 5.1.7"],
    ["<x..y@opdc.example.go.th>", "553 5.1.7"],
    ["<สาร;บรรณ@opdc.example.go.th> SMTPUTF8", "553 5.1.7"],
    ["<สาร\u2028บรรณ@opdc.example.go.th> SMTPUTF8", "553 5.1.7"],
    ["<สารบรรณ.กลาง@opdc.example.go.th> SMTPUTF8", "250 2.1.0"],
    ["<!#$%&'*+-/=?^_`{|}~.x9@opdc.example.go.th>", "250 2.1.0"],
    ['<"root;x"@opdc.example.go.th>', "250 2.1.0"],
    ['<"a\\"b"@opdc.example.go.th>', "250 2.1.0"],
    ["<>", "250 2.1.0"],
  ])("MAIL FROM:%s is answered %s", async (path, begin) => {
    expect((await client.command(`MAIL FROM:${path}`)).text).toMatch(
      new RegExp(`^${begin.replaceAll(".", "\\.")} `),
    );
  });

  test.each([
    ["<user%elsewhere.example.go.th@agency-a.example.go.th>", "550 5.1.1"],
    ["<elsewhere.example.go.th!user@agency-a.example.go.th>", "550 5.1.1"],
    ["<saraban@agency-a.example.go.th@elsewhere.example.go.th>", "553 5.1.3"],
    ["<@relay.example.go.th:saraban@agency-a.example.go.th>", "250 2.1.5"],
    ["<@relay.example.go.th:user@elsewhere.example.go.th>", "550 5.7.1"],
    ["<saraban@[127.0.0.1]>", "550 5.7.1"],
    ["<saraban@[IPv6:::1]>", "550 5.7.1"],
    ["<saraban@[999.1.1.1]>", "553 5.1.3"],
    ['<"saraban"@agency-a.example.go.th>', "250 2.1.5"],
    ['<"nobody"@agency-a.example.go.th>', "550 5.1.1"],
    ['<"a b"@agency-a.example.go.th>', "553 5.1.3"],
    ["<saraban@agency-a.example.go.th.>", "553 5.1.3"],
    ["<saraban@agency-a..example.go.th>", "553 5.1.3"],
    ["<.saraban@agency-a.example.go.th>", "553 5.1.3"],
    ["<nobody;saraban@agency-a.example.go.th>", "553 5.1.3"],
    ["<saraban,nobody@agency-a.example.go.th>", "553 5.1.3"],
    ["<saraban(x)@agency-a.example.go.th>", "553 5.1.3"],
    ["<saraban>", "553 5.1.3"],
    ["<@agency-a.example.go.th>", "553 5.1.3"],
    ["<>", "553 5.1.3"],
    ["<saraban@agency-a.example.go.th", "553 5.1.3"],
    ["<SARABAN@AGENCY-A.EXAMPLE.GO.TH>", "250 2.1.5"],
    ["<saraban@agency-a.example.go.th> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@example.go.th", "250 2.1.5"],
    ["<saraban@agency-a.example.go.th> NOTIFY=NEVER,DELAY", "501 5.5.4"],
    ["<saraban@agency-a.example.go.th> NOTIFY", "501 5.5.4"],
    ["<saraban@agency-a.example.go.th> ORCPT=saraban", "501 5.5.4"],
    ["<saraban@agency-a.example.go.th> RET=FULL", "555 5.5.4"],
    ["<@agency-a.example.go.th,@relay.example.go.th:user@elsewhere.example.go.th>", "550 5.7.1"],
    ['<"user@elsewhere.example.go.th"@agency-a.example.go.th>', "553 5.1.3"],
    ['<"user%elsewhere.example.go.th"@agency-a.example.go.th>', "550 5.1.1"],
    ["<user%elsewhere.example.go.th@[127.0.0.1]>", "550 5.7.1"],
    ["<saraban%agency-a.example.go.th>", "553 5.1.3"],
    ["<saraban@sub.agency-a.example.go.th>", "550 5.7.1"],
    ["<saraban@xagency-a.example.go.th>", "550 5.7.1"],
    ["<saraban@>", "553 5.1.3"],
    ["<saraban@localhost>", "550 5.7.1"],
    ["<saraban@agency-a.example.go.th\0.elsewhere.example.go.th>", "500 5.5.2"],
    [`<${"a".repeat(300)}@agency-a.example.go.th>`, "553 5.1.3"],
    [`<a@${"b.".repeat(900)}example.go.th>`, "553 5.1.3"],
  ])("%s is answered %s", async (path, begin) => {
    await client.command("MAIL FROM:<x@example.go.th>");
    expect((await client.command(`RCPT TO:${path}`)).text).toMatch(
      new RegExp(`^${begin.replaceAll(".", "\\.")} `),
    );
  });
});
