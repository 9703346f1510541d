import { expect } from 'chai';
import { type BuildId, type FinalStatus, jobIdOf } from '../../src/kernel/model.ts';
import { brokenSince } from '../../src/record/broken-since.ts';
import type { Database } from '../../src/record/database.ts';
import { defaultBranches, runningByRepository } from '../../src/record/default-branches.ts';
import { decideJob, startAttempt } from '../../src/record/job-transitions.ts';
import { noteObserved } from '../../src/record/observations.ts';
import type { NewBuild } from '../../src/record/plans.ts';
import { administrator, nobody } from '../../src/record/visibility.ts';
import { recordedBuild, withRecord } from '../support/record.ts';

const repositories = ['one', 'two', 'three', 'four'];

describe('the default branches of all repositories', () => {
  let database: Database;

  withRecord(
    (opened) => {
      database = opened;
    },
    { repositories },
  );

  const ended = async (repo: string, status: FinalStatus, change: Partial<NewBuild> = {}) => {
    const build = await recordedBuild(database, { repo, ref: 'refs/heads/main', ...change });
    const reason = status === 'success' ? null : 'exit_code';
    const outcome = { status, reason, message: null } as const;
    await decideJob(database, { job: jobIdOf(build, 1), attempt: 1 }, outcome, Date.now());
    return build;
  };
  const observe = (repo: string) => noteObserved(database, repo, { defaultBranch: 'main', notice: null });

  it('have the verdict of their newest build that has one', async () => {
    for (const repo of ['one', 'two', 'three']) await observe(repo);
    await ended('one', 'failure');
    const passed = await ended('one', 'success');
    await ended('one', 'failure', { ref: 'refs/heads/other' });
    await ended('one', 'failure', { trigger: 'schedule', scheduled: 'nightly.yml' });
    const queued = await recordedBuild(database, { repo: 'one' });
    const failed = await ended('two', 'error');
    expect(await defaultBranches(database, administrator)).to.deep.equal([
      { repo: 'four', branch: null, error: null, verdict: undefined, newest: undefined, passes: null },
      { repo: 'one', branch: 'main', error: null, verdict: passed, newest: queued, passes: true },
      { repo: 'three', branch: 'main', error: null, verdict: undefined, newest: undefined, passes: null },
      { repo: 'two', branch: 'main', error: null, verdict: failed, newest: failed, passes: false },
    ]);
    const reader = { ...nobody, granted: ['two'] };
    expect((await defaultBranches(database, reader)).map(({ repo }) => repo)).to.deep.equal(['two']);
  });

  it('are broken since the first failure after the last success', async () => {
    await ended('one', 'failure');
    await ended('one', 'success');
    const culprit = await ended('one', 'failure');
    await ended('one', 'error');
    const last = await ended('one', 'failure');
    const never = await ended('two', 'failure');
    const nightly = { trigger: 'schedule', scheduled: 'nightly.yml' } as const;
    await ended('two', 'success', nightly);
    const late = await ended('two', 'failure');
    const whole = await ended('three', 'success');
    const night = await ended('three', 'failure', nightly);
    const broken = await brokenSince(database, [last, late, whole, night]);
    expect([...broken].map(([of, { id }]): BuildId[] => [of, id])).to.have.deep.members([
      [last, culprit],
      [late, never],
      [night, night],
    ]);
  });

  it('say how many builds of each repository run', async () => {
    const running = await recordedBuild(database, { repo: 'one', ref: 'refs/heads/other' });
    await recordedBuild(database, { repo: 'two' });
    const box = { id: 'box~1', name: 'box', host: 'box' };
    await startAttempt(database, { job: jobIdOf(running, 1), attempt: 1 }, box, Date.now());
    expect([...(await runningByRepository(database))]).to.deep.equal([['one', 1]]);
  });
});
