/** What the package has and uses, and does not declare: the reader of Received fields. */
declare module "mailauth/lib/parse-received.js" {
  export interface ReceivedFrom {
    readonly value?: string;
    readonly comment?: string;
  }
  export function parseReceived(line: Buffer): { readonly from?: ReceivedFrom };
  /** The address of the connection, never what the client said of itself; false when there is none. */
  export function getClientAddress(from: ReceivedFrom | undefined): string | false;
}
