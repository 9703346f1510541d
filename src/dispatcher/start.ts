import type { BuildId } from '../kernel/model.ts';
import { Problems } from '../kernel/problems.ts';
import { consume } from '../queues/consumer.ts';
import { advanceMessage, commitMessage, secretsMessage } from '../queues/messages.ts';
import { queueNames } from '../queues/names.ts';
import { type Stage, showStage } from '../queues/stage.ts';
import { changeSchema, listen } from '../redis/channels.ts';
import { flushCounts } from '../redis/tallies.ts';
import { advance, refuse } from './advance.ts';
import { CommitHandler } from './commits.ts';
import type { DispatcherContext } from './context.ts';
import { CrashGuard, crashMessage } from './crash-guard.ts';
import { pursueDueWaits } from './due-waits.ts';
import { measureFleet } from './fleet-measurement.ts';
import { JobsWithoutRunner } from './jobs-without-runner.ts';
import { skipLostBuildIds } from './lost-build-ids.ts';
import { planner } from './planner.ts';
import { QueuedMessages } from './queued-messages.ts';
import { reconcile } from './reconcile.ts';
import { routeBuild } from './route.ts';
import { admitRunners } from './runner-rules.ts';
import { RunnerWatch } from './runner-watch.ts';
import { runSchedules } from './schedules.ts';
import { deliverSecrets } from './secret-delivery.ts';
import { StaleMessages } from './stale-messages.ts';

/** Milliseconds between comparisons of the queues with the database. */
const reconcileInterval = 3000;
/** Milliseconds between checks for due schedules; their unit is the minute. */
const scheduleInterval = 5000;
/** Milliseconds between checks for waiting times and approvals that are over; their unit is the minute. */
const waitInterval = 5000;
/** Milliseconds between checks for jobs with labels that no runner has. */
const unservedInterval = 10_000;
/** Milliseconds between checks for messages of attempts that no longer count. */
const staleInterval = 10_000;

/** Milliseconds between two measurements of the fleet. */
const measureInterval = 15_000;

/** Starts the dispatcher: commits become builds, builds move on, and lost attempts are taken back. */
export async function startDispatcher(context: DispatcherContext): Promise<Stage> {
  const logger = context.logger.child({ stage: 'dispatcher' });
  const problems = new Problems(logger);
  const own = { ...context, logger, problems };
  // before any build is made
  await skipLostBuildIds(own);
  const runnerWatch = new RunnerWatch(own);
  const shownProblems = () => [...context.database.problems(), ...problems.list()];
  const shown = showStage(own, 'dispatcher', shownProblems, () => runnerWatch.restart());
  const messages = new QueuedMessages(own);
  const reconciling = problems.every(reconcileInterval, 'making the queues agree with the database', async () => {
    await admitRunners(own);
    const move = (build: BuildId) => own.queues.sendAdvance({ v: 1, build }, 'mend');
    if (await reconcile(own, runnerWatch.recentRunners(), messages, move)) reconciling.now();
  });
  const watching = problems.every(
    () => runnerWatch.interval,
    'watching the runners',
    () => runnerWatch.pollIfDue(),
  );
  const unlisten = await listen(context.access, context.access.keys.changes, changeSchema, logger, () => {
    if (runnerWatch.expectWork()) watching.now();
  });
  const scheduling = problems.every(scheduleInterval, 'running schedules', () => runSchedules(own));
  const waiting = problems.every(waitInterval, 'ending waits for environments', () => pursueDueWaits(own));
  const jobsWithoutRunner = new JobsWithoutRunner(own);
  const asking = problems.every(unservedInterval, 'looking for jobs without a matching runner', () =>
    jobsWithoutRunner.poll(),
  );
  const stale = new StaleMessages(own);
  const sweeping = problems.every(staleInterval, 'removing messages that no longer count', () => stale.poll());
  const measuring = problems.every(measureInterval, 'measuring the use of the runners', () => measureFleet(own));
  const commits = new CommitHandler(own);
  const crashGuard = new CrashGuard();
  const reporting = { logger, problems };
  const consumers = [
    consume(context.access, {
      queue: queueNames.commits,
      schema: commitMessage,
      // the commits of a ref are planned one after the other
      concurrency: 1,
      ...reporting,
      handle: (message, delivery) => commits.handle(message, delivery),
    }),
    consume(context.access, {
      queue: queueNames.advance,
      schema: advanceMessage,
      concurrency: 8,
      ...reporting,
      handle: ({ build, due }, delivery) =>
        due !== undefined
          ? routeBuild(own, build, new Set([due]))
          : crashGuard.handle(
              delivery,
              () => advance(own, build),
              () => refuse(own, build, crashMessage(delivery)),
            ),
    }),
    consume(context.access, {
      queue: queueNames.secrets,
      schema: secretsMessage,
      concurrency: 8,
      ...reporting,
      handle: (message) => deliverSecrets(own, message),
    }),
  ];
  return {
    stop: async () => {
      await Promise.all(consumers.map((consumer) => consumer.close()));
      await planner.close();
      await unlisten();
      for (const repeated of [watching, reconciling, scheduling, waiting, asking, sweeping, measuring])
        await repeated.stop();
      flushCounts(own.access);
      await shown.stop();
    },
  };
}
