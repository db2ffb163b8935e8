/** Preloaded into a service (node --import): plants the bug that DRILL_PLANT names into its source while it is loaded. */
import { registerHooks } from "node:module";
import { plants } from "./plants.ts";

const name = process.env["DRILL_PLANT"] ?? "";
const change = plants[name]?.change;
if (change) {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(change.file)) return loaded;
      const source = Buffer.from((loaded.source ?? "") as Uint8Array).toString("utf8");
      if (!source.includes(change.from))
        throw new Error(`plant ${name}: ${change.file} has changed; adapt scripts/drill/plants.ts`);
      return { ...loaded, source: source.replace(change.from, change.to) };
    },
  });
}
