import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { SMTPServer, type SMTPServerAddress, type SMTPServerSession } from "smtp-server";
import type { SMTPConnectionOptions } from "smtp-server/lib/smtp-connection.js";
import { type ConnectionRules, DoorConnection } from "./smtp-connection.ts";
import { refusalError } from "./smtp-library-replies.ts";

/** A server whose connections are the above; everything the library offers beyond is switched off. */
export class DoorServer extends SMTPServer {
  readonly rules: ConnectionRules;
  readonly #bySession = new WeakMap<SMTPServerSession, DoorConnection>();

  constructor(
    given: { readonly hostname: string; readonly maxMessageBytes: number; readonly maxRecipients: number },
    rules: ConnectionRules,
  ) {
    super({
      name: given.hostname,
      heloResponse: "%s",
      size: given.maxMessageBytes,
      maxRecipients: given.maxRecipients,
      socketTimeout: rules.idleTimeoutMs,
      // A name looked up for each client would hang on its DNS and tells nothing that could be trusted.
      disableReverseLookup: true,
      hideENHANCEDSTATUSCODES: false,
      disabledCommands: ["AUTH", "STARTTLS", "XCLIENT", "XFORWARD", "WIZ", "SHELL", "KILL"],
      logger: false,
    });
    this.rules = rules;
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
    // RFC 5321 §4.1.1.11. No extension announced has a parameter for RCPT.
    if (address.args) done(refusalError("unknown-parameter"));
    else if (this.#of(session).needsUtf8) done(refusalError("address-needs-smtputf8"));
    else {
      const refused = this.rules.checkRecipient(address);
      done(refused === null ? null : refusalError(refused));
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
