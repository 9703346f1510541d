import { expect } from 'chai';
import type { PullRequestFacts } from '../../src/kernel/pull-request.ts';
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
  ...{ commits: { head, before: null, base }, merge, facts: null, label: null },
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

  const facts: PullRequestFacts = {
    ...{ title: 'a "title"', body: 'a body', draft: true, labels: ['bug', 'ci: full'], author: 'octocat' },
    ...{
      headRef: 'patch-1',
      headRepo: 'octocat/app',
      isOpen: true,
      merged: false,
      url: 'https://example.com/acme/app/pull/7',
    },
  };

  it('has what the forge has told', () => {
    const { event, actor, head_ref: ref } = context({ ...opened, head: null, facts });
    expect([actor, ref]).to.deep.equal(['octocat', 'patch-1']);
    const { head: from, labels, user, ...rest } = event.pull_request;
    expect(rest).to.include({ title: 'a "title"', body: 'a body', draft: true, state: 'open', html_url: facts.url });
    expect([labels, user.login]).to.deep.equal([[{ name: 'bug' }, { name: 'ci: full' }], 'octocat']);
    expect(from).to.include({ ref: 'patch-1', sha: head, label: 'octocat:patch-1' });
    expect(from.repo).to.include({ full_name: 'octocat/app', fork: true });
  });

  it('takes no head for one of the repository itself that git does not show there, whatever the forge has told', () => {
    for (const headRepo of ['acme/app', 'ACME/App'])
      expect(context({ ...opened, head: null, facts: { ...facts, headRepo } }).event.pull_request.head).to.deep.equal({
        ...{ ref: 'patch-1', sha: head, label: null, repo: null },
      });
    const own = context({ ...opened, facts: { ...facts, headRef: 'other', headRepo: 'octocat/app' } });
    expect(own.event.pull_request.head).to.include({ ref: 'topic', label: 'acme:topic' });
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
