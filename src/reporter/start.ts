import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { errorText } from '../kernel/errors.ts';
import { every, everyLater } from '../kernel/wait.ts';
import { consume } from '../queues/consumer.ts';
import { resultMessage } from '../queues/messages.ts';
import { queueNames } from '../queues/names.ts';
import { type Stage, type StageContext, showStage } from '../queues/stage.ts';
import { unreportedBuilds } from '../record/builds.ts';
import type { Record } from '../record/record.ts';
import { Archive } from './archive.ts';
import { Collector } from './collector.ts';
import { pruneResults } from './prune.ts';
import { purgeRemoved } from './purge.ts';
import { ResultHandler } from './results.ts';

/** Milliseconds between looks for builds whose files a reporter that died did not write. */
const sweepInterval = 5000;
/** Milliseconds between looks for a removed repository whose history is to go. */
const purgeInterval = 2000;
/** Milliseconds between removals of what is not kept any more. */
const pruneInterval = 3_600_000;

/** Starts the reporter: outcomes become final in the record, logs go to the archive, and test_results/ is written. */
export async function startReporter(context: StageContext & { record: Record }): Promise<Stage> {
  const logger = context.logger.child({ stage: 'reporter' });
  const own = { ...context, logger };
  const shown = showStage(own, 'reporter');
  const archive = new Archive(context.config.dataDir);
  const collector = new Collector(own, archive, `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`);
  const results = new ResultHandler(own, archive);
  const sweeping = every(
    sweepInterval,
    async () => {
      for (const build of await unreportedBuilds(context.record, 50)) await results.report(build);
    },
    (error) => logger.warn(`writing test results failed, trying again: ${errorText(error)}`),
  );
  const pruning = everyLater(
    pruneInterval,
    async () => {
      const { builds, logs, orphans } = await pruneResults(own);
      if (builds + logs + orphans > 0) logger.info('removed what is not kept any more', { builds, logs, orphans });
    },
    (error) => logger.warn(`removing old builds failed, trying again: ${errorText(error)}`),
  );
  const purging = every(
    purgeInterval,
    () => purgeRemoved(own),
    (error) => logger.warn(`deleting the history of a removed repository failed, trying again: ${errorText(error)}`),
  );
  const consumer = consume(context.access, {
    queue: queueNames.results,
    schema: resultMessage,
    // most of a handler's time is spent waiting for the end of a log
    concurrency: 32,
    logger,
    handle: (message) => results.handle(message),
  });
  return {
    stop: async () => {
      await consumer.close();
      await sweeping.stop();
      await pruning.stop();
      await purging.stop();
      await collector.stop();
      await archive.close();
      await shown.stop();
    },
  };
}
