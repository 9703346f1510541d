import { expect } from 'chai';
import { commitStatusOf, contextOf, type ReportedBuild } from '../../src/kernel/commit-status.ts';

describe('the status of a commit at a forge', () => {
  const build = (change: Partial<ReportedBuild>): ReportedBuild => ({
    ref: 'refs/heads/main',
    trigger: 'commit',
    isPullRequest: false,
    status: 'success',
    reason: null,
    message: null,
    startedAt: 1000,
    finishedAt: 66_000,
    ...change,
  });

  it('has one name for everything that a branch protection rule asks for', () => {
    expect(contextOf(build({}))).to.equal('volt/push');
    expect(contextOf(build({ trigger: 'manual' }))).to.equal('volt/push');
    expect(contextOf(build({ ref: 'refs/tags/v1' }))).to.equal('volt/tag');
    expect(contextOf(build({ ref: 'refs/pull/7/head', isPullRequest: true }))).to.equal('volt/pull-request');
    expect(contextOf(build({ trigger: 'schedule' }))).to.equal('volt/schedule');
    const release = { name: 'release', action: 'published' };
    expect(contextOf(build({ ref: 'refs/tags/v1', trigger: 'event', event: release }))).to.equal('volt/release');
    const comment = { name: 'issue_comment', action: 'created' };
    expect(contextOf(build({ trigger: 'event', event: comment }))).to.equal(undefined);
    const queue = `refs/heads/gh-readonly-queue/main/pr-7-${'b'.repeat(40)}`;
    expect(contextOf(build({ ref: queue }))).to.equal('volt/push');
    const group = { name: 'merge_group', action: null, group: { number: 7, isTested: true } };
    expect(contextOf(build({ ref: queue, event: group }))).to.equal('volt/pull-request');
    const labeled = { ref: 'refs/pull/7/head', isPullRequest: true, activity: 'labeled' } as const;
    expect(contextOf(build(labeled))).to.equal('volt/pull-request/labeled');
  });

  it('says the state and why', () => {
    const said = (change: Partial<ReportedBuild>) => Object.values(commitStatusOf(build(change))).join(': ');
    expect(said({})).to.equal('success: Passed in 1 min 5 s');
    expect(said({ isPullRequest: true, otherBase: 'release/1' })).to.equal(
      'success: Passed in 1 min 5 s, merged into release/1',
    );
    expect(said({ status: 'queued', finishedAt: null })).to.equal('pending: Volt is testing this commit');
    const waiting = { status: 'waiting', reason: 'approval_required', finishedAt: null } as const;
    expect(said(waiting)).to.equal('pending: Waiting for approval in Volt');
    expect(said({ status: 'failure', reason: 'exit_code', message: 'npm test exited with 1' })).to.equal(
      'failure: Failed in 1 min 5 s: npm test exited with 1',
    );
    expect(said({ status: 'error', reason: 'runner_lost' })).to.equal('error: Could not be tested: runner lost');
    expect(said({ status: 'cancelled', reason: 'by_user', message: 'cancelled by ada' })).to.equal(
      'cancelled: Cancelled: cancelled by ada',
    );
    expect(said({ status: 'skipped', reason: 'not_triggered' })).to.equal('skipped: Nothing to run: not triggered');
  });

  it('is one line of at most 140 characters, whatever the message contains', () => {
    const message = `first\r\nsecond\u0000\u202e ${'😀'.repeat(300)}`;
    const { description } = commitStatusOf(build({ status: 'failure', message }));
    expect([...description]).to.have.length(140);
    expect(description).to.match(/^Failed in 1 min 5 s: first second 😀+…$/u);
  });
});
