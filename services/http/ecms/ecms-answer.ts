import { type EcmsFault, errorDetailOf } from "../../shared/ecms/faults.ts";
import type { EcmsRequest } from "../../shared/ecms/message.ts";
import { refusal } from "../../shared/ecms/write-soap.ts";

export interface EcmsAnswer {
  readonly body: string | AsyncIterable<string>;
  /** For the record of calls: what was asked, and the code with which it was refused. */
  readonly operation: string;
  /** The letter that it was about. */
  readonly subjectId?: string | null;
  /** Lets go of what the body is read from; called however the answer ends. */
  readonly close?: () => Promise<void>;
}

/** A refusal that old clients read: HTTP 200 with an ErrorDetail. Nothing of the request is repeated in it. */
export function refused(operation: EcmsRequest, fault: EcmsFault): EcmsAnswer {
  const error = errorDetailOf(fault);
  return { body: refusal(operation, [error]), operation: `${operation} ${error.code}` };
}
