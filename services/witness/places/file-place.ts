import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { checkpointLine, type Place } from "./place.ts";

/**
 * A file that is only ever added to: on another disk, or another host's. Each line is on disk when `tell` resolves. It is opened
 * anew each time, so that a file that was moved away (logrotate) has a successor.
 */
export function filePlace(path: string): Place {
  return {
    name: `file ${path}`,
    wantsAll: true,
    async tell(checkpoints) {
      await mkdir(dirname(path), { recursive: true, mode: 0o750 });
      const file = await open(path, "a+", 0o640);
      let isNew = false;
      try {
        const { size } = await file.stat();
        isNew = size === 0;
        // What was cut off by a crash or a full disk stays a line of its own: what follows must not be lost with it.
        const last = Buffer.alloc(1);
        const isTorn =
          size > 0 && (await file.read(last, 0, 1, size - 1)).bytesRead === 1 && last[0] !== 0x0a;
        const lines = checkpoints.map((checkpoint) => `${checkpointLine(checkpoint)}\n`).join("");
        await file.appendFile(`${isTorn ? "\n" : ""}${lines}`);
        await file.sync();
      } finally {
        await file.close();
      }
      if (isNew) await syncFolder(dirname(path));
    },
  };
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
