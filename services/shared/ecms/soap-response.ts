import type { ObjectSink } from "./binary-object.ts";
import type { EcmsFault } from "./faults.ts";
import type { SoapResponse } from "./message.ts";
import { readEnvelope } from "./soap-envelope.ts";

/**
 * Reads what a node answers, as liberally as a request. Look at `errors` first: a node refuses with HTTP 200.
 *
 * @param sink as in readSoapRequest
 * @returns a fault for what is no SOAP answer, or holds a letter that cannot be read; throws only what the source throws
 */
export async function readSoapResponse(
  source: AsyncIterable<Buffer>,
  sink: ObjectSink | null,
): Promise<SoapResponse | { readonly fault: EcmsFault }> {
  const read = await readEnvelope(source, sink ?? "digest");
  if ("fault" in read) return read;
  const { operation, document, notifier, errors, outbound, values } = read;
  if (document === null && read.child === "GovernmentDocument" && errors.length === 0) {
    return { fault: read.documentFault };
  }
  return {
    operation,
    processId: values.get("processid") ?? null,
    processTime: values.get("processtime") ?? null,
    document,
    notifier,
    errors,
    outbound,
    time: read.time,
  };
}
