import type { Actor, Door } from "./actor.ts";

type Doors = Readonly<Record<Actor["kind"], readonly Door[]>>;

/**
 * By which doors each kind of asker comes at all. export, worker: what a room makes or does behind a queue for somebody who
 * has asked for it.
 */
export const DOORS_OF: Doors = {
  person: ["page", "json", "export", "worker"],
  "clerk-token": ["json", "export", "worker"],
  client: ["json", "xml", "ecms", "worker"],
  operator: ["cli", "export", "worker"],
  nobody: ["page", "json"],
};

/**
 * Of these the ones that classified letters go through (Annex 6 §2.2.9): no command line, no token, and of people's work
 * nothing behind a queue. worker: the inbox of a program is filled there, with the letter's id alone.
 */
export const CLASSIFIED_DOORS: Doors = {
  person: ["page", "json", "export"],
  "clerk-token": [],
  client: ["json", "xml", "ecms", "worker"],
  operator: [],
  nobody: [],
};
