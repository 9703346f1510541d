import { type Settled, settleContradictions } from '../../../record/contradictions.ts';
import type { Finding } from '../finding.ts';
import { type DeepCheck, mended, orFine, wrong } from './check.ts';

const check = 'contradictions';

const sentences: { readonly [Part in Exclude<keyof Settled, 'next'>]: readonly [one: string, what: string] } = {
  jobs: ['job', 'open in a build that has ended'],
  builds: ['build', 'open though all of its jobs have ended'],
  attempts: ['attempt', 'open though its job has ended or has a later one'],
  requests: ['request', 'to cancel what has ended'],
  groups: ['build', 'in a concurrency group that it does not need any more'],
  schedules: ['repository', 'with schedules though it is not observed any more'],
};

/** Compares the database with itself: rows of which one says that something has ended and another that it is open. */
export async function databaseFindings({ database, redis, mend }: DeepCheck): Promise<Finding[]> {
  // without `mend` it is done, too, and rolled back
  const settled = await (mend ? database.write(settleContradictions) : database.rehearse(settleContradictions));
  if (mend && redis) for (const build of settled.next) await redis.queues.sendAdvance({ v: 1, build });
  const remedy = mended(mend, 'it is ended');
  const findings = Object.entries(sentences).flatMap(([part, words]) =>
    wrong(check, settled[part as keyof typeof sentences].map(String), words, remedy),
  );
  return orFine(findings, check, 'the database agrees with itself');
}
