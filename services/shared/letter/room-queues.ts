import type { Log } from "../runtime/log.ts";
import { type JobQueue, openQueue, type QueueHome } from "../runtime/queue.ts";
import { WORKING_ROOMS, type WorkingRoom } from "./flow.ts";

/** The queue of each room that has jobs to do. */
export async function openRoomQueues(
  home: QueueHome,
  log: Log,
): Promise<Readonly<Record<WorkingRoom, JobQueue>>> {
  const queues: Partial<Record<WorkingRoom, JobQueue>> = {};
  for (const room of WORKING_ROOMS) queues[room] = await openQueue(home, room, log);
  return queues as Record<WorkingRoom, JobQueue>;
}
