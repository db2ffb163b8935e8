import type { Condition } from "./conditions.ts";
import {
  inAgency,
  inbound,
  oneSignatureIsEnough,
  ordinary,
  outbound,
  own,
  scope,
  scopeOfTheBook,
  withinItsLevel,
} from "./conditions.ts";
import type { Rule } from "./rule.ts";

/** Programs (table client): what their scopes say, of the agency that they work with, up to the level that they are appointed to. */

const WHO = { kinds: ["client"] } as const;
/** Of the agency's own letters and of those that came to it: never a classified one. */
const IN_THE_OPEN: readonly Condition[] = [ordinary, inAgency];
const ITS_OWN: readonly Condition[] = [inAgency, own, withinItsLevel];

export const PROGRAM_RULES: readonly Rule[] = [
  {
    name: "program-hands-in",
    who: WHO,
    actions: ["submit"],
    conditions: [scope("submit"), inAgency, withinItsLevel],
    clause: "Annex 6 §2.2.9",
  },
  {
    name: "program-follows-its-own",
    who: WHO,
    actions: ["list", "read", "read-receipt"],
    conditions: [scope("submit", "receipts"), ...ITS_OWN],
    clause: "Annex 6 §1.1",
  },
  {
    name: "program-inbox",
    who: WHO,
    actions: ["receive"],
    conditions: [scope("submit", "receipts", "read-inbound", "read-outbound"), ...ITS_OWN],
    clause: "Annex 6 §2.2.9",
  },
  {
    name: "program-receipts-of-the-book",
    who: WHO,
    actions: ["read-receipt"],
    conditions: [scope("receipts"), scope("read-inbound"), ...IN_THE_OPEN, inbound],
    clause: "Annex 6 §1.2.4.3",
  },
  {
    name: "program-reads-the-book",
    who: WHO,
    actions: ["list", "search", "count", "read"],
    conditions: [scopeOfTheBook, ...IN_THE_OPEN],
    clause: "Annex 6 §1.2.4.3",
  },
  {
    name: "program-fetches-sent-files",
    who: WHO,
    actions: ["download"],
    conditions: [scope("read-outbound"), ...IN_THE_OPEN, outbound],
    clause: "Annex 6 §1.2.4.3",
  },
  {
    name: "program-sends",
    who: WHO,
    actions: ["draft", "check", "send", "withdraw"],
    conditions: [scope("send-outbound"), ...IN_THE_OPEN],
    clause: "Annex 6 §2.2.1",
  },
  {
    name: "program-signs-off",
    who: WHO,
    actions: ["approve"],
    conditions: [scope("send-outbound"), ...IN_THE_OPEN, oneSignatureIsEnough],
    clause: "Annex 6 §2.2.1",
  },
  {
    name: "program-directory",
    who: WHO,
    actions: ["read-directory"],
    conditions: [scope("directory")],
    clause: "Annex 6 §1.2.4.3",
  },
];
