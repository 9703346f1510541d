import { expect } from 'chai';
import type { FinalStatus } from '../../src/kernel/model.ts';
import { verdictOf } from '../../src/kernel/verdict.ts';

describe('the verdict on a build', () => {
  const of = (...statuses: FinalStatus[]) =>
    verdictOf(
      statuses.map((status, index) => ({ name: `job${index + 1}`, status, reason: 'timeout', message: `${status}!` })),
    );

  const verdicts: [FinalStatus[], ReturnType<typeof verdictOf>][] = [
    [['success'], { status: 'success', reason: null, message: null }],
    [['failure'], { status: 'failure', reason: 'timeout', message: 'failure!' }],
    [['error'], { status: 'error', reason: 'timeout', message: 'error!' }],
    [['cancelled'], { status: 'cancelled', reason: 'timeout', message: 'cancelled!' }],
    [['skipped'], { status: 'skipped', reason: 'timeout', message: 'skipped!' }],
    [['success', 'success'], { status: 'success', reason: null, message: null }],
    [['success', 'skipped'], { status: 'success', reason: null, message: null }],
    [['skipped', 'skipped'], { status: 'skipped', reason: 'timeout', message: 'skipped!' }],
    [['success', 'failure'], { status: 'failure', reason: 'job_failed', message: 'job2 failed' }],
    [['failure', 'failure', 'success'], { status: 'failure', reason: 'job_failed', message: 'job1, job2 failed' }],
    [['failure', 'error'], { status: 'error', reason: 'job_error', message: 'job2 ended in an error' }],
    [['cancelled', 'success'], { status: 'cancelled', reason: 'job_cancelled', message: 'job1 was cancelled' }],
    [['cancelled', 'failure'], { status: 'failure', reason: 'job_failed', message: 'job2 failed' }],
    [['cancelled', 'skipped'], { status: 'cancelled', reason: 'job_cancelled', message: 'job1 was cancelled' }],
    [
      ['failure', 'failure', 'failure', 'failure', 'failure', 'failure', 'failure'],
      { status: 'failure', reason: 'job_failed', message: 'job1, job2, job3, job4, job5 and 2 more failed' },
    ],
  ];
  for (const [statuses, verdict] of verdicts) {
    it(`of ${statuses.join(', ')} is ${verdict.status}`, () => {
      expect(of(...statuses)).to.deep.equal(verdict);
    });
  }
});
