import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { BuildEvent } from '../../../src/workflow/event.ts';
import { GitOverHttp } from '../../support/git-over-http.ts';
import { TestJobs } from '../../support/job.ts';

describe('actions/checkout', () => {
  const jobs = new TestJobs();
  afterEach(() => jobs.clean());
  after(jobs.folders.remove);

  const git = (folder: string, ...args: string[]) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();

  /** A repository with three commits on main, a tag on the first, and a branch. */
  function history() {
    const repository = jobs.repository({ 'a.txt': 'one\n' });
    repository.git('tag', 'v1');
    repository.git('branch', 'side');
    repository.commit('two', { 'a.txt': 'two\n' });
    repository.commit('three', { 'a.txt': 'three\n' });
    return repository;
  }

  const run = (inputs: string, repository = history()) =>
    jobs.run(
      `- uses: actions/checkout@v4\n  id: out\n${inputs === '' ? '' : `  with: ${inputs}\n`}- run: echo "commit=\${{ steps.out.outputs.commit }} ref=\${{ steps.out.outputs.ref }}"`,
      { repository },
    );

  it("checks out the build's commit on its branch, with that commit alone", async () => {
    const repository = history();
    const { outcome, workspace, log } = await run('', repository);
    expect(outcome.status).to.equal('success');
    expect(readFileSync(join(workspace, 'a.txt'), 'utf8')).to.equal('three\n');
    expect(git(workspace, 'rev-parse', 'HEAD')).to.equal(repository.head());
    expect(git(workspace, 'branch', '--show-current')).to.equal('main');
    expect(git(workspace, 'rev-list', '--count', 'HEAD')).to.equal('1');
    expect(git(workspace, 'status', '--porcelain')).to.equal('');
    expect(log).to.include(`commit=${repository.head()} ref=refs/heads/main\n`);
  });

  it('fetches the requested depth of history', async () => {
    const two = await run('{fetch-depth: 2}');
    expect(git(two.workspace, 'rev-list', '--count', 'HEAD')).to.equal('2');
    const all = await run('{fetch-depth: 0}');
    expect(git(all.workspace, 'rev-list', '--count', 'HEAD')).to.equal('3');
    expect(git(all.workspace, 'tag')).to.equal('v1');
    expect(git(all.workspace, 'branch', '-r')).to.equal('origin/main\n  origin/side');
    expect(git(all.workspace, 'describe', '--tags')).to.match(/^v1-2-g/);
    const tagged = await run('{fetch-tags: true}');
    expect(git(tagged.workspace, 'tag')).to.equal('v1');
  });

  it('checks out a named branch, tag or commit', async () => {
    const repository = history();
    const first = repository.git('rev-parse', 'v1');
    for (const ref of ['v1', 'side', 'refs/tags/v1', first]) {
      const { outcome, workspace } = await run(`{ref: '${ref}'}`, repository);
      expect(outcome.status, ref).to.equal('success');
      expect(git(workspace, 'rev-parse', 'HEAD'), ref).to.equal(first);
    }
    const { outcome } = await run('{ref: nowhere}', repository);
    expect(outcome).to.include({ status: 'failure', reason: 'step_failed' });
    expect(outcome.message).to.include('"nowhere"');
  });

  it('checks out into a folder, and refuses one outside', async () => {
    const { workspace } = await run('{path: deep/down}');
    expect(readFileSync(join(workspace, 'deep/down/a.txt'), 'utf8')).to.equal('three\n');
    const { outcome } = await run('{path: ../elsewhere}');
    expect(outcome.message).to.include('is not under');
    const elsewhere = jobs.folders.make();
    writeFileSync(join(elsewhere, 'precious'), '');
    const linked = await jobs.run(`- run: ln -s ${elsewhere} out\n- uses: actions/checkout@v4\n  with: {path: out}`, {
      repository: history(),
    });
    expect(linked.outcome.message).to.include('leads out of the workspace');
    expect(existsSync(join(elsewhere, 'precious'))).to.equal(true);
  });

  it('empties the workspace first, unless clean is false', async () => {
    const steps = (inputs: string) =>
      `- uses: actions/checkout@v4\n- run: echo changed > a.txt; touch made\n- uses: actions/checkout@v4\n  with: ${inputs}\n- run: cat a.txt; ls`;
    const clean = await jobs.run(steps('{ref: v1}'), { repository: history() });
    expect(clean.log.endsWith('\none\na.txt\n')).to.equal(true);
    const kept = await jobs.run(steps('{ref: v1, clean: false}'), { repository: history() });
    expect(kept.log.endsWith('\none\na.txt\nmade\n')).to.equal(true);
  });

  it('checks out submodules, nested ones too', async () => {
    // addresses in .gitmodules are relative, as they are where repositories lie beside each other
    const inner = jobs.action('subs/inner', { 'inner.txt': 'i\n' });
    const middle = jobs.action('subs/middle', { 'middle.txt': 'm\n' });
    const repository = jobs.action('subs/app', { 'a.txt': 'a\n' });
    const add = (to: typeof inner, name: string) => {
      to.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', `../${name}`, name);
      to.commit('with a submodule');
    };
    add(middle, 'inner');
    add(repository, 'middle');
    const none = await run('', repository);
    expect(existsSync(join(none.workspace, 'middle/middle.txt'))).to.equal(false);
    const flat = await run('{submodules: true}', repository);
    expect(existsSync(join(flat.workspace, 'middle/middle.txt')), flat.log).to.equal(true);
    expect(existsSync(join(flat.workspace, 'middle/inner/inner.txt'))).to.equal(false);
    const deep = await run('{submodules: recursive}', repository);
    expect(existsSync(join(deep.workspace, 'middle/inner/inner.txt')), deep.log).to.equal(true);
  });

  it('says which inputs have no effect', async () => {
    const { outcome, log } = await run('{lfs: true, sparse-checkout: src, token: x, persist-credentials: false}');
    expect(outcome.status).to.equal('success');
    expect(log.match(/##\[warning\].*no effect/g)).to.deep.equal([
      '##[warning]the input "sparse-checkout" of actions/checkout has no effect',
    ]);
  });

  it('refuses an invalid depth and an invalid repository', async () => {
    expect((await run('{fetch-depth: many}')).outcome.message).to.include('must be a number');
    expect((await run('{repository: "../x"}')).outcome.message).to.include('Invalid repository');
  });

  it('checks out another repository of the same server', async () => {
    const other = jobs.action('acme/other', { 'other.txt': 'o\n' });
    const app = jobs.action('acme/app', { 'a.txt': 'a\n' });
    const server = await GitOverHttp.start(jobs.actionsUrl, 'ada', 'secret');
    server.isOpen = () => true;
    const place = { path: server.url('acme/app'), head: () => app.head() };
    const repository: typeof app = Object.assign(Object.create(app), place);
    const comment: BuildEvent = { name: 'forge', event: 'issue_comment', action: 'created', payload: {} };
    for (const event of [{ name: 'push' } as const, comment]) {
      const plan = jobs.plans(
        `on: [push, issue_comment]\njobs: {test: {runs-on: ubuntu-latest, steps: [{uses: actions/checkout@v4, with: {repository: acme/other, path: other}}]}}`,
        repository,
        { event },
      ).test;
      if (!plan) throw new Error('no plan');
      const job = jobs.start(plan, repository);
      const { outcome } = await job.ended;
      expect(outcome.status, job.log()).to.equal('success');
      expect(git(join(job.workspace, 'other'), 'rev-parse', 'HEAD')).to.equal(other.head());
    }
    await server.stop();
  });

  it('is an error of Volt if the repository cannot be fetched', async () => {
    const repository = history();
    const plan = jobs.plans(
      'on: push\njobs: {test: {runs-on: ubuntu-latest, steps: [{uses: actions/checkout@v4}]}}',
      repository,
    ).test;
    if (!plan) throw new Error('no plan');
    const gone = jobs.repository({ 'x.txt': 'x' });
    gone.remove();
    const { outcome } = await jobs.start(plan, Object.assign(Object.create(gone), { head: () => 'd'.repeat(40) }))
      .ended;
    expect(outcome).to.include({ status: 'error', reason: 'fetch_failed' });
  });
});
