import { StoreError } from "../../shared/runtime/store-errors.ts";

/** Why a mailbox cannot be read, in words for an operator. Nothing of what a server says goes into them. */
export class MailboxTrouble extends Error {
  override readonly name: string = "MailboxTrouble";
  /** The server turned our user or secret down: asking again soon would lock the account. */
  readonly refused: boolean;
  constructor(words: string, options: ErrorOptions & { readonly refused?: boolean } = {}) {
    super(words, options);
    this.refused = options.refused === true;
  }
}

/** The server took no flag or folder of ours. What came in is safe and goes on coming; only the mailbox stays untidy. */
export class FilingRefused extends MailboxTrouble {
  override readonly name = "FilingRefused";
}

const BY_CODE: Readonly<Record<string, string>> = {
  ENOTFOUND: "the name of the server is not known",
  EAI_AGAIN: "the name of the server cannot be looked up now",
  ECONNREFUSED: "the server takes no connection",
  ECONNRESET: "the server cut the connection",
  EPIPE: "the server cut the connection",
  EHOSTUNREACH: "the server cannot be reached",
  ENETUNREACH: "the server cannot be reached",
  ETIMEDOUT: "the server does not answer",
  ETIMEOUT: "the server does not answer",
  CONNECT_TIMEOUT: "the server does not answer",
  GREETING_TIMEOUT: "the server does not greet",
  UPGRADE_TIMEOUT: "the server does not finish STARTTLS",
  STARTTLS_INJECTION: "the server's answer to STARTTLS cannot be trusted",
  NoConnection: "the server closed the connection",
  EConnectionClosed: "the server closed the connection",
  ClosedAfterConnectTLS: "the server closed the connection at once",
  ClosedAfterConnectText: "the server closed the connection at once",
  LiteralTooLarge: "the server sent more than it was asked for in one piece",
  LineTooLarge: "the server sent a line without end",
  ResponseTooLarge: "the server sent an answer without end",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is not trusted: name its authority by caFile",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is not trusted: name its authority by caFile",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate is not trusted: name its authority by caFile",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the server's certificate is not trusted: name its authority by caFile",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another name",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
};

/** Any error of a connection as one that may be stored and shown: known codes in words, others by their code alone. */
export function troubleOf(error: unknown): MailboxTrouble {
  if (error instanceof MailboxTrouble) return error;
  const { code, authenticationFailed, responseStatus } = error as {
    code?: unknown;
    authenticationFailed?: unknown;
    responseStatus?: unknown;
  };
  if (authenticationFailed === true)
    return new MailboxTrouble("the server does not take the user or the secret", {
      cause: error,
      refused: true,
    });
  if (error instanceof StoreError || (error as { severity?: unknown }).severity !== undefined)
    return new MailboxTrouble("this system's own database or disk does not take the messages", {
      cause: error,
    });
  const known = typeof code === "string" ? BY_CODE[code] : undefined;
  if (known !== undefined) return new MailboxTrouble(`${known} (${code})`, { cause: error });
  const hint = [code, responseStatus].find((said) => typeof said === "string" && /^\w{1,60}$/.test(said));
  return new MailboxTrouble(
    hint === undefined ? "the server cannot be worked with" : `the server cannot be worked with (${hint})`,
    { cause: error },
  );
}
