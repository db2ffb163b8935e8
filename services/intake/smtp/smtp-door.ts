import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import type { SecureContext } from "node:tls";
import type { AcceptLetter, Envelope, Recipient } from "../../shared/letter/arrival/envelope.ts";
import { type RefusalCode, refusals } from "../../shared/letter/refusals.ts";
import type { NetworkSet } from "../../shared/runtime/networks.ts";
import type { ByteStore } from "../../shared/runtime/store.ts";
import { boundGuests } from "./smtp-admission.ts";
import type { ConnectionRules, DoorConnection } from "./smtp-connection.ts";
import { DoorServer } from "./smtp-listener.ts";
import { type Received, receiveLetter } from "./smtp-receive.ts";
import { boundStrangers, type StrangerBounds } from "./smtp-strangers.ts";

/** The calls of a pino logger this door makes. */
export interface DoorLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Told as it happens; must return at once and not throw. */
export interface DoorEvents {
  connected?(): void;
  disconnected?(): void;
  accepted?(letter: {
    readonly sizeBytes: number;
    readonly recipients: number;
    readonly tookMs: number;
  }): void;
  refused?(code: RefusalCode, remoteAddress: string): void;
}

export interface SmtpDoorOptions extends StrangerBounds {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Our name in the greeting (RFC 5321 §4.3.1). */
  readonly hostname: string;
  readonly maxMessageBytes: number;
  /** In one transaction; at least 100 (RFC 5321 §4.5.3.1.8). */
  readonly maxRecipients: number;
  readonly maxClients: number;
  readonly maxClientsPerAddress: number;
  /** A client's silence, and the time from one command to the next; RFC 5321 §4.5.3.2.7 asks for 5 minutes. */
  readonly idleTimeoutMs: number;
  /** From DATA to the final dot, however the bytes trickle in. */
  readonly dataTimeoutMs: number;
  /** Refused commands since the last accepted letter after which the connection ends. Default 20. */
  readonly maxErrors?: number;
  /** STARTTLS, and with `port` a second port where TLS begins at once (RFC 8314; 0: any free port). Default: no TLS. */
  readonly tls?: {
    readonly context: SecureContext;
    readonly port: number | null;
    /** MAIL without TLS is refused. */
    readonly require: boolean;
  };
  /** Balancers, each of whose connections begins with a PROXY header. Default: none. */
  readonly proxies?: NetworkSet;
  readonly acceptLetter: AcceptLetter;
  /**
   * Asked at each RCPT. The address is the client's without a source route (RFC 5321 Appendix C) or needless
   * quotes (RFC 5321 §4.1.2) and with its domain in Unicode, letter case as written; also `postmaster`
   * without a domain (RFC 5321 §4.5.1).
   */
  findRecipient(address: string): Recipient | "unknown-mailbox" | "not-served";
  readonly store: ByteStore;
  readonly log: DoorLog;
  readonly events?: DoorEvents;
}

export interface SmtpDoor {
  readonly port: number;
  /** Of the port where TLS begins at once; null without one. */
  readonly tlsPort: number | null;
  /** For the handshakes from now on. */
  useCertificate(context: SecureContext): void;
  /**
   * Takes no new connection, says 421 to those that wait, lets letters in transfer finish and cuts what
   * is left after `graceMs`. A second call changes nothing.
   */
  close(graceMs: number): Promise<void>;
}

/** RFC 5321 §4.1.2: a quoted local part means the same mailbox as the plain one where that can be written. */
const needlessQuotes = /^"([\w!#$%&'*+/=?^`{|}~.-]+)"@/;

/**
 * Listens for letters by SMTP (RFC 5321) and hands each to acceptLetter: one transaction, one call,
 * whoever the recipients are. 250 is said only after it has resolved; anything it throws but a refusal
 * becomes 451 and a line in the log.
 *
 * Not offered: AUTH, CHUNKING. The parameters of DSN are taken (smtp-dsn-parameters.ts).
 *
 * @throws the error of listen(2), e.g. EADDRINUSE; then no port is open
 */
export async function openSmtpDoor(options: SmtpDoorOptions): Promise<SmtpDoor> {
  const { log, events } = options;
  const live = new Set<DoorConnection>();
  const guests = boundGuests<DoorConnection>(options);
  const recipients = new WeakMap<object, Recipient>();
  let closing: Promise<void> | null = null;

  const strangers = boundStrangers(options);

  const rules: ConnectionRules = {
    maxErrors: options.maxErrors ?? 20,
    maxRefusedRecipients: options.maxRecipients,
    idleTimeoutMs: options.idleTimeoutMs,
    dataTimeoutMs: options.dataTimeoutMs,
    trusts: strangers.trusts,
    admit(connection) {
      live.add(connection);
      events?.connected?.();
      if (!guests.enter(connection, connection.remoteAddress)) return "too-many-connections";
      // Where TLS begins at once it was counted before the handshake.
      return connection.secure ? null : strangers.admitConnection(connection.remoteAddress);
    },
    stopping: () => closing !== null,
    refused: (code, { remoteAddress }) => events?.refused?.(code, remoteAddress),
    left(connection) {
      live.delete(connection);
      guests.leave(connection);
      events?.disconnected?.();
    },
    admitLetter(connection) {
      if (options.tls?.require && !connection.secure) return "tls-required";
      return strangers.admitLetter(connection);
    },
    forgives: (connection) => strangers.forgives(connection),
    checkRecipient(address, connection) {
      if (!strangers.admitRecipient(connection)) return "sending-too-fast";
      const recipient = options.findRecipient(address.address.replace(needlessQuotes, "$1@"));
      if (recipient === "unknown-mailbox") return "unknown-recipient";
      if (recipient === "not-served") return "relay-denied";
      recipients.set(address, recipient);
      return strangers.askToComeAgain(connection, recipient.address);
    },
    async receive(letter, connection) {
      const startedMs = performance.now();
      const envelope = envelopeOf(connection, recipients);
      const received = await receiveLetter(letter, envelope, options);
      if (received.kind === "accepted") {
        events?.accepted?.({
          sizeBytes: received.sizeBytes,
          recipients: envelope.recipients.length,
          tookMs: performance.now() - startedMs,
        });
        logAccepted(log, connection, received);
      } else {
        logNotAccepted(log, connection, received);
      }
      return received;
    },
  };

  const openPort = async (port: number, fromTheStart: boolean): Promise<DoorServer> => {
    const handshakes = boundGuests<Socket>(options);
    const server = new DoorServer(
      {
        ...options,
        tls: options.tls ? { context: options.tls.context, fromTheStart } : null,
        expectsProxyHeader: options.proxies ?? (() => false),
        admitHandshake: (socket, remoteAddress) =>
          handshakes.enter(socket, remoteAddress)
            ? strangers.admitConnection(remoteAddress)
            : "too-many-connections",
        endHandshake: (socket) => handshakes.leave(socket),
        turnedAway: (code, remoteAddress) => {
          events?.refused?.(code, remoteAddress);
          // From a balancer's address alone, so that no flood of strangers fills the log.
          if (code === "not-smtp") log.error({ remoteAddress }, "a balancer sent no PROXY header");
        },
      },
      rules,
    );
    // Faults of single connections (a reset in the middle of a letter); unheard they would end the process.
    server.on("error", (err: Error) => log.info({ err }, "connection failed"));
    // Connections over maxClients are told 421; past this many not even that, or a flood takes every
    // descriptor of the process.
    server.server.maxConnections = options.maxClients * 2 + 16;
    server.listen({ host: options.host, port, backlog: 511 });
    await once(server.server, "listening");
    return server;
  };

  const servers = [await openPort(options.port, false)];
  if (options.tls && options.tls.port !== null) {
    try {
      servers.push(await openPort(options.tls.port, true));
    } catch (error) {
      servers[0]?.server.close();
      throw error;
    }
  }

  const close = async (graceMs: number): Promise<void> => {
    const closed = Promise.all(servers.map(({ server }) => once(server, "close")));
    for (const { server, _pendingSockets } of servers) {
      server.close();
      for (const socket of _pendingSockets.values()) socket.destroy();
    }
    for (const connection of live) if (!connection.inTransfer) connection.refuse("shutting-down");
    const cut = setTimeout(() => {
      for (const connection of live) connection.cut("shutting-down");
    }, graceMs);
    await closed;
    clearTimeout(cut);
  };

  const portOf = (server: DoorServer | undefined): number | null =>
    server ? (server.server.address() as AddressInfo).port : null;
  return {
    port: portOf(servers[0]) as number,
    tlsPort: portOf(servers[1]),
    useCertificate(context) {
      for (const server of servers) server.useCertificate(context);
    },
    close(graceMs) {
      closing ??= close(graceMs);
      return closing;
    },
  };
}

function envelopeOf(connection: DoorConnection, recipients: WeakMap<object, Recipient>): Envelope {
  const { envelope, hostNameAppearsAs, secure } = connection.session;
  return {
    door: "smtp",
    mailFrom: envelope.mailFrom ? envelope.mailFrom.address : "",
    recipients: envelope.rcptTo.flatMap((address) => recipients.get(address) ?? []),
    remoteAddress: connection.remoteAddress,
    helo: hostNameAppearsAs,
    smtpUtf8: envelope.smtpUtf8 ?? false,
    tls: secure,
  };
}

/** Under this id the letter is in every room's log; who sent it to whom is in the database alone. */
function logAccepted(
  log: DoorLog,
  connection: DoorConnection,
  { accepted: { intakeIds }, sizeBytes }: Extract<Received, { kind: "accepted" }>,
): void {
  const ids = intakeIds.length === 1 ? { letter: intakeIds[0] } : { letters: intakeIds };
  log.info({ ...ids, sizeBytes, connection: connection.id }, "letter accepted");
}

/** Faults of ours are for the log; what a sender did wrong was said to the sender. */
function logNotAccepted(
  log: DoorLog,
  connection: DoorConnection,
  received: Exclude<Received, { kind: "accepted" }>,
): void {
  const who = { connection: connection.id, remoteAddress: connection.remoteAddress };
  if (received.kind === "gone") log.info(who, "client left before its letter was in");
  else if (refusals[received.code].smtp.code < 500)
    log.error({ ...who, err: received.cause }, "letter not taken");
}
