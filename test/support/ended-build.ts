import type { BuildId, FinalStatus, JobId } from '../../src/kernel/model.ts';
import type { Database } from '../../src/record/database.ts';
import { finishAttempt } from '../../src/record/finished-attempts.ts';
import { recordTests } from '../../src/record/test-results.ts';
import { noFailure } from './test-result.ts';

export interface Ended {
  /** number of the attempt; 1 by default */
  attempt?: number;
  /** what the job says of its end */
  message?: string;
  /** names of tests that have failed, with their suites: `suite › name` */
  tests?: readonly string[];
}

/** Ends the current attempt of the one job of a build, and so the build. */
export async function endBuild(
  database: Database,
  build: BuildId,
  status: FinalStatus,
  { attempt = 1, message, tests = [] }: Ended = {},
): Promise<void> {
  const now = Date.now();
  const reasons = {
    failure: 'exit_code',
    error: 'checkout_failed',
    cancelled: 'by_user',
    skipped: 'condition',
  } as const;
  const ref = { job: `${build}-1` as JobId, attempt };
  const failed = tests.map((test) => {
    const [suite = '', name = ''] = test.includes(' › ') ? test.split(' › ') : ['', test];
    return { ...noFailure, suite, name, file: null, status: 'failed' as const, duration: 1 };
  });
  await recordTests(database, ref, 1, failed);
  await finishAttempt(database, ref, {
    ...{ status, reason: status === 'success' ? null : reasons[status], message: message ?? null, exitCode: null },
    ...{ steps: [], logBytes: 0, logComplete: true, runner: { id: 'r1~1', name: 'r1', host: 'box' } },
    ...{ startedAt: now, finishedAt: now },
  });
}
