import type { EcmsNode } from "../letter/directory.ts";
import type { EcmsFault } from "./faults.ts";
import type { SoapResponse } from "./message.ts";
import { type NodeLimits, postSoap, type SoapMessage } from "./post-soap.ts";
import { readSoapResponse } from "./soap-response.ts";

/** What a node said to a request. */
export interface NodeSaid {
  readonly status: number;
  /** A fault where it is no answer of the protocol. */
  readonly read: SoapResponse | { readonly fault: EcmsFault };
}

/**
 * Posts a request and reads the answer; a letter that is echoed in it is passed over as it comes.
 * @throws NodeCallFailed; and whatever the message's pieces throw
 */
export async function askNode(
  node: EcmsNode,
  message: string | SoapMessage,
  limits: NodeLimits,
): Promise<NodeSaid> {
  const { status, body } = await postSoap(
    node,
    typeof message === "string" ? wholeMessage(message) : message,
    limits,
  );
  try {
    return { status, read: await readSoapResponse(body, null) };
  } finally {
    body.destroy();
  }
}

/** A message that is short enough to be held. */
export function wholeMessage(text: string): SoapMessage {
  const octets = Buffer.from(text);
  return { sizeBytes: octets.length, pieces: [octets] };
}
