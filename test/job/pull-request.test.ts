import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { mergeCommit } from '../../src/git/merge.ts';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import type { PullRequestFacts } from '../../src/kernel/pull-request.ts';
import { type BuildEvent, builtCommit, type PullRequestEvent } from '../../src/workflow/event.ts';
import { jobText, TestJobs } from '../support/job.ts';

describe('a job of a pull request', () => {
  const jobs = new TestJobs();
  afterEach(() => jobs.clean());
  after(jobs.folders.remove);

  /** A pull request from a fork: no branch leads to its head. */
  async function pullRequest() {
    const repository = jobs.repository({ 'a.txt': 'a\n' });
    repository.git('checkout', '--quiet', '--detach');
    const head = repository.commit('in the fork', { 'fork.txt': '\n' });
    repository.git('update-ref', 'refs/merge-requests/7/head', head);
    repository.git('checkout', '--quiet', 'main');
    const base = repository.commit('on main', { 'main.txt': '\n', '.github/actions/own/action.yml': action });
    // what the observer finds, in a mirror of its own
    const made = await mergeCommit(new Mirror(jobs.folders.make(), `file://${repository.path}`), { base, head });
    if ('conflicts' in made) throw new Error('the pull request conflicts');
    return { repository, head, base, merge: made.commit };
  }

  const action = 'runs: { using: composite, steps: [{ run: echo of my own, shell: bash }] }\n';

  /** Runs steps for the pull request, and prints what is checked out. */
  async function run(steps: string, change: { merge?: null; facts?: PullRequestFacts } = {}) {
    const made = await pullRequest();
    const { repository, head, base } = made;
    const merge = change.merge === null ? null : made.merge;
    const event: PullRequestEvent = {
      ...{ name: 'pull_request', number: 7, action: 'opened', head: null, base: 'main' },
      ...{ commits: { head, before: null, base }, merge, label: null, facts: change.facts ?? null },
    };
    const ref = 'refs/merge-requests/7/head';
    const facts = { event, ...builtCommit(event, { ref, sha: head }) };
    const plan = jobs.plans(jobText(`${steps}\n- run: git rev-parse HEAD`), repository, facts).test;
    if (!plan) throw new Error('the workflow has no job "test" that can run');
    const started = jobs.start(plan, repository, {}, { ref, sha: facts.sha, ...(merge && { merge: { base, head } }) });
    const result = await started.ended;
    expect(result.outcome, started.log()).to.include({ status: 'success' });
    return { ...made, log: started.log(), workspace: started.workspace };
  }

  it('checks out the merge, with as much history as it asks for', async () => {
    const { log, workspace, merge, head, base } = await run(
      '- uses: actions/checkout@v4\n  with: { fetch-depth: 2 }\n- run: git rev-parse HEAD^1 HEAD^2',
    );
    expect(log).to.include(`\n${base}\n${head}\n`).and.include(`\n${merge}\n`);
    expect(log).to.include(`Checking out ${merge} (refs/pull/7/merge) into the workspace\n`);
    expect(readdirSync(workspace)).to.include.members(['a.txt', 'fork.txt', 'main.txt']);
    const shallow = await run('- uses: actions/checkout@v4\n- run: echo "$(git rev-list --count HEAD) commit"');
    expect(shallow.log).to.include('\n1 commit\n');
    const whole = await run(
      '- uses: actions/checkout@v4\n  with: { fetch-depth: 0 }\n- run: git log --format=%s\n- run: git diff --name-only origin/main...HEAD',
    );
    expect(whole.log).to.include(`\nMerge ${whole.head} into ${whole.base}\non main\nin the fork\nfirst\n`);
    expect(whole.log).to.include('\nfork.txt\n');
  });

  it('checks out the head by its id, by the ref that GitHub has for it, and by that of the forge', async () => {
    for (const ref of ['${{ github.event.pull_request.head.sha }}', 'refs/pull/7/head', 'refs/merge-requests/7/head']) {
      const { log, workspace, head } = await run(
        `- uses: actions/checkout@v4\n  with: { ref: '${ref}', repository: '\${{ github.event.pull_request.head.repo.full_name }}' }`,
      );
      expect(log, ref).to.include(`\n${head}\n`);
      expect(readdirSync(workspace), ref).to.not.include('main.txt');
    }
  });

  it('checks out the merge by the ref that GitHub has for it, and the base by its name', async () => {
    const merged = await run('- uses: actions/checkout@v4\n  with: { ref: refs/pull/7/merge }');
    expect(merged.log).to.include(`\n${merged.merge}\n`);
    const base = await run("- uses: actions/checkout@v4\n  with: { ref: '${{ github.base_ref }}' }");
    expect(base.log).to.include(`\n${base.base}\n`);
  });

  it('checks out the head under every name where the head is tested alone', async () => {
    for (const ref of ['', 'refs/pull/7/merge', 'refs/pull/7/head']) {
      const { log, head } = await run(`- uses: actions/checkout@v4\n  with: { ref: '${ref}' }`, { merge: null });
      expect(log, ref).to.include(`\n${head}\n`);
    }
  });

  it('takes a title and a label for text, whatever is in them', async () => {
    const title = '"; touch pwned; $(touch pwned) `touch pwned` ${{ github.sha }}\r\nA=b\r\n<script>\'';
    const none = { body: null, draft: null, author: null, headRef: null, headRepo: null };
    const facts = { ...none, title, labels: ['${{ 1 }}', title], isOpen: null, merged: null, url: null };
    const { workspace } = await run(
      [
        '- uses: actions/checkout@v4',
        '- run: printf %s "$TITLE" > title; printf %s "$LABEL" > label; printf %s "$A" > a',
        "  env: { TITLE: '${{ github.event.pull_request.title }}', LABEL: '${{ github.event.pull_request.labels[0].name }}' }",
        "- run: node -p 'JSON.parse(fs.readFileSync(process.env.GITHUB_EVENT_PATH)).pull_request.title' > event",
      ].join('\n'),
      { facts },
    );
    const read = (file: string) => readFileSync(join(workspace, file), 'utf8');
    expect([read('title'), read('label'), read('a'), read('event')]).to.deep.equal([
      title,
      '${{ 1 }}',
      '',
      `${title}\n`,
    ]);
    expect(readdirSync(workspace)).to.not.include('pwned');
  });

  describe('whose workflows are those of the default branch', () => {
    const facts: PullRequestFacts = {
      ...{ title: 'x', body: null, draft: null, labels: [], author: 'eve', url: null, isOpen: true, merged: false },
      ...{ headRef: 'topic', headRepo: 'eve/app' },
    };

    /** Runs a checkout for `pull_request_target`, or for a comment. @param at ref of the repository at the head */
    async function checkOut(
      inputs: (heads: { head: string; merge: string }) => object,
      { at, named, comment }: { at?: string; named?: string[]; comment?: string } = {},
    ) {
      const { repository, head, base, merge } = await pullRequest();
      repository.git('update-ref', 'refs/pull/7/head', head);
      if (at !== undefined) repository.git('update-ref', at, head);
      const headRef = at?.replace('refs/heads/', '') ?? null;
      const pull: PullRequestEvent = {
        ...{ name: 'pull_request_target', number: 7, action: 'opened', head: headRef, base: 'main' },
        ...{ commits: { head, before: null, base }, merge: null, label: null, facts },
      };
      const payload = { comment: { body: comment ?? '' } };
      const event: BuildEvent =
        comment === undefined ? pull : { name: 'forge', event: 'issue_comment', action: 'created', payload };
      const commit = { ref: 'refs/heads/main', sha: base };
      const steps = `- uses: actions/checkout@v4\n  with: ${JSON.stringify(inputs({ head, merge }))}\n- run: git rev-parse HEAD`;
      const plan = jobs.plans(jobText(steps), repository, { event, ...builtCommit(event, commit) }).test;
      if (!plan) throw new Error('the workflow has no job "test" that can run');
      const trustRules = { defaultBranch: 'main', named: named ?? null };
      const started = jobs.start(plan, repository, {}, { ...commit, trustRules });
      const { outcome } = await started.ended;
      return { outcome, log: started.log(), workspace: started.workspace, head, base };
    }

    it('checks out the default branch, whatever the head is', async () => {
      for (const inputs of [{}, { ref: 'main' }, { ref: '${{ github.base_ref }}' }, { ref: '${{ github.sha }}' }]) {
        const { outcome, log, base } = await checkOut(() => inputs);
        expect(outcome, log).to.include({ status: 'success' });
        expect(log).to.include(`\n${base}\n`);
      }
    });

    const attacks: [string, (heads: { head: string; merge: string }) => object, reason?: string][] = [
      ['its commit', () => ({ ref: '${{ github.event.pull_request.head.sha }}' })],
      ['the beginning of its commit', ({ head }) => ({ ref: head.slice(0, 12) }), 'step_failed'],
      ['the ref that GitHub has for it', () => ({ ref: 'refs/pull/${{ github.event.number }}/head' })],
      ['the ref that its forge has for it', () => ({ ref: 'refs/merge-requests/7/head' })],
      ['its merge', ({ merge }) => ({ ref: merge }), 'fetch_failed'],
      [
        'the repository and branch of the fork',
        () => ({
          repository: '${{ github.event.pull_request.head.repo.full_name }}',
          ref: '${{ github.event.pull_request.head.ref }}',
        }),
      ],
    ];
    for (const [how, inputs, reason = 'untrusted_checkout'] of attacks)
      it(`does not check out the head of a fork by ${how}`, async () => {
        const { outcome, log, workspace } = await checkOut(inputs);
        expect(outcome.reason, log).to.equal(reason);
        expect(readdirSync(workspace)).to.not.include('fork.txt');
      });

    for (const ref of ['${{ github.event.pull_request.head.sha }}', 'topic', 'refs/heads/topic'])
      it(`does not check out a branch that is not trusted, by ${ref}`, async () => {
        const { outcome, log, workspace } = await checkOut(() => ({ ref }), { at: 'refs/heads/topic' });
        expect(outcome.reason, log).to.equal('untrusted_checkout');
        expect(readdirSync(workspace)).to.not.include('fork.txt');
      });

    it('checks out a tag, and a branch that a person has named', async () => {
      for (const [at, named] of [
        ['refs/tags/v1'],
        ['refs/heads/topic', ['refs/heads/main', 'refs/heads/t*']],
      ] as const) {
        const trusted = { at, ...(named && { named: [...named] }) };
        const { outcome, log, head } = await checkOut(({ head: ref }) => ({ ref }), trusted);
        expect(outcome, log).to.include({ status: 'success' });
        expect(log).to.include(`\n${head}\n`);
      }
    });

    it('checks out no repository that a comment names, nor what it names of another one', async () => {
      const body = '${{ github.event.comment.body }}';
      for (const [inputs, comment] of [
        [{ repository: body, ref: 'topic' }, 'eve/app'],
        [{ repository: 'acme/tools', ref: body }, 'refs/pull/1/head'],
        [{ repository: `eve/${body}` }, 'app'],
      ] as const) {
        const { outcome, log } = await checkOut(() => inputs, { comment });
        expect(outcome.reason, log).to.equal('untrusted_checkout');
      }
    });
  });

  it('uses the actions of the merge without a checkout', async () => {
    const { log } = await run('- uses: $/.github/actions/own\n- uses: actions/checkout@v4');
    expect(log).to.include('\nof my own\n');
  });
});
