import { packMirrors } from '../git/mirror-packing.ts';
import { gitVersion } from '../git/version.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText } from '../kernel/errors.ts';
import { Problems } from '../kernel/problems.ts';
import { consume } from '../queues/consumer.ts';
import { observeMessage } from '../queues/messages.ts';
import { observeQueue } from '../queues/names.ts';
import { type Stage, type StageContext, showStage } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { failingRepositories } from '../record/repositories.ts';
import { listStages } from '../redis/membership.ts';
import { every, everyLater } from '../system/wait.ts';
import { Observations } from './observe.ts';
import { PollSchedules } from './poll-schedules.ts';
import { Watches } from './watches.ts';

/** Milliseconds between looks at which repositories there are. */
const refreshInterval = 2000;
/** How many polls one observer holds at a time; how many of them are looks is limited host by host, see lanes.ts. */
const concurrency = 500;
/** Milliseconds between renewals of schedules. */
const scheduleInterval = 15_000;
/** Milliseconds between looks at which mirrors are to be packed. */
const packInterval = 1_800_000;
/** Milliseconds between records of the looks that found nothing new. */
const noteInterval = 5000;

/**
 * Starts an observer: it shares the polls of all repositories with the others, and watches those on its machine.
 * @throws VoltError `git_missing`, `git_old`
 */
export async function startObserver(context: StageContext & { database: Database }): Promise<Stage> {
  const { access, database, config } = context;
  const logger = context.logger.child({ stage: 'observer' });
  await gitVersion();
  const problems = new Problems(logger);
  const own = { ...context, logger };
  const shown = showStage(own, 'observer', () => [...database.problems(), ...problems.list()]);
  const watches = new Watches(own);
  const observations = new Observations(own, watches);
  const consumers = [observeQueue(null), observeQueue(config.host)].map((queue) =>
    consume(access, {
      queue,
      schema: observeMessage,
      concurrency,
      logger,
      problems,
      handle: ({ repo, cause }) => observations.look(repo, cause),
    }),
  );
  await retryFailed(own);
  const schedules = new PollSchedules(own);
  const scheduling = problems.every(scheduleInterval, 'scheduling the polls', () => schedules.renew());
  const noting = problems.every(noteInterval, 'noting the looks at quiet repositories', () => observations.noteQuiet());
  const stopping = new AbortController();
  const limits = { memory: config.gitMemory * 1_048_576 || undefined };
  const packing = everyLater(
    packInterval,
    async () => void (await packMirrors(dataPaths(config.dataDir).mirrors, { signal: stopping.signal, limits })),
    (error) => logger.warn(`packing the mirrors failed, trying again: ${errorText(error)}`),
  );
  let alone = false;
  const refreshing = every(
    refreshInterval,
    async () => {
      await problems.alone('watching the repositories of this machine', () => watches.refresh());
      const dispatchers = (await listStages(access, 'dispatcher')).alive.length;
      if (dispatchers === 0 && !alone)
        logger.warn('no dispatcher is running: commits wait in the queue until one is started');
      alone = dispatchers === 0;
    },
    (error) => problems.note('looking for dispatchers', error),
  );
  return {
    stop: async () => {
      stopping.abort();
      await packing.stop();
      await scheduling.stop();
      await noting.stop();
      await refreshing.stop();
      await watches.close();
      await Promise.all(consumers.map((consumer) => consumer.close()));
      await observations.close();
      await shown.stop();
    },
  };
}

/** What has failed is looked at now and not when its pause is over: the fault may have been this machine's. */
async function retryFailed({ database, queues, config }: StageContext & { database: Database }): Promise<void> {
  for (const { host, name } of await failingRepositories(database)) {
    if (host === null || host === config.host) await queues.sendObserve(host, { v: 1, repo: name, cause: 'start' });
  }
}
