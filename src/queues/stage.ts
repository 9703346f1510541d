import { randomBytes } from 'node:crypto';
import type { Config } from '../kernel/config.ts';
import { errorText } from '../kernel/errors.ts';
import { HealthFile } from '../kernel/health-file.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Problem } from '../kernel/problems.ts';
import { version } from '../kernel/version.ts';
import { every } from '../kernel/wait.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { beat, forgetGone, heartbeatInterval, leave, listStages, type StageKind } from '../redis/membership.ts';
import { ownProcess } from '../redis/process.ts';
import { VitalSigns } from '../redis/vitals.ts';
import type { Queues } from './queues.ts';

/** What every stage is given; the same in a process of its own and inside `volt up`. */
export interface StageContext {
  readonly config: Config;
  readonly access: RedisAccess;
  readonly queues: Queues;
  readonly logger: Logger;
}

/** A running stage. */
export interface Stage {
  /** Takes nothing new, finishes what is under way, and resolves when all is closed. */
  stop(): Promise<void>;
}

/** A stage takes the ids of killed ones of its kind out of the list at its start and after each so many heartbeats. */
const tidyEvery = 30;

/**
 * Shows a stage as alive, for `volt status` and for other stages, until stopped.
 * @param problems what it has to say about itself
 */
export function showStage(context: StageContext, kind: StageKind, problems: () => Problem[] = () => []): Stage {
  const { access, logger } = context;
  const own = ownProcess();
  const id = `${kind}-${own.host.toLowerCase()}-${own.pid}-${randomBytes(3).toString('hex')}`;
  const startedAt = new Date().toISOString();
  const signs = new VitalSigns(kind, context.config);
  const health = new HealthFile(context.config.healthFile, logger);
  let beats = 0;
  const beating = every(
    heartbeatInterval,
    async () => {
      const told = { heartbeatAt: new Date().toISOString(), vitals: signs.read(), problems: problems() };
      await beat(access, kind, { ...own, id, version, startedAt, ...told });
      health.touch();
      if (beats++ % tidyEvery === 0) await forgetGone(access, kind, (await listStages(access, kind)).gone);
    },
    (error) => logger.debug(`heartbeat of ${kind} failed: ${errorText(error)}`),
  );
  return {
    stop: async () => {
      await beating.stop();
      await leave(access, kind, id).catch(() => undefined);
    },
  };
}
