import { createSocket } from "node:dgram";
import { once } from "node:events";

const SECOND = 1n << 32n;

/**
 * Passes requests to a real NTP server on loopback and its answers back, their three times moved by `offsetMs`: a real
 * server with a chosen offset, without anybody's clock being set.
 */
export async function startRelay(toPort: number, offsetMs: number) {
  const state = { offsetMs };
  const front = createSocket("udp4");
  const inquiries = new Set<ReturnType<typeof createSocket>>();
  front.on("message", (request, from) => {
    const inquiry = createSocket("udp4");
    inquiries.add(inquiry);
    inquiry.on("close", () => inquiries.delete(inquiry));
    inquiry.on("message", (answer) => {
      front.send(moved(answer, state.offsetMs), from.port, from.address);
      inquiry.close();
    });
    inquiry.on("error", () => inquiry.close());
    inquiry.send(request, toPort, "127.0.0.1");
  });
  front.bind(0, "127.0.0.1");
  await once(front, "listening");
  return {
    port: front.address().port,
    state,
    async stop(): Promise<void> {
      for (const inquiry of inquiries) inquiry.close();
      front.close();
      await once(front, "close");
    },
  };
}

/** Reference, receive and transmit timestamp (RFC 5905 §7.3) moved alike; the origin timestamp is the client's. */
function moved(answer: Buffer, offsetMs: number): Buffer {
  const bytes = Buffer.from(answer);
  const by = (BigInt(Math.round(offsetMs * 1e6)) * SECOND) / 1_000_000_000n;
  for (const place of [16, 32, 40]) {
    bytes.writeBigUInt64BE(BigInt.asUintN(64, bytes.readBigUInt64BE(place) + by), place);
  }
  return bytes;
}
