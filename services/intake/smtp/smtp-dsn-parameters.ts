/**
 * The parameters of delivery status notifications (RFC 3461 §4). They are taken and their syntax is held, but the
 * extension is not announced: who announces DSN promises a "delivered" notification for NOTIFY=SUCCESS (RFC 3461 §5.2.3),
 * and what this office answers with is the acknowledgement that carries the register number. A sender's server that does
 * not see DSN announced tells its own user "relayed" (RFC 3461 §5.2.2), which is true; one that sends the parameters
 * anyway is not worth refusing a letter for.
 */
export const dsnParameters: Readonly<Record<"MAIL" | "RCPT", readonly string[]>> = {
  MAIL: ["RET", "ENVID"],
  RCPT: ["NOTIFY", "ORCPT"],
};

/** RFC 3461 §4: printable ASCII without "+" and "=", those and any other octet as +XX. */
const xtext = "(?:[!-*,-<>-~]|\\+[0-9A-F]{2})";
/** RFC 6533 §3: the utf-8 address type writes its octets as they are, or as \x{…}. */
const utf8Text = "[!-*,-<>-~\\u0080-\\u{10ffff}]";

/** What each may look like; the lengths are those of RFC 3461 §4.1 to §4.4. */
const shape: Readonly<Record<string, RegExp>> = {
  RET: /^(?:FULL|HDRS)$/i,
  ENVID: new RegExp(`^(?=.{1,100}$)${xtext}+$`),
  NOTIFY: /^(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2})$/i,
  ORCPT: new RegExp(`^(?=.{3,500}$)(?:utf-8;${utf8Text}+|[a-z0-9][a-z0-9-]{0,60};${xtext}+)$`, "iu"),
};

/**
 * Whether a MAIL or RCPT command gives one of these parameters a value that it cannot have. Reads the command as the
 * client wrote it: the library decodes xtext before anybody sees it, and what was not xtext looks well afterwards.
 */
export function hasBadDsnParameter(command: string): boolean {
  const after = command.slice(command.indexOf(">") + 1);
  return after.split(/\s+/).some((parameter) => {
    const at = parameter.indexOf("=");
    const expected = shape[(at < 0 ? parameter : parameter.slice(0, at)).toUpperCase()];
    return expected !== undefined && (at < 0 || !expected.test(parameter.slice(at + 1)));
  });
}
