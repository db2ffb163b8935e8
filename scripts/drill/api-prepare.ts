import { setTimeout as pause } from "node:timers/promises";
import type { Operation } from "../../services/http/openapi/operation.ts";
import { newId } from "../../services/shared/runtime/ids.ts";
import type { ApiAnswer } from "./api-answers.ts";
import { soundLetter } from "./api-bodies.ts";
import type { ApiInstallation, Caller } from "./api-installation.ts";
import type { Known } from "./api-known.ts";
import type { ApiRequest } from "./api-requests.ts";

const WITHIN_MS = 60_000;
const LOOK_MS = 200;

/**
 * Has something of each kind be there before all is asked at random: letters with their numbers, receipts and items, one in a
 * tray, a letter of the agency's own that is sent, a print that is made.
 * @throws Error when that does not come about
 */
export async function prepareApi(
  ask: (request: ApiRequest) => Promise<ApiAnswer | null>,
  callers: ApiInstallation["callers"],
  operations: readonly Operation[],
  known: Known,
): Promise<void> {
  const call = async (
    id: string,
    caller: Caller,
    path: string,
    body: unknown = null,
  ): Promise<{ status: number; body: unknown }> => {
    const operation = operations.find((one) => one.id === id) as Operation;
    const headers = new Headers({
      prefer: id === "nextInboxItem" ? "wait=0" : "wait=20",
      "x-forwarded-proto": "https",
      ...(caller.authorization === null ? {} : { authorization: caller.authorization }),
      ...caller.session?.fields(),
    });
    if (body !== null)
      headers.set("content-type", typeof body === "string" ? "application/pdf" : "application/json");
    const octets = body === null ? null : typeof body === "string" ? body : JSON.stringify(body);
    const answer = await ask({
      operation,
      caller,
      method: operation.method.toUpperCase(),
      path,
      headers,
      body: octets,
    });
    const isJson = answer?.headers.get("content-type")?.includes("json") ?? false;
    return { status: answer?.status ?? 0, body: isJson ? JSON.parse(String(answer?.octets)) : null };
  };
  const until = async (what: string, look: () => Promise<boolean>): Promise<void> => {
    const endMs = performance.now() + WITHIN_MS;
    while (!(await look())) {
      if (performance.now() > endMs) throw new Error(`not there in time: ${what}`);
      await pause(LOOK_MS);
    }
  };
  // On a machine with much to do a wait of 20 seconds may be too short: then it is asked for again.
  const act = async (more: object): Promise<void> => {
    const id = newId();
    await call("doAct", callers.clerk, "/api/v1/acts", { id, agencyId: "agency-a", ...more });
    await until(`done: ${JSON.stringify(more)}`, async () => {
      const { body } = await call("getAct", callers.clerk, `/api/v1/acts/${id}`);
      return (body as { result?: string }).result === "done";
    });
  };

  for (const at of [1, 2]) {
    const { body } = await call("submitLetter", callers.office, "/api/v1/letters", soundLetter(at));
    const { id } = body as { id: string };
    await until("a letter that is registered", async () => {
      const status = await call("getLetterStatus", callers.office, `/api/v1/letters/${id}`);
      return (status.body as { status?: string }).status === "registered";
    });
  }
  await call("submitLetter", callers.node, "/api/v1/letters", {
    ...soundLetter(3),
    to: { organisationId: "0199800000" },
  });
  await act({ act: "enter", book: "inbound.ordinary", facts: { subject: "หนังสือกระดาษ" } });
  const upload = await call(
    "uploadOutboundFile",
    callers.own,
    "/api/v1/outbound/files?agency=agency-a&name=letter.pdf",
    "%PDF-1.4\n%%EOF\n",
  );
  const { id: fileId } = upload.body as { id: string };
  const letterId = newId();
  const letter = {
    series: "ordinary",
    subject: "ตอบรับ",
    recipients: [{ partner: "opdc.example.go.th" }],
    files: [fileId],
  };
  await act({ act: "draft", letterId, details: { letter } });
  await act({ act: "approve", letterId, details: { version: 1, send: true } });
  await until("a letter of our own that is sent", async () => {
    const { body } = await call("getOutbound", callers.own, `/api/v1/outbound/${letterId}`);
    return (body as { state?: string }).state === "sent";
  });
  const order = {
    agencyId: "agency-a",
    book: "inbound.ordinary",
    format: "csv",
    year: new Date().getFullYear() + 543,
  };
  const print = await call("orderPrint", callers.clerk, "/api/v1/prints", order);
  const { id: printId } = print.body as { id: string };
  await until("a print", async () => {
    const { body } = await call("getPrint", callers.clerk, `/api/v1/prints/${printId}`);
    return (body as { state?: string }).state === "done";
  });
  await until("a letter in the tray", async () => {
    const { body } = await call("readTray", callers.clerk, "/api/v1/tray?agency=agency-b");
    return (body as { total: number }).total > 0;
  });
  await until(
    "an item in an inbox",
    async () => (await call("nextInboxItem", callers.own, "/api/v1/inbox/next")).status === 200,
  );
  await call("listInbox", callers.own, "/api/v1/inbox");
  await call("listInbox", callers.office, "/api/v1/inbox");
  await call("listLetters", callers.office, "/api/v1/letters");
  await call("searchLines", callers.clerk, "/api/v1/lines");
  // Each operation that only reads, once by somebody who finds something.
  for (const { id, path, method, access } of operations) {
    if (method !== "get") continue;
    const [plain = path] = [path.replace(":list", "urgency").replace(":code", "0123-4567-89AB-CDEF")];
    const address = known.linksOf(path).at(-1) ?? `${plain}${NEEDS_AGENCY.has(id) ? "?agency=agency-a" : ""}`;
    for (const caller of [callers.clerk, callers.own, callers.office, callers.person]) {
      if (!caller.mayEnter(access)) continue;
      const { status } = await call(id, caller, address);
      if (status < 400) break;
    }
  }
}

const NEEDS_AGENCY = new Set([
  "readTray",
  "readQuarantine",
  "readMailboxChecks",
  "listOutbound",
  "listUnanswered",
]);
