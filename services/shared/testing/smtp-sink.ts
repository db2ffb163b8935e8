import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

/** A message the sink has taken. */
export interface SunkMessage {
  readonly octets: Buffer;
  /** By performance.now() of this process, when the final dot was read; and on the calendar. */
  readonly arrivedMs: number;
  readonly arrivedAt: Date;
  /** Envelope sender; "" for the null reverse-path. */
  readonly mailFrom: string;
  readonly recipients: readonly string[];
  /** Whether it came under TLS. */
  readonly isSecure: boolean;
  /** Header fields as they stand on the wire, unfolded, by name in lower case; of a repeated field the first. */
  readonly headers: ReadonlyMap<string, string>;
  readonly inReplyTo: string | null;
  /** Decodes the message with mailparser, which is not the library that made it. */
  read(): Promise<ReadSunkMessage>;
}

export interface ReadSunkMessage {
  readonly subject: string;
  readonly text: string;
  readonly attachmentName: string | null;
  /** The first JSON attachment; undefined when there is none. */
  readonly json: unknown;
  readonly attachments: readonly {
    readonly name: string;
    readonly contentType: string;
    readonly content: Buffer;
  }[];
}

/**
 * The answer to the final dot. refuse: the reply's code and text. hang-up: the connection ends without an answer, as
 * when the other server dies at that moment; the message counts as received.
 */
export type SinkAnswer =
  | { readonly kind: "take" }
  | { readonly kind: "refuse"; readonly code: number; readonly text: string }
  | { readonly kind: "hang-up" };

export interface SmtpSink {
  readonly port: number;
  /** smtp://127.0.0.1:PORT, for SARABAN_SMARTHOST_URL */
  readonly url: string;
  /** In order of arrival; what was refused is not among them. */
  readonly received: readonly SunkMessage[];
  /** The messages with this In-Reply-To (with angle brackets), in order of arrival. */
  repliesTo(messageId: string): readonly SunkMessage[];
  /**
   * Resolves with the first received message that fits, be it there already or still to come.
   * @throws Error after `timeoutMs`
   */
  waitFor(predicate: (message: SunkMessage) => boolean, timeoutMs: number): Promise<SunkMessage>;
  /** Cuts open connections. */
  close(): Promise<void>;
}

/** Larger messages are refused by 552; our acknowledgements have some 5 KB, letters with their files some MB. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/**
 * A mail server on loopback that takes everything and hands nothing on: the other agency's, as far as our service can
 * see.
 * @param options.onMessage is told of each message before it is answered, and may decide the answer
 */
export async function openSmtpSink(
  options: {
    /** Address on loopback, so that several mail servers can have one port: 127.0.0.1 by default, 127.0.0.2, ::1 … */
    readonly host?: string;
    /** 0: any free port. */
    readonly port?: number;
    /** Offers STARTTLS, with a certificate that no client can trust. */
    readonly startTls?: boolean;
    readonly smtpUtf8?: boolean;
    readonly maxMessageBytes?: number;
    /** The answer to RCPT, where it is not taken. */
    readonly onRecipient?: (address: string) => Extract<SinkAnswer, { kind: "refuse" }> | undefined;
    readonly onMessage?: (message: SunkMessage) => SinkAnswer | undefined | Promise<SinkAnswer | undefined>;
  } = {},
): Promise<SmtpSink> {
  const received: SunkMessage[] = [];
  const replies = new Map<string, SunkMessage[]>();
  const watchers = new Set<(message: SunkMessage) => void>();
  const keep = (message: SunkMessage): void => {
    received.push(message);
    const { inReplyTo } = message;
    if (inReplyTo !== null) replies.set(inReplyTo, [...(replies.get(inReplyTo) ?? []), message]);
    for (const watch of watchers) watch(message);
  };
  const server = new SMTPServer({
    disabledCommands: options.startTls ? ["AUTH"] : ["STARTTLS", "AUTH"],
    disableReverseLookup: true,
    size: options.maxMessageBytes ?? MAX_MESSAGE_BYTES,
    hideSMTPUTF8: !(options.smtpUtf8 ?? true),
    logger: false,
    onRcptTo({ address }, _session, done) {
      const refused = options.onRecipient?.(address);
      done(refused ? refusal(refused.code, refused.text) : null);
    },
    onData(stream, session, done) {
      const take = async (): Promise<void> => {
        const octets = await buffer(stream);
        if (stream.sizeExceeded) return done(refusal(552, "message too large"));
        const { mailFrom, rcptTo } = session.envelope;
        const message = sunkMessage(
          octets,
          mailFrom ? mailFrom.address : "",
          rcptTo.map(({ address }) => address),
          session.secure,
        );
        const answer = (await options.onMessage?.(message)) ?? { kind: "take" };
        if (answer.kind === "refuse") return done(refusal(answer.code, answer.text));
        keep(message);
        if (answer.kind === "take") return done();
        for (const connection of server.connections) {
          if (connection.session === session) connection._socket.destroy();
        }
      };
      take().catch(done);
    },
  });
  // A client that goes away in the middle is no fault of the sink.
  server.on("error", () => {});
  const host = options.host ?? "127.0.0.1";
  server.listen(options.port ?? 0, host);
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    url: `smtp://${host.includes(":") ? `[${host}]` : host}:${port}`,
    received,
    repliesTo: (messageId) => replies.get(messageId) ?? [],
    waitFor(predicate, timeoutMs) {
      const found = received.find(predicate);
      if (found) return Promise.resolve(found);
      const { promise, resolve, reject } = Promise.withResolvers<SunkMessage>();
      const watch = (message: SunkMessage): void => {
        if (predicate(message)) resolve(message);
      };
      watchers.add(watch);
      const overdue = new Error(`no such message within ${timeoutMs} ms; ${received.length} came altogether`);
      const timer = setTimeout(() => reject(overdue), timeoutMs);
      return promise.finally(() => {
        clearTimeout(timer);
        watchers.delete(watch);
      });
    },
    async close() {
      const closed = once(server.server, "close");
      server.server.close();
      for (const connection of server.connections) connection._socket.destroy();
      await closed;
    },
  };
}

function sunkMessage(octets: Buffer, mailFrom: string, recipients: string[], isSecure: boolean): SunkMessage {
  const headers = readHeaders(octets);
  return {
    octets,
    arrivedMs: performance.now(),
    arrivedAt: new Date(),
    mailFrom,
    recipients,
    isSecure,
    headers,
    inReplyTo: headers.get("in-reply-to") ?? null,
    async read() {
      const { subject, text, attachments } = await simpleParser(octets);
      const attached = attachments.find(({ contentType }) => contentType === "application/json");
      return {
        subject: subject ?? "",
        text: text ?? "",
        attachmentName: attached?.filename ?? null,
        json: attached && JSON.parse(attached.content.toString("utf8")),
        attachments: attachments.map(({ filename, contentType, content }) => ({
          name: filename ?? "",
          contentType,
          content,
        })),
      };
    },
  };
}

function readHeaders(octets: Buffer): Map<string, string> {
  const end = octets.indexOf("\r\n\r\n");
  const lines = octets
    .subarray(0, end === -1 ? octets.length : end)
    .toString("utf8")
    .replaceAll(/\r\n[ \t]+/g, " ")
    .split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

function refusal(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code });
}
