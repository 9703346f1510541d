import { attemptName, type BuildId, type RunnerId } from '../kernel/model.ts';
import { type Result, resultMessage } from '../queues/messages.ts';
import { identityOf } from '../record/build-ids.ts';
import { lingeringHolders } from '../record/concurrency.ts';
import { buildsAtRest, buildsPartlyAtRest, currentAttempts, openJobs } from '../record/open-jobs.ts';
import { listRepositories } from '../record/repositories.ts';
import { freshFor, freshRedis } from '../redis/identity.ts';
import { listRunners, type RunnerMember } from '../redis/membership.ts';
import { untilRunnersReport } from '../redis/runner-reports.ts';
import { advance } from './advance.ts';
import { pursueCancels } from './cancel.ts';
import type { DispatcherContext, WatchContext } from './context.ts';
import { skipLostBuildIds } from './lost-build-ids.ts';
import { QueuedMessages } from './queued-messages.ts';
import { pursueRetries } from './retry.ts';

/** How many builds one round moves on: builds whose open jobs all wait, and builds with some waiting jobs. */
const restBatch = 50;
const partlyBatch = 10;

/**
 * Makes the queues agree with the database: every queued job has a message, and every build that can move on does. This
 * repairs the work of a dispatcher that died between its transaction and the sending, and a Redis that was emptied or
 * replaced, or has lost its last writes. If there is much to repair, a round does part of it.
 *
 * A Redis is young while it is new to the database. Then nothing is sent that an earlier Redis may have held, until every
 * runner has reported what it runs, or its lease is over.
 * @param recent the runners that were there not long ago, undefined if unknown; when all of them have reported what they
 * run, there is nothing to wait for
 * @param messages keeps the position between rounds
 * @param move moves a build on; by a message if the process may die during it, see crash-guard.ts
 * @returns whether the next round should follow at once
 */
export async function reconcile(
  context: WatchContext,
  recent: RunnerId[] | undefined = undefined,
  messages: QueuedMessages = new QueuedMessages(context),
  move: (build: BuildId) => Promise<void> = (build) => advance(context, build),
): Promise<boolean> {
  const { access, database, problems } = context;
  // any stage that starts may be the first to find an emptied Redis and to claim it
  const young = await freshRedis(access, identityOf(database));
  await skipLostBuildIds(context);
  if (young !== undefined) await problems.alone('scheduling the polls', () => reschedule(context));
  // a queued job may be running: its start may not be recorded yet
  if (young !== undefined && (await openJobs(database, { status: 'queued', limit: 1 })).length > 0)
    await untilRunnersReport(access, {
      left: () => freshFor(access),
      enough: (seen) => recent?.every((id) => seen(id) >= 2) ?? false,
    });
  const { alive } = await listRunners(access);
  await startClaimed(context, alive);
  if (young !== undefined) messages.rewind();
  const claimed = new Set(alive.flatMap((runner) => [...runner.running, ...runner.reporting]));
  const more = await messages.poll(claimed, young);
  await pursueCancels(context);
  await pursueRetries(context);
  // the message to move them on may be lost with its Redis
  const resting = [await buildsAtRest(database, restBatch), await buildsPartlyAtRest(database, partlyBatch)].flat();
  for (const build of [...resting, ...(await lingeringHolders(database))]) {
    await problems.alone(`moving build ${build} on`, () => move(build));
  }
  return more;
}

/**
 * Records the start of attempts that runners claim, if the message of the start was lost. If such a job were still queued
 * when its runner is lost, the same attempt would be sent again, and its log would be of two runs.
 */
async function startClaimed({ database, queues }: DispatcherContext, runners: RunnerMember[]): Promise<void> {
  const claims = runners.flatMap((runner) => runner.claims.flatMap((text) => claimOf(runner, text)));
  const current = await currentAttempts(database, [...new Set(claims.map(({ message }) => message.job))]);
  for (const { message, content } of claims) {
    const state = current.get(message.job);
    if (state?.status !== 'queued' || state.attempt !== message.attempt) continue;
    await queues.repeatResult(message, content);
  }
}

/** A signed claim in a heartbeat. The reporter checks the signature. */
function claimOf({ id, running }: RunnerMember, text: string): { message: Result<'started'>; content: object }[] {
  try {
    const content = JSON.parse(text) as object;
    const message = resultMessage.parse(content);
    const isClaim = message.kind === 'started' && message.runner.id === id && running.includes(attemptName(message));
    return isClaim ? [{ message, content }] : [];
  } catch {
    return [];
  }
}

/** A new Redis has no schedulers. Existing ones stay as they are. */
async function reschedule({ database, queues }: DispatcherContext): Promise<void> {
  for (const { host, name, pollSeconds } of await listRepositories(database))
    await queues.scheduleObserve(host, name, pollSeconds);
}
