import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { pruneHomes } from '../job/sandbox/homes.ts';
import { removeForeign } from '../job/storage/least-recently-used.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { repositoryKey } from '../kernel/names.ts';
import { Problems } from '../kernel/problems.ts';
import { consume } from '../queues/consumer.ts';
import { resultMessage } from '../queues/messages.ts';
import { queueNames } from '../queues/names.ts';
import { type Stage, type StageContext, showStage } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { listRepositories } from '../record/repositories.ts';
import { flushCounts } from '../redis/tallies.ts';
import { everyLater } from '../system/wait.ts';
import { Archive } from './archive.ts';
import { Collector } from './collector.ts';
import { pruneResults } from './prune.ts';
import { readableResult } from './readable-result.ts';
import { deleteRemovedHistory } from './removed-history.ts';
import { ResultHandler } from './results.ts';
import { reportUnreportedBuilds } from './unreported-builds.ts';

/** Milliseconds between searches for builds whose files are not written. */
const unreportedInterval = 5000;
/** Milliseconds between searches for removed repositories with a history. */
const removalInterval = 2000;
/** Results that are handled at once; only some of them may wait for the end of a log, see results.ts. */
const concurrency = 32;
/** Milliseconds between removals of expired builds and logs. */
const pruneInterval = 3_600_000;

/** Starts the reporter: it makes outcomes final in the database, archives logs, and writes test_results/. */
export async function startReporter(context: StageContext & { database: Database }): Promise<Stage> {
  const logger = context.logger.child({ stage: 'reporter' });
  const problems = new Problems(logger);
  const own = { ...context, logger, problems };
  const archive = new Archive(context.config.dataDir);
  const results = new ResultHandler(own, archive, { waiting: concurrency / 2 });
  const allProblems = () => [...context.database.problems(), ...results.problems(), ...problems.list()];
  const shown = showStage(own, 'reporter', allProblems);
  const collector = new Collector(
    own,
    archive,
    `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`,
    (claim) => results.receiveClaim(claim),
  );
  const reporting = problems.every(unreportedInterval, 'looking for results to write', () =>
    reportUnreportedBuilds(context.database, (build) => results.reportAlone(build)),
  );
  const pruning = everyLater(
    pruneInterval,
    async () => {
      await problems.alone('removing expired builds and logs', async () => {
        const { builds, logs, orphans } = await pruneResults(own);
        if (builds + logs + orphans > 0) logger.info('removed expired builds and logs', { builds, logs, orphans });
      });
      await problems.alone('removing the homes and caches of repositories that are gone', async () => {
        const known = new Set((await listRepositories(own.database)).map(repositoryKey));
        const homes = await pruneHomes(own.config.dataDir, { known }, false, Date.now(), (message) =>
          logger.warn(message),
        );
        for (const { repository } of homes)
          logger.info(`removed a home of ${repository}, which is not observed any more`);
        const { caches, installs } = dataPaths(own.config.dataDir);
        for (const folder of [caches, installs])
          for (const { what } of await removeForeign(folder, (key) => known.has(key), false))
            logger.info(`removed what a repository that is not observed any more has left in ${folder}: ${what}`);
      });
    },
    () => undefined,
  );
  const deleting = problems.every(removalInterval, 'deleting the history of a removed repository', () =>
    deleteRemovedHistory(own),
  );
  const consumer = consume(context.access, {
    queue: queueNames.results,
    schema: resultMessage,
    concurrency,
    logger,
    problems,
    handle: (message, delivery) => results.handle(message, delivery),
    understand: readableResult,
  });
  return {
    stop: async () => {
      await consumer.close();
      await reporting.stop();
      await pruning.stop();
      await deleting.stop();
      await collector.stop();
      await archive.close();
      flushCounts(own.access);
      await shown.stop();
    },
  };
}
