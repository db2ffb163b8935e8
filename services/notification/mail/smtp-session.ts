import type { Readable } from "node:stream";
import type { SendMailOptions } from "nodemailer";
import SMTPConnection from "nodemailer/lib/smtp-connection";

/** Where to, and how. */
export interface SessionOptions {
  readonly address: string;
  readonly port: number;
  /** The server's name, for its certificate. */
  readonly host: string;
  /** Our own name, for EHLO. */
  readonly ourName: string;
  /** opportunistic: in the clear where STARTTLS is not offered or fails; required: not at all then. */
  readonly tls: "opportunistic" | "required" | "none";
  /** From the first packet to the answer to EHLO, under TLS where there is one. */
  readonly setupTimeoutMs: number;
}

export interface Envelope {
  readonly from: string;
  readonly to: string;
  readonly sizeBytes: number;
  readonly dsn?: NonNullable<SendMailOptions["dsn"]>;
}

/** A session with a mail server that has greeted us. */
export interface SmtpSession {
  /** Whether the server has named an extension in its answer to EHLO. */
  offers(extension: string): boolean;
  /**
   * Sends one message.
   * @returns the server's answer to the final dot
   * @throws Error of nodemailer (responseCode, response, command); `isSent` on it tells that the whole message had been
   *   written by then
   */
  send(envelope: Envelope, message: Readable): Promise<string>;
  /** Says goodbye, and waits for nothing. */
  end(): void;
}

/** RFC 5321 §4.5.3.2: five minutes for MAIL and RCPT, ten for the answer to the final dot. */
const COMMAND_TIMEOUT_MS = 5 * 60_000;
const FINAL_DOT_TIMEOUT_MS = 10 * 60_000;
/** Who reads as slowly as he can keeps a worker no longer: 64 MB take 15 minutes at 600 kbit/s. */
const MESSAGE_TIMEOUT_MS = 30 * 60_000;
/** Longer answers than any real one end the session. */
const LONGEST_ANSWER = 64 * 1024;

/**
 * @throws Error of nodemailer when the server does not answer, or not as one that takes mail; `isTls` on it tells that it
 *   broke while TLS was being set up
 */
export function openSession(options: SessionOptions, signal: AbortSignal): Promise<SmtpSession> {
  const { address, port, host, ourName, tls, setupTimeoutMs } = options;
  const connection = new SMTPConnection({
    host: address,
    port,
    name: ourName,
    secure: false,
    ignoreTLS: tls === "none",
    requireTLS: tls === "required",
    opportunisticTLS: tls === "opportunistic",
    // Names of mail servers come from an unsigned DNS, so a certificate proves nothing by its name: TLS is here against
    // those who listen, not against those who answer in another's place (RFC 7435).
    tls: { servername: host, rejectUnauthorized: false },
    connectionTimeout: setupTimeoutMs,
    greetingTimeout: setupTimeoutMs,
    socketTimeout: COMMAND_TIMEOUT_MS,
    maxResponseSize: LONGEST_ANSWER,
    // We have looked the address up ourselves, and judged it.
    allowInternalNetworkInterfaces: true,
  });
  const { promise, resolve, reject } = Promise.withResolvers<SmtpSession>();
  const giveUp = (why: string): void => {
    reject(Object.assign(new Error(why), { code: "ECONNECTION" }));
    connection.close();
  };
  const abort = (): void => giveUp("the service is being stopped");
  signal.addEventListener("abort", abort, { once: true });
  // The library's own limits end with the greeting: the answer to EHLO could come a line at a time, for ever.
  const overdue = setTimeout(() => giveUp("the session did not begin in time"), 2 * setupTimeoutMs);
  connection.on("error", (error) => reject(Object.assign(error, { isTls: connection.upgrading === true })));
  connection.on("end", () => {
    clearTimeout(overdue);
    signal.removeEventListener("abort", abort);
    reject(Object.assign(new Error("the server ended the session"), { code: "ECONNECTION" }));
  });
  connection.connect((error) => {
    clearTimeout(overdue);
    if (error) reject(error);
    else resolve(session(connection));
  });
  return promise;
}

function session(connection: SMTPConnection): SmtpSession {
  // Not told by the library but in what it keeps for itself.
  const extensions = (connection as unknown as { _supportedExtensions?: readonly string[] })
    ._supportedExtensions;
  return {
    offers: (extension) => extensions?.includes(extension) ?? false,
    send({ from, to, sizeBytes, dsn }, message) {
      let isSent = false;
      message.once("end", () => {
        isSent = true;
        if (connection._socket) connection._socket.setTimeout(FINAL_DOT_TIMEOUT_MS);
      });
      return new Promise((resolve, reject) => {
        const overdue = setTimeout(() => connection.close(), MESSAGE_TIMEOUT_MS);
        const fail = (error: Error): void => {
          clearTimeout(overdue);
          reject(Object.assign(error, { isSent }));
        };
        connection.on("error", fail);
        connection.on("end", () =>
          fail(Object.assign(new Error("the session ended"), { code: "ECONNECTION" })),
        );
        connection.send(
          { from, to: [to], size: sizeBytes, ...(dsn ? { dsn } : {}) },
          message,
          (error, info) => {
            if (error) fail(error);
            else {
              clearTimeout(overdue);
              resolve(info.response);
            }
          },
        );
      });
    },
    end() {
      connection.quit();
      const timer = setTimeout(() => connection.close(), 5_000);
      timer.unref();
      connection.once("end", () => clearTimeout(timer));
    },
  };
}
