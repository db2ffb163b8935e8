/** Bugs that other systems have had, planted into the running services to see that a drill notices them. */
export interface Plant {
  readonly says: string;
  /** PostgreSQL settings that bring it about. */
  readonly database?: Readonly<Record<string, string>>;
  /** A change of a source file while it is loaded: the file's end, what stands there, what shall stand there. */
  readonly change?: { readonly file: string; readonly from: string; readonly to: string };
}

export const plants: Readonly<Record<string, Plant>> = {
  "confirm-before-commit": {
    says: "intake says 250 before the commit",
    change: {
      file: "/services/shared/letter/arrival/accept-letter.ts",
      from: "return commit(arrivals, spooled.inline ? spooled.sizeBytes * arrivals.length : 0);",
      to: `const kept = { ...spooled, inline: spooled.inline };
        commit(arrivals.map((arrival) => ({ ...arrival, spooled: kept })), 0).catch(() => {});
        return Promise.resolve({ intakeIds: arrivals.map(({ id }) => id) });`,
    },
  },
  "commit-without-flush": {
    says: "PostgreSQL confirms commits that are not on disk yet (synchronous_commit = off)",
    database: { synchronous_commit: "off", wal_writer_delay: "5s" },
  },
  "never-resend": {
    says: "work is given out once: what the queue forgets, or a worker that died, is forgotten",
    change: {
      file: "/services/shared/letter/outbox.ts",
      from: "now() + make_interval(secs => least(300,",
      to: "'infinity'::timestamptz + make_interval(secs => least(300,",
    },
  },
  "fresh-evidence": {
    says: "a second try of an acknowledgement gets another evidence id",
    change: {
      file: "/services/notification/compose/compose-notice.ts",
      from: "files: await receiptFiles(evidence, jws, withPdf) };",
      to: "files: await receiptFiles({ ...evidence, evidenceId: String(Math.random()) }, jws, withPdf) };",
    },
  },
  "forget-copies": {
    says: "a letter that is sent again gets a second number",
    change: {
      file: "/services/registry/decide-outcome.ts",
      from: "return waiting.map((letter) => {",
      to: 'return waiting.map((letter) => { if (letter.verdict === "ready") return { letter, outcome: "registered", reason: "letter", earlierIntakeId: null };',
    },
  },
  "lose-an-octet": {
    says: "now and then the store keeps another octet than was sent, under the right hash",
    change: {
      file: "/services/shared/runtime/store.ts",
      from: "const count = chunk.copy(block, filled, taken);",
      to: "const count = chunk.copy(block, filled, taken); if (sizeBytes % 97 === 0) block[filled] ^= 1;",
    },
  },
};
