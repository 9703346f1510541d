import { attemptName, type BuildId, type RunnerId } from '../kernel/model.ts';
import type { Problems } from '../kernel/problems.ts';
import { type Result, resultMessage } from '../queues/messages.ts';
import type { StageContext } from '../queues/stage.ts';
import { identityOf } from '../record/build-ids.ts';
import { lingeringHolders } from '../record/concurrency.ts';
import type { Database } from '../record/database.ts';
import { buildsAtRest, buildsPartlyAtRest, currentAttempts, openJobs } from '../record/open-jobs.ts';
import { listRepositories } from '../record/repositories.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { youngFor, youthOf } from '../redis/identity.ts';
import { listRunners, type RunnerMember } from '../redis/membership.ts';
import { pause } from '../system/wait.ts';
import { advance } from './advance.ts';
import { pursueCancels } from './cancel.ts';
import { leaveOutForgottenBuilds } from './forgotten-builds.ts';
import { QueuedMessages } from './queued-messages.ts';
import { pursueRetries } from './retry.ts';

/** How many builds of which everything waits are looked at in one round, and how many of which some jobs do. */
const restBatch = 50;
const partlyBatch = 10;
/** Milliseconds between looks for the heartbeats of runners that have something to tell a young Redis. */
const listening = 100;

/**
 * Makes the queues agree with the record: whatever the record says is queued has a message, and whatever can move on
 * does. This mends a dispatcher that died between its transaction and the sending, and a Redis that was emptied or
 * replaced, or has lost what it had last. Where there is much to mend, a round does a part of it.
 *
 * A Redis is `young` (new to the record) → `told` (every runner that may be at work has said so, or its lease is over) →
 * it gets what it misses. While it is young nothing is sent that an earlier one may have held.
 * @param recent the runners that were there not long ago; when all of them have told what they run, nothing is left to
 * wait for. Undefined where they are not known
 * @param messages what has been looked at before, where there are many
 * @param move looks at a build that may be able to move on; by a message, where the process may die over it, see suspects.ts
 * @returns whether the next round is to come at once
 */
export async function reconcile(
  context: StageContext & { database: Database; problems: Problems },
  recent: RunnerId[] | undefined = undefined,
  messages: QueuedMessages = new QueuedMessages(context),
  move: (build: BuildId) => Promise<void> = (build) => advance(context, build),
): Promise<boolean> {
  const { access, database, problems } = context;
  // whoever has claimed it: any stage that starts may be the first to meet an emptied Redis
  const young = await youthOf(access, identityOf(database));
  await leaveOutForgottenBuilds(context);
  if (young !== undefined) await problems.alone('scheduling the polls', () => reschedule(context));
  // runners have to tell it first what they are at work on; the record may not know of it yet
  if (young !== undefined && (await openJobs(database, { status: 'queued', limit: 1 })).length > 0)
    await told(access, recent);
  const { alive } = await listRunners(access);
  await startClaimed(context, alive);
  if (young !== undefined) messages.rewind();
  const claimed = new Set(alive.flatMap((runner) => [...runner.running, ...runner.reporting]));
  const more = await messages.poll(claimed, young);
  await pursueCancels(context);
  await pursueRetries(context);
  // the notice that something has moved them may be lost with the Redis that carried it
  const resting = [await buildsAtRest(database, restBatch), await buildsPartlyAtRest(database, partlyBatch)].flat();
  for (const build of [...resting, ...(await lingeringHolders(database))]) {
    await problems.alone(`moving build ${build} on`, () => move(build));
  }
  return more;
}

/**
 * Waits until nobody can be at work on something that this Redis does not know of. A runner has told everything with
 * its second heartbeat: the first may have been on its way before it took its last message.
 */
async function told(access: RedisAccess, recent: RunnerId[] | undefined): Promise<void> {
  const heartbeats = new Map<RunnerId, Set<string>>();
  for (;;) {
    const young = await youngFor(access);
    if (young === 0) return;
    for (const { id, heartbeatAt } of (await listRunners(access)).alive) {
      heartbeats.set(id, (heartbeats.get(id) ?? new Set()).add(heartbeatAt));
    }
    if (recent?.every((id) => (heartbeats.get(id)?.size ?? 0) >= 2)) return;
    await pause(Math.min(young, listening));
  }
}

/**
 * What a runner says it is at work on has begun, though its word of that was lost. Were it still queued when the runner
 * is lost, the same attempt would be sent a second time, and its log would be that of two runs.
 */
async function startClaimed(
  { database, queues }: StageContext & { database: Database },
  runners: RunnerMember[],
): Promise<void> {
  const claims = runners.flatMap((runner) => runner.claims.flatMap((text) => claimOf(runner, text)));
  const current = await currentAttempts(database, [...new Set(claims.map(({ message }) => message.job))]);
  for (const { message, content } of claims) {
    const state = current.get(message.job);
    if (state?.status !== 'queued' || state.attempt !== message.attempt) continue;
    await queues.repeatResult(message, content);
  }
}

/** A claim in a heartbeat, as the runner has signed it; whether that is true is for the reporter to see. */
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

/** A new Redis knows of no schedules; an upsert leaves those that are there as they are. */
async function reschedule({ database, queues }: StageContext & { database: Database }): Promise<void> {
  for (const { host, name, pollSeconds } of await listRepositories(database))
    await queues.scheduleObserve(host, name, pollSeconds);
}
