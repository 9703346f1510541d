import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { forgeAt } from '../forge/kinds.ts';
import { Problems } from '../kernel/problems.ts';
import { consume } from '../queues/consumer.ts';
import { noticesMessage } from '../queues/messages.ts';
import { queueNames } from '../queues/names.ts';
import { type Stage, type StageContext, showStage } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { dueForges, releaseForges } from '../record/due-statuses.ts';
import { revokeEndedTokens } from './ended-tokens.ts';
import { siteOf } from './site.ts';
import { StatusDelivery, type StatusDeliveryContext } from './status-delivery.ts';

/** Milliseconds between searches for tokens of jobs that have ended. */
const tokenInterval = 2000;
/** Milliseconds between searches for statuses that are due: those that are tried again, and those whose message was lost. */
const searchInterval = 1000;

/** Starts the notifier: it delivers the statuses that the database holds to forges. */
export async function startNotifier(context: StageContext & { database: Database }): Promise<Stage> {
  const logger = context.logger.child({ stage: 'notifier' });
  const problems = new Problems(logger);
  const { database, config } = context;
  const shown = showStage({ ...context, logger }, 'notifier', () => [...database.problems(), ...problems.list()]);
  const holder = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const delivering: StatusDeliveryContext = {
    config,
    logger,
    database,
    holder,
    connect: forgeAt,
    site: () => siteOf(config),
  };
  const deliveries = new Map<string, StatusDelivery>();
  const running = new Map<string, Promise<unknown>>();
  const stopping = new AbortController();

  /** Each forge by itself, so that one that is away delays no other. */
  const deliverDue = async () => {
    for (const name of await dueForges(database)) {
      if (running.has(name) || stopping.signal.aborted) continue;
      const delivery = deliveries.get(name) ?? new StatusDelivery(delivering, name);
      deliveries.set(name, delivery);
      const run = problems
        .alone(`delivering statuses to the forge ${name}`, () => delivery.deliver(stopping.signal))
        .finally(() => running.delete(name));
      running.set(name, run);
    }
  };
  const searching = problems.every(searchInterval, 'looking for statuses to deliver', deliverDue);
  const revoking = problems.every(tokenInterval, 'revoking the tokens of jobs that have ended', () =>
    revokeEndedTokens(database, config),
  );
  const consumer = consume(context.access, {
    queue: queueNames.notices,
    schema: noticesMessage,
    concurrency: 1,
    logger,
    problems,
    handle: deliverDue,
  });
  return {
    stop: async () => {
      stopping.abort();
      await consumer.close();
      await searching.stop();
      await revoking.stop();
      await Promise.all(running.values());
      await problems.alone('leaving the forges to other notifiers', () => releaseForges(database, holder));
      await shown.stop();
    },
  };
}
