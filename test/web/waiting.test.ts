import { expect } from 'chai';
import { plansOf } from '../../src/kernel/later-plans.ts';
import type { JobId } from '../../src/kernel/model.ts';
import { whyItWaits } from '../../src/web/status/waiting.ts';
import { runnerMember } from '../support/members.ts';

const vitals = {
  ...{ memory: 1, cpu: 1, lag: 0, reconnects: 0, diskFree: 0, diskLow: true },
  warnings: { count: 0, last: null },
};
const unfit = { code: 'runner_unfit', message: 'takes no jobs: disk full', remedy: 'free some' };
const linux = { labels: ['linux'] };
const queued = { status: 'queued' as const, labels: ['linux'], needs: [] };

describe('web: why a job has not started', () => {
  const cases: [string, Parameters<typeof whyItWaits>][] = [
    [
      'waiting for the concurrency group "ci"',
      [{ status: 'waiting', labels: [], needs: ['build'], message: 'waiting for the concurrency group "ci"' }, []],
    ],
    ['waiting for build, lint', [{ status: 'waiting', labels: [], needs: ['build', 'lint'] }, []]],
    ['waiting for a, b, c and 2 more', [{ status: 'waiting', labels: [], needs: ['a', 'b', 'c', 'd', 'e'] }, []]],
    ['no runner is connected', [queued, []]],
    ['all runners are stopping and take no more jobs', [queued, [runnerMember('r~1', { stopping: true })]]],
    [
      'all matching runners are drained: volt runners resume r',
      [queued, [runnerMember('r~1', { ...linux, drained: true }), runnerMember('s~1')]],
    ],
    [
      'all matching runners are drained: volt runners resume NAME',
      [queued, ['r~1', 's~1'].map((id) => runnerMember(id, { ...linux, drained: true }))],
    ],
    ['no runner has the label "linux"', [queued, [runnerMember('r~1')]]],
    [
      'no runner has the labels "gpu" and "linux"',
      [{ ...queued, labels: ['gpu', 'linux'] }, [runnerMember('r~1', linux)]],
    ],
    [
      'all matching runners have problems; r takes no jobs: disk full',
      [queued, [runnerMember('r~1', { ...linux, problems: [unfit] })]],
    ],
    ['the disks of all matching runners are full', [queued, [runnerMember('r~1', { ...linux, vitals })]]],
    ['the only slot with linux is busy', [queued, [runnerMember('r~1', { ...linux, running: ['1-1.1'] })]]],
    [
      'all 3 slots with linux are busy',
      [
        queued,
        [
          runnerMember('r~1', { ...linux, slots: 2, running: ['1-1.1', '2-1.1'] }),
          runnerMember('s~1', { ...linux, running: ['3-1.1'] }),
          runnerMember('t~1'),
        ],
      ],
    ],
    ['a runner is about to take it', [queued, [runnerMember('r~1', linux)]]],
    [
      'tries again at 10:00:00 UTC: no answer',
      [
        {
          ...queued,
          message: 'tries again at 10:00:00 UTC: no answer',
          triesAgainAt: new Date(Date.now() + 9e6).toISOString(),
        },
        [runnerMember('r~1', linux)],
      ],
    ],
  ];
  it('is that all runners are older, where only later ones understand the job', () => {
    const older = runnerMember('r~1', { ...linux, plans: [] });
    const job = { ...queued, id: '1-1' as JobId };
    const needed = { repo: 'app', runners: [], later: new Map([['1-1', 'project' as const]]) };
    expect(whyItWaits(job, [older], needed)).to.equal(
      'all runners with linux are of an older version of Volt, which cannot run the tests that Volt has found; update one',
    );
    expect(whyItWaits(job, [older, runnerMember('s~1', linux)], needed)).to.equal('a runner is about to take it');
    expect(whyItWaits({ ...job, id: '1-2' as JobId }, [older], needed)).to.equal('a runner is about to take it');
  });

  it('is that all runners are older, where those would run a job in a container on the machine itself', () => {
    const older = runnerMember('r~1', { ...linux, plans: ['project'] });
    const needed = { repo: 'app', runners: [], later: new Map([['1-1', 'container' as const]]) };
    expect(whyItWaits({ ...queued, id: '1-1' as JobId }, [older], needed)).to.equal(
      'all runners with linux are of an older version of Volt, which cannot run jobs in containers; update one',
    );
  });

  it('is that no runner isolates, where the job is of a pull request', () => {
    const bare = runnerMember('r~1', { ...linux, plans: plansOf(false) });
    const needed = { repo: 'app', runners: [], later: new Map([['1-1', 'pull-request' as const]]) };
    const job = { ...queued, id: '1-1' as JobId };
    expect(whyItWaits(job, [bare], needed)).to.equal(
      'no runner with linux isolates jobs, as those of pull requests have to be; set VOLT_ISOLATION=sandbox for one',
    );
    expect(whyItWaits(job, [bare, runnerMember('s~1', linux)], needed)).to.equal('a runner is about to take it');
  });

  it("is the runners' state again once a retry is due", () => {
    const due = { message: 'tries again at 10:00:00 UTC: no answer', triesAgainAt: new Date(0).toISOString() };
    expect(whyItWaits({ ...queued, ...due }, [runnerMember('r~1', linux)])).to.equal('a runner is about to take it');
  });

  for (const [why, [job, runners]] of cases) {
    it(why, () => {
      expect(whyItWaits(job, runners)).to.equal(why);
    });
  }
});
