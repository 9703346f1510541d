import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { Config } from '../kernel/config.ts';
import { errorText } from '../kernel/errors.ts';
import { HealthFile } from '../kernel/health-file.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Problem } from '../kernel/problems.ts';
import { version } from '../kernel/version.ts';
import { every, type Repeating } from '../kernel/wait.ts';
import type { RedisAccess, RedisConnection } from '../redis/connect.ts';
import { heartbeatInterval } from '../redis/heartbeat-times.ts';
import {
  beatTogether,
  forgetGone,
  leave,
  listStages,
  type StageKind,
  type stageMemberSchema,
} from '../redis/membership.ts';
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

/** Stages that this process shows over each connection: they beat together, in one exchange. */
const shows = new WeakMap<RedisConnection, Show>();

/**
 * Shows a stage as alive, for `volt status` and for other stages, until stopped.
 * @param problems what it has to say about itself
 */
export function showStage(context: StageContext, kind: StageKind, problems: () => Problem[] = () => []): Stage {
  const { access, config } = context;
  const own = ownProcess();
  const signs = new VitalSigns(kind, config);
  const fixed = {
    ...own,
    id: `${kind}-${own.host.toLowerCase()}-${own.pid}-${randomBytes(3).toString('hex')}`,
    version,
    startedAt: new Date().toISOString(),
  };
  const describe = () => ({
    ...fixed,
    heartbeatAt: new Date().toISOString(),
    vitals: signs.read(),
    problems: problems(),
  });
  const show = shows.get(access.client) ?? new Show(context);
  shows.set(access.client, show);
  const shown = { kind, describe, beats: 0 };
  show.add(shown);
  return {
    stop: async () => {
      await show.remove(shown);
      // on the same connection as the last heartbeat, and so after it
      await leave(access, kind, fixed.id).catch(() => undefined);
    },
  };
}

interface Shown {
  kind: StageKind;
  describe(): z.input<typeof stageMemberSchema>;
  beats: number;
}

/** The heartbeats of the stages of one connection. */
class Show {
  readonly #access: RedisAccess;
  readonly #logger: Logger;
  readonly #health: HealthFile;
  readonly #stages = new Set<Shown>();
  #beating: Repeating | undefined;

  constructor({ access, config, logger }: StageContext) {
    this.#access = access;
    this.#logger = logger;
    this.#health = new HealthFile(config.healthFile, logger);
  }

  /** Shows one more, at once. */
  add(stage: Shown): void {
    this.#stages.add(stage);
    if (this.#beating) this.#beating.now();
    else {
      const failed = (error: unknown) => this.#logger.debug(`heartbeats failed: ${errorText(error)}`);
      this.#beating = every(heartbeatInterval, () => this.#beat(), failed);
    }
  }

  async remove(stage: Shown): Promise<void> {
    this.#stages.delete(stage);
    if (this.#stages.size > 0) return;
    const beating = this.#beating;
    this.#beating = undefined;
    await beating?.stop();
  }

  async #beat(): Promise<void> {
    const stages = [...this.#stages];
    await beatTogether(
      this.#access,
      stages.map(({ kind, describe }) => ({ kind, member: describe() })),
    );
    this.#health.touch();
    for (const stage of stages.filter((each) => each.beats++ % tidyEvery === 0))
      await forgetGone(this.#access, stage.kind, (await listStages(this.#access, stage.kind)).gone);
  }
}
