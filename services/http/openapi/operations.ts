import { INBOX_OPERATIONS } from "./inbox-operations.ts";
import { LETTER_OPERATIONS } from "./letter-operations.ts";
import type { Operation } from "./operation.ts";
import { OUTBOUND_OPERATIONS } from "./outbound-operations.ts";
import { PEOPLE_OPERATIONS } from "./people-operations.ts";
import { ecmsOperations, PUBLIC_OPERATIONS } from "./public-operations.ts";
import { RECEIPT_OPERATIONS } from "./receipt-operations.ts";
import { REGISTER_OPERATIONS } from "./register-operations.ts";

/** The table of everything that this room answers; a test holds it to the routes of the server, both ways. */
export function allOperations(ecmsPath: string): readonly Operation[] {
  return [
    ...LETTER_OPERATIONS,
    ...INBOX_OPERATIONS,
    ...OUTBOUND_OPERATIONS,
    ...REGISTER_OPERATIONS,
    ...RECEIPT_OPERATIONS,
    ...PEOPLE_OPERATIONS,
    ...PUBLIC_OPERATIONS,
    ...ecmsOperations(ecmsPath),
  ];
}
