/**
 * Writes what is derived from other files, or checks that it is up to date:
 *   services/shared/letter/tables.ts   from schemas/database (a scratch PostgreSQL is migrated and read)
 *   README.md, table of settings        from schemas/settings.schema.json
 *   services/shared/letter/exchange-types.ts and schemas/xsd/exchange.xsd   from schemas/api
 * Usage: npm run generate [-- --check]; exit 1 when --check finds a difference.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readApiSchemas } from "../services/http/api-schemas.ts";
import { migrate } from "../services/shared/runtime/migrate.ts";
import { projectDir, readJson } from "../services/shared/runtime/settings.ts";
import { declaredSettings } from "../services/shared/runtime/settings-schema.ts";
import { startTestPostgres } from "../services/shared/testing/database.ts";
import { apiTypes } from "./derive/api-types.ts";
import { apiXsd } from "./derive/api-xsd.ts";

const TABLES = join(projectDir, "services/shared/letter/tables.ts");
const README = join(projectDir, "README.md");
const EXCHANGE_TYPES = join(projectDir, "services/shared/letter/exchange-types.ts");
const EXCHANGE_XSD = join(projectDir, "schemas/xsd/exchange.xsd");
const MARKS = ["<!-- settings: written by npm run generate -->", "<!-- end of settings -->"] as const;

const check = process.argv.includes("--check");
let stale = 0;
keep(README, withSettingsTable(readFileSync(README, "utf8")));
const apiSchemas = readApiSchemas();
keep(EXCHANGE_TYPES, styled(apiTypes(apiSchemas)));
keep(EXCHANGE_XSD, apiXsd(apiSchemas));
keep(TABLES, await tablesOfDatabase());
process.stdout.write(
  stale === 0 ? "Everything derived is up to date.\n" : `${stale} files are stale: npm run generate\n`,
);
process.exitCode = stale === 0 ? 0 : 1;

function keep(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  if (check) stale += 1;
  else writeFileSync(file, text);
  process.stdout.write(`${file} ${check ? "is stale" : "written"}\n`);
}

/** As the project's formatter writes it. */
function styled(text: string): string {
  return execFileSync(
    join(projectDir, "node_modules/.bin/biome"),
    ["format", "--stdin-file-path", EXCHANGE_TYPES],
    { cwd: projectDir, input: text, encoding: "utf8" },
  );
}

function withSettingsTable(readme: string): string {
  const rows = declaredSettings(readJson(join(projectDir, "schemas/settings.schema.json"))).map(
    ({ env, key, default: value, description, allowed }) => {
      const shown = value === "" ? "(empty)" : `\`${String(value)}\``;
      return `| \`${env}\` | \`${key}\` | ${shown} | ${description}. Allowed: ${allowed.replaceAll("|", "\\|")} |`;
    },
  );
  const [begin, end] = MARKS;
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md: the marks ${MARKS.join(" and ")} are not there`);
  const head = [
    "",
    "",
    "| Variable | Key in config/*.yaml | Default | Meaning |",
    "| --- | --- | --- | --- |",
  ];
  return `${readme.slice(0, from)}${begin}${head.join("\n")}\n${rows.join("\n")}\n\n${readme.slice(to)}`;
}

async function tablesOfDatabase(): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), "saraban-generate-"));
  const out = join(scratch, "tables.ts");
  let database = "";
  const server = await startTestPostgres({
    async prepareTemplate(connection) {
      await migrate(connection, join(projectDir, "schemas/database"));
      database = `postgres://${connection.user}@localhost:${connection.port}/${connection.database}?host=${encodeURIComponent(connection.host)}`;
      const types = { int8: "number", timestamptz: "Date", date: "string" };
      execFileSync(
        join(projectDir, "node_modules/.bin/kysely-codegen"),
        ["--dialect", "postgres", "--default-schema", "saraban", "--include-pattern", "saraban.*"]
          .concat(["--exclude-pattern", "*kysely*", "--type-mapping", JSON.stringify(types)])
          .concat(["--out-file", out, "--url", database]),
        { stdio: ["ignore", "ignore", "inherit"] },
      );
    },
  });
  await server.stop();
  const text = readFileSync(out, "utf8").replace("export interface DB {", "export interface Tables {");
  rmSync(scratch, { recursive: true });
  return text;
}
