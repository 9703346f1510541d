import type { Command } from 'commander';
import { leaveNoCoreDumps } from '../exec/core-size.ts';
import type { Config, Overrides } from '../kernel/config.ts';
import { VoltError } from '../kernel/errors.ts';
import { createLogger, type Logger } from '../kernel/logger.ts';
import { Queues } from '../queues/queues.ts';
import type { Stage, StageContext } from '../queues/stage.ts';
import { identityOf } from '../record/build-ids.ts';
import { Database } from '../record/database.ts';
import { sayUpgrade } from '../record/upgrade.ts';
import { withBoundedShutdown } from '../redis/bounded-shutdown.ts';
import { connectRedis, type RedisAccess } from '../redis/connect.ts';
import { claimRedis, refuseCopy } from '../redis/identity.ts';
import type { Needs } from '../redis/rights.ts';
import { withoutPassword } from '../redis/url.ts';
import { configOf } from './options.ts';
import { redisAddress } from './redis-address.ts';
import { Shutdown } from './shutdown.ts';
import { Signals } from './signals.ts';
import { print } from './terminal.ts';

export type RecordContext = StageContext & { database: Database };

/** A running stage, as its own process needs it. */
export interface Running {
  stage: Stage;
  /** line to print once it works, for example `runner box ready: 2 slots` */
  ready: string;
  /** resolves with the error that ends the stage */
  failed?: Promise<VoltError>;
  /** what a second signal does; without it, the second signal ends the process */
  handBack?: () => void;
}

/** Seconds that stopping may take beyond the grace time of the stage. */
const stopBound = 20;

/** Runs one stage that uses the database, until a signal. */
export async function runRecordStage(
  command: Command,
  start: (context: RecordContext) => Promise<Running>,
): Promise<void> {
  await runStage(command, { graceSeconds: 0, whose: 'volt' }, async (context, shutdown) => {
    const database = await Database.open(context.config);
    shutdown.add('database', () => database.close());
    if (database.upgrade) context.logger.warn(sayUpgrade(database.upgrade));
    await claimRedis(context.access, identityOf(database));
    await refuseCopy(context.access, database.location);
    const queues = new Queues(context.access, context.logger, database);
    shutdown.add('queues', () => queues.close());
    const running = await start({ ...context, queues, database });
    const stop = () => withBoundedShutdown(context.access, () => running.stage.stop());
    // check again: a copy that started at the same moment was not visible before
    await refuseCopy(context.access, database.location).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
    return { ...running, stage: { stop } };
  });
}

/**
 * Runs one stage until a signal, or until it fails.
 * @param options.graceSeconds how long the stage itself may take to stop
 * @param options.whose whose rights it needs in Redis
 * @param options.settings those of the command's own options
 */
export async function runStage(
  command: Command,
  { graceSeconds, whose, settings }: { graceSeconds: number; whose: Needs['whose']; settings?: Overrides },
  start: (context: Omit<StageContext, 'queues'>, shutdown: Shutdown) => Promise<Running>,
): Promise<void> {
  const config = configOf(command, settings);
  const logger = createLogger(config.logLevel, config.logFormat);
  const signals = new Signals(() => process.exit(3));
  signals.again = () => process.exit(3);
  const shutdown = new Shutdown(logger);
  const name = command.name();
  const startAll = async (): Promise<Running> => {
    await leaveNoCoreDumps();
    const access = await connect(config, logger, whose);
    shutdown.add('connection to Redis', () => access.close());
    const running = await start({ config, access, logger }, shutdown);
    shutdown.add(name, () => running.stage.stop());
    print(`${running.ready}; Redis ${withoutPassword(access.url)}`);
    return running;
  };
  try {
    const running = await Promise.race([startAll(), signals.first]);
    if (typeof running !== 'string') {
      const end = await Promise.race([signals.first, ...(running.failed ? [running.failed] : [])]);
      if (end instanceof VoltError) throw end;
      const { handBack } = running;
      if (handBack) {
        signals.again = () => {
          print('handing back the running jobs now');
          handBack();
        };
      }
      print(
        `stopping ${name}${handBack ? ': waiting for its jobs to end; press Ctrl-C again to hand them back now' : ''}`,
      );
    }
  } catch (error) {
    await shutdown.giveUp();
    throw error;
  }
  await shutdown.stopWithin(graceSeconds + stopBound);
}

/** Connects to the given Redis, else to that of a `volt up` on the same data directory, else to the default local one. */
async function connect(config: Config, logger: Logger, whose: Needs['whose']): Promise<RedisAccess> {
  const { url, from } = redisAddress(config);
  if (from !== 'usual') return connectRedis(config, url, logger, undefined, whose);
  try {
    return await connectRedis(config, url, logger, 2000, whose);
  } catch (error) {
    if (!(error instanceof VoltError) || error.code !== 'redis_unreachable') throw error;
    throw new VoltError('redis_unreachable', `no Redis address was given, and ${error.message}`, {
      remedy: `Give the address with --redis or VOLT_REDIS_URL, or the data directory of a running \`volt up\` with --data (it is not ${config.dataDir}).`,
      cause: error,
    });
  }
}
