import { test } from "vitest";
import { KNOWN_DOORS } from "./clerk-actions.ts";
import { knownRoutes } from "./openapi/known-routes.ts";
import { allOperations } from "./openapi/operations.ts";
import { openDesk } from "./testing/desk.ts";

test("every door of clerks says what it does in the words of the rules, and nothing else is said to be one", async (context) => {
  const { server } = await openDesk(context);
  const ofClerks = allOperations("/ecms-ws01/service2").flatMap(({ method, path, access }) =>
    access === "clerks" || (typeof access === "object" && access.programsOnly !== true)
      ? [`${method.toUpperCase()} ${path}`]
      : [],
  );
  const routes = knownRoutes(server).map(({ method, url }) => `${String(method)} ${url}`);
  context.expect([...KNOWN_DOORS].sort()).toEqual(ofClerks.sort());
  context.expect(routes).toEqual(context.expect.arrayContaining(ofClerks));
});
