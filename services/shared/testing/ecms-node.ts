import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "vitest";

/** Something that came to the node. */
export interface NodeRequest {
  /** First child of Body. */
  readonly operation: string;
  readonly headers: IncomingMessage["headers"];
  /** The body; of a large one its beginning. */
  readonly text: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What the node does in place of what it should. done: the work is done all the same, and only the answer is lost. */
export type NodeFault =
  | { readonly status: number; readonly body?: string }
  | { readonly error: readonly [code: string, description: string] }
  | "drops"
  | "done-and-drops"
  | "silent"
  | "done-and-silent"
  | "ignores";

export interface TestNode {
  readonly url: string;
  readonly requests: readonly NodeRequest[];
  /** What waits for the agency that uses the node, the first first. */
  readonly queue: { processId: string; item: string }[];
  /** Letters that it holds, by LetterID|CorrespondenceDate|sender|receiver. */
  readonly documents: ReadonlyMap<string, string>;
  /** Puts a letter or a notifier, as XML, at the end of the queue. @returns its ProcessID */
  put(item: string, processId?: string): string;
  /** @param count how many requests with this operation came before */
  fault: (operation: string, count: number) => NodeFault | undefined;
}

const KEPT = 1024 * 1024;

/**
 * An e-CMS node of another office, with a queue that is peeked at and deleted from, and letters that it refuses twice under
 * one number. It reads as the programs of 2012 do, by literal names; nothing in it is of the product.
 */
export async function startEcmsNode(context: TestContext): Promise<TestNode> {
  const requests: NodeRequest[] = [];
  const queue: TestNode["queue"] = [];
  const documents = new Map<string, string>();
  let ids = 0;
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const digest = createHash("sha256");
    const held: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      digest.update(chunk);
      if (sizeBytes < KEPT) held.push(chunk);
      sizeBytes += chunk.length;
    }
    const text = Buffer.concat(held).toString("utf8");
    const operation = /<SOAP-ENV:Body[^>]*><([A-Za-z]+)/.exec(text)?.[1] ?? "";
    const count = requests.filter((one) => one.operation === operation).length;
    requests.push({ operation, headers: request.headers, text, sizeBytes, sha256: digest.digest("hex") });
    const fault = node.fault(operation, count);
    if (fault === "drops") return void response.destroy();
    if (fault === "silent") return;
    if (typeof fault === "object")
      return "status" in fault
        ? send(response, fault.status, fault.body ?? "")
        : send(response, 200, answer(operation, errorDetail(...fault.error)));
    const said = fault === "ignores" ? answer(operation, element("ProcessID", "0")) : work(operation, text);
    if (fault === "done-and-drops") return void response.destroy();
    if (fault === "done-and-silent") return;
    send(response, 200, said);
  };

  const work = (operation: string, text: string): string => {
    switch (operation) {
      case "CorrespondenceLetterInboundRequest": {
        const first = queue[0];
        if (!first) return answer(operation, element("ProcessID", ""));
        // The time is that of the answer: the same item reads differently each time.
        const head = element("ProcessID", first.processId) + element("ProcessTime", new Date().toISOString());
        return answer(operation, head + first.item);
      }
      case "CorrespondenceLetterDeleteRequest": {
        const at = queue.findIndex(({ processId }) => processId === textOf(text, "ProcessID"));
        if (at < 0) return answer(operation, errorDetail("N404", "no such process"));
        queue.splice(at, 1);
        return answer(operation, element("ProcessID", textOf(text, "ProcessID")));
      }
      case "CorrespondenceDeleteGovernmentDocumentRequest": {
        const key = [...text.matchAll(/<(?:LetterID|CorrespondenceDate|Code)>([^<]*)</g)].map(
          ([, value]) => value,
        );
        if (!documents.delete(key.join("|"))) return answer(operation, errorDetail("N405", "ไม่พบหนังสือ"));
        return answer(operation, element("ProcessID", String(++ids)));
      }
      case "CorrespondenceLetterOutboundRequest": {
        if (!text.includes("<rsm:GovernmentDocument"))
          return answer(operation, element("processID", String(++ids)));
        const departments = [...text.matchAll(/<ram:DepartmentOrganization><ram:ID>([^<]*)</g)].map(
          ([, id]) => id,
        );
        const key = [textOf(text, "ram:ID"), textOf(text, "ram:CorrespondenceDate"), ...departments].join(
          "|",
        );
        if (documents.has(key)) return answer(operation, errorDetail("N409", "duplicate document"));
        documents.set(key, text);
        return answer(operation, element("ProcessID", String(++ids)) + echoOf(text));
      }
      default:
        return answer(operation, errorDetail("N400", "unknown operation"));
    }
  };

  const node = {
    url: "",
    requests,
    queue,
    documents,
    put(item: string, processId = `P-${++ids}`) {
      queue.push({ processId, item });
      return processId;
    },
    fault: (): NodeFault | undefined => undefined,
  } satisfies TestNode as { -readonly [Name in keyof TestNode]: TestNode[Name] };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  node.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ecms-ws01/service2`;
  context.onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return node;
}

/** A letter as another office writes it. @param changes texts by their element */
export function letterItem(changes: Readonly<Record<string, string>> = {}): string {
  const {
    number = "นร ๑๒๐๐/๖๑",
    date = "2020-04-20",
    subject = "ขอส่งแบบสำรวจ",
    sender = "0101200000",
  } = changes;
  const {
    receiver = "0199900000",
    main = "JVBERi0xLjQ=",
    mimeCode = "application/pdf",
    secrecy = "001",
  } = changes;
  const party = (id: string): string =>
    `<ram:GivenName></ram:GivenName><ram:FamilyName></ram:FamilyName><ram:JobTitle>ผู้อำนวยการ</ram:JobTitle><ram:MinistryOrganization>` +
    `<ram:ID>${id.slice(0, 2)}</ram:ID></ram:MinistryOrganization><ram:DepartmentOrganization><ram:ID>${id}</ram:ID></ram:DepartmentOrganization>`;
  return (
    `<rsm:GovernmentDocument xmlns:ram="urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1" xmlns:rsm="urn:th:gov:egif:data:standard:GovernmentDocument:1.0">` +
    `<ram:CorrespondenceLetter ID="Letter">${element("ram:ID", number)}${element("ram:CorrespondenceDate", date)}${element("ram:Subject", subject)}` +
    `${element("ram:SecretCode", secrecy)}${element("ram:SpeedCode", "001")}<ram:SenderParty>${party(sender)}</ram:SenderParty><ram:ReceiverParty>${party(receiver)}</ram:ReceiverParty>` +
    `${element("ram:Attachment", "-")}${element("ram:SendDate", `${date}T09:30:00`)}${element("ram:Description", "-")}` +
    `<ram:MainLetterBinaryObject mimeCode="${mimeCode}">${main}</ram:MainLetterBinaryObject></ram:CorrespondenceLetter></rsm:GovernmentDocument>`
  );
}

/** A notifier as a node passes it on. */
export function notifierItem(type: string, department: string, acceptId?: string): string {
  const accept = acceptId === undefined ? "" : element("AcceptID", acceptId);
  return (
    `<${type}>${element("LetterID", "ทก 0101/45")}${accept}${element("CorrespondenceDate", "2022-07-21")}${element("Subject", "ขอส่งรายงาน")}` +
    `${element("AcceptDate", "2022-07-22T09:01:00")}<AcceptDepartment>${element("Code", department)}</AcceptDepartment></${type}>`
  );
}

/** Without its files, as an old node echoes a letter. */
function echoOf(text: string): string {
  return (
    /<rsm:GovernmentDocument.*?<\/rsm:GovernmentDocument>/s
      .exec(text)?.[0]
      .replace(/(BinaryObject[^>]*>)[^<]*/g, "$1") ?? ""
  );
}

function answer(operation: string, content: string): string {
  const name = operation.replace(/Request$/, "Response") || "Response";
  return `<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><${name}>${content}</${name}></SOAP-ENV:Body></SOAP-ENV:Envelope>`;
}

function errorDetail(code: string, description: string): string {
  return `<ErrorDetail>${element("ErrorCode", code)}${element("ErrorDescription", description)}</ErrorDetail>`;
}

function element(name: string, text: string): string {
  return `<${name}>${text}</${name}>`;
}

function textOf(text: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)<`).exec(text)?.[1] ?? "";
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "text/xml; encoding='utf-8'" }).end(body);
}
