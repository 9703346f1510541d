import { randomBytes } from 'node:crypto';
import type { Config } from '../kernel/config.ts';
import { errorText } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Problem } from '../kernel/problems.ts';
import { serverTime, serverTimeOf } from '../kernel/server-time.ts';
import { version } from '../kernel/version.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { HeartbeatSender } from '../redis/heartbeat/heartbeat-sender.ts';
import { forgetGone, leave, listStages, type StageKind, writeHeartbeat } from '../redis/membership.ts';
import { ownProcess } from '../redis/process-identity.ts';
import { VitalsReader } from '../redis/vitals.ts';
import { awake } from '../system/clock.ts';
import { HealthFile } from '../system/health-file.ts';
import { every } from '../system/wait.ts';
import type { Queues } from './queues.ts';

/** What every stage gets, in a process of its own and inside `volt up`. */
export interface StageContext {
  readonly config: Config;
  readonly access: RedisAccess;
  readonly queues: Queues;
  readonly logger: Logger;
}

/** A running stage. */
export interface Stage {
  /** Takes no new work, finishes running work, and resolves when everything is closed. */
  stop(): Promise<void>;
}

/** Milliseconds between removals of killed stages of the same kind from the registry; the first is at the start. */
const tidyInterval = 30_000;

/**
 * Shows a stage as alive, for `volt status` and for other stages, until stopped. A thread sends its heartbeats, see
 * redis/heartbeat/: the stage stays alive while something blocks the event loop, and its vitals report that.
 * @param problems the stage's current problems
 * @param refused is called when Redis refuses a heartbeat: its memory is full, or it cannot write its files
 */
export function showStage(
  context: StageContext & { database: { readonly location: string | undefined } },
  kind: StageKind,
  problems: () => Problem[] = () => [],
  refused: () => void = () => undefined,
): Stage & { readonly id: string } {
  const { access, config, logger } = context;
  const { keys } = access;
  const own = ownProcess();
  const signs = new VitalsReader(kind, config);
  const health = new HealthFile(config.healthFile, logger);
  const id = `${kind}-${own.host.toLowerCase()}-${own.pid}-${randomBytes(3).toString('hex')}`;
  const begunAt = awake();
  const fixed = { ...own, id, version, record: context.database.location };
  const describe = () => ({ ...fixed, startedAt: serverTimeOf(begunAt), vitals: signs.read(), problems: problems() });
  const failed = (error: unknown) => logger.debug(`heartbeats failed: ${errorText(error)}`);
  // so that the registry has the stage at once, though the thread takes a moment to start
  writeHeartbeat(access, kind, { ...describe(), heartbeatAt: serverTime() }).catch(failed);
  const heartbeat = new HeartbeatSender(access.url, {
    sign: () => ({ id, key: keys.member(kind, id), set: keys.members(kind), text: JSON.stringify(describe()) }),
    heard: () => health.touch(),
    refused,
  });
  void heartbeat.start();
  const tidying = every(
    tidyInterval,
    async () => forgetGone(access, kind, (await listStages(access, kind)).gone),
    failed,
  );
  return {
    id,
    stop: async () => {
      await tidying.stop();
      await heartbeat.leave();
      // the thread may be too late, and the first heartbeat was sent over this connection
      await leave(access, kind, id).catch(() => undefined);
    },
  };
}
