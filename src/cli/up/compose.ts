import { leaveNoCoreDumps } from '../../exec/core-size.ts';
import type { Config } from '../../kernel/config.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Stage } from '../../queues/stage.ts';
import { identityOf } from '../../record/build-ids.ts';
import { Database } from '../../record/database.ts';
import { lockDataDirectory } from '../../record/lock.ts';
import { takeTrustChange } from '../../record/trust-change.ts';
import { sayUpgrade } from '../../record/upgrade.ts';
import { connectRedis } from '../../redis/connect.ts';
import { startEmbeddedRedis } from '../../redis/embedded.ts';
import { claimRedis, refuseCopy } from '../../redis/identity.ts';
import { ownRunnerKey } from '../../secrets/runner-key.ts';
import type { Shutdown } from '../shutdown.ts';
import type { RecordContext } from '../stage.ts';
import type { RunnerStage } from './stages.ts';
import { Stopping } from './stopping.ts';

export interface Volt {
  context: RecordContext;
  /** address of the dashboard */
  url: string;
  /** where browsers sign in */
  signIn: string;
  runner: RunnerStage;
  /** whether this Volt started its own Redis server */
  embedded: boolean;
  /** sentences about changes since the version that used the data directory before */
  changes: readonly string[];
}

/**
 * Starts everything in this process: Redis unless one is named, and all stages on one connection and one database.
 * Redis starts while the code of the stages loads, and the stages start at the same time.
 * @param runner slots, and seconds that running jobs may take to end when the runner stops
 * @param shutdown takes the parts to stop, also if this throws
 * @param prepare is called before the first stage starts
 * @throws VoltError of the part that could not start
 */
export async function compose(
  config: Config,
  logger: Logger,
  { slots, graceSeconds }: { slots: number; graceSeconds: number },
  shutdown: Shutdown,
  prepare: (context: RecordContext) => Promise<void>,
): Promise<Volt> {
  // before Redis starts, which inherits the limit
  await leaveNoCoreDumps();
  shutdown.add('data directory', await lockDataDirectory(config.dataDir, `volt up, process ${process.pid}`));
  const url = config.redisUrl ?? (await startRedis(config, logger, shutdown));
  const [access, database, stages] = await settled([
    connectRedis(config, url, logger),
    Database.open(config),
    import('./stages.ts'),
  ]);
  shutdown.add('database', () => database.close());
  shutdown.add('connection to Redis', () => access.close());
  await claimRedis(access, identityOf(database));
  await refuseCopy(access, database.location);
  const queues = new stages.Queues(access, logger, database);
  shutdown.add('queues', () => queues.close());

  const context = { config, access, queues, logger, database };
  await prepare(context);
  // the runner of this process is admitted without a person
  ownRunnerKey(config);
  await stages.admitRunners(context);
  // they stop in reverse order: first the stages that create work, last the one that shows it
  const starting = {
    web: stages.startWeb(context, { host: config.httpHost, port: config.httpPort }),
    dispatcher: stages.startDispatcher(context),
    reporter: stages.startReporter(context),
    notifier: stages.startNotifier(context),
    runner: stages.startRunner(context, { labels: [], slots, graceSeconds }),
    observer: stages.startObserver(context),
  };
  await Promise.allSettled(Object.values(starting));
  const stopping = new Stopping(access);
  for (const [name, stage] of Object.entries(starting)) {
    await stage.then(
      (running: Stage) => shutdown.add(name, stopping.add(running, name === 'runner')),
      () => undefined,
    );
  }
  const [web, runner] = await settled([
    starting.web,
    starting.runner,
    starting.dispatcher,
    starting.reporter,
    starting.notifier,
    starting.observer,
  ]);
  // check again: a copy that started at the same moment was not visible before
  await refuseCopy(access, database.location);
  const upgraded = database.upgrade ? [sayUpgrade(database.upgrade)] : [];
  const changes = [...upgraded, ...(await takeTrustChange(database)), ...runner.changes];
  return { context, url: web.url, signIn: web.signIn, runner, embedded: config.redisUrl === undefined, changes };
}

async function startRedis(config: Config, logger: Logger, shutdown: Shutdown): Promise<string> {
  const redis = await startEmbeddedRedis(config, logger);
  shutdown.add('embedded Redis', redis.stop);
  return redis.url;
}

/** As Promise.all, but waits for all promises before it throws, so that nothing is still starting while others stop. */
async function settled<T extends readonly Promise<unknown>[] | []>(
  promises: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises) as Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }>;
}
