/** What an order appoints somebody for (table appointment). */
export type Right =
  | "registry-clerk"
  | "registry-head"
  | "drafter"
  | "approver"
  | "classified-registrar"
  | "classified-assistant"
  | "auditor"
  | "administrator";

export type Level = "normal" | "confidential" | "secret" | "top-secret";

export interface Appointment {
  readonly right: Right;
  readonly agencyId: string | null;
  readonly unit: string | null;
  readonly level: "confidential" | "secret" | null;
}

export type Actor =
  | {
      readonly kind: "person";
      readonly id: string;
      readonly name: string;
      readonly appointments: readonly Appointment[];
      readonly secondFactor: boolean;
      /** Agencies opened by break-glass. */
      readonly glass: readonly string[];
    }
  | {
      readonly kind: "clerk-token";
      readonly id: string;
      readonly name: string;
      readonly agencies: readonly string[];
      readonly mayApprove: boolean;
    }
  | {
      readonly kind: "client";
      readonly id: string;
      readonly agencyId: string;
      readonly scopes: readonly string[];
      readonly level: "normal" | "confidential" | "secret";
    }
  /** Who runs `saraban` on the server. */
  | { readonly kind: "operator"; readonly id: string }
  | { readonly kind: "nobody" };

export type Door = "page" | "json" | "xml" | "ecms" | "cli" | "export" | "worker";
