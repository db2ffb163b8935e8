import { mkdtempSync, rmSync, readFileSync, readdirSync } from "node:fs";
import { registerOffices } from "./bench/program-offices.ts";
import { startServiceProcess } from "../services/shared/testing/service-process.ts";
import { programLetter } from "../services/shared/testing/program-letters.ts";
import { treeCpuMs } from "../services/shared/testing/process-usage.ts";
import { execFileSync } from "node:child_process";
const dir = mkdtempSync("/tmp/h8-prof-");
const service = await startServiceProcess("all", { dataDir: dir + "/d", nodeArguments: ["--cpu-prof", "--cpu-prof-dir=/tmp/h8/prof"], environment: { SARABAN_NOTIFICATION_ARRIVAL_AFTER_SECONDS: "3600" } });
const offices = await registerOffices(dir + "/d", service.httpUrl, 20);
const form = (process.argv[2] ?? "json") as "json";
const n = Number(process.argv[3] ?? 300);
const own = () => { const f = readFileSync(`/proc/${service.pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" "); return { own: (Number(f[11]) + Number(f[12])) * 10 }; };
const mk = (seed: number, count: number) => Array.from({ length: count }, (_, i) => programLetter(i, { form, seed, sizeBytes: 20480 }));
for (const seed of [1, 2, 3]) {
  const before = treeCpuMs(service.pid), b2 = own().own;
  const r = await offices.handIn(mk(seed, n));
  console.log(seed, "letters/s", (n / (r.lastSeenMs / 1000)).toFixed(1), "tree cpu/letter", ((treeCpuMs(service.pid) - before) / n).toFixed(1), "own", ((own().own - b2) / n).toFixed(1));
}
console.log(execFileSync("ps", ["-eo", "pid,ppid,time,args", "--sort=-time"], { encoding: "utf8" }).split("\n").filter((l) => l.includes("postgres") || l.includes(String(service.pid))).slice(0, 16).join("\n"));
await offices.close(); await service.stop(); rmSync(dir, { recursive: true, force: true });
