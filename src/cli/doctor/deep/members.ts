import { attemptName } from '../../../kernel/model.ts';
import { openJobs } from '../../../record/open-jobs.ts';
import { forgetGone, listRunners, listStages, stageKinds } from '../../../redis/membership.ts';
import { type Finding, ok, warn } from '../finding.ts';
import { counted, type DeepCheck, listed, mended } from './check.ts';

/** Who says that they live against what the record says that they run. */
export async function memberFindings({ database, redis, mend }: DeepCheck): Promise<Finding[]> {
  if (!redis) return [];
  const { access } = redis;
  const runners = await listRunners(access);
  const claimed = new Set(runners.alive.flatMap(({ running, reporting }) => [...running, ...reporting]));
  const running = await openJobs(database, { status: 'running', limit: 100_000 });
  const unclaimed = running
    .map(({ id, attempt }) => attemptName({ job: id, attempt }))
    .filter((name) => !claimed.has(name));
  const findings: Finding[] = [];
  if (unclaimed.length > 0) {
    const message = `${counted(unclaimed.length, 'running attempt')} that no living runner has: ${listed(unclaimed)}`;
    findings.push(
      warn('members', message, 'The dispatcher takes it back after 5 s and sends a further attempt; one must be up.'),
    );
  }
  const gone: string[] = [];
  for (const kind of ['runner', ...stageKinds] as const) {
    const ids = kind === 'runner' ? runners.gone : (await listStages(access, kind)).gone;
    gone.push(...ids);
    if (mend) await forgetGone(access, kind, ids);
  }
  if (gone.length > 0) {
    const message = `${counted(gone.length, 'member')} whose heartbeat has ended: ${listed(gone)}`;
    findings.push(warn('members', message, mended(mend, 'it is off the list')));
  }
  if (findings.length > 0) return findings;
  return [
    ok('members', `${counted(runners.alive.length, 'runner')} and ${counted(running.length, 'running attempt')} agree`),
  ];
}
