/**
 * WITNESS
 *
 * Receives    nothing; once a second it looks for events of the audit log (audit_event, written by all rooms with what they do).
 * Writes      audit_leaf (each event's place in the Merkle tree), audit_checkpoint (signed size and root), audit_place; the
 *             second places that audit.secondPlace names; signing_key, when it is the first to sign.
 * Promises    an event is a leaf within a second or two of its commit, and under a signature within audit.checkpointSeconds.
 *             Leaves stand in the order in which events were numbered; an event whose transaction was open for longer than
 *             half a minute comes in when it is committed, behind those that did not wait for it. Any number of witnesses may
 *             run, one works at a time, and the tree never forks: a leaf, an event and a size each stand there once.
 *             Killed between a leaf and its checkpoint: the next one goes on from the last checkpoint, and signs what is there.
 *             A second place that cannot be told is tried again for ever, and told of in /readyz and /metrics; nothing waits
 *             for it, least of all a letter.
 * May not     read anything of a letter; change or remove an event, a leaf or a checkpoint.
 * Standards   RFC 6962 §2.1 (the tree), RFC 9162 §2.1.4 (consistency), RFC 8785 (canonical form), RFC 7515 and RFC 8037 (signatures), RFC
 *             5424, 5425, 5426, 6587 (syslog).
 * Settings    audit.*, http.publicUrl (as the checkpoints' origin), dataDir, database.*; keys in DATA/keys/receipts.
 * Fails       database away: tries again each second; events wait meanwhile, and are not lost.
 *             leaves or checkpoints removed by hand: told loudly, and nothing grows where they stood; saraban audit verify
 *             names them.
 * Limits      what is logged is safe from a hand in the database once it stands under a checkpoint that the second place has:
 *             before that, within audit.checkpointSeconds, it is as safe as any row. Who may insert events can insert
 *             one that never was, of the present moment; one of an earlier time is found.
 */

import { openIssuer } from "../shared/letter/evidence/signing-keys.ts";
import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { openDatabase } from "../shared/runtime/database.ts";
import { openWitness } from "./grow-tree.ts";
import { proveConsistency } from "./place-store.ts";
import { readPlaces } from "./places/read-places.ts";
import { openTeller } from "./tell-places.ts";

const LOOK_EVERY_MS = 1_000;
const PATIENCE_SECONDS = 30;

export const start: StartRoom = async ({ settings, address, now, log }) => {
  const database = openDatabase<Tables>(address, "saraban_witness", 3, log);
  const places = readPlaces(settings.audit.secondPlace, settings.dataDir, (from, size) =>
    proveConsistency(database, from, size),
  );
  const tellers = places.map((place) => openTeller(database, place, log));
  const issuer = openIssuer({ dataDir: settings.dataDir, publicUrl: settings.http.publicUrl, log });
  const { checkpointSeconds } = settings.audit;
  const witness = openWitness({
    ...{ database, issuer, now, log, checkpointSeconds },
    patienceSeconds: PATIENCE_SECONDS,
  });
  let failing: string | null = null;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const tellAll = async (): Promise<void> => {
    await Promise.all(tellers.map((teller) => teller.look()));
  };
  let telling: Promise<void> = Promise.resolve();
  let isTelling = false;
  const look = async (): Promise<void> => {
    try {
      const leaves = await witness.look();
      if (leaves >= 10_000) log.info({ leaves }, "the audit log's tree has caught up with its events");
      failing = null;
    } catch (error) {
      if (failing === null) log.error({ err: error }, "the audit log's tree does not grow; trying again");
      failing = `the audit log's tree does not grow: ${error instanceof Error ? error.message.slice(0, 200) : "unknown"}`;
    }
    // A place that hangs keeps no leaf waiting.
    if (isTelling) return;
    isTelling = true;
    telling = tellAll().finally(() => {
      isTelling = false;
    });
  };
  let looking: Promise<void> = Promise.resolve();
  const lookAgain = (afterMs: number): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      looking = look().finally(() => lookAgain(LOOK_EVERY_MS));
    }, afterMs);
  };
  const trouble = (): string | null => {
    const all = [failing, witness.trouble(), ...tellers.map((teller) => teller.trouble())];
    return all.filter((one) => one !== null).join("; ") || null;
  };
  const heartbeat = await startHeartbeat(database, "witness", trouble, log);
  lookAgain(0);
  return {
    name: "witness",
    says: [`Audit log: checkpoints also in ${places.map(({ name }) => name).join(", ")}`],
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await looking;
      // Rooms have stopped before this one: what they have logged is signed before the service ends.
      try {
        await witness.look();
        await witness.close();
        await telling;
        await tellAll();
      } catch (error) {
        log.warn({ err: error }, "the audit log ends without a checkpoint; the next start makes one");
      }
      await heartbeat.stop();
      await database.destroy();
    },
  };
};
