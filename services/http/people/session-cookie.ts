import cookies from "@fastify/cookie";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/**
 * Over TLS the name begins with __Host- (RFC 6265, next edition, §4.1.3.2): a browser keeps such a cookie only from this host, over TLS, for
 * all paths, so that neither a neighbour under the same domain nor somebody on the wire can put another one in its place. On
 * the plain address of this machine a browser would drop it, so there it has another name, which counts nowhere else.
 */
const NAMES = { session: "saraban", login: "saraban-oidc" } as const;

export type CookieKind = keyof typeof NAMES;

/** How the browser has come: over TLS, or on this machine itself; anything else is read along the way. */
export type Way = "tls" | "loopback" | "open";

/** Before any door. Cookies are read where somebody asks for them, not with each letter of a program. */
export async function takeCookies(server: FastifyInstance): Promise<void> {
  await server.register(cookies, { hook: false });
}

/**
 * A proxy says how the browser came to it (X-Forwarded-Proto), and is believed where http.proxyNetworks names it; one on this
 * machine that hands on requests for the host of http.publicUrl is taken at that word.
 */
export function wayOf(request: FastifyRequest, publicUrl: string): Way {
  if (request.protocol === "https") return "tls";
  if (!isLoopback(request.ip)) return "open";
  return publicUrl.startsWith("https:") && new URL(publicUrl).host === request.host ? "tls" : "loopback";
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\./.test(address);
}

/** What the browser has brought under the name that counts on its way; null when there is none. */
export function readCookie(request: FastifyRequest, kind: CookieKind, way: Way): string | null {
  const header = request.headers.cookie;
  if (header === undefined || way === "open") return null;
  return request.server.parseCookie(header)[nameOf(kind, way)] ?? null;
}

/** @param value null: the browser is to forget it */
export function writeCookie(reply: FastifyReply, kind: CookieKind, way: Way, value: string | null): void {
  reply.setCookie(nameOf(kind, way), value ?? "", {
    path: "/",
    httpOnly: true,
    secure: way === "tls",
    // A sign-in at the OpenID provider comes back from another site, and has to find its own cookie.
    sameSite: kind === "session" ? "strict" : "lax",
    ...(value === null ? { maxAge: 0 } : {}),
  });
}

function nameOf(kind: CookieKind, way: Way): string {
  return way === "tls" ? `__Host-${NAMES[kind]}` : NAMES[kind];
}
