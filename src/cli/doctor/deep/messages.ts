import { routeBuild } from '../../../dispatcher/route.ts';
import { SpentAttempts } from '../../../dispatcher/spent-attempts.ts';
import { type AttemptRef, attemptName, type BuildId, buildIdOf, parseAttemptName } from '../../../kernel/model.ts';
import { isDue, pausesOf } from '../../../kernel/tries.ts';
import { attemptMessages, queuesOf, withdraw } from '../../../queues/attempts.ts';
import { queueLabels } from '../../../queues/kept.ts';
import { jobQueue } from '../../../queues/names.ts';
import { currentAttempts, type OpenJob, openJobs } from '../../../record/open-jobs.ts';
import { heartbeatTtl } from '../../../redis/heartbeat-times.ts';
import { listRunners } from '../../../redis/membership.ts';
import { pause } from '../../../system/wait.ts';
import { type Finding, ok, warn } from '../finding.ts';
import { counted, type DeepCheck, listed, mended } from './check.ts';
import { foreignFindings } from './foreign.ts';

/** The queues against the record: each queued attempt has one message, and each message an attempt. */
export async function messageFindings(check: DeepCheck): Promise<Finding[]> {
  const { config, database, redis } = check;
  if (!redis) return [];
  const { access, queues } = redis;
  const pauses = pausesOf(config.tryAgain);
  const queued = (await openJobs(database, { status: 'queued', limit: 100_000 })).filter((job) =>
    isDue(job.dueAt, pauses),
  );
  const attempts = queued.map((job) => ({ job: job.id, attempt: job.attempt, labels: job.labels }));
  const found = await attemptMessages(access, attempts);
  const absent = attempts.filter((_, index) => found[index] === undefined);
  // where runners are kept for its repository, or it is kept from some
  const elsewhere = await queuesOf(access, queues, absent);
  const missing = absent.filter((ref) => !elsewhere.has(attemptName(ref)));
  const sent = queued.filter((_, index) => found[index] !== undefined);
  const findings = [
    ...(await withoutMessage(check, redis, missing)),
    ...(await spent(
      check,
      redis,
      queued.filter((_, index) => found[index]?.isDone),
    )),
    ...unknownLabels(sent, await queues.labelSets()),
    ...(await withoutAttempt(check, redis)),
    ...(await foreignFindings(check)),
    ...(await setAside(redis)),
  ];
  return findings.length > 0
    ? findings
    : [ok('messages', `those of ${counted(queued.length, 'queued job')} agree with the record`)];
}

type Redis = NonNullable<DeepCheck['redis']>;

async function withoutMessage(check: DeepCheck, redis: Redis, missing: AttemptRef[]): Promise<Finding[]> {
  const lost = await unclaimed(redis, missing);
  if (lost.length === 0) return [];
  const builds = new Set(lost.map(({ job }) => buildIdOf(job)));
  if (check.mend) for (const build of builds) await routeBuild({ ...check, ...redis }, build);
  const message = `${counted(lost.length, 'queued attempt')} without a message: ${listed(lost.map(attemptName))}`;
  return [warn('messages', message, mended(check.mend, 'it is sent again, as by the next look of a dispatcher'))];
}

/** Queued jobs whose attempt nobody will take any more, since a runner is done with its message. */
async function spent(check: DeepCheck, redis: Redis, done: OpenJob[]): Promise<Finding[]> {
  const lost = await unclaimed(
    redis,
    done.map((job) => ({ job: job.id, attempt: job.attempt, build: job.build })),
  );
  if (lost.length === 0) return [];
  if (check.mend) await moveOn(check, redis, lost);
  const message = `${counted(lost.length, 'queued attempt')} whose outcome is lost: ${listed(lost.map(attemptName))}`;
  return [warn('messages', message, mended(check.mend, 'the job gets a further attempt, as by a dispatcher'))];
}

/** As long as it takes to be sure, see SpentAttempts. */
async function moveOn(
  check: DeepCheck,
  redis: Redis,
  lost: readonly (AttemptRef & { build: BuildId })[],
): Promise<void> {
  const attempts = new SpentAttempts({ ...check, ...redis });
  for (const until = performance.now() + heartbeatTtl + 1000; performance.now() < until; await pause(500)) {
    await attempts.move(lost, await claimedNow(redis));
  }
}

async function claimedNow({ access }: Redis): Promise<Set<string>> {
  const { alive } = await listRunners(access);
  return new Set(alive.flatMap(({ running, reporting }) => [...running, ...reporting]));
}

/** Those that no living runner has, and whose outcome is not on its way. */
async function unclaimed<R extends AttemptRef>(redis: Redis, refs: readonly R[]): Promise<R[]> {
  const claimed = await claimedNow(redis);
  const left: R[] = [];
  for (const ref of refs) {
    if (!claimed.has(attemptName(ref)) && !(await redis.queues.holdsOutcome(ref))) left.push(ref);
  }
  return left;
}

/** Runners look into the queues of the label sets that they know of. */
function unknownLabels(sent: OpenJob[], known: string[][]): Finding[] {
  const names = new Set(known.map(jobQueue));
  const missing = [
    ...new Set(
      sent.flatMap(({ labels, repo }) => {
        const either = [undefined, repo.name].map((kept) => jobQueue(queueLabels(labels, repo.runners, kept)));
        return either.some((name) => names.has(name)) ? [] : (either[0] ?? []);
      }),
    ),
  ];
  if (missing.length === 0) return [];
  const message = `runners do not know of ${counted(missing.length, 'queue')} with jobs: ${listed(missing)}`;
  return [
    warn('messages', message, 'The dispatcher makes them known at its next look, within seconds; one must be up.'),
  ];
}

/** Messages of attempts that the record does not know, or that count no more. */
async function withoutAttempt({ database, mend }: DeepCheck, { queues }: Redis): Promise<Finding[]> {
  const stray: string[] = [];
  for (const labels of await queues.labelSets()) {
    const ids = await queues.queue(jobQueue(labels)).getRanges(['waiting', 'prioritized', 'delayed'], 0, -1);
    const refs = ids.flatMap((id): AttemptRef | never[] => parseAttemptName(id) ?? []);
    const current = await currentAttempts(
      database,
      refs.map(({ job }) => job),
    );
    for (const ref of refs) {
      const state = current.get(ref.job);
      if (state?.open && state.attempt === ref.attempt) continue;
      stray.push(attemptName(ref));
      if (mend) await withdraw(queues, jobQueue(labels), ref);
    }
  }
  if (stray.length === 0) return [];
  const message = `${counted(stray.length, 'message')} of attempts that do not count: ${listed(stray)}`;
  return [warn('messages', message, mended(mend, 'what no runner has taken is removed'))];
}

async function setAside({ queues }: Redis): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of await queues.names()) {
    const count = name.startsWith('observe') ? 0 : await queues.queue(name).getFailedCount();
    if (count === 0) continue;
    const message = `${counted(count, 'message')} of "${name}" could not be understood and ${count === 1 ? 'is' : 'are'} set aside`;
    findings.push(
      warn('messages', message, `See why at /queues/queue/${encodeURIComponent(name)}, and retry or remove it there.`),
    );
  }
  return findings;
}
