import { isIP } from "node:net";

/** A server to ask, by name or address. */
export interface TimeServer {
  readonly host: string;
  readonly port: number;
}

const NTP_PORT = 123;

/**
 * Reads "time1.nimt.or.th", "192.0.2.1:1123", "2001:db8::1" or "[2001:db8::1]:1123".
 * @throws Error that quotes the text
 */
export function parseTimeServer(text: string): TimeServer {
  if (isIP(text) === 6) return { host: text, port: NTP_PORT };
  const [, bracketed, plain, port = String(NTP_PORT)] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]{1,253}))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const usable = host !== undefined && (bracketed === undefined || isIP(bracketed) === 6);
  if (!usable || Number(port) < 1 || Number(port) > 65_535) {
    throw new Error(
      `${JSON.stringify(text)} is not a time server: wanted is NAME, ADDRESS or [IPv6], with :PORT behind it if it is not 123`,
    );
  }
  return { host, port: Number(port) };
}

/** As it is written in settings, logs and stamps. */
export function serverName({ host, port }: TimeServer): string {
  if (port === NTP_PORT) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
