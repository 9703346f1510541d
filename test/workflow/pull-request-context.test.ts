import { expect } from 'chai';
import { builtCommit, type PullRequestEvent } from '../../src/workflow/event.ts';
import { githubContext } from '../../src/workflow/github-context.ts';
import { factsOf, workflowsOf } from '../support/workflows.ts';

const [head, before, base, merge] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
];

const opened: PullRequestEvent = {
  ...{ name: 'pull_request', number: 7, action: 'opened', head: 'topic', base: 'main' },
  ...{ commits: { head, before: null, base }, merge, url: null },
};

describe('the github context of a pull request', () => {
  const context = (event: PullRequestEvent) => {
    const facts = factsOf(event, builtCommit(event, { ref: 'refs/merge-requests/7/head', sha: head }));
    const [workflow] = workflowsOf({
      'ci.yml': 'on: pull_request\njobs: { a: { runs-on: x, steps: [{ run: x }] } }\n',
    });
    if (!workflow) throw new Error('the workflow is not valid');
    // biome-ignore lint/suspicious/noExplicitAny: the test reads any path of it
    return githubContext(facts, workflow, '1') as any;
  };

  it("has GitHub's ref and the merge commit, whatever the forge calls its refs", () => {
    expect(context(opened)).to.include({
      ...{ event_name: 'pull_request', ref: 'refs/pull/7/merge', ref_name: '7/merge', ref_type: 'branch', sha: merge },
      ...{ head_ref: 'topic', base_ref: 'main', workflow_sha: merge },
    });
  });

  it('has the head as its commit where the head is tested alone', () => {
    const alone = context({ ...opened, merge: null });
    expect(alone).to.include({ ref: 'refs/pull/7/merge', sha: head });
    expect(alone.event.pull_request.merge_commit_sha).to.equal(null);
  });

  it('has the commits of head and base, and the branches of the repository itself', () => {
    const { event, repository } = context(opened);
    expect(event).to.include({ action: 'opened', number: 7 }).and.not.have.any.keys('before', 'after');
    const { head: from, base: to, ...rest } = event.pull_request;
    expect(from).to.include({ ref: 'topic', sha: head, label: 'acme:topic' });
    expect(from.repo.full_name).to.equal(repository);
    expect(to).to.include({ ref: 'main', sha: base, label: 'acme:main' });
    expect(rest).to.include({ number: 7, state: 'open', merged: false, merge_commit_sha: merge });
  });

  it('has the commits before and after where the head has moved', () => {
    const moved = { ...opened, action: 'synchronize', commits: { head, before, base } };
    expect(context(moved).event).to.include({ action: 'synchronize', before, after: head });
  });

  it('takes no fork for the repository itself, and does not make up what only a forge knows', () => {
    const { head_ref: ref, event } = context({ ...opened, head: null });
    expect(ref).to.equal('');
    expect(event.pull_request.head).to.deep.equal({ ref: null, sha: head, label: null, repo: null });
    expect(event.pull_request).to.include({ title: null, body: null, draft: null, html_url: null });
    expect(event.pull_request.user.login).to.equal(null);
    expect(event.pull_request.labels).to.deep.equal([]);
  });
});
