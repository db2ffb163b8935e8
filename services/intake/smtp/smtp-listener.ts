import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { SecureContext } from "node:tls";
import { SMTPServer, type SMTPServerAddress, type SMTPServerSession } from "smtp-server";
import type { SMTPConnectionOptions } from "smtp-server/lib/smtp-connection.js";
import type { RefusalCode } from "../../shared/letter/refusals.ts";
import { type ConnectionRules, DoorConnection } from "./smtp-connection.ts";
import { dsnParameters } from "./smtp-dsn-parameters.ts";
import { refusalError } from "./smtp-library-replies.ts";
import { takeProxyHeader } from "./smtp-proxy-reader.ts";

/** What one port does before a connection speaks SMTP. */
export interface PortOptions {
  readonly hostname: string;
  readonly maxMessageBytes: number;
  readonly maxRecipients: number;
  /** Without it STARTTLS is unknown. */
  readonly tls: { readonly context: SecureContext; readonly fromTheStart: boolean } | null;
  /** Whether this address is a balancer's, which begins with a PROXY header. */
  expectsProxyHeader(remoteAddress: string): boolean;
  /** Asked with the client's real address before a TLS handshake is begun, which costs more than any command. */
  admitHandshake(socket: Socket, remoteAddress: string): RefusalCode | null;
  /** The handshake is over or was never to be. */
  endHandshake(socket: Socket): void;
  /** Told of those who never came to speak SMTP. */
  turnedAway(code: RefusalCode, remoteAddress: string): void;
}

/** From the connection to the end of a PROXY header, and to the end of a TLS handshake: servers do both at once. */
const PROXY_HEADER_WITHIN_MS = 5_000;
const HANDSHAKE_WITHIN_MS = 30_000;

/** A server whose connections are the above; everything the library offers beyond is switched off. */
export class DoorServer extends SMTPServer {
  readonly rules: ConnectionRules;
  readonly #port: PortOptions;
  readonly #overdue = new WeakMap<Socket, NodeJS.Timeout>();
  readonly #bySession = new WeakMap<SMTPServerSession, DoorConnection>();

  constructor(port: PortOptions, rules: ConnectionRules) {
    super({
      name: port.hostname,
      heloResponse: "%s",
      size: port.maxMessageBytes,
      maxRecipients: port.maxRecipients,
      socketTimeout: rules.idleTimeoutMs,
      secure: port.tls?.fromTheStart ?? false,
      // A name looked up for each client would hang on its DNS and tells nothing that could be trusted.
      disableReverseLookup: true,
      hideENHANCEDSTATUSCODES: false,
      disabledCommands: [
        ...["AUTH", "XCLIENT", "XFORWARD", "WIZ", "SHELL", "KILL"],
        ...(port.tls ? [] : ["STARTTLS"]),
      ],
      logger: false,
    });
    this.rules = rules;
    this.#port = port;
    if (port.tls) this.useCertificate(port.tls.context);
  }

  /** For the handshakes from now on. In the place of the library's own test certificate, whose key everybody has. */
  useCertificate(context: SecureContext): void {
    this.secureContext.set("*", context);
  }

  override _expectsProxyHeader(socket: Socket): boolean {
    return this.#port.expectsProxyHeader(socket.remoteAddress ?? "");
  }

  /** The library's own reading takes any line that begins with PROXY, and no version 2. */
  override _handleProxy(socket: Socket, callback: Parameters<SMTPServer["_handleProxy"]>[1]): void {
    if (!this._expectsProxyHeader(socket)) {
      setImmediate(() => this.#receive(socket, {}, callback));
      return;
    }
    void takeProxyHeader(socket, PROXY_HEADER_WITHIN_MS).then((header) => {
      if (header === null) {
        this.#port.turnedAway("not-smtp", socket.remoteAddress ?? "");
        socket.destroy();
        callback(new Error("no PROXY header"));
      } else if (header.kind === "own") this.#receive(socket, {}, callback);
      else this.#receive(socket, { remoteAddress: header.address, remotePort: header.port }, callback);
    });
  }

  #receive(
    socket: Socket,
    client: SMTPConnectionOptions,
    callback: Parameters<SMTPServer["_handleProxy"]>[1],
  ): void {
    if (socket.destroyed) {
      // Gone before its turn came. A TLS socket made on top of it would take the whole process down (Node 24.21).
      callback(new Error("the client has left"));
      return;
    }
    if (this.options.secure) {
      const address = client.remoteAddress ?? socket.remoteAddress ?? "";
      const refused = this.#port.admitHandshake(socket, address);
      if (refused !== null) {
        // Before the handshake nothing can be said that the client would understand.
        this.#port.turnedAway(refused, address);
        socket.on("error", () => {});
        socket.destroy();
        callback(new Error(refused));
        return;
      }
      // Whatever comes in meanwhile: one byte a minute would hold the library's own time-out off.
      const overdue = setTimeout(() => this._pendingSockets.get(socket)?.destroy(), HANDSHAKE_WITHIN_MS);
      socket.once("close", () => {
        clearTimeout(overdue);
        this.#port.endHandshake(socket);
      });
      this.#overdue.set(socket, overdue);
    }
    // Without an id the connection makes its own.
    callback(null, { ...client, id: "" });
  }

  override _upgrade(socket: Socket, callback: Parameters<SMTPServer["_upgrade"]>[1]): void {
    super._upgrade(socket, (error, secured) => {
      clearTimeout(this.#overdue.get(socket));
      this.#port.endHandshake(socket);
      callback(error, secured);
    });
  }

  override connect(socket: Socket, options?: SMTPConnectionOptions | null): void {
    const connection = new DoorConnection(this.rules, this, socket, options);
    this.connections.add(connection);
    this.#bySession.set(connection.session, connection);
    connection.on("error", (error: Error) => this._onError(error));
    connection.init();
  }

  override onConnect(_session: SMTPServerSession, done: Done): void {
    done();
  }

  override onMailFrom(_address: SMTPServerAddress, session: SMTPServerSession, done: Done): void {
    done(this.#of(session).needsUtf8 ? refusalError("address-needs-smtputf8") : null);
  }

  override onRcptTo(address: SMTPServerAddress, session: SMTPServerSession, done: Done): void {
    const connection = this.#of(session);
    // RFC 5321 §4.1.1.11: an unknown parameter is refused, not passed over in silence.
    const unknown = Object.keys(address.args || {}).some((name) => !dsnParameters.RCPT.includes(name));
    if (unknown) done(refusalError("unknown-parameter"));
    else if (connection.hasBadParameter) done(refusalError("bad-parameter"));
    else if (connection.needsUtf8) done(refusalError("address-needs-smtputf8"));
    else {
      const answer = (refused: RefusalCode | null): void =>
        done(refused === null ? null : refusalError(refused));
      const refused = this.rules.checkRecipient(address, connection);
      if (refused instanceof Promise) void refused.then(answer);
      else answer(refused);
    }
  }

  override onData(
    letter: Readable,
    session: SMTPServerSession,
    done: (error?: Error | null, text?: string) => void,
  ): void {
    const connection = this.#of(session);
    void this.rules.receive(letter, connection).then((received) => connection.finishLetter(received, done));
  }

  #of(session: SMTPServerSession): DoorConnection {
    const connection = this.#bySession.get(session);
    if (connection === undefined) throw new Error("a session without its connection");
    return connection;
  }
}

type Done = (error?: Error | null) => void;
