import { createTransport } from "nodemailer";
import { openDestinations } from "./destinations.ts";
import { type SignerFor, signNothing } from "./dkim-keys.ts";
import { neverConnected, oneLine, resultOfError } from "./judge-error.ts";
import { mailOptions } from "./mail-options.ts";
import type { MailTransport } from "./mail-transport.ts";

const TIMEOUT_MS = 60_000;
/** What the smarthost's state was known to be is believed for so long. */
const BELIEVED_FOR_MS = 60_000;
/** It is ours: when it is back, what waits for it is to go out soon. */
const LONGEST_AWAY_MS = 60_000;
const SMARTHOST = "the smarthost";

/**
 * Sends over the configured smarthost, on kept connections. It is the one destination: as many at once as there are
 * connections, and the others wait while it does not answer.
 * @param url smtp://user:password@host:port, or smtps:
 * @param ourName for EHLO
 * @param perMinute messages in any 60 seconds; 0 for no limit
 */
export function openSmarthost(
  url: string,
  maxConnections: number,
  ourName: string,
  perMinute = 0,
  signerFor: SignerFor = signNothing,
): MailTransport {
  const destinations = openDestinations({
    atOnce: maxConnections,
    perMinute,
    probes: 1,
    longestAwayMs: LONGEST_AWAY_MS,
  });
  const { hostname, port, username, password, protocol } = new URL(url);
  const secure = protocol === "smtps:";
  const shared = {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (secure ? 465 : 25) : Number(port),
    secure,
    name: ourName,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    // RFC 5321 §4.5.3.2.6 allows a server 10 minutes for its answer to the final dot.
    socketTimeout: 10 * TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(username ? { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } } : {}),
  };
  const pool = createTransport({ ...shared, pool: true, maxConnections, maxMessages: 200 });
  // The pool sends a message again over another connection when a kept one turns out to be closed. Of a file that is read
  // as it goes out the beginning might be gone by then, so what has such files gets a connection of its own.
  const alone = createTransport(shared);
  let known: { readonly trouble: string | null; readonly atMs: number } | undefined;
  const learn = (trouble: string | null): string | null => {
    known = { trouble, atMs: performance.now() };
    return trouble;
  };
  return {
    channel: "smarthost",
    async send(_to, compose) {
      const place = destinations.enter(SMARTHOST);
      if (place.state === "wait")
        return { result: "put-off", waitMs: place.waitMs, reply: `${SMARTHOST} ${place.why}` };
      let away: string | null = null;
      try {
        const mail = await compose();
        const options = mailOptions(mail, signerFor);
        const isStreamed = mail.files.some(({ content }) => typeof content === "function");
        try {
          const { response } = await (isStreamed ? alone : pool).sendMail(options);
          learn(null);
          return { result: "accepted", reply: oneLine(response) };
        } catch (error) {
          // Not its fault: a file of ours could not be read.
          if ((error as { code?: string }).code === "ESTREAM") throw error;
          const failed = resultOfError(error, "smarthost");
          // A server that answers is there, whatever it says of this message; its words may name the recipient.
          const answered = (error as { responseCode?: number }).responseCode !== undefined;
          learn(answered ? null : failed.reply);
          if (neverConnected(error)) away = failed.reply;
          return failed;
        }
      } finally {
        place.leave(away);
      }
    },
    async trouble() {
      if (known && performance.now() - known.atMs < BELIEVED_FOR_MS) return known.trouble;
      try {
        await pool.verify();
        destinations.isBack(SMARTHOST);
        return learn(null);
      } catch (error) {
        return learn(oneLine((error as Error).message));
      }
    },
    close() {
      pool.close();
      alone.close();
    },
  };
}
