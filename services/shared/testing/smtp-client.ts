import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface SmtpReply {
  readonly code: number;
  /** The lines without code and separator. */
  readonly lines: readonly string[];
  /** All of it, lines joined by a line feed. */
  readonly text: string;
}

/** A client that says exactly the bytes it is told and hides nothing of what it hears. */
export interface SmtpTestClient {
  readonly socket: Socket;
  /** Resolves when the kernel took the bytes. */
  send(bytes: string | Buffer): Promise<void>;
  /** The next reply, heard already or not. Fails when the connection ends first or after `timeoutMs`. */
  reply(): Promise<SmtpReply>;
  /** Sends one line and hears one reply. */
  command(line: string): Promise<SmtpReply>;
  /** Everything said until the other side ends the connection. */
  rest(): Promise<readonly SmtpReply[]>;
  /** How many replies were heard and not yet asked for. */
  pending(): number;
  destroy(): void;
}

/** Connects without waiting for the greeting: hearing it is the first `reply()`. */
export async function connectSmtpClient(
  port: number,
  {
    host = "127.0.0.1",
    timeoutMs = 10_000,
    /** Leaves its own side open when the server has closed. */
    lingers = false,
  }: { host?: string; timeoutMs?: number; lingers?: boolean } = {},
): Promise<SmtpTestClient> {
  const socket = connect({ host, port, noDelay: true, allowHalfOpen: lingers });
  const client = smtpClientOver(socket, timeoutMs);
  await once(socket, "connect");
  return client;
}

/** The same on a socket that somebody else opened (TLS, through a balancer). */
export function smtpClientOver(socket: Socket, timeoutMs = 10_000): SmtpTestClient {
  const heard: SmtpReply[] = [];
  const waiting: (() => void)[] = [];
  let lines: string[] = [];
  let partial = "";
  let ended = false;
  const wake = (): void => {
    for (const go of waiting.splice(0)) go();
  };
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    const pieces = (partial + text).split("\r\n");
    partial = pieces.pop() ?? "";
    for (const line of pieces) {
      lines.push(line);
      if (line[3] === "-") continue;
      heard.push({
        code: Number(line.slice(0, 3)),
        lines: lines.map((said) => said.slice(4)),
        text: lines.join("\n"),
      });
      lines = [];
    }
    wake();
  });
  const end = (): void => {
    ended = true;
    wake();
  };
  socket.on("end", end);
  socket.on("close", end);
  // A reset is one of the ways a connection ends here; the tests ask for the replies.
  socket.on("error", end);

  const change = async (): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`no reply within ${timeoutMs} ms`)), timeoutMs);
    waiting.push(resolve);
    await promise.finally(() => clearTimeout(timer));
  };

  const reply = async (): Promise<SmtpReply> => {
    for (;;) {
      const next = heard.shift();
      if (next) return next;
      if (ended) throw new Error("the server ended the connection");
      await change();
    }
  };
  const send = (bytes: string | Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });

  return {
    socket,
    send,
    reply,
    async command(line) {
      await send(`${line}\r\n`);
      return reply();
    },
    async rest() {
      while (!ended) await change();
      return heard.splice(0);
    },
    pending: () => heard.length,
    destroy: () => socket.destroy(),
  };
}

/** Connects, hears the greeting and says EHLO. */
export async function greetedSmtpClient(
  port: number,
  options?: Parameters<typeof connectSmtpClient>[1],
): Promise<SmtpTestClient> {
  const client = await connectSmtpClient(port, options);
  await client.reply();
  await client.command("EHLO client.example.go.th");
  return client;
}

/** From MAIL to the 354 after DATA; fails on any refusal. */
export async function openSmtpData(
  client: SmtpTestClient,
  { from = "saraban@opdc.example.go.th", to }: { from?: string; to: readonly string[] },
): Promise<void> {
  const lines = [`MAIL FROM:<${from}>`, ...to.map((address) => `RCPT TO:<${address}>`), "DATA"];
  for (const line of lines) {
    const { code, text } = await client.command(line);
    if (code >= 400) throw new Error(`${line} was answered ${text}`);
  }
}

/** Adds the dots of transparency and the end (RFC 5321 §4.5.2), as a careful client does. */
export function dotText(body: Buffer | string): Buffer {
  const text = Buffer.isBuffer(body) ? body.toString("latin1") : Buffer.from(body).toString("latin1");
  const stuffed = text.replaceAll(/(^|\r\n)\./g, "$1..");
  const end = text === "" || text.endsWith("\r\n") ? ".\r\n" : "\r\n.\r\n";
  return Buffer.from(stuffed + end, "latin1");
}
