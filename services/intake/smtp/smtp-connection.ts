/**
 * smtp-server (3.21.6, pinned) speaks the protocol; only smtp-connection, smtp-data-stream and
 * smtp-listener import it. Where this office needs something else, they override methods the library
 * exports and types; smtp-door.*.live.test.ts says each change back on the wire.
 */
import { isAscii, isUtf8 } from "node:buffer";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { SMTPServer, SMTPServerAddress } from "smtp-server";
import { SMTPConnection, type SMTPConnectionOptions } from "smtp-server/lib/smtp-connection.js";
import type { SMTPStream } from "smtp-server/lib/smtp-stream.js";
import { type RefusalCode, refusals, smtpReplyOf } from "../../shared/letter/refusals.ts";
import { DoorStream } from "./smtp-data-stream.ts";
import { dsnParameters, hasBadDsnParameter } from "./smtp-dsn-parameters.ts";
import { idList, inOurWords, ownStatus, refusalError } from "./smtp-library-replies.ts";
import { isMailbox } from "./smtp-mailbox.ts";
import type { Received } from "./smtp-receive.ts";

/** What connections of one door may do and whom they tell. */
export interface ConnectionRules {
  /** Refused commands, and refused recipients, since the last accepted letter. */
  readonly maxErrors: number;
  readonly maxRefusedRecipients: number;
  /** From one command to the next. */
  readonly idleTimeoutMs: number;
  /** From DATA to the final dot. */
  readonly dataTimeoutMs: number;
  /** Whether limits and delays are for others. */
  trusts(remoteAddress: string): boolean;
  /** Null when the connection may come in. */
  admit(connection: DoorConnection): RefusalCode | null;
  /** Asked at MAIL. */
  admitLetter(connection: DoorConnection): RefusalCode | null;
  /** Counts a refused command or recipient of a client that is not trusted; false when its network had too many. */
  forgives(connection: DoorConnection): boolean;
  stopping(): boolean;
  refused(code: RefusalCode, connection: DoorConnection): void;
  left(connection: DoorConnection): void;
  /** Asked at RCPT. A promise of it does not fail. */
  checkRecipient(
    address: SMTPServerAddress,
    connection: DoorConnection,
  ): RefusalCode | null | Promise<RefusalCode | null>;
  /** Must not throw. `letter`: the bytes after DATA without the dots of transparency. */
  receive(letter: Readable, connection: DoorConnection): Promise<Received>;
}

/**
 * RFC 5321 §4.5.3.1.4 gives a command 512 octets; SMTPUTF8, the SIZE and BODY parameters and those of RFC 3461 (an ORCPT
 * of 500) add to that, and the longest address stays far below.
 */
const maxCommandBytes = 2048;

const mailParameters: ReadonlySet<string> = new Set(["SIZE", "BODY", "SMTPUTF8", ...dsnParameters.MAIL]);

/** A stranger's errors that cost no time, and what the next ones cost: each twice the one before. */
const FREE_ERRORS = 5;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;

const refusedRecipient: ReadonlySet<RefusalCode> = new Set([
  "unknown-recipient",
  "relay-denied",
  "bad-recipient-syntax",
  "too-many-recipients",
]);

export class DoorConnection extends SMTPConnection {
  readonly #rules: ConnectionRules;
  #commandTimer: NodeJS.Timeout | undefined;
  #dataTimer: NodeJS.Timeout | undefined;
  #errors = 0;
  #refusedRecipients = 0;
  #commandIsAscii = true;
  #badParameter = false;
  #handshake: Socket | undefined;
  /** Of a partner's relay or our own: what is meant for strangers is not for it. */
  readonly trusted: boolean;

  constructor(
    rules: ConnectionRules,
    server: SMTPServer,
    socket: Socket,
    options?: SMTPConnectionOptions | null,
  ) {
    super(server, socket, options);
    this.#rules = rules;
    this.trusted = rules.trusts(this.remoteAddress);
  }

  /**
   * The library waits 100 ms before the greeting, to catch a client that talks first. Twenty parallel
   * connections with a letter each could then bring no more than 200 letters a second, and spam programs
   * that talk early are no danger to a port whose senders are offices. Kept is the part that costs
   * nothing: one turn of the event loop reads what came with the connection, and a client that had
   * commands or a foreign protocol in the first packet is still turned away.
   */
  override init(): void {
    this._setListeners(() => {
      const full = this.#rules.admit(this);
      if (full !== null) {
        this.refuse(full, { hangUp: true });
        return;
      }
      setImmediate(() => {
        if (this._closing || this._closed) return;
        this.connectionReady();
        // RFC 5321 §4.5.3.2.7. The library's own idle timer starts again with every byte: one byte a
        // minute would hold a connection for days. This one starts again with every command.
        this.#commandTimer = setTimeout(() => this.#commandOverdue(), this.#rules.idleTimeoutMs);
      });
    });
  }

  /** Says a row of the table of refusals; the connection ends when the row is a 421 or `hangUp` is set. */
  refuse(code: RefusalCode, { hangUp = false } = {}): void {
    if (this._closing || this._closed) return;
    const reply = smtpReplyOf(code);
    this.#rules.refused(code, this);
    super.send(reply.code, reply.text, false);
    if (hangUp && !this._closing) this.close();
  }

  /** Whether a letter is coming in or being stored: what a stop should wait for. */
  get inTransfer(): boolean {
    return Boolean(this._dataStream);
  }

  /** Ends the connection without waiting for the client to close its side. */
  cut(code: RefusalCode): void {
    this.refuse(code, { hangUp: true });
    this._socket.destroy();
  }

  /** Whether the last command gave a parameter of RFC 3461 a value that it cannot have. */
  get hasBadParameter(): boolean {
    return this.#badParameter;
  }

  /** RFC 6531 §3.5: an address beyond ASCII only in a transaction that said SMTPUTF8. */
  get needsUtf8(): boolean {
    return !this.#commandIsAscii && !this.session.envelope.smtpUtf8;
  }

  /** Answers the final dot. */
  finishLetter(received: Received, reply: (error: Error | null, text?: string) => void): void {
    if (received.kind === "accepted") {
      this.#errors = 0;
      this.#refusedRecipients = 0;
      reply(null, `2.0.0 Accepted as ${idList(received.accepted.intakeIds)}`);
    } else if (received.kind === "refused") {
      reply(refusalError(received.code));
      if (!received.heardOut) this.close();
    } else {
      reply(refusalError("try-later"));
    }
    if (this.#rules.stopping()) this.refuse("shutting-down");
  }

  /**
   * A text that brings its own enhanced status code keeps it: the library knows one for each reply code,
   * but 550 is 5.1.1 for an unknown mailbox and 5.7.1 for a foreign domain (RFC 2034 §4).
   */
  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    if (this._closing || this._closed) return;
    // With 500 the library passes the client's own unknown word as the context.
    const occasion = code === 500 ? undefined : context;
    const { row, text } = inOurWords(typeof data === "string" ? data : "", occasion);
    if (row !== null) this.refuse(row, { hangUp: row === "not-smtp" });
    else super.send(code, Array.isArray(data) ? data : text, ownStatus.test(text) ? false : occasion);
    if (code >= 500 || row === "too-many-recipients") this.#countError(row);
  }

  override _createParser(): SMTPStream {
    const parser = new DoorStream({ maxCommandLength: maxCommandBytes });
    parser.oncommand = (command, callback) => this._onCommand(command, callback);
    // The parser fails only on an endless line, and cannot find the next command after one.
    parser.on("error", () => this.refuse("line-too-long", { hangUp: true }));
    return parser;
  }

  override _onCommand(command: Buffer, callback?: () => void): void {
    this.#commandTimer?.refresh();
    if (this.#rules.stopping()) {
      this.refuse("shutting-down");
      return;
    }
    if (!this.hostNameAppearsAs && beginsAsProxyHeader(command)) {
      // A balancer that smtp.proxyNetworks does not name, or somebody who would like to choose his own address.
      this.refuse("not-smtp", { hangUp: true });
      return;
    }
    this.#commandIsAscii = isAscii(command);
    const errorsBefore = this.#errorsSoFar;
    const next = callback && ((): void => this.#goOn(callback, errorsBefore));
    if (this._ready && !this._upgrading && !isCommandText(command)) {
      this.refuse("bad-characters");
      this.#countError(null);
      if (next) setImmediate(next);
      return;
    }
    super._onCommand(command, next);
  }

  /** The library lets most characters pass in a local part; what it calls bad syntax it says for MAIL and RCPT by itself. */
  override _parseAddressCommand(name: string, command: Buffer | string) {
    this.#badParameter = hasBadDsnParameter(command.toString());
    const parsed = super._parseAddressCommand(name, command);
    return parsed && isMailbox(parsed.address) ? parsed : false;
  }

  override handler_MAIL(command: Buffer, callback: () => void): void {
    const refused = this.#rules.admitLetter(this);
    if (refused === null) super.handler_MAIL(command, callback);
    else this.#refuseCommand(refused, callback);
  }

  // Known commands that are not for a door that gives letters to nobody. Without these the library calls them unknown.
  handler_EXPN(_command: Buffer, callback: () => void): void {
    this.#refuseCommand("not-offered", callback);
  }

  handler_ETRN(_command: Buffer, callback: () => void): void {
    this.#refuseCommand("not-offered", callback);
  }

  /** RFC 5321 §4.1.1.11: an unknown parameter is refused, not passed over in silence. */
  override _validateMailParams(parsed: Parameters<SMTPConnection["_validateMailParams"]>[0]) {
    const unknown = Object.keys(parsed.args || {}).some((name) => !mailParameters.has(name));
    if (!unknown && !this.#badParameter) return super._validateMailParams(parsed);
    const row = unknown ? "unknown-parameter" : "bad-parameter";
    return { code: refusals[row].smtp.code, message: row, enhancedCode: null };
  }

  override handler_DATA(command: Buffer, callback: () => void): void {
    super.handler_DATA(command, callback);
    if (!this.#receiving) return;
    if (this.#dataTimer) this.#dataTimer.refresh();
    else this.#dataTimer = setTimeout(() => this.#dataOverdue(), this.#rules.dataTimeoutMs);
  }

  /** The library makes the TLS socket inside upgrade() and tells it here only. */
  override _armTimeout(socket?: Socket): void {
    if (this._upgrading && socket !== undefined) this.#handshake = socket;
    super._armTimeout(socket);
  }

  /** In the middle of a handshake nothing can be said, and the TLS socket has to go before the one it stands on. */
  override close(): void {
    if (this._upgrading) this.#handshake?.destroy();
    super.close();
  }

  /** The library's: no byte for idleTimeoutMs. */
  override _onTimeout(): void {
    if (this.#receiving && !this._closing) this.#dataOverdue();
    else super._onTimeout();
  }

  override _onClose(): void {
    clearTimeout(this.#commandTimer);
    clearTimeout(this.#dataTimer);
    const leaving = !this._closed;
    super._onClose();
    if (leaving) this.#rules.left(this);
  }

  get #receiving(): boolean {
    return this._parser !== false && this._parser._dataMode;
  }

  get #errorsSoFar(): number {
    return this.#errors + this.#refusedRecipients;
  }

  #refuseCommand(code: RefusalCode, callback: () => void): void {
    this.refuse(code);
    if (refusals[code].smtp.code >= 500) this.#countError(null);
    callback();
  }

  /**
   * Reads the next command; later and later when a stranger's commands go wrong. Who guesses addresses pays for each with
   * time, and holds one of the connections that its network may have.
   */
  #goOn(callback: () => void, errorsBefore: number): void {
    const errors = this.#errorsSoFar;
    if (this.trusted || errors === errorsBefore || errors <= FREE_ERRORS) callback();
    else setTimeout(callback, Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (errors - FREE_ERRORS - 1)));
  }

  #countError(known: RefusalCode | null): void {
    if (known !== null && refusedRecipient.has(known)) this.#refusedRecipients++;
    else this.#errors++;
    if (
      this.#errors >= this.#rules.maxErrors ||
      this.#refusedRecipients >= this.#rules.maxRefusedRecipients ||
      !this.#rules.forgives(this)
    ) {
      this.refuse("too-many-errors");
    }
  }

  #commandOverdue(): void {
    // While a letter comes in or we store it, the client owes no command.
    if (this.inTransfer || this._handlerPending) this.#commandTimer?.refresh();
    else this.refuse("idle-timeout");
  }

  #dataOverdue(): void {
    if (this.#receiving) this.refuse("data-timeout");
  }
}

function beginsAsProxyHeader(command: Buffer): boolean {
  return command.subarray(0, 6).toString("latin1") === "PROXY ";
}

/** UTF-8 (RFC 6531 §3.6) without control characters but the tab some clients put for a space. */
function isCommandText(command: Buffer): boolean {
  for (const byte of command) if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f) return false;
  return isUtf8(command);
}
