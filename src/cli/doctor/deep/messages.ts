import { type AttemptRef, attemptName, parseAttemptName } from '../../../kernel/model.ts';
import { isDue, pausesOf } from '../../../kernel/tries.ts';
import { attemptMessages, queuesOf } from '../../../queues/attempts.ts';
import { queueLabels } from '../../../queues/kept.ts';
import { jobQueue } from '../../../queues/names.ts';
import { currentAttempts, type OpenJob, openJobs } from '../../../record/open-jobs.ts';
import { listRunners } from '../../../redis/membership.ts';
import { type Finding, fail, ok, warn } from '../finding.ts';
import { counted, type DeepCheck, listed } from './check.ts';
import { foreignFindings } from './foreign.ts';

const nextLook = 'The dispatcher sends it again at its next look, within seconds; one must be up.';

/** The queues against the record: each queued attempt has one message, and each message an attempt. */
export async function messageFindings(check: DeepCheck): Promise<Finding[]> {
  const { config, record, redis } = check;
  if (!redis)
    return [warn('messages', 'Redis does not answer, so its messages are not compared', 'See the check of Redis.')];
  const { access, queues } = redis;
  const owner = await access.client.get(access.keys.record);
  if (owner !== null && owner !== record.id && !record.formerIds.includes(owner)) {
    return [
      fail('messages', 'this Redis serves another record', 'Give each Volt a Redis or a VOLT_REDIS_PREFIX of its own.'),
    ];
  }
  const pauses = pausesOf(config.tryAgain);
  const queued = (await openJobs(record, { status: 'queued', limit: 100_000 })).filter((job) =>
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
    ...(await withoutMessage(redis, missing)),
    ...unknownLabels(sent, await queues.labelSets()),
    ...(await withoutAttempt({ record, redis })),
    ...(await foreignFindings(check)),
    ...(await setAside(redis)),
  ];
  return findings.length > 0
    ? findings
    : [ok('messages', `those of ${counted(queued.length, 'queued job')} agree with the record`)];
}

type Redis = NonNullable<DeepCheck['redis']>;

async function withoutMessage({ access, queues }: Redis, missing: AttemptRef[]): Promise<Finding[]> {
  const { alive } = await listRunners(access);
  const claimed = new Set(alive.flatMap(({ running, reporting }) => [...running, ...reporting]));
  const lost: string[] = [];
  for (const ref of missing) {
    if (!claimed.has(attemptName(ref)) && !(await queues.holdsOutcome(ref))) lost.push(attemptName(ref));
  }
  if (lost.length === 0) return [];
  return [warn('messages', `${counted(lost.length, 'queued attempt')} without a message: ${listed(lost)}`, nextLook)];
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
async function withoutAttempt({
  record,
  redis: { queues },
}: {
  record: DeepCheck['record'];
  redis: Redis;
}): Promise<Finding[]> {
  const stray: string[] = [];
  for (const labels of await queues.labelSets()) {
    const ids = await queues.queue(jobQueue(labels)).getRanges(['waiting', 'prioritized', 'delayed'], 0, -1);
    const refs = ids.flatMap((id): AttemptRef | never[] => parseAttemptName(id) ?? []);
    const current = await currentAttempts(
      record,
      refs.map(({ job }) => job),
    );
    for (const ref of refs) {
      const state = current.get(ref.job);
      if (!state?.open || state.attempt !== ref.attempt) stray.push(attemptName(ref));
    }
  }
  if (stray.length === 0) return [];
  const message = `${counted(stray.length, 'message')} of attempts that do not count: ${listed(stray)}`;
  return [warn('messages', message, 'A runner takes it, is told to end it, and nothing of it is recorded.')];
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
