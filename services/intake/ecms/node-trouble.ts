import { NodeCallFailed } from "../../shared/ecms/post-soap.ts";
import { StoreError } from "../../shared/runtime/store-errors.ts";

/** Why a queue at another node cannot be read, in words for an operator. Of what the node says only a code goes into them. */
export class NodeTrouble extends Error {
  override readonly name = "NodeTrouble";
}

/** The node refused: its code, if it is one, and none of its words. */
export function refusedBy(operation: string, [error]: readonly { readonly code: string }[]): NodeTrouble {
  const code = /^[\w.:-]{1,40}$/.test(error?.code ?? "") ? ` (${error?.code})` : "";
  return new NodeTrouble(`the node refuses ${operation}${code}`);
}

/** Any error of a look as one that may be stored and shown. */
export function troubleOf(error: unknown): NodeTrouble {
  if (error instanceof NodeTrouble) return error;
  if (error instanceof NodeCallFailed)
    return new NodeTrouble(`the node does not answer as it should: ${error.message}`, { cause: error });
  if (error instanceof StoreError || (error as { severity?: unknown }).severity !== undefined)
    return new NodeTrouble("this system's own database or disk does not take the letters", { cause: error });
  return new NodeTrouble("the node cannot be worked with", { cause: error });
}
