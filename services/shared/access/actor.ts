/**
 * Who asks, as decide() knows them: a signed-in person with what orders appoint him for today, a clerk's token, a program,
 * whoever sits at the server itself, or nobody. Made afresh for each request: an appointment that has ended is not in it.
 */

/** What an order appoints somebody for (คำสั่งแต่งตั้ง). */
export const RIGHTS = [
  "registry-clerk",
  "registry-head",
  "drafter",
  "approver",
  "classified-registrar",
  "classified-assistant",
  "auditor",
  "administrator",
] as const;
export type Right = (typeof RIGHTS)[number];

/** ชั้นความลับ, mildest first. */
export const LEVELS = ["normal", "confidential", "secret", "top-secret"] as const;
export type Level = (typeof LEVELS)[number];

export interface Appointment {
  readonly right: Right;
  /** Null: of the whole installation (administrator and auditor alone). */
  readonly agencyId: string | null;
  /** Null: of the whole agency. */
  readonly unit: string | null;
  /** Of classified registrars and their assistants: the gravest class that they are appointed for. */
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

export type Person = Extract<Actor, { readonly kind: "person" }>;

/** By which way somebody asks; worker: a room that carries out, behind a queue, what somebody has asked for. */
export const DOORS = ["page", "json", "xml", "ecms", "cli", "export", "worker"] as const;
export type Door = (typeof DOORS)[number];

/** What people read and write in the open register of an agency by; the classified rights open nothing of it. */
export const ORDINARY_RIGHTS: readonly Right[] = ["registry-clerk", "registry-head", "drafter", "approver"];

/** Rights that an order may give for the whole installation: those of the others are an agency's to give. */
export const EVERYWHERE_RIGHTS: readonly Right[] = ["auditor", "administrator"];

/** Whether an appointment reaches an agency; null: what concerns the whole installation. */
export function reaches({ right, agencyId: of }: Appointment, agencyId: string | null): boolean {
  return of === null ? EVERYWHERE_RIGHTS.includes(right) : of === agencyId;
}

export const CLASSIFIED_RIGHTS: readonly Right[] = ["classified-registrar", "classified-assistant"];
