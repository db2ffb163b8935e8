import type { Log } from "../runtime/log.ts";
import type { JobQueue, RedisHome } from "../runtime/queue.ts";
import { WORKING_ROOMS, type WorkingRoom } from "./flow.ts";

/** The queue on Redis of each room that has jobs to do. */
export async function openRoomQueues(
  home: RedisHome,
  log: Log,
): Promise<Readonly<Record<WorkingRoom, JobQueue>>> {
  const { openQueue } = await import("../runtime/queue.ts"); // not loaded where there is no Redis
  const queues: Partial<Record<WorkingRoom, JobQueue>> = {};
  for (const room of WORKING_ROOMS) queues[room] = await openQueue(home, room, log);
  return queues as Record<WorkingRoom, JobQueue>;
}
