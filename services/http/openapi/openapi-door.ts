import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import type { DoorParts } from "../door-parts.ts";
import { problem } from "../problem.ts";
import { codeLists } from "./code-lists.ts";
import { docsPage, docsPolicy } from "./docs-page.ts";
import { openapiDocument } from "./document.ts";
import { type KeptText, keptText, sendKept } from "./kept-answer.ts";

const JSON_TYPE = "application/json; charset=utf-8";

/**
 * For everybody: GET /openapi.json (and /api/v1/openapi.json), the same as a page to read and try at /api/docs, and the code
 * lists at /api/v1/codes. Stands at the root of the server.
 */
export function openapiDoor(server: FastifyInstance, { ecmsPath }: Pick<DoorParts, "ecmsPath">): void {
  // Made when it is asked for: a service that nobody asks starts sooner without it.
  const document = once(() => keptText(JSON.stringify(openapiDocument(ecmsPath)), JSON_TYPE));
  for (const path of ["/openapi.json", "/api/v1/openapi.json"]) {
    server.get(path, (request, reply) => sendKept(request, reply, document()));
  }

  const page = once(() => keptText(docsPage(ecmsPath), "text/html; charset=utf-8"));
  server.get("/api/docs", (request, reply) => {
    reply.header("content-security-policy", docsPolicy()).header("referrer-policy", "no-referrer");
    return sendKept(request, reply, page());
  });
  for (const [name, type] of [
    ["page.js", "text/javascript"],
    ["page.css", "text/css"],
  ] as const) {
    const file = once(() =>
      keptText(readFileSync(new URL(`docs/${name}`, import.meta.url), "utf8"), `${type}; charset=utf-8`),
    );
    server.get(`/api/docs/${name}`, (request, reply) => sendKept(request, reply, file()));
  }

  const lists = once(() => {
    const all = codeLists();
    const inJson = (list: unknown): KeptText => keptText(JSON.stringify(list), JSON_TYPE);
    const named: Readonly<Record<string, KeptText>> = {
      urgency: inJson(all.urgency),
      secrecy: inJson(all.secrecy),
      "letter-kinds": inJson(all.letterKinds),
      "mime-types": inJson(all.mimeTypes),
      ministries: inJson(all.ministries),
    };
    return { all: inJson(all), named };
  });
  server.get("/api/v1/codes", (request, reply) => sendKept(request, reply, lists().all));
  server.get<{ Params: { list: string } }>("/api/v1/codes/:list", (request, reply) => {
    const { named } = lists();
    const list = Object.hasOwn(named, request.params.list) ? named[request.params.list] : undefined;
    if (list === undefined) throw problem("not-found");
    return sendKept(request, reply, list);
  });
}

function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
