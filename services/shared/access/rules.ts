import type { Action } from "./actions.ts";
import { type Actor, CLASSIFIED_RIGHTS, ORDINARY_RIGHTS } from "./actor.ts";
import {
  classified,
  classifiedDoor,
  forTheLevel,
  glassIsOpen,
  himself,
  inAgency,
  inUnit,
  named,
  notHimself,
  notTheAuthor,
  ordinary,
  secondFactor,
  secondFactorForClassified,
  tokenMayApprove,
} from "./conditions.ts";
import type { Rule } from "./rule.ts";
import { PROGRAM_RULES } from "./rules-of-programs.ts";

const READING: readonly Action[] = [
  "list",
  "search",
  "count",
  "read",
  "print",
  "export",
  "download",
  "read-receipt",
];
const REGISTRY: readonly Action[] = ["register", "correct", "cancel", "reject"];
const SENDING: readonly Action[] = ["send", "withdraw", "note-answer"];
const PLACE = [inAgency, inUnit];
const CLASSIFIED = [classified, ...PLACE, classifiedDoor, forTheLevel, secondFactor];
const ANYBODY: readonly Actor["kind"][] = ["person", "clerk-token", "client", "operator", "nobody"];

const LETTER_RULES: readonly Rule[] = [
  {
    name: "ordinary-reading",
    who: { rights: ORDINARY_RIGHTS },
    actions: READING,
    conditions: [ordinary, ...PLACE],
    clause: "Annex 6 §1.2.4.3",
  },
  {
    name: "registry-work",
    who: { rights: ["registry-clerk", "registry-head"] },
    actions: [...REGISTRY, ...SENDING],
    conditions: [ordinary, ...PLACE],
    clause: "Annex 6 §2.1.1",
  },
  {
    name: "drafting",
    who: { rights: ["drafter"] },
    actions: ["draft", ...SENDING],
    conditions: [ordinary, ...PLACE],
    clause: "Annex 6 §2.2.1",
  },
  {
    name: "checking",
    who: { rights: ["registry-head", "approver"] },
    actions: ["check"],
    conditions: [ordinary, ...PLACE],
    clause: "Annex 6 §2.2.1",
  },
  {
    name: "approver-changes-and-sends",
    who: { rights: ["approver"] },
    actions: ["draft", ...SENDING],
    conditions: [ordinary, ...PLACE],
    clause: "Annex 6 §2.2.1",
  },
  {
    name: "signing-off",
    who: { rights: ["approver"] },
    actions: ["approve"],
    conditions: [ordinary, ...PLACE, notTheAuthor],
    clause: "Annex 6 §2.2.1",
  },
  {
    name: "token-registry-work",
    who: { kinds: ["clerk-token"] },
    actions: [...READING, ...REGISTRY, "draft", "check", ...SENDING],
    conditions: [ordinary, inAgency],
    clause: "Annex 6 §1.2.4.2",
  },
  {
    name: "token-signing-off",
    who: { kinds: ["clerk-token"] },
    actions: ["approve"],
    conditions: [ordinary, inAgency, tokenMayApprove, notTheAuthor],
    clause: "Annex 6 §2.2.1",
  },
  {
    name: "operator-registry-work",
    who: { kinds: ["operator"] },
    actions: [...READING, ...REGISTRY, "draft", "check", ...SENDING],
    conditions: [ordinary],
    clause: "Annex 6 §1.2.4.2",
  },
  {
    name: "operator-signing-off",
    who: { kinds: ["operator"] },
    actions: ["approve"],
    conditions: [ordinary, notTheAuthor],
    clause: "Annex 6 §2.2.1",
  },
];

const CLASSIFIED_RULES: readonly Rule[] = [
  {
    name: "classified-register",
    who: { rights: CLASSIFIED_RIGHTS },
    actions: ["list", "search", "count", "read", "read-receipt", ...REGISTRY, "enter-classified", "send"],
    conditions: CLASSIFIED,
    clause: "Annex 6 §2.1.2",
  },
  {
    name: "classified-decisions",
    who: { rights: ["classified-registrar"] },
    actions: ["name-reader", "reclassify", "declassify"],
    conditions: CLASSIFIED,
    clause: "Secrecy Regulation 2544",
  },
  {
    name: "classified-contents",
    who: { rights: CLASSIFIED_RIGHTS },
    actions: ["open-body", "print", "export", "download"],
    conditions: [...CLASSIFIED, named],
    clause: "Annex 6 §2.2.9",
  },
  {
    name: "whom-to-name",
    who: { rights: ["classified-registrar"] },
    actions: ["list-people"],
    conditions: [...PLACE, secondFactor],
    clause: "Annex 6 §2.1.2",
  },
];

const PEOPLE_RULES: readonly Rule[] = [
  {
    name: "supervision",
    who: { rights: ["registry-head"] },
    actions: ["list-people", "break-glass-end"],
    conditions: PLACE,
    clause: "Annex 6 §2.3",
  },
  {
    name: "audit",
    who: { rights: ["auditor"] },
    actions: ["read-audit", "verify-audit", "list-people"],
    conditions: PLACE,
    clause: "Annex 6 §1.2.4.6",
  },
  {
    name: "administration",
    who: { rights: ["administrator"] },
    actions: [
      "list-people",
      "manage-people",
      "end-appointment",
      "manage-sessions",
      "manage-clients",
      "read-settings",
      "rotate-keys",
      "break-glass-ask",
      "break-glass-end",
    ],
    conditions: PLACE,
    clause: "Annex 6 §1.2.4.2",
  },
  {
    name: "appointing",
    who: { rights: ["administrator"] },
    actions: ["appoint"],
    conditions: [...PLACE, notHimself, secondFactorForClassified],
    clause: "Annex 6 §1.2.4.2",
  },
  {
    name: "agreeing-to-break-the-glass",
    who: { rights: ["administrator", "registry-head"] },
    actions: ["break-glass-agree"],
    conditions: [...PLACE, notHimself],
    clause: "Annex 6 §1.2.4.6",
  },
  {
    name: "broken-glass",
    who: { rights: ["administrator"] },
    actions: ["list", "search", "read"],
    conditions: [ordinary, ...PLACE, glassIsOpen],
    clause: "Annex 6 §1.2.4.6",
  },
  {
    name: "operator-administration",
    who: { kinds: ["operator"] },
    actions: [
      "list-people",
      "manage-people",
      "end-appointment",
      "manage-sessions",
      "manage-clients",
      "read-settings",
      "rotate-keys",
      "break-glass-end",
      "read-audit",
      "verify-audit",
    ],
    conditions: [],
    clause: "Annex 6 §1.2.4.2",
  },
  {
    name: "operator-appointing",
    who: { kinds: ["operator"] },
    actions: ["appoint"],
    conditions: [notHimself],
    clause: "Annex 6 §1.2.4.2",
  },
  {
    name: "directory",
    who: { rights: [...ORDINARY_RIGHTS, ...CLASSIFIED_RIGHTS] },
    actions: ["read-directory"],
    conditions: [],
    clause: "Annex 6 §1.2.4.3",
  },
  {
    name: "directory-for-tokens",
    who: { kinds: ["clerk-token", "operator"] },
    actions: ["read-directory"],
    conditions: [],
    clause: "Annex 6 §1.2.4.3",
  },
  {
    name: "own-account",
    who: { kinds: ["person"] },
    actions: ["keep-own-account"],
    conditions: [himself],
    clause: "Annex 6 §1.2.4.4",
  },
  {
    name: "receipts-prove-themselves",
    who: { kinds: ANYBODY },
    actions: ["verify-receipt"],
    conditions: [ordinary],
    clause: "Annex 6 §1.1",
  },
];

/** All rules, in the order in which they are looked at: the first that allows is the one that is told. */
export const RULES: readonly Rule[] = [
  ...LETTER_RULES,
  ...CLASSIFIED_RULES,
  ...PROGRAM_RULES,
  ...PEOPLE_RULES,
];
