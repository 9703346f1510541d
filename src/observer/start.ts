import { gitVersion } from '../git/command/version.ts';
import { packMirrors } from '../git/mirror/packing.ts';
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
import { PollSchedules } from './poll-schedules.ts';
import { Poller } from './poller.ts';
import { Watches } from './watches.ts';

/** Milliseconds between two checks which repositories exist. */
const refreshInterval = 2000;
/** Poll messages that one observer handles at a time; poll-limits.ts limits how many of them run for each host. */
const concurrency = 500;
/** Milliseconds between two renewals of schedules. */
const scheduleInterval = 15_000;
/** Milliseconds between two checks which mirrors to pack. */
const packInterval = 1_800_000;
/** Milliseconds between two records of the polls that found nothing new. */
const noteInterval = 5000;

/**
 * Starts an observer, which shares the polls of all repositories with the other observers, and watches the repositories on
 * its machine.
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
  const poller = new Poller(own, watches);
  const consumers = [observeQueue(null), observeQueue(config.host)].map((queue) =>
    consume(access, {
      queue,
      schema: observeMessage,
      concurrency,
      logger,
      problems,
      handle: ({ repo, cause }) => poller.poll(repo, cause),
    }),
  );
  await retryFailed(own);
  const schedules = new PollSchedules(own);
  const scheduling = problems.every(scheduleInterval, 'scheduling the polls', () => schedules.renew());
  const noting = problems.every(noteInterval, 'recording polls without changes', () => poller.recordQuiet());
  const stopping = new AbortController();
  const limits = { memory: config.gitMemory * 1_048_576 || undefined };
  const packing = everyLater(
    packInterval,
    async () => void (await packMirrors(dataPaths(config.dataDir).mirrors, { signal: stopping.signal, limits })),
    (error) => logger.warn(`packing the mirrors failed; Volt tries again: ${errorText(error)}`),
  );
  let alone = false;
  const refreshing = every(
    refreshInterval,
    async () => {
      await problems.alone('watching the repositories of this machine', () => watches.refresh());
      const dispatchers = (await listStages(access, 'dispatcher')).alive.length;
      if (dispatchers === 0 && !alone)
        logger.warn('no dispatcher is running: commits wait in the queue until one starts');
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
      await poller.close();
      await shown.stop();
    },
  };
}

/** Polls failed repositories now and not after their pause: this machine may have caused the failure. */
async function retryFailed({ database, queues, config }: StageContext & { database: Database }): Promise<void> {
  for (const { host, name } of await failingRepositories(database)) {
    if (host === null || host === config.host) await queues.sendObserve(host, { v: 1, repo: name, cause: 'start' });
  }
}
