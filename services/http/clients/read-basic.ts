const BASIC = /^Basic +([A-Za-z0-9+/_-]{1,4000}={0,2}) *$/i;

/** Name and password of an Authorization field of the scheme Basic (RFC 7617 §2); null when it is none. */
export function readBasic(field: string): { readonly name: string; readonly password: string } | null {
  const [, encoded] = BASIC.exec(field) ?? [];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? null : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
