import { routeBuild } from '../../../dispatcher/route.ts';
import { SpentAttempts } from '../../../dispatcher/spent-attempts.ts';
import { counted } from '../../../kernel/counted.ts';
import { type AttemptRef, attemptName, type BuildId, parseAttemptName } from '../../../kernel/model.ts';
import { isDue, pausesOf } from '../../../kernel/retry-pauses.ts';
import { attemptMessages, queuesOf, withdraw } from '../../../queues/attempts.ts';
import { jobQueue, queueNames } from '../../../queues/names.ts';
import type { Queues } from '../../../queues/queues.ts';
import { currentAttempts, openJobs } from '../../../record/open-jobs.ts';
import { heartbeatTtl } from '../../../redis/heartbeat-times.ts';
import { pause } from '../../../system/wait.ts';
import { type Finding, warn } from '../finding.ts';
import { type DeepCheck, mended, orFine, wrong } from './check.ts';
import { claimedAttempts } from './members.ts';

const check = 'messages';
type Redis = NonNullable<DeepCheck['redis']>;
type QueuedAttempt = AttemptRef & { build: BuildId };

/** Compares the queues with the database: each queued attempt has one message, and each message an attempt. */
export async function messageFindings(context: DeepCheck): Promise<Finding[]> {
  const { config, database, redis, mend } = context;
  if (!redis) return [];
  const pauses = pausesOf(config.tryAgain);
  const queued = (await openJobs(database, { status: 'queued', limit: 100_000 }))
    .filter(({ dueAt }) => isDue(dueAt, pauses))
    .map(({ id, attempt, build, labels }) => ({ job: id, attempt, build, labels }));
  const messages = await attemptMessages(redis.access, queued);
  const absent = queued.filter((_, index) => messages[index] === undefined);
  // in the queue of runners that are reserved for its repository
  const elsewhere = await queuesOf(redis.access, redis.queues, absent);
  const missing = await unclaimed(
    redis,
    absent.filter((ref) => !elsewhere.has(attemptName(ref))),
  );
  // a runner is done with the message, so nobody will take it again
  const spent = await unclaimed(
    redis,
    queued.filter((_, index) => messages[index]?.isDone),
  );
  if (mend)
    for (const build of new Set(missing.map((ref) => ref.build))) await routeBuild({ ...context, ...redis }, build);
  if (mend && spent.length > 0) await retry(context, redis, spent);
  const findings = [
    ...wrong(
      check,
      missing.map(attemptName),
      ['queued attempt', 'without a message'],
      mended(mend, 'it is sent again'),
    ),
    ...wrong(
      check,
      spent.map(attemptName),
      ['queued attempt', 'whose outcome is lost'],
      mended(mend, 'the job gets a further attempt'),
    ),
    ...(await strayFindings(context, redis.queues)),
    ...(await deadLetterFindings(redis.queues)),
  ];
  return orFine(findings, check, `those of ${counted(queued.length, 'queued job')} agree with the database`);
}

/** Those that no live runner has, and whose outcome is not on its way. */
async function unclaimed<R extends AttemptRef>(redis: Redis, refs: readonly R[]): Promise<R[]> {
  const claimed = await claimedAttempts(redis.access);
  const left: R[] = [];
  for (const ref of refs) {
    if (!claimed.has(attemptName(ref)) && !(await redis.queues.holdsOutcome(ref))) left.push(ref);
  }
  return left;
}

/** Polls as long as it takes to be sure, see SpentAttempts. */
async function retry(context: DeepCheck, redis: Redis, spent: readonly QueuedAttempt[]): Promise<void> {
  const attempts = new SpentAttempts({ ...context, ...redis });
  for (const until = performance.now() + heartbeatTtl + 1000; performance.now() < until; await pause(500)) {
    await attempts.move(spent, await claimedAttempts(redis.access));
  }
}

/** Messages of attempts that the database does not know or that are over, and messages that Volt has not sent. */
async function strayFindings({ database, mend }: DeepCheck, queues: Queues): Promise<Finding[]> {
  const stray: string[] = [];
  const findings: Finding[] = [];
  for (const labels of await queues.labelSets()) {
    const name = jobQueue(labels);
    const ids = await queues.queue(name).getRanges(['waiting', 'prioritized', 'delayed'], 0, -1);
    const refs = ids.flatMap((id): AttemptRef | never[] => parseAttemptName(id) ?? []);
    const jobs = refs.map(({ job }) => job);
    const current = await currentAttempts(database, jobs);
    for (const ref of refs) {
      const state = current.get(ref.job);
      if (state?.open && state.attempt === ref.attempt) continue;
      stray.push(attemptName(ref));
      if (mend) await withdraw(queues, name, ref);
    }
    const foreign = ids.filter((id) => parseAttemptName(id) === undefined);
    const left = mend ? await makeDeadLetters(queues, name, foreign) : foreign.length;
    findings.push(
      ...wrong(check, foreign, ['message', `in "${name}" that Volt has not sent`], foreignRemedy(name, left)),
    );
  }
  const remedy = mended(mend, 'it is removed unless a runner has taken it');
  return [...wrong(check, stray, ['message', 'of attempts that do not count'], remedy), ...findings];
}

function foreignRemedy(queue: string, left: number): string {
  if (left === 0) return `Mended: they are dead letters, see ${pageOf(queueNames.setAside)}.`;
  return `Remove them at ${pageOf(queue)}; \`volt doctor --mend\` makes those that can be read dead letters, as a runner does.`;
}

/** @returns how many are left */
async function makeDeadLetters(queues: Queues, name: string, ids: readonly string[]): Promise<number> {
  let left = ids.length;
  for (const id of ids) {
    try {
      const message = await queues.queue(name).getJob(id);
      if (!(await queues.setAside(`${name} ${id}`, [JSON.stringify(message?.data)]))) break;
      await queues.queue(name).remove(id);
      left--;
    } catch {
      // it is no JSON, or a runner was faster
    }
  }
  return left;
}

async function deadLetterFindings(queues: Queues): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of await queues.names()) {
    const count = name.startsWith('observe') ? 0 : await queues.queue(name).getFailedCount();
    if (count === 0) continue;
    const message = `Volt could not understand ${counted(count, 'message')} of "${name}"`;
    findings.push(
      warn(check, message, `See why at ${pageOf(name)}, and retry or remove ${count === 1 ? 'it' : 'them'} there.`),
    );
  }
  return findings;
}

function pageOf(queue: string): string {
  return `/queues/queue/${encodeURIComponent(queue)}`;
}
