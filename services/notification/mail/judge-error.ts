import type { SendResult } from "./mail-transport.ts";

/** What nodemailer's errors tell. */
interface SendError {
  readonly syscall?: string;
  readonly responseCode?: number;
  readonly response?: string;
  readonly command?: string;
  readonly code?: string;
  readonly message?: string;
  readonly timeoutType?: string;
  /** Of a session of our own: whether the whole message had been written when the line broke. */
  readonly isSent?: boolean;
}

/** Commands whose 5xx speaks of this message or this recipient; a 5xx to any other is a fault of the connection's setting. */
const ABOUT_THE_MESSAGE = new Set(["MAIL FROM", "RCPT TO", "DATA"]);
/** These break before anything was sent. */
const BEFORE_THE_SESSION = new Set(["CONNECT_TIMEOUT", "GREETING_TIMEOUT"]);

/**
 * What an error of sending means for the message.
 * @param to smarthost: some refusals speak of our standing with it; mx: of the message alone
 */
export function resultOfError(error: unknown, to: "smarthost" | "mx"): SendResult {
  const { responseCode, response, command = "", code = "", message = "", isSent } = error as SendError;
  const reply = oneLine(response ?? `${code} ${message}`);
  if (responseCode !== undefined) {
    const final =
      responseCode >= 500 &&
      ABOUT_THE_MESSAGE.has(command) &&
      !(to === "smarthost" && isSmarthostsMatter(error as SendError));
    return { result: final ? "permanent" : "transient", reply };
  }
  // The recipient's address cannot be written for this server, or the message is larger than it takes: no later try
  // mends that.
  if (code === "EENVELOPE" || (code === "EMESSAGE" && command === "MAIL FROM"))
    return { result: "permanent", reply };
  // The smarthost's pool does not tell how far it had come when the line broke: it may have been behind the final dot.
  if (lineBroke(error as SendError) && (isSent ?? !neverConnected(error)))
    return { result: "unknown", reply };
  return { result: "transient", reply };
}

/** Whether the next server did not answer at all: so it is with every other message for it. */
export function neverConnected(error: unknown): boolean {
  const { responseCode, code = "", syscall, timeoutType = "" } = error as SendError;
  if (responseCode !== undefined) return false;
  return code === "EDNS" || syscall === "connect" || BEFORE_THE_SESSION.has(timeoutType);
}

function lineBroke({ code = "" }: SendError): boolean {
  return ["ECONNECTION", "ESOCKET", "ETIMEDOUT", "EPROTOCOL"].includes(code);
}

/**
 * Before the message itself, "authentication required" (530, 535, 538) and "relaying denied" (5.7.x) speak of our standing
 * with the smarthost: a few minutes of wrong settings must not fail every receipt of that time.
 */
function isSmarthostsMatter({ responseCode = 0, response = "", command = "" }: SendError): boolean {
  if (command === "DATA") return false;
  return [530, 535, 538].includes(responseCode) || /^5\d\d[ -]5\.7\./.test(response);
}

/** For a column and for logs: one line, of bounded length. */
export function oneLine(text: string): string {
  return text
    .replace(/[\x00-\x1f\x7f]+/g, " ")
    .trim()
    .slice(0, 500);
}
