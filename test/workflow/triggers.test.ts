import { expect } from 'chai';
import type { WorkflowRun } from '../../src/kernel/workflow-events.ts';
import type { BuildEvent } from '../../src/workflow/event.ts';
import { isTriggered } from '../../src/workflow/triggers.ts';
import { workflowsOf } from '../support/workflows.ts';

const jobs = 'jobs: { a: { runs-on: x, steps: [{ run: x }] } }';

function runs(on: string, ref: string, options: { changed?: string[] | null; event?: BuildEvent } = {}): boolean {
  const [workflow] = workflowsOf({ 'ci.yml': `on: ${on}\n${jobs}` });
  if (!workflow) throw new Error('no workflow');
  const { changed = null, event = { name: 'push' } } = options;
  return isTriggered(workflow, { event, ref, changedPaths: changed });
}

describe('whether a push runs a workflow', () => {
  const main = 'refs/heads/main';
  const tag = 'refs/tags/v1';
  const table: [on: string, ref: string, runs: boolean][] = [
    ['push', main, true],
    ['[pull_request, push]', tag, true],
    ['{ push: }', main, true],
    ['pull_request', main, false],
    ['{ push: { branches: [main] } }', main, true],
    ['{ push: { branches: main } }', main, true],
    ['{ push: { branches: [main] } }', 'refs/heads/other', false],
    ['{ push: { branches: [main] } }', tag, false],
    ["{ push: { branches: ['**', '!rel/**'] } }", 'refs/heads/rel/1', false],
    ["{ push: { branches-ignore: ['rel/**'] } }", 'refs/heads/rel/1', false],
    ["{ push: { branches-ignore: ['rel/**'] } }", main, true],
    ["{ push: { tags: ['v*'] } }", tag, true],
    ["{ push: { tags: ['v*'] } }", main, false],
    ["{ push: { tags: ['v*'], branches: [main] } }", main, true],
    ["{ push: { tags-ignore: ['v*'] } }", tag, false],
    ["{ push: { tags-ignore: ['v*'] } }", main, false],
  ];
  for (const [on, ref, expected] of table) {
    it(`on: ${on} is ${expected ? 'triggered' : 'not triggered'} by ${ref}`, () =>
      expect(runs(on, ref)).to.equal(expected));
  }

  it('depends on the changed paths with `paths` and `paths-ignore`', () => {
    const paths = "{ push: { paths: ['src/**', '!src/docs/**'] } }";
    expect(runs(paths, main, { changed: ['README', 'src/a.ts'] })).to.equal(true);
    expect(runs(paths, main, { changed: ['src/docs/a.md'] })).to.equal(false);
    expect(runs(paths, main, { changed: [] })).to.equal(false);
    const ignore = "{ push: { paths-ignore: ['**.md'] } }";
    expect(runs(ignore, main, { changed: ['a.md', 'docs/b.md'] })).to.equal(false);
    expect(runs(ignore, main, { changed: ['a.md', 'b.ts'] })).to.equal(true);
    expect(runs(ignore, main, { changed: [] })).to.equal(true);
  });

  it('ignores path filters for tags and for unknown changes', () => {
    const paths = "{ push: { paths: ['src/**'] } }";
    expect([runs(paths, main), runs(paths, tag, { changed: [] })]).to.deep.equal([true, true]);
  });
});

describe('whether another event than a push runs a workflow', () => {
  it('a dispatch runs only the workflow with the given file', () => {
    const event = (workflow: string): BuildEvent => ({ name: 'workflow_dispatch', workflow, inputs: {} });
    expect(runs('workflow_dispatch', 'refs/heads/x', { event: event('ci.yml') })).to.equal(true);
    expect(runs('workflow_dispatch', 'refs/heads/x', { event: event('other.yml') })).to.equal(false);
    expect(runs('push', 'refs/heads/x', { event: event('ci.yml') })).to.equal(false);
  });

  it('a repository_dispatch runs only workflows with its type', () => {
    const event: BuildEvent = { name: 'repository_dispatch', type: 'deploy', payload: {} };
    for (const on of ['repository_dispatch', '[repository_dispatch]', '{ repository_dispatch: { types: [deploy] } }']) {
      expect(runs(on, 'refs/heads/x', { event }), on).to.equal(true);
    }
    expect(runs('{ repository_dispatch: { types: [other] } }', 'refs/heads/x', { event })).to.equal(false);
  });

  it('a schedule runs only the workflow with that schedule', () => {
    const event: BuildEvent = { name: 'schedule', workflow: 'ci.yml', cron: '0 3 * * *' };
    expect(runs("{ schedule: [{ cron: '0 3 * * *' }] }", 'refs/heads/main', { event })).to.equal(true);
    expect(runs("{ schedule: [{ cron: '0 4 * * *' }] }", 'refs/heads/main', { event })).to.equal(false);
  });

  it('a pull request for the default branch runs by its types, base and paths', () => {
    const event: BuildEvent = {
      ...{ name: 'pull_request_target', number: 7, action: 'opened', label: null, head: 'topic', base: 'main' },
      ...{ commits: null, merge: null, facts: null },
    };
    const target = (on: string) => runs(on, 'refs/heads/main', { event, changed: ['src/a.ts'] });
    for (const on of ['pull_request_target', '{ pull_request_target: { branches: [main], paths: ["src/**"] } }'])
      expect(target(on), on).to.equal(true);
    for (const on of [
      ...['pull_request', '{ pull_request_target: { types: [labeled] } }'],
      ...['{ pull_request_target: { branches: [topic] } }', '{ pull_request_target: { paths: [docs] } }'],
    ])
      expect(target(on), on).to.equal(false);
  });

  it('a merge group runs by the branch that it is for', () => {
    const event: BuildEvent = { name: 'merge_group', base: 'main', baseSha: null };
    const ref = 'refs/heads/gh-readonly-queue/main/pr-7-0';
    expect(runs('merge_group', ref, { event })).to.equal(true);
    expect(runs('{ merge_group: { branches: [main] } }', ref, { event })).to.equal(true);
    expect(runs('{ merge_group: { branches: [release] } }', ref, { event })).to.equal(false);
    expect(runs('push', ref, { event })).to.equal(false);
  });

  it('a run of another workflow runs by its name, its phase and the branch that it ran for, but not by that of a fork', () => {
    const run: WorkflowRun = {
      ...{ id: '1000', number: 1, attempt: 1, name: 'CI', path: 'ci.yml', event: 'push', conclusion: 'success' },
      ...{ ref: 'refs/heads/main', sha: 'a', branch: 'main', pullRequest: null, subject: '', author: '' },
      ...{ committedAt: '', depth: 1, isByStranger: false },
    };
    const ranAfter = (on: string, change: Partial<WorkflowRun> = {}) =>
      runs(on, 'refs/heads/main', { event: { name: 'workflow_run', action: 'completed', run: { ...run, ...change } } });
    for (const on of ['workflow_run', '{ workflow_run: { workflows: [CI], types: [completed], branches: [main] } }'])
      expect(ranAfter(on), on).to.equal(true);
    for (const filter of ['workflows: [Other]', 'types: [requested]', 'branches: [release]', 'branches-ignore: [main]'])
      expect(ranAfter(`{ workflow_run: { ${filter} } }`), filter).to.equal(false);
    const fork = { branch: null, pullRequest: 7 };
    expect(ranAfter('workflow_run', fork)).to.equal(true);
    expect(ranAfter('{ workflow_run: { branches: ["**"] } }', fork)).to.equal(false);
  });
});
