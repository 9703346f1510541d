import { expect } from 'chai';
import { VoltError } from '../../src/kernel/errors.ts';
import type { Status } from '../../src/kernel/model.ts';
import { jobsToRetry } from '../../src/workflow/retry.ts';

type Jobs = { [name: string]: [status: Status, ...needs: string[]] };

function retried(jobs: Jobs, wish: { job?: string; failedOnly?: boolean } = {}): string[] {
  const list = Object.entries(jobs).map(([name, [status, ...needs]]) => ({
    id: name,
    name,
    status,
    needs,
    reason: null,
    workflow: null,
  }));
  return jobsToRetry('7', list, { job: wish.job ?? null, failedOnly: wish.failedOnly ?? false });
}

const over: Jobs = {
  lint: ['success'],
  build: ['failure', 'lint'],
  test: ['skipped', 'build'],
  publish: ['skipped', 'test', 'lint'],
  docs: ['cancelled'],
  deploy: ['error'],
  notes: ['success', 'docs'],
  nightly: ['skipped'],
};

describe('a retry request', () => {
  it('for a build selects all of its jobs', () => {
    expect(retried(over)).to.deep.equal(Object.keys(over));
  });

  it('for failed jobs selects every job that did not succeed and every job that depends on one', () => {
    const again = ['build', 'test', 'publish', 'docs', 'deploy', 'notes'];
    expect(retried(over, { failedOnly: true })).to.deep.equal(again);
  });

  it('for one job selects that job and every job that depends on it', () => {
    expect(retried(over, { job: 'build' })).to.deep.equal(['build', 'test', 'publish']);
    expect(retried(over, { job: 'docs' })).to.deep.equal(['docs', 'notes']);
    expect(retried(over, { job: 'lint' })).to.deep.equal(['lint', 'build', 'test', 'publish']);
  });

  it('finds dependent jobs in any order of the plan', () => {
    expect(retried({ c: ['skipped', 'b'], b: ['success', 'a'], a: ['failure'] }, { job: 'a' })).to.deep.equal([
      'c',
      'b',
      'a',
    ]);
  });

  const refusals: [
    what: string,
    jobs: Jobs,
    wish: { job?: string; failedOnly?: boolean },
    code: string,
    says: RegExp,
  ][] = [
    ['while a job runs', { a: ['failure'], b: ['running'] }, {}, 'conflict', /build 7 is still open: b running/],
    ['while a job waits', { a: ['failure'], b: ['queued'] }, { job: 'a' }, 'conflict', /still open: b queued/],
    [
      'for failed jobs if no job failed',
      { a: ['success'] },
      { failedOnly: true },
      'conflict',
      /no job of build 7 failed/,
    ],
    ['for an unknown job', { a: ['failure'] }, { job: 'z' }, 'not_found', /no job z/],
  ];
  for (const [what, jobs, wish, code, says] of refusals) {
    it(`is refused ${what}`, () => {
      expect(() => retried(jobs, wish))
        .to.throw(VoltError, says)
        .with.property('code', code);
    });
  }

  for (const [reason, remedy] of [
    ['skip_ci', /Trigger a build instead/],
    ['not_triggered', /workflow_dispatch/],
  ] as const) {
    it(`is refused with a remedy after ${reason}, since the jobs would be skipped again`, () => {
      const job = { id: '7-1', name: 'test', status: 'skipped' as const, reason, needs: [], workflow: null };
      for (const wished of [null, '7-1']) {
        expect(() => jobsToRetry('7', [job], { job: wished, failedOnly: false }))
          .to.throw(VoltError, /skipped and would be skipped again/)
          .that.includes({ code: 'conflict' })
          .with.property('remedy')
          .that.matches(remedy);
      }
      const other = { ...job, id: '7-2', name: 'other', status: 'failure' as const, reason: 'exit_code' as const };
      expect(jobsToRetry('7', [job, other], { job: null, failedOnly: false })).to.deep.equal(['7-1', '7-2']);
    });
  }
});
