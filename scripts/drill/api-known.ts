/** What answers have named so far, for requests that are to find something. */
export interface Known {
  /** Addresses (path and query) that fit a path of the document; none where nothing is known yet. */
  linksOf(path: string): readonly string[];
  /** Values of a member of that name, wherever it stood. */
  values(name: string): readonly unknown[];
  /** @param headers of the answer */
  learn(body: unknown, headers?: Headers): void;
}

const MOST_EACH = 200;

export function openKnown(): Known {
  const links = new Set<string>();
  const values = new Map<string, unknown[]>();
  const note = (name: string, value: unknown): void => {
    const list = values.get(name) ?? [];
    values.set(name, list);
    if (list.includes(value)) return;
    // The newest: what they speak of is changed by others least.
    if (list.length >= MOST_EACH) list.shift();
    list.push(value);
  };
  const link = (path: string): void => {
    links.delete(path);
    links.add(path);
    const [oldest] = links;
    if (links.size > MOST_EACH * 20 && oldest !== undefined) links.delete(oldest);
  };
  /** People, sessions, appointments and what break-glass has opened: told apart by a member that each alone has. */
  const learnPeople = (members: Readonly<Record<string, unknown>>): void => {
    const { id } = members;
    if (typeof id !== "string") return;
    if ("mustChangePassword" in members) {
      for (const end of ["", "/sessions", "/one-time-password", "/unlock", "/appointments"])
        link(`/api/v1/people/${id}${end}`);
    }
    if ("isThis" in members) link(`/api/v1/sessions/${id}`);
    if ("orderNumber" in members) link(`/api/v1/appointments/${id}/end`);
    if ("askedBy" in members) for (const end of ["agree", "end"]) link(`/api/v1/break-glass/${id}/${end}`);
  };
  const learn = (value: unknown): void => {
    if (typeof value === "string") {
      if (/^\/api\/v1\/[!-~]{1,300}$/.test(value)) link(value);
      return;
    }
    if (Array.isArray(value)) {
      for (const each of value) learn(each);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    const members = value as Readonly<Record<string, unknown>>;
    for (const [name, member] of Object.entries(members)) {
      if (typeof member === "string" || typeof member === "number") note(name, member);
      learn(member);
    }
    learnPeople(members);
    const { intakeId, letterId, bookId, book = bookId, year, number, code, act, id, evidenceId } = members;
    if (typeof intakeId === "string") {
      link(`/api/v1/tray/${intakeId}`);
      link(`/api/v1/arrivals/${intakeId}/receipts`);
    }
    if (typeof evidenceId === "string") {
      link(`/api/v1/receipts/${evidenceId}`);
      link(`/verify/${evidenceId}`);
    }
    if (typeof letterId === "string") {
      link(`/api/v1/outbound/${letterId}`);
      link(`/api/v1/outbound/${letterId}/files/1`);
    }
    if (typeof book === "string" && typeof year === "number" && typeof number === "number")
      link(`/api/v1/lines/${book}/${year}/${number}`);
    if (typeof act === "string" && typeof id === "string") link(`/api/v1/acts/${id}`);
    if (typeof code === "string" && /^[0-9A-Z]{4}-/.test(code)) {
      note("receiptCode", code);
      link(`/verify/${code}`);
      link(`/verify?code=${code}`);
    }
  };
  return {
    linksOf(path) {
      const pattern = new RegExp(
        `^${path.replaceAll(".", "\\.").replaceAll(/:[A-Za-z]+/g, "[^/?]+")}(?:\\?.*)?$`,
      );
      return [...links].filter((one) => pattern.test(one));
    },
    values: (name) => values.get(name) ?? [],
    learn(body, headers) {
      learn(body);
      const location = headers?.get("location");
      if (location != null) learn(location);
    },
  };
}
