import { errorText } from '../kernel/errors.ts';
import { every } from '../kernel/wait.ts';
import { consume } from '../queues/consumer.ts';
import { advanceMessage, commitMessage, secretsMessage } from '../queues/messages.ts';
import { queueNames } from '../queues/names.ts';
import { type Stage, type StageContext, showStage } from '../queues/stage.ts';
import type { Record } from '../record/record.ts';
import { advance } from './advance.ts';
import { CommitHandler } from './commits.ts';
import { deliver } from './deliver.ts';
import { FleetWatch } from './fleet.ts';
import { reconcile } from './reconcile.ts';

/** Milliseconds between looks at the runners; a runner's death is to be noticed within half a second. */
const watchInterval = 200;
/** Milliseconds between comparisons of the queues with the record. */
const reconcileInterval = 3000;

/** Starts the dispatcher: commits become builds, builds move on, and lost attempts are taken back. */
export async function startDispatcher(context: StageContext & { record: Record }): Promise<Stage> {
  const logger = context.logger.child({ stage: 'dispatcher' });
  const own = { ...context, logger };
  const shown = showStage(own, 'dispatcher');
  const complain = (what: string) => (error: unknown) =>
    logger.warn(`${what} failed, trying again: ${errorText(error)}`);
  await reconcile(own);
  const reconciling = every(reconcileInterval, () => reconcile(own), complain('reconciling'));
  const fleet = new FleetWatch(own);
  const watching = every(watchInterval, () => fleet.look(), complain('watching the runners'));
  const commits = new CommitHandler(own);
  const consumers = [
    consume(context.access, {
      queue: queueNames.commits,
      schema: commitMessage,
      // commits of one ref are made one after the other
      concurrency: 1,
      logger,
      handle: (message) => commits.handle(message),
    }),
    consume(context.access, {
      queue: queueNames.advance,
      schema: advanceMessage,
      concurrency: 8,
      logger,
      handle: ({ build }) => advance(own, build),
    }),
    consume(context.access, {
      queue: queueNames.secrets,
      schema: secretsMessage,
      concurrency: 8,
      logger,
      handle: (message) => deliver(own, message),
    }),
  ];
  return {
    stop: async () => {
      await Promise.all(consumers.map((consumer) => consumer.close()));
      await watching.stop();
      await reconciling.stop();
      await shown.stop();
    },
  };
}
