import { join } from "node:path";
import { expect, test } from "vitest";
import { projectDir, readJson } from "../../runtime/settings.ts";
import { ALL_EVIDENCE, EVIDENCE_EXAMPLES } from "../../testing/evidence-examples.ts";
import { EVIDENCE_SCHEMA, EVIDENCE_TYPES, type Evidence } from "./evidence.ts";
import { evidenceFault } from "./evidence-shape.ts";

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly enum?: readonly string[];
  readonly const?: string;
}
const schema = readJson(join(projectDir, "schemas/evidence.schema.json")) as Node;

test("what the type allows, the schema allows: an example of each type", () => {
  for (const evidence of ALL_EVIDENCE) expect(evidenceFault(evidence), evidence.type).toBeNull();
  expect(schema.properties?.["type"]?.enum).toEqual(EVIDENCE_TYPES);
  expect(schema.properties?.["schema"]?.const).toBe(EVIDENCE_SCHEMA);
});

test("what the schema knows, the type knows: the same members in each object, all of them there", () => {
  // The compiler holds the examples to the type: none has a member too many or too few.
  const { corrected, "handed-over": handedOver } = EVIDENCE_EXAMPLES;
  const auditCheckpoint = { treeSize: 7, root: "A".repeat(43), madeAt: "2026-11-22T01:30:00.000Z" };
  const full: Evidence = { ...corrected, handedOver: handedOver.handedOver, auditCheckpoint };
  expect(evidenceFault({ ...corrected, auditCheckpoint })).toBeNull();
  // Statements from before there was an audit log stay what they were.
  const later = ["auditCheckpoint"];
  const compare = (node: Node, value: object, path: string): void => {
    expect(Object.keys(node.properties ?? {}).sort(), path).toEqual(Object.keys(value).sort());
    const required = Object.keys(value).filter((name) => !later.includes(name));
    expect([...(node.required ?? [])].sort(), path).toEqual(required.sort());
    expect(node.additionalProperties, path).toBe(false);
    for (const [name, inner] of Object.entries(value)) {
      const below = node.properties?.[name] ?? {};
      if (below.properties) compare(below, inner as object, `${path}.${name}`);
    }
  };
  compare(schema, full, "evidence");
});

test("each type needs what it speaks of, and says nothing else", () => {
  const { registered, refused, arrived, corrected, cancelled, rejected } = EVIDENCE_EXAMPLES;
  const { register, letter, registeredAt, receiver } = registered;
  const handedOver = EVIDENCE_EXAMPLES["handed-over"].handedOver;
  const wrong: Record<string, object> = {
    "a receipt without a number": { ...registered, register: null },
    "a receipt without a receiver": { ...registered, receiver: null },
    "a receipt without a time": { ...registered, registeredAt: null },
    "a receipt without the clock": { ...registered, clock: arrived.clock },
    "a refusal with the letter's number": { ...refused, letter },
    "a refusal with a number": { ...refused, register, registeredAt },
    "a refusal without a reason": { ...refused, reason: null },
    "an arrival that was read": { ...arrived, letter },
    "a rejection that was registered": { ...rejected, registeredAt, receiver },
    "a correction of nothing": { ...corrected, replaces: null },
    "a correction without changes": { ...corrected, changes: null },
    "a correction of the subject": { ...corrected, changes: { subject: { old: "ก", new: "ข" } } },
    "a cancellation of nothing": { ...cancelled, replaces: null },
    "handed over, but only registered": { ...registered, handedOver },
    "a type that is none": { ...registered, type: "read" },
    "an audit log without a root": { ...registered, auditCheckpoint: { treeSize: 7 } },
    "an empty audit log": {
      ...registered,
      auditCheckpoint: { treeSize: 0, root: "A".repeat(43), madeAt: "2026-11-22T01:30:00.000Z" },
    },
    "a member more": { ...registered, subject: "เรื่อง" },
    "a member of a member more": { ...registered, letter: { ...letter, subject: "เรื่อง" } },
    "a time in another spelling": { ...registered, receivedAt: "2026-11-21T08:30:00+07:00" },
    "a time that no database keeps": { ...registered, issuedAt: "-000001-01-01T00:00:00.000Z" },
    "a time after all calendars": { ...registered, issuedAt: "+275760-01-01T00:00:00.000Z" },
    "a day before all calendars": { ...registered, letter: { ...letter, date: "0000-01-01" } },
    "a day that is none": { ...registered, receivedAt: "2026-02-30T01:30:00.000Z" },
    "a code without hyphens": { ...registered, code: registered.code.replaceAll("-", "") },
    "an address that is a script": { ...registered, verifyUrl: "javascript:alert(1)" },
  };
  for (const [name, document] of Object.entries(wrong)) expect(evidenceFault(document), name).not.toBeNull();
});
