import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestJobs } from '../../support/job.ts';

describe('actions/cache', () => {
  const jobs = new TestJobs();
  afterEach(() => jobs.clean());
  after(jobs.folders.remove);

  /** Each test has keys of its own: the caches are those of one repository. */
  let count = 0;
  const newKey = () => `key-${++count}-`;
  const shown = `- run: echo "[\${{ steps.c.outputs.cache-hit }}] [\${{ steps.c.outputs.cache-matched-key }}]"`;
  const cache = (inputs: string, action = 'actions/cache@v4') =>
    `- id: c\n  uses: ${action}\n  with: {${inputs}}\n${shown}\n`;

  it('restores what the last job with the key has saved', async () => {
    const key = newKey();
    const home = jobs.folders.make();
    const env = { HOME: home, PATH: process.env.PATH ?? '' };
    const paths = `path: "~/tools\\nmodules", key: ${key}`;
    const first = await jobs.run(
      `${cache(paths)}- run: mkdir -p modules/.bin ~/tools; echo m > modules/.bin/m; echo t > ~/tools/t; ln -s m modules/.bin/l`,
      { around: { env } },
    );
    expect(first.log).to.include(`Cache not found for input keys: ${key}`).and.include('\n[] []\n');
    expect(first.log).to.include(`Cache saved with key: ${key}`);
    expect(first.steps.at(-1)).to.include({ name: 'Post Run actions/cache@v4', status: 'success' });
    writeFileSync(join(home, 'tools/t'), 'changed');
    const second = await jobs.run(`${cache(paths)}- run: cat modules/.bin/l`, { around: { env } });
    expect(second.outcome.status, second.log).to.equal('success');
    expect(second.log).to.include(`\n[true] [${key}]\n`).and.include('\nm\n');
    expect(readFileSync(join(home, 'tools/t'), 'utf8')).to.equal('t\n');
    expect(second.log).to.include('not saving cache');
  });

  it('falls back to the newest key with that beginning, only for the same paths', async () => {
    const key = newKey();
    const save = (end: string) =>
      jobs.run(`- run: echo ${end} > f\n${cache(`path: f, key: ${key}${end}`, 'actions/cache/save@v4')}`);
    await save('old');
    await save('new');
    const wish = `key: ${key}other, restore-keys: "nothing\\n${key}"`;
    const found = await jobs.run(`${cache(`path: f, ${wish}`, 'actions/cache/restore@v4')}- run: cat f`);
    expect(found.log).to.include(`\n[false] [${key}new]\n`).and.include('\nnew\n');
    const other = await jobs.run(cache(`path: g, ${wish}`, 'actions/cache/restore@v4'));
    expect(other.log).to.include('\n[] []\n');
    const looked = await jobs.run(cache(`path: f, key: ${key}new, lookup-only: true`));
    expect(looked.log).to.include(`\n[true] [${key}new]\n`);
    expect(existsSync(join(looked.workspace, 'f'))).to.equal(false);
  });

  it('hides the caches of a branch from other branches, and shows those of the default branch to all', async () => {
    const key = newKey();
    const on = (ref: string, steps: string) => jobs.run(steps, { ref });
    const save = `- run: echo "\${{ github.ref }}" > f\n${cache(`path: f, key: ${key}`, 'actions/cache/save@v4')}`;
    const look = `${cache(`path: f, key: ${key}`, 'actions/cache/restore@v4')}- run: cat f || true`;
    await on('refs/heads/side', save);
    expect((await on('refs/heads/side', look)).log).to.include(`\n[true] [${key}]\n`);
    expect((await on('refs/heads/main', look)).log).to.include('\n[] []\n');
    await on('refs/heads/main', save);
    expect((await on('refs/heads/other', look)).log).to.include('\nrefs/heads/main\n');
    expect((await on('refs/heads/side', look)).log).to.include('\nrefs/heads/side\n');
  });

  it('saves folders that patterns choose, without excluded ones', async () => {
    const key = newKey();
    const made = '- run: mkdir -p a/dist b/dist c/dist; touch a/dist/1 b/dist/2 c/dist/3 a/not';
    const inputs = `path: "*/dist\\n!c/dist", key: ${key}`;
    await jobs.run(`${made}\n${cache(inputs)}`);
    const { log } = await jobs.run(`${cache(inputs)}- run: find . -type f | sort`);
    expect(log).to.include('\n./a/dist/1\n./b/dist/2\n').and.to.not.include('c/dist/3').and.to.not.include('a/not');
  });

  it('saves nothing if the job fails, the paths are missing, or the key exists', async () => {
    const key = newKey();
    const failed = await jobs.run(`${cache(`path: f, key: ${key}`)}- run: touch f; exit 1`);
    expect(failed.steps.at(-1)).to.include({ name: 'Post Run actions/cache@v4', status: 'skipped' });
    const empty = await jobs.run(cache(`path: f, key: ${key}`));
    expect(empty.outcome.status).to.equal('success');
    expect(empty.log).to.match(/##\[warning\]Path Validation Error/);
    const save = `- run: touch f\n${cache(`path: f, key: ${key}`, 'actions/cache/save@v4')}`;
    expect((await jobs.run(save)).log).to.include('Cache saved');
    expect((await jobs.run(save)).log).to.match(/##\[warning\]Failed to save: .*there is one already/);
  });

  it('fails the step on a cache miss if the workflow says so, and on invalid inputs', async () => {
    const missed = await jobs.run(cache('path: f, key: nowhere, fail-on-cache-miss: true'));
    expect(missed.outcome).to.include({ status: 'failure', reason: 'step_failed' });
    expect(missed.outcome.message).to.include('Failed to restore cache entry');
    for (const [inputs, problem] of [
      ['path: f', 'key'],
      ['key: k', 'path'],
      ['path: f, key: "a,b"', 'commas'],
      [`path: f, key: ${'k'.repeat(513)}`, 'larger than 512'],
    ] as const) {
      const { outcome } = await jobs.run(cache(inputs));
      expect(outcome.status, inputs).to.equal('failure');
      expect(outcome.message).to.include(problem);
    }
  });
});
