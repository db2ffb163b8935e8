import { type DestinationStream, destination, type Logger, pino } from "pino";

export type Log = Logger;

/**
 * JSON lines on stderr (stdout is for results). Nothing a letter says may be logged: log its id, sizes and codes.
 * The redaction below is a second net for what must never slip through: addresses of connections with passwords.
 */
export function openLog(level: string, service: string, to: DestinationStream = destination(2)): Log {
  return pino(
    {
      level,
      base: { service, pid: process.pid },
      redact: { paths: ["url", "*.url", "password", "*.password", "connectionString"], censor: "(hidden)" },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeForLog },
    },
    to,
  );
}

/**
 * Only what cannot quote a letter: PostgreSQL's `detail`, `where` and `query` and a mail library's `response` may,
 * so an error's other fields are left out.
 */
function describeForLog(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = (error as { code?: unknown }).code;
  return {
    type: error.name,
    ...(typeof code === "string" ? { code } : {}),
    message: error.message.slice(0, 500),
    stack: error.stack?.slice(0, 2000),
    ...(error.cause === undefined ? {} : { cause: describeForLog(error.cause) }),
  };
}
