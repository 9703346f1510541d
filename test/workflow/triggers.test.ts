import { expect } from 'chai';
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
});
