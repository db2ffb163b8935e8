import type { FastifyInstance, RouteOptions } from "fastify";

const ROUTES = "knownRoutes";

/** Writes down each route that is opened from now on, so that the document can be held to them. */
export function noteRoutes(server: FastifyInstance): void {
  const routes: RouteOptions[] = [];
  server.decorate(ROUTES, routes);
  server.addHook("onRoute", (route) => void routes.push(route));
}

/** All routes of the server, those for HEAD that the library adds among them. */
export function knownRoutes(server: FastifyInstance): readonly RouteOptions[] {
  return server.getDecorator<RouteOptions[]>(ROUTES);
}
