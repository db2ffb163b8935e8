import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { insertClerk, newToken } from "../../services/http/clerk-store.ts";
import { SCOPES, type Scope } from "../../services/http/clients/client.ts";
import { insertClient } from "../../services/http/clients/client-admin-store.ts";
import { newSecret } from "../../services/http/clients/client-store.ts";
import type { Operation } from "../../services/http/openapi/operation.ts";
import {
  type OpenIdProvider,
  startOpenIdProvider,
} from "../../services/http/people/testing/openid-provider.ts";
import { findInstallation } from "../../services/installation.ts";
import { openAdminPool } from "../../services/shared/runtime/database.ts";
import { loadSettings } from "../../services/shared/runtime/settings.ts";
import { startServiceProcess } from "../../services/shared/testing/service-process.ts";
import { addPersonWithSession, type PersonSession } from "./api-person.ts";

/** Somebody who asks. */
export interface Caller {
  readonly name: string;
  /** Field Authorization; null: none. */
  readonly authorization: string | null;
  /** HTTP Basic, of programs, for the doors that take it. */
  readonly basic: string | null;
  /** Of a person who has signed in. */
  readonly session?: PersonSession;
  /** Whether the document lets it in there. */
  mayEnter(access: Operation["access"]): boolean;
}

export interface ApiInstallation {
  readonly url: string;
  /** That people may sign in with. */
  readonly provider: OpenIdProvider;
  readonly logFile: string;
  readonly callers: Readonly<
    Record<
      | "clerk"
      | "otherClerk"
      | "own"
      | "office"
      | "node"
      | "reader"
      | "nobody"
      | "stranger"
      | "person"
      | "otherPerson",
      Caller
    >
  >;
}

function agency(letter: "a" | "b", more: object): object {
  return {
    id: `agency-${letter}`,
    domain: `agency-${letter}.example.go.th`,
    mailbox: "saraban",
    nameThai: `หน่วยงานทดสอบ ${letter}`,
    nameEnglish: `Test Agency ${letter}`,
    receiverName: "เจ้าหน้าที่ทดสอบ งานสารบรรณ",
    letterCode: "ทก 0101",
    romanCode: "TESTA",
    trayDuty: true,
    outbound: { fourEyes: false },
    ...more,
  };
}

const AGENCIES = [
  agency("a", { organisationId: "0199900000" }),
  // Here a clerk registers each letter: so that something lies in a tray.
  agency("b", { organisationId: "0199800000", registration: { api: "clerk", ecms: "clerk" } }),
];
const PARTNERS = [
  {
    domain: "opdc.example.go.th",
    organisationId: "0101200000",
    nameThai: "สำนักงาน ก.พ.ร.",
    codeLetters: "นร",
    romanCode: "OPDC",
    mailbox: "saraban@opdc.example.go.th",
  },
  { domain: "mot.example.go.th", organisationId: "0800200000", nameThai: "กระทรวงคมนาคม", codeLetters: "คค" },
];

/**
 * The whole service with clerks and programs of all kinds.
 * @param atEnd is given what stops it
 * @param environment further settings; an embedded database where none is named
 */
export async function startApiInstallation(
  dir: string,
  atEnd: (stop: () => Promise<unknown>) => void,
  environment: Readonly<Record<string, string>> = {},
): Promise<ApiInstallation> {
  const dataDir = join(dir, "data");
  const [agenciesFile, partnersFile] = [join(dir, "agencies.yaml"), join(dir, "partners.yaml")];
  await mkdir(dataDir, { recursive: true });
  // JSON is YAML too.
  await writeFile(agenciesFile, JSON.stringify({ agencies: AGENCIES }));
  await writeFile(partnersFile, JSON.stringify({ partners: PARTNERS }));
  const provider = await startOpenIdProvider();
  atEnd(() => provider.stop());
  const secretFile = join(dir, "oidc-secret");
  await writeFile(secretFile, provider.clientSecret);
  const settings = {
    SARABAN_ACCESS_OIDC_ISSUER: provider.issuer,
    SARABAN_ACCESS_OIDC_CLIENT_ID: provider.clientId,
    SARABAN_ACCESS_OIDC_CLIENT_SECRET_FILE: secretFile,
    SARABAN_ACCESS_SIGN_INS_PER_MINUTE: "100000",
    SARABAN_AGENCIES_FILE: agenciesFile,
    SARABAN_PARTNERS_FILE: partnersFile,
    // Requests say from where they come: what anybody may ask is limited by address.
    SARABAN_HTTP_PROXY_NETWORKS: "127.0.0.0/8",
    SARABAN_HTTP_CLIENT_REQUESTS_PER_MINUTE: "0",
    SARABAN_HTTP_TOKEN_MINUTES: "60",
    SARABAN_NOTIFICATION_ARRIVAL_AFTER_SECONDS: "1",
    ...environment,
  };
  const service = await startServiceProcess("all", { dataDir, environment: settings });
  atEnd(() => service.stop());
  const address = findInstallation(loadSettings({ SARABAN_DATA_DIR: dataDir, ...environment }));
  const people = { address, dataDir };
  const admin = openAdminPool(address);
  try {
    const addClerk = async (id: string, ...agencies: string[]): Promise<Caller> => {
      const token = newToken();
      await insertClerk(admin, { id, name: "สมหญิง ทดสอบ", agencies, rights: ["approve"] }, token);
      return {
        name: id,
        authorization: `Bearer ${token}`,
        basic: null,
        mayEnter: (access) =>
          access !== "people" && (typeof access === "string" || access.programsOnly !== true),
      };
    };
    const addProgram = async (
      id: string,
      agencyId: string,
      senderDomain: string | null,
      scopes: readonly Scope[],
    ) => {
      const secret = newSecret();
      await insertClient(
        admin,
        {
          id,
          name: "ระบบทดสอบ",
          agencyId,
          senderDomain,
          scopes: [...scopes],
          level: "normal",
          certificates: [],
          networks: [],
          dialect: "2.0",
        },
        secret,
      );
      const basic = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
      const answer = await fetch(`${service.httpUrl}/oauth/token`, {
        method: "POST",
        headers: { authorization: basic },
        body: new URLSearchParams({ grant_type: "client_credentials" }),
      });
      const { access_token: token } = (await answer.json()) as { access_token?: string };
      if (token === undefined) throw new Error(`no token for ${id}: ${answer.status}`);
      const mayEnter = (access: Operation["access"]): boolean =>
        access === "public" ||
        (typeof access === "object" &&
          (access.scopes === "any" || access.scopes.some((scope) => scopes.includes(scope))));
      return { name: id, authorization: `Bearer ${token}`, basic, mayEnter };
    };
    const addSignedIn = async (id: string): Promise<Caller> => ({
      name: id,
      authorization: null,
      basic: null,
      session: await addPersonWithSession(people, id, atEnd),
      mayEnter: (access) => typeof access === "string" || access.programsOnly !== true,
    });
    const outside = (name: string, authorization: string | null): Caller => ({
      name,
      authorization,
      basic: null,
      mayEnter: (access) => access === "public",
    });
    await provider.expect(`${service.httpUrl.replace("http:", "https:")}/api/v1/oidc/return`);
    return {
      provider,
      url: service.httpUrl,
      logFile: service.logFile,
      callers: {
        clerk: await addClerk("clerk", "agency-a", "agency-b"),
        otherClerk: await addClerk("other-clerk", "agency-b"),
        own: await addProgram("own", "agency-a", "agency-a.example.go.th", SCOPES),
        office: await addProgram("office", "agency-a", "opdc.example.go.th", [
          "submit",
          "receipts",
          "directory",
        ]),
        node: await addProgram("node", "agency-b", null, ["submit", "receipts"]),
        reader: await addProgram("reader", "agency-a", "agency-a.example.go.th", ["directory"]),
        person: await addSignedIn("fuzz-person"),
        otherPerson: await addSignedIn("fuzz-other"),
        nobody: outside("nobody", null),
        stranger: outside("stranger", `Bearer sct_${"A".repeat(43)}`),
      },
    };
  } finally {
    await admin.end();
  }
}
