import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import type { Evidence } from "../../shared/letter/evidence/evidence.ts";
import { newShortCode, readCode, showCode } from "../../shared/letter/evidence/short-code.ts";
import {
  newSigningKey,
  publicHalf,
  type SigningKey,
  signEvidence,
} from "../../shared/letter/evidence/sign-evidence.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { EVIDENCE_EXAMPLES } from "../../shared/testing/evidence-examples.ts";
import type { openDesk } from "./desk.ts";

type Desk = Awaited<ReturnType<typeof openDesk>>;

export interface IssuedReceipt {
  readonly evidence: Evidence;
  readonly jws: string;
  /** As it stands in addresses. */
  readonly code: string;
}

/** What room notification does, for a room that only reads it: keys, and signed receipts in the record. */
export async function receiptOffice({ query, fillTray }: Pick<Desk, "query" | "fillTray">) {
  const addKey = async (): Promise<SigningKey> => {
    const key = await newSigningKey();
    await query("insert into saraban.signing_key (kid, jwk, made_at) values ($1, $2, now())", [
      key.kid,
      JSON.stringify(publicHalf(key.privateKey)),
    ]);
    return key;
  };
  let key = await addKey();
  const sign = async (facts: Partial<Evidence>, signing = key): Promise<IssuedReceipt> => {
    const code = newShortCode();
    const evidence: Evidence = {
      ...EVIDENCE_EXAMPLES[facts.type ?? "registered"],
      evidenceId: newId(),
      code: showCode(code),
      verifyUrl: `https://saraban.agency-a.example.go.th/verify/${code}`,
      replaces: null,
      ...facts,
    };
    return { evidence, jws: await signEvidence(evidence, signing), code: readCode(evidence.code) as string };
  };
  return {
    sign,
    /** Signed, and written into the record. @param agencyId whose arrival it is about */
    async issue(facts: Partial<Evidence> = {}, agencyId = "agency-a"): Promise<IssuedReceipt> {
      const intakeId = facts.message?.intakeId ?? (await fillTray([{ agencyId, outcome: "registered" }]))[0];
      const message = { ...EVIDENCE_EXAMPLES.registered.message, intakeId: intakeId as string };
      const receipt = await sign({ message, ...facts });
      const { evidence, jws, code } = receipt;
      await query(
        `insert into saraban.receipt (id, agency_id, intake_id, type, event_id, facts, jws, kid, code, replaces, made_at, clock)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now(), '{}')`,
        [
          evidence.evidenceId,
          agencyId,
          evidence.message.intakeId,
          evidence.type,
          evidence.replaces === null ? null : newId(),
          JSON.stringify(evidence),
          jws,
          key.kid,
          code,
          evidence.replaces,
        ],
      );
      return receipt;
    },
    /** The key signs no more; another one does from now on. */
    async retireKey(): Promise<void> {
      await query("update saraban.signing_key set retired_at = '2026-11-30T10:00:00Z' where kid = $1", [
        key.kid,
      ]);
      key = await addKey();
    },
    async revokeKey(): Promise<SigningKey> {
      const revoked = key;
      await query(
        `update saraban.signing_key set retired_at = coalesce(retired_at, now()), revoked_at = '2026-12-01T02:00:00Z',
            revoked_because = 'a copy was found elsewhere' where kid = $1`,
        [revoked.kid],
      );
      key = await addKey();
      return revoked;
    },
    /** A partner with a key of its own. */
    async addPartner(domain: string): Promise<SigningKey> {
      const { privateKey } = generateKeyPairSync("ed25519");
      const partner = {
        kid: `key-of-${domain}`,
        privateKey: createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" })),
      };
      await query("insert into saraban.partner (domain, name_th) values ($1, $2) on conflict do nothing", [
        domain,
        "หน่วยงานคู่ติดต่อ",
      ]);
      await query("insert into saraban.partner_key (domain, kid, jwk, source) values ($1, $2, $3, 'url')", [
        domain,
        partner.kid,
        JSON.stringify(publicHalf(privateKey)),
      ]);
      return partner;
    },
  };
}
