import { createConnection } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "vitest";
import { openDesk } from "./testing/desk.ts";

const ALWAYS = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

test("every answer keeps browsers from doing more with it than is meant; a page says what else it may; HSTS over TLS alone", async (context) => {
  const { expect } = context;
  const { url } = await openDesk(context);
  const paths = [
    "/healthz",
    "/metrics",
    "/api/v1/time",
    "/api/v1/session",
    "/api/v1/lines",
    "/verify",
    "/api/docs",
    "/nothing",
    "/openapi.json",
    "/ecms-ws01/service2",
  ];
  for (const path of paths) {
    const { headers } = await fetch(`${url}${path}`);
    expect({ path, ...Object.fromEntries(headers) }).toMatchObject({ path, ...ALWAYS });
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy, path).toMatch(/^default-src 'none'/);
    expect(policy, path).not.toMatch(/unsafe|https?:|\*/);
    expect(headers.get("strict-transport-security"), path).toBeNull();
  }
  const safe = await fetch(`${url}/api/v1/session`, { headers: { "x-forwarded-proto": "https" } });
  expect(safe.headers.get("strict-transport-security")).toBe("max-age=31536000");
  expect(safe.headers.get("cache-control")).toBe("no-store");
  // An address that cannot be read is answered before any door is asked.
  const { hostname, port } = new URL(url);
  const socket = createConnection(Number(port), hostname);
  socket.end("GET /%ZZ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const answer = (await text(socket)).toLowerCase();
  for (const [name, value] of Object.entries(ALWAYS))
    expect(answer).toContain(`${name}: ${value.toLowerCase()}`);
});
