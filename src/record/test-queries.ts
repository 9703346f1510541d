import type { BuildId, JobId, TestResult } from '../kernel/model.ts';
import type { Record } from './record.ts';

/** One test's result in the current attempt of a job. */
export interface RecordedResult extends TestResult {
  /** decimal number */
  id: string;
  /** id of the test itself */
  test: string;
  job: JobId;
}

export interface ResultFilter {
  build: BuildId;
  job?: JobId | undefined;
  /** only those that did not pass and were not skipped */
  failed: boolean;
  limit: number;
  /** only results behind the one with this id */
  after?: string | undefined;
}

/** Results of the current attempts of a build's jobs, in the order in which they were recorded. */
export async function resultsOf(record: Record, filter: ResultFilter): Promise<RecordedResult[]> {
  let query = record.db
    .selectFrom('test_results as result')
    .innerJoin('tests', 'tests.id', 'result.test_id')
    .innerJoin('jobs', (join) =>
      join.onRef('jobs.id', '=', 'result.job_id').onRef('jobs.attempt', '=', 'result.attempt'),
    )
    .select(['result.id', 'result.test_id', 'result.job_id', 'result.status', 'result.duration', 'result.message'])
    .select(['result.details', 'tests.suite', 'tests.name', 'tests.file'])
    .where('result.build_id', '=', Number(filter.build))
    .where('result.id', '>', Number(filter.after ?? 0))
    .orderBy('result.id')
    .limit(filter.limit);
  if (filter.failed) query = query.where('result.status', 'in', ['failed', 'error']);
  if (filter.job !== undefined) query = query.where('result.job_id', '=', filter.job);
  return (await query.execute()).map((row) => ({
    id: String(row.id),
    test: String(row.test_id),
    job: row.job_id,
    suite: row.suite,
    name: row.name,
    file: row.file,
    status: row.status,
    duration: row.duration,
    message: row.message,
    details: row.details,
  }));
}
