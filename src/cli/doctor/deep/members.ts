import { counted } from '../../../kernel/counted.ts';
import { attemptName } from '../../../kernel/model.ts';
import { openJobs } from '../../../record/open-jobs.ts';
import type { RedisAccess } from '../../../redis/connect.ts';
import { forgetGone, listRunners, listStages, stageKinds } from '../../../redis/membership.ts';
import type { Finding } from '../finding.ts';
import { type DeepCheck, mended, orFine, wrong } from './check.ts';

const check = 'members';

/** Names of the attempts that live runners have. */
export async function claimedAttempts(access: RedisAccess): Promise<Set<string>> {
  const { alive } = await listRunners(access);
  return new Set(alive.flatMap(({ running, reporting }) => [...running, ...reporting]));
}

/** Compares the heartbeats with the attempts that run by the database. */
export async function memberFindings({ database, redis, mend }: DeepCheck): Promise<Finding[]> {
  if (!redis) return [];
  const claimed = await claimedAttempts(redis.access);
  const running = (await openJobs(database, { status: 'running', limit: 100_000 })).map(({ id, attempt }) =>
    attemptName({ job: id, attempt }),
  );
  const gone: string[] = [];
  for (const kind of ['runner', ...stageKinds] as const) {
    const list = kind === 'runner' ? listRunners(redis.access) : listStages(redis.access, kind);
    const ids = (await list).gone;
    gone.push(...ids);
    if (mend) await forgetGone(redis.access, kind, ids);
  }
  const findings = [
    ...wrong(
      check,
      running.filter((name) => !claimed.has(name)),
      ['running attempt', 'that no live runner has'],
      'Start a dispatcher: it takes the job back after 5 s.',
    ),
    ...wrong(check, gone, ['member', 'whose heartbeat has ended'], mended(mend, 'it is taken off the list')),
  ];
  return orFine(findings, check, `${counted(running.length, 'running attempt')} agree with the heartbeats of runners`);
}
