import { forgeAt } from '../forge/kinds.ts';
import { Problems } from '../kernel/problems.ts';
import { consume } from '../queues/consumer.ts';
import { noticesMessage } from '../queues/messages.ts';
import { queueNames } from '../queues/names.ts';
import { type Stage, type StageContext, showStage } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { dueForges } from '../record/due-statuses.ts';
import { releaseHolds } from '../record/holds.ts';
import { dueNoticeTargets } from '../record/notice-targets.ts';
import { Deliveries } from './deliveries.ts';
import { revokeEndedTokens } from './ended-tokens.ts';
import { releaseTargetsOfGone } from './gone-notifiers.ts';
import { makeNotices } from './make-notices.ts';
import { NoticeDelivery } from './notice-delivery.ts';
import { siteOf } from './site.ts';
import { StatusDelivery } from './status-delivery.ts';
import { sendersWith, servicesSpacing } from './targets/send.ts';

/** Milliseconds between searches for tokens of jobs that have ended. */
const tokenInterval = 2000;
/** Milliseconds between searches for what is due: what is tried again, and what no message has told of, since it was lost. */
const searchInterval = 1000;

/** Milliseconds between searches for notifiers that are gone. */
const releaseInterval = 2000;

/** Starts the notifier: it delivers the statuses that the database holds to forges, and notices to people. */
export async function startNotifier(context: StageContext & { database: Database }): Promise<Stage> {
  const logger = context.logger.child({ stage: 'notifier' });
  const problems = new Problems(logger);
  const { database, config } = context;
  const shown = showStage({ ...context, logger }, 'notifier', () => [...database.problems(), ...problems.list()]);
  const holder = shown.id;
  const site = () => siteOf(config);
  const common = { config, logger, database, holder, site };
  const statuses = new Deliveries(
    problems,
    'delivering statuses to the forge',
    (name) => new StatusDelivery({ ...common, connect: forgeAt }, name),
  );
  const senders = sendersWith(config, site);
  const notices = new Deliveries(
    problems,
    'sending notices to',
    (name) => new NoticeDelivery({ ...common, senders, spacing: servicesSpacing }, name),
  );
  const stopping = new AbortController();
  const { signal } = stopping;

  const deliverDue = async () => {
    statuses.start(await dueForges(database), signal);
    await makeNotices(database, signal);
    notices.start(await dueNoticeTargets(database), signal);
  };
  const searching = problems.every(searchInterval, 'looking for statuses and notices to deliver', deliverDue);
  const revoking = problems.every(tokenInterval, 'revoking the tokens of jobs that have ended', () =>
    revokeEndedTokens(database, config),
  );
  const releasing = problems.every(releaseInterval, 'looking for notifiers that are gone', () =>
    releaseTargetsOfGone({ database, access: context.access }, holder),
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
      await releasing.stop();
      await Promise.all([statuses.settled(), notices.settled()]);
      await problems.alone('leaving forges and targets to other notifiers', () => releaseHolds(database, holder));
      await shown.stop();
    },
  };
}
