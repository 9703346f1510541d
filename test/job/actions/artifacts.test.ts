import { join } from 'node:path';
import { expect } from 'chai';
import { jobText, TestJobs } from '../../support/job.ts';

describe('artifacts', () => {
  const jobs = new TestJobs();
  afterEach(() => jobs.clean());
  after(jobs.folders.remove);

  /** Each test has a build of its own, whose artifacts are no other's. */
  let build = 100;
  beforeEach(() => {
    build++;
  });
  const folder = jobs.folders.make();
  const run = (steps: string, job = '') => jobs.run(steps, { job, around: { artifacts: join(folder, String(build)) } });
  const upload = (inputs: string, id = '') =>
    `- uses: actions/upload-artifact@v4\n${id === '' ? '' : `  id: ${id}\n`}  with: {${inputs}}\n`;
  const download = (inputs: string) => `- uses: actions/download-artifact@v5\n  id: down\n  with: {${inputs}}\n`;
  const files =
    '- run: mkdir -p dist/deep .hid; echo a > dist/a.txt; echo b > dist/deep/b.js; echo h > dist/.h; echo r > README';

  it('reach another job of the build unchanged', async () => {
    const made = await run(
      `${files}\n${upload('name: site, path: dist', 'up')}- run: echo "id \${{ steps.up.outputs.artifact-id }}"`,
    );
    expect(made.outcome.status, made.log).to.equal('success');
    expect(made.log).to.match(/\nid \d+\n/);
    const { workspace, log } = await run(
      `${download('name: site, path: out')}- run: echo "[\${{ steps.down.outputs.download-path }}]"; cd out; find . -type f | sort`,
    );
    expect(log).to.include(`[${join(workspace, 'out')}]\n./a.txt\n./deep/b.js\n`);
    const all = await run(`${download('')}- run: find . -type f | sort`);
    expect(all.log).to.include('\n./site/a.txt\n./site/deep/b.js\n');
  });

  it('contain paths relative to the common folder of the patterns', async () => {
    await run(
      [
        files,
        upload('name: one, path: README'),
        upload('name: glob, path: "dist/**/*.js"'),
        upload('name: some, path: "README\\ndist/\\n!dist/deep"'),
        upload('name: all, path: dist, include-hidden-files: true'),
      ].join('\n'),
    );
    const { log } = await run(`${download('path: got')}- run: cd got; find . -type f | sort`);
    const found = [
      'all/.h',
      'all/a.txt',
      'all/deep/b.js',
      'glob/deep/b.js',
      'one/README',
      'some/README',
      'some/dist/a.txt',
    ];
    expect(log).to.include(`\n${found.map((file) => `./${file}\n`).join('')}`);
  });

  it('are chosen by a pattern, and may be merged into one folder', async () => {
    await run(
      `${files}\n${upload('name: part-1, path: README')}${upload('name: part-2, path: dist')}${upload('name: else, path: dist')}`,
    );
    const { log } = await run(
      `${download('pattern: part-*, merge-multiple: true, path: got')}- run: cd got; find . -type f | sort`,
    );
    expect(log).to.include('\n./README\n./a.txt\n./deep/b.js\n');
  });

  it('keep their first content, unless a retry of the job or the step itself says otherwise', async () => {
    const steps = (text: string, more = '') => `- run: echo ${text} > f\n${upload(`name: n, path: f${more}`)}`;
    const other = (text: string, more = '') =>
      run(steps(text, more), "strategy: { matrix: { n: [1] } }\nname: ${{ matrix.n && 'test' }}");
    await run(steps('first'));
    const taken = await other('second');
    expect(taken.outcome).to.include({ status: 'failure', reason: 'step_failed' });
    expect(taken.outcome.message).to.include('an artifact with the name n already exists');
    const look = async () => (await run(`${download('name: n')}- run: cat f`)).log;
    expect(await look()).to.include('\nfirst\n');
    expect((await run(steps('retried'))).outcome.status).to.equal('success');
    expect(await look()).to.include('\nretried\n');
    expect((await other('third', ', overwrite: true')).outcome.status).to.equal('success');
    expect(await look()).to.include('\nthird\n');
  });

  it('of two workflows of a build may have the same name, and each sees its own', async () => {
    const repository = jobs.repository();
    const artifacts = join(folder, String(build));
    const runOf = async (file: string, steps: string) => {
      const plan = jobs.plans(jobText(steps), repository).test;
      if (!plan) throw new Error('no plan');
      const started = jobs.start({ ...plan, workflow: { path: file, name: file } }, repository, { artifacts });
      const { outcome } = await started.ended;
      expect(outcome.status, started.log()).to.equal('success');
      return started.log();
    };
    for (const name of ['a', 'b'])
      await runOf(`${name}.yml`, `- run: echo of ${name} > x\n${upload('name: coverage, path: x')}`);
    for (const name of ['a', 'b']) {
      expect(await runOf(`${name}.yml`, `${download('name: coverage')}- run: cat x`)).to.include(`\nof ${name}\n`);
    }
    expect(await runOf('a.yml', `${download('')}- run: ls`))
      .to.include('Artifact coverage was downloaded')
      .and.match(/\ncoverage\n/);
  });

  it('that are missing are an error of Volt, not a failure of the commit', async () => {
    await run(`${files}\n${upload('name: there, path: dist')}`);
    const { outcome } = await run(download('name: gone'));
    expect(outcome).to.include({ status: 'error', reason: 'artifact_missing' });
    expect(outcome.message).to.include('Artifact not found for name: gone').and.include('only there');
    build++;
    const other = await run(download('name: there'));
    expect(other.outcome.message).to.include('no artifacts of this workflow in this build');
    const none = await run(download('pattern: x*'));
    expect(none.outcome.status).to.equal('success');
    expect(none.log).to.include('##[warning]no artifacts were found');
    const foreign = await run(download('name: there, run-id: 1'));
    expect(foreign.outcome).to.include({ status: 'error', reason: 'unsupported' });
  });

  it('without files warn, fail or do nothing, as the step says', async () => {
    const warned = await run(upload('path: nowhere'));
    expect(warned.outcome.status).to.equal('success');
    expect(warned.log).to.include('##[warning]No files were found with the provided path: nowhere');
    const failed = await run(upload('path: nowhere, if-no-files-found: error'));
    expect(failed.outcome).to.include({ status: 'failure', reason: 'step_failed' });
    const silent = await run(upload('path: nowhere, if-no-files-found: ignore'));
    expect(silent.log).to.not.include('No files');
    for (const inputs of ['path: x, name: "a/b"', 'name: n', 'path: x, if-no-files-found: what']) {
      expect((await run(upload(inputs))).outcome.status, inputs).to.equal('failure');
    }
  });

  it('contain the file that a link leads to', async () => {
    await run(`- run: echo x > f; ln -s f link; ln -s nowhere broken\n${upload('name: l, path: "*"')}`);
    expect((await run(`${download('name: l')}- run: ls; cat link`)).log).to.include('\nf\nlink\nx\n');
  });
});
