/** Servers that lie, never end or never answer: each costs a bounded time and memory, and nothing wrong is taken in. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "vitest";
import { type Hostility, startHostileImap } from "../testing/hostile-imap.ts";
import { MAILBOX_PASSWORD, mailboxScene, testMailbox, until } from "../testing/mailbox-scene.ts";
import type { HostedMailbox } from "./imap-config.ts";

async function hostileScene(
  context: TestContext,
  answer: Hostility,
  greeting?: string,
  other: Partial<HostedMailbox> = {},
) {
  const scene = await mailboxScene(context);
  const server = await startHostileImap(answer, greeting);
  context.onTestFinished(() => server.stop());
  const secretFile = join(scene.dir, "secret");
  writeFileSync(secretFile, MAILBOX_PASSWORD);
  await scene.open(
    [testMailbox("hostile", server.port, secretFile, { maxMessageBytes: 1_000_000, ...other })],
    {
      patience: { answerWithinMs: 800, listWithinMs: 800 },
    },
  );
  const trouble = async (pattern: RegExp) =>
    (
      await until(
        () => scene.mailboxRow("hostile"),
        (row) => pattern.test(row?.trouble ?? ""),
      )
    )?.trouble;
  return { ...scene, server, trouble };
}

/** Writes without end, as fast as it is read; stops with the connection. */
function flood(piece: string): Hostility {
  return (command, _tag, socket) => {
    if (!command.startsWith("SELECT")) return null;
    const more = (): void => {
      while (!socket.destroyed && socket.write(piece, "latin1"));
      socket.once("drain", more);
    };
    more();
    return "";
  };
}

const answerTo =
  (begin: string, answer: (tag: string) => string): Hostility =>
  (command, tag) =>
    command.startsWith(begin) ? answer(tag) : null;

test.for<{ what: string; answer: Hostility; says: RegExp; greeting?: string }>([
  { what: "never greets", answer: () => null, says: /not (greet|answer)/, greeting: "" },
  { what: "never answers", answer: answerTo("SELECT", () => ""), says: /does not answer in time/ },
  {
    what: "sends untagged answers without end",
    answer: flood("* OK still here\r\n".repeat(1_000)),
    says: /without end|in time/,
  },
  { what: "sends a line without end", answer: flood("x".repeat(65_536)), says: /LineTooLarge/ },
  {
    what: "announces a literal of a terabyte",
    answer: answerTo("SELECT", () => '* LIST () "/" {1099511627776}\r\n'),
    says: /LiteralTooLarge/,
  },
  {
    what: "has no usable UIDVALIDITY",
    answer: answerTo(
      "SELECT",
      (tag) => `* 1 EXISTS\r\n* OK [UIDVALIDITY 9999999999] x\r\n${tag} OK done\r\n`,
    ),
    says: /no usable UIDVALIDITY/,
  },
])(
  "a server that $what is told of, and tried again after pauses",
  async ({ answer, says, greeting }, context) => {
    const before = process.memoryUsage.rss();
    const { trouble, server, query } = await hostileScene(context, answer, greeting);
    await trouble(says);
    await until(
      () => server.connections,
      (count) => count >= 2,
    );
    context.expect(await query("select 1 from saraban.imap_message")).toEqual([]);
    context.expect(process.memoryUsage.rss() - before).toBeLessThan(300 * 1024 * 1024);
  },
);

/** A folder with messages: what it lists, and what it gives of a message from an octet on. */
function folder(list: readonly string[], give: (uid: number, from: number) => string): Hostility {
  return (command, tag) => {
    if (/^UID FETCH \d+:\*/.test(command))
      return `${list.map((item) => `* 1 FETCH (${item})\r\n`).join("")}${tag} OK done\r\n`;
    const [, uid, from] = /^UID FETCH (\d+) .*BODY\.PEEK\[\]<(\d+)\./.exec(command) ?? [];
    if (uid !== undefined) return `${give(Number(uid), Number(from))}${tag} OK done\r\n`;
    const [, alone] = /^UID FETCH (\d+) /.exec(command) ?? [];
    return alone === undefined ? null : `* 1 FETCH (UID ${alone})\r\n${tag} OK done\r\n`;
  };
}

const piece = (uid: number, from: number, octets: string): string =>
  `* 1 FETCH (UID ${uid} BODY[]<${from}> {${octets.length}}\r\n${octets})\r\n`;

test("UIDs that cannot be are passed over, the one that can is taken in, once", async (context) => {
  const { expect } = context;
  const list = ["0", "-1", "4294967296", "99999999999999999999", "x", "5", "5"].map(
    (uid) => `UID ${uid} RFC822.SIZE 5`,
  );
  const give = (uid: number, from: number) =>
    from === 0 ? piece(uid, from, "a\r\nb\r") : piece(uid, from, "");
  const { messages } = await hostileScene(context, folder(list, give));
  const rows = await until(
    () => messages("hostile"),
    (all) => all.length > 0,
  );
  expect(rows.map(({ uid, mailFrom }) => [uid, mailFrom])).toEqual([[5, "unknown@sender.invalid"]]);
});

test("octets that never end are cut off at the largest size, those of other messages are not taken for it", async (context) => {
  const { expect } = context;
  const endless = "x".repeat(256 * 1024);
  const give = (uid: number, from: number) => {
    if (uid === 1) return piece(1, from, endless);
    if (uid === 2) return piece(1, from, "the first message's");
    return piece(1, from, "unasked-for") + piece(3, from, from === 0 ? "Subject: 3\r\n\r\n" : "");
  };
  const list = [1, 2, 3].map((uid) => `UID ${uid} RFC822.SIZE 14 INTERNALDATE "not a date at all"`);
  const { messages, query } = await hostileScene(context, folder(list, give));
  const rows = await until(
    () => messages("hostile"),
    (all) => all.length === 3,
  );
  expect(rows.map(({ uid, note }) => [uid, note])).toEqual([
    [1, "larger than 1000000 bytes (maxMessageBytes)"],
    [2, "the server does not give its octets"],
    [3, ""],
  ]);
  const stored = await query<{ content: Buffer }>("select content from saraban.stored_body");
  expect(stored.map(({ content }) => content.toString())).toEqual(["Subject: 3\r\n\r\n"]);
});

test("half of an announced message is not taken for the whole until another connection gives the same", async (context) => {
  const { expect } = context;
  const whole = "Subject: 1\r\n\r\nthe whole of it\r\n";
  let given = 0;
  const give = (uid: number, from: number) => {
    if (from === 0) given += 1;
    const octets = uid === 2 || given === 1 ? whole.slice(0, 20) : whole;
    return piece(uid, from, octets.slice(from));
  };
  const list = [1, 2].map((uid) => `UID ${uid} RFC822.SIZE ${whole.length}`);
  const { messages, query, server } = await hostileScene(context, folder(list, give));
  await until(
    () => messages("hostile"),
    (all) => all.length === 2,
  );
  const sizes = await query<{ size: number }>(
    "select size_bytes as size from saraban.intake order by arrival_seq",
  );
  expect(sizes).toEqual([{ size: whole.length }, { size: 20 }]);
  expect(server.connections).toBe(3);
});

test("a message is not taken for removed because the server hung up while the one before it was stored", async (context) => {
  const { expect } = context;
  const octets = "Subject: 1\r\n\r\n";
  const list = [1, 2].map((uid) => `UID ${uid} RFC822.SIZE ${octets.length + uid}`);
  const good = folder(list, (uid, from) => piece(uid, from, `${octets}${"x".repeat(uid)}`.slice(from)));
  let hungUp = false;
  const { messages, server } = await hostileScene(context, (command, tag, socket) => {
    const said = good(command, tag, socket);
    if (hungUp || said === null || !/^UID FETCH 1 .*BODY/.test(command)) return said;
    hungUp = true;
    socket.end(said, "latin1");
    return "";
  });
  const rows = await until(
    () => messages("hostile"),
    (all) => all.length === 2,
  );
  expect(server.connections).toBe(2);
  expect(rows.map(({ note, intakeId }) => [note, intakeId !== null])).toEqual([
    ["", true],
    ["", true],
  ]);
});

test("a server that does not offer STARTTLS, or stands in the way of it, gets no password", async (context) => {
  const { expect } = context;
  for (const refuses of [false, true]) {
    const commands: string[] = [];
    const answer: Hostility = (command, tag) => {
      commands.push(command);
      if (refuses && command.startsWith("CAPABILITY"))
        return `* CAPABILITY IMAP4rev1 STARTTLS\r\n${tag} OK done\r\n`;
      return command.startsWith("STARTTLS") ? `${tag} NO not now\r\n` : null;
    };
    const { trouble } = await hostileScene(context, answer, undefined, { security: "starttls" });
    await trouble(/./);
    expect(commands.join(" ")).not.toMatch(/LOGIN|AUTHENTICATE|made-up/i);
  }
});
