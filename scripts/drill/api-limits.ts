import { envelope } from "../../services/http/ecms/testing/soap.ts";
import type { Operation } from "../../services/http/openapi/operation.ts";
import { newId } from "../../services/shared/runtime/ids.ts";
import type { ApiAnswer } from "./api-answers.ts";
import { soundLetter } from "./api-bodies.ts";
import type { ApiInstallation, Caller } from "./api-installation.ts";
import type { Known } from "./api-known.ts";
import type { ApiRequest } from "./api-requests.ts";

type Ask = (request: ApiRequest) => Promise<ApiAnswer | null>;

/** More checks of receipts, and more wrong tokens, than one address has in a minute. */
const MORE_THAN_ALLOWED = 65;
const MORE_WRONG_TOKENS = 12;
const ONE_ADDRESS = "192.0.2.77";
/** Past the limit of each door; doors whose limit is tens of megabytes are left out. */
const TOO_LARGE: Readonly<Record<string, { readonly sizeBytes: number; readonly type: string }>> = {
  submitLetter: { sizeBytes: 8 * 1024 * 1024 + 1, type: "application/json" },
  acknowledgeInboxItem: { sizeBytes: 65 * 1024, type: "application/json" },
  doAct: { sizeBytes: 2 * 1024 * 1024 + 1, type: "application/json" },
  orderPrint: { sizeBytes: 65 * 1024, type: "application/json" },
  verifyReceipt: { sizeBytes: 1024 * 1024, type: "application/json" },
  sendVerifyForm: { sizeBytes: 2 * 1024 * 1024, type: "application/x-www-form-urlencoded" },
};
const MOST_ITEMS = 2000;

/** What chance hardly meets: limits, a used id, an empty inbox, the same letter once more, what has not changed. */
export async function meetLimits(
  ask: Ask,
  callers: ApiInstallation["callers"],
  operations: readonly Operation[],
  known: Known,
): Promise<void> {
  const call = (
    id: string,
    caller: Caller,
    path: string,
    fields: Readonly<Record<string, string>> = {},
    body: string | null = null,
  ) => {
    const operation = operations.find((one) => one.id === id) as Operation;
    const { authorization } = caller;
    const headers = new Headers({ ...(authorization === null ? {} : { authorization }), ...fields });
    return ask({ operation, caller, method: operation.method.toUpperCase(), path, headers, body });
  };
  const plain = ({ path }: Operation): string =>
    path
      .replace(":list", "urgency")
      .replace(":code", "0123-4567-89AB-CDEF")
      .replaceAll(/:[A-Za-z]+/g, newId());

  // The same octets as one that is registered, and no repetition of its request.
  const letter = JSON.stringify(soundLetter(1));
  let again: ApiAnswer | null = null;
  for (const key of [newId(), newId()]) {
    const fields = { prefer: "wait=20", "content-type": "application/json", "idempotency-key": key };
    again = await call("submitLetter", callers.office, "/api/v1/letters", fields, letter);
  }
  const { links } = JSON.parse(String(again?.octets)) as { links: { self: string } };
  const status = await call("getLetterStatus", callers.office, links.self);
  await call("getLetterStatus", callers.office, links.self, {
    "if-none-match": status?.headers.get("etag") ?? "",
  });
  const used = { id: newId(), agencyId: "agency-a", act: "reserve", book: "outbound.ordinary" };
  for (const book of ["outbound.ordinary", "outbound.circular"]) {
    await call(
      "doAct",
      callers.clerk,
      "/api/v1/acts",
      { "content-type": "application/json" },
      JSON.stringify({ ...used, book }),
    );
  }
  const [code = ""] = known.values("receiptCode");
  await call(
    "verifyReceipt",
    callers.nobody,
    "/api/v1/verify",
    { "content-type": "application/json" },
    JSON.stringify({ code }),
  );
  const credentials = {
    authorization: callers.own.basic ?? "",
    "content-type": "application/x-www-form-urlencoded",
  };
  await call("getAccessToken", callers.own, "/oauth/token", credentials, "grant_type=client_credentials");
  const other = { ...credentials, authorization: `Basic ${Buffer.from("nobody:wrong").toString("base64")}` };
  await call("getAccessToken", callers.nobody, "/oauth/token", other, "grant_type=client_credentials");
  const time = await call(
    "callEcms",
    callers.own,
    ecmsPath(operations),
    { authorization: callers.own.basic ?? "" },
    envelope("<TimeCheckRequest/>"),
  );
  if (time?.status !== 200) throw new Error(`e-CMS has no time: ${time?.octets}`);
  await call("listDirectory", callers.node, "/api/v1/directory");
  await emptyInbox(call, callers.node);
  for (const [id, { sizeBytes, type }] of Object.entries(TOO_LARGE)) {
    const operation = operations.find((one) => one.id === id) as Operation;
    const caller = operation.access === "clerks" ? callers.clerk : callers.own;
    await call(
      id,
      caller,
      known.linksOf(operation.path)[0] ?? plain(operation),
      { "content-type": type },
      "9".repeat(sizeBytes),
    );
  }
  const wrong = {
    "x-forwarded-for": ONE_ADDRESS,
    authorization: `Basic ${Buffer.from("nobody:wrong").toString("base64")}`,
  };
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const fromThere = { "x-forwarded-for": ONE_ADDRESS };
  await Promise.all(
    Array.from({ length: MORE_THAN_ALLOWED }, async (_, at) => {
      await call("openVerifyPage", callers.nobody, "/verify", fromThere);
      if (at < MORE_WRONG_TOKENS) await call("listLetters", callers.stranger, "/api/v1/letters", fromThere);
    }),
  );
  await call(
    "getAccessToken",
    callers.nobody,
    "/oauth/token",
    { ...wrong, ...form },
    "grant_type=client_credentials",
  );
  for (const operation of operations) {
    const limited = operation.access !== "public" || operation.tag === "receipts";
    if (limited)
      await call(operation.id, callers.stranger, plain(operation), { "x-forwarded-for": ONE_ADDRESS });
  }
}

function ecmsPath(operations: readonly Operation[]): string {
  return operations.find(({ id }) => id === "callEcms")?.path ?? "";
}

async function emptyInbox(
  call: (id: string, caller: Caller, path: string) => Promise<ApiAnswer | null>,
  caller: Caller,
): Promise<void> {
  for (let count = 0; count < MOST_ITEMS; count++) {
    const next = await call("nextInboxItem", caller, "/api/v1/inbox/next");
    if (next?.status !== 200) return;
    const { links } = JSON.parse(String(next.octets)) as { links: { acknowledge: string } };
    await call("acknowledgeInboxItem", caller, links.acknowledge);
  }
}
