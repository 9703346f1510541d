import { type Settled, settleContradictions } from '../../../record/contradictions.ts';
import { type Finding, ok, warn } from '../finding.ts';
import { counted, type DeepCheck, listed, mended } from './check.ts';

/** The record against itself: rows of which one says that something is over, and another that it goes on. */
export async function contradictionFindings({ database, redis, mend }: DeepCheck): Promise<Finding[]> {
  // told apart by doing it: what would be done is what is done
  const settled = await (mend ? database.write(settleContradictions) : database.rehearse(settleContradictions));
  if (mend && redis) for (const build of settled.next) await redis.queues.sendAdvance({ v: 1, build });
  const findings = Object.entries(sentences).flatMap(([part, [one, what]]) => {
    const names = settled[part as keyof typeof sentences].map(String);
    if (names.length === 0) return [];
    return [
      warn(
        'contradictions',
        `${counted(names.length, one)} ${what}: ${listed(names)}`,
        mended(mend, 'it is ended, as the one that is over says'),
      ),
    ];
  });
  return findings.length > 0 ? findings : [ok('contradictions', 'the record agrees with itself')];
}

const sentences: { readonly [Part in Exclude<keyof Settled, 'next'>]: readonly [one: string, what: string] } = {
  jobs: ['job', 'open in a build that has ended'],
  builds: ['build', 'open though all of its jobs have ended'],
  attempts: ['attempt', 'open though its job has ended or has a later one'],
  requests: ['request', 'to cancel what has ended'],
  groups: ['build', 'in a concurrency group that nothing of it needs any more'],
  schedules: ['repository', 'with schedules though it is observed no more'],
};
