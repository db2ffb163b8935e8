import type { NewAppointment, NewPerson } from "./http/people/person-store.ts";
import { readNewAppointment, readNewPerson } from "./http/people/read-person.ts";
import { parseThaiDate } from "./shared/letter/thai-date.ts";

/** What `saraban user` takes besides verb and id. */
export const USER_OPTIONS = {
  json: { type: "boolean" },
  name: { type: "string" },
  email: { type: "string" },
  "oidc-issuer": { type: "string" },
  "oidc-subject": { type: "string" },
  right: { type: "string" },
  agency: { type: "string" },
  unit: { type: "string" },
  level: { type: "string" },
  order: { type: "string" },
  "order-date": { type: "string" },
  from: { type: "string" },
  until: { type: "string" },
  reason: { type: "string" },
  session: { type: "string" },
  address: { type: "string" },
} as const;

export type UserOptions = {
  readonly [Name in keyof typeof USER_OPTIONS]?:
    | ((typeof USER_OPTIONS)[Name]["type"] extends "boolean" ? boolean : string)
    | undefined;
};

/** What is wrong with an option, in words for whoever typed it. */
export class UserOptionFault extends Error {}

/** Member of a request body → the option that it is here. */
export const OPTION_OF: Readonly<Record<string, string>> = {
  id: "ID",
  agencyId: "--agency",
  orderNumber: "--order",
  orderDate: "--order-date",
  oidcIssuer: "--oidc-issuer",
  oidcSubject: "--oidc-subject",
};

/** A new person as the options describe it. @throws Problem with all faults */
export function personOf(id: string, options: UserOptions): NewPerson {
  return readNewPerson({
    id,
    name: options.name,
    email: options.email,
    oidcIssuer: options["oidc-issuer"],
    oidcSubject: options["oidc-subject"],
  });
}

/** An appointment as the options describe it. @throws Problem with all faults, UserOptionFault for a date that cannot be read */
export function appointmentOf(
  personId: string,
  options: UserOptions,
): Omit<NewAppointment, "id" | "fromAt"> & { readonly fromAt: Date | null } {
  return readNewAppointment(
    {
      right: options.right,
      agencyId: options.agency,
      unit: options.unit,
      level: options.level,
      orderNumber: options.order,
      orderDate: dateOf("--order-date", options["order-date"]),
      from: dateOf("--from", options.from),
      until: dateOf("--until", options.until),
    },
    personId,
  );
}

/** As offices write dates, of either era, or in ISO form. */
function dateOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const date = parseThaiDate(text);
  if (date === null) throw new UserOptionFault(`${option} is a date such as 1 ต.ค. 2569 or 2026-10-01`);
  return date;
}
