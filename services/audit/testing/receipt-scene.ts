import type { Evidence } from "../../shared/letter/evidence/evidence.ts";
import { newShortCode, showCode } from "../../shared/letter/evidence/short-code.ts";
import { newSigningKey, publicHalf, signEvidence } from "../../shared/letter/evidence/sign-evidence.ts";
import type { adminQueries } from "../../shared/testing/arrivals.ts";
import { EVIDENCE_EXAMPLES } from "../../shared/testing/evidence-examples.ts";
import type { Ids } from "./scene-sql.ts";

interface ArrivalRow {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly arrivedAt: Date;
  readonly number: number | null;
  readonly registeredAt: Date | null;
}

/** Receipts for some letters of the scene, as room notification issues them: two numbers, a correction, a refusal. */
export async function signSceneReceipts(
  query: ReturnType<typeof adminQueries>,
  { letter, receipt }: Ids,
): Promise<void> {
  const key = await newSigningKey();
  await query("insert into saraban.signing_key (kid, jwk, made_at) values ($1, $2, '2026-05-01T00:00:00Z')", [
    key.kid,
    JSON.stringify(publicHalf(key.privateKey)),
  ]);
  const { registered, corrected, refused } = EVIDENCE_EXAMPLES;
  const statements: readonly [keyof Ids["receipt"], Evidence, string, string][] = [
    ["first", registered, letter.first, "2026-05-02T04:00:00.000Z"],
    ["third", registered, letter.third, "2026-05-02T04:00:00.000Z"],
    ["corrected", { ...corrected, replaces: receipt.third }, letter.third, "2026-05-04T04:00:00.000Z"],
    ["again", registered, letter.third, "2026-05-05T04:00:00.000Z"],
    ["refused", refused, letter.refused, "2026-05-02T04:00:00.000Z"],
  ];
  for (const [name, example, intakeId, issuedAt] of statements) {
    const [row] = await query<ArrivalRow>(
      `select i.sha256, i.size_bytes as "sizeBytes", i.arrived_at as "arrivedAt", e.number, e.registered_at as "registeredAt"
         from saraban.intake i left join saraban.entry e on e.intake_id = i.id where i.id = $1`,
      [intakeId],
    );
    if (!row) throw new Error("the scene has no such letter");
    const code = newShortCode();
    const evidence: Evidence = {
      ...example,
      evidenceId: receipt[name],
      issuedAt,
      receivedAt: row.arrivedAt.toISOString(),
      registeredAt: example.registeredAt && (row.registeredAt?.toISOString() ?? null),
      register: example.register && { ...example.register, number: row.number ?? 0 },
      message: { ...example.message, intakeId, sha256: row.sha256, sizeBytes: row.sizeBytes },
      code: showCode(code),
    };
    await query(
      `insert into saraban.receipt (id, agency_id, intake_id, type, event_id, facts, jws, kid, code, replaces, made_at, clock)
         values ($1, 'agency-a', $2, $3, $10, $4, $5, $6, $7, $8, $9, '{}')`,
      [
        evidence.evidenceId,
        intakeId,
        evidence.type,
        JSON.stringify(evidence),
        await signEvidence(evidence, key),
        key.kid,
        code,
        evidence.replaces,
        issuedAt,
        name === "again" ? evidence.evidenceId : null,
      ],
    );
  }
}
