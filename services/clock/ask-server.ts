import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { Exchange } from "./judge-answer.ts";
import { type HostClocks, hostClocks } from "./local-time.ts";
import { decodePacket, encodeRequest } from "./ntp-packet.ts";

export interface Asked {
  /** An IP address, not a name. */
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** Ends the waiting at once. */
  readonly signal: AbortSignal;
}

export type Answer =
  | ({ readonly kind: "answer" } & Exchange)
  /** `strangers`: packets that came meanwhile but did not bear our nonce. */
  | { readonly kind: "silent"; readonly reason: string; readonly strangers: number };

/** Asks one server once. Never throws: a server that cannot be reached is silent, with the reason. */
export type AskServer = (asked: Asked) => Promise<Answer>;

/** Who floods us with packets that are no answers is not listened to for longer. */
const MAX_STRANGERS = 64;

/**
 * One exchange over UDP (RFC 5905 §8, client mode) from a socket of its own: a new source port each time (RFC 9109), and
 * connected, so that the kernel drops what other addresses send. What does not return our 64 random bits is somebody
 * else's (spoofed, an answer repeated, an answer to an earlier question) and is passed over, not believed as a refusal:
 * otherwise one forged packet could silence a server. After the answer the socket is closed, so a second copy meets nobody.
 */
export function askOverUdp(clocks: HostClocks = hostClocks): AskServer {
  return ({ address, port, timeoutMs, signal }) =>
    new Promise((resolve) => {
      const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
      const nonce = randomBytes(8).readBigUInt64BE();
      let sentNs = 0n;
      let strangers = 0;
      let ended = false;
      const end = (answer: Answer): void => {
        if (ended) return;
        ended = true;
        clearTimeout(timer);
        signal.removeEventListener("abort", stopped);
        socket.removeAllListeners().on("error", () => {});
        socket.close();
        resolve(answer);
      };
      const silent = (reason: string): void => end({ kind: "silent", reason, strangers });
      const stopped = (): void => silent("stopped");
      const timer = setTimeout(() => silent("no answer"), timeoutMs);
      signal.addEventListener("abort", stopped);
      socket.on("error", (error: NodeJS.ErrnoException) => silent(error.code ?? error.message));
      socket.on("message", (bytes) => {
        // First of all: whatever is done before is counted as travel time.
        const receivedNs = clocks.monotonicNs();
        const packet = decodePacket(bytes);
        if (packet?.origin === nonce) return end({ kind: "answer", packet, sentNs, receivedNs });
        strangers += 1;
        if (strangers >= MAX_STRANGERS) silent("flooded with packets that are no answers");
      });
      socket.once("connect", () => {
        const request = encodeRequest(nonce);
        // Node hands a connected socket's datagram to the kernel within this call.
        sentNs = clocks.monotonicNs();
        socket.send(request, (error) => {
          if (error) silent((error as NodeJS.ErrnoException).code ?? error.message);
        });
      });
      socket.connect(port, address);
    });
}
