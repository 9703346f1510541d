import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { askForReport } from '../../src/job/project-reporter.ts';
import { TestCollection } from '../../src/job/reports/collection.ts';
import { ReportReader } from '../../src/job/reports/files.ts';
import { readJsonReport } from '../../src/job/reports/json.ts';
import { Sandbox } from '../../src/job/sandbox/sandbox.ts';
import { TestFolders } from '../support/folder.ts';

describe('a report that Volt asks for', () => {
  const folders = new TestFolders();
  const contextOf = (folder: string) => ({ folder, sandbox: Sandbox.none });

  after(folders.remove);

  it('is written by pytest, beside the options that are there already', () => {
    const folder = join(folders.make(), "it's");
    const { env, reports } = askForReport(
      { kind: 'python', reporter: 'pytest' },
      { PYTEST_ADDOPTS: '-q', A: 'b' },
      contextOf(folder),
    );
    expect(env.A).to.equal('b');
    const printed = execFileSync('sh', ['-c', `printf '%s|' ${env.PYTEST_ADDOPTS}`], { encoding: 'utf8' });
    expect(printed).to.equal(`-q|--junitxml=${folder}/reports/pytest.xml|`);
    expect(reports).to.deep.equal([{ folder: join(folder, 'reports'), globs: ['pytest.xml'] }]);
  });

  it('is not written by tools that have no way for it', () => {
    const folder = folders.make();
    expect(askForReport({ kind: 'go' }, { A: 'b' }, contextOf(folder))).to.deep.equal({ env: { A: 'b' }, reports: [] });
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('is written by RSpec, which prints the same and exits with the same code', async function () {
    if (spawnSync('rspec', ['--version']).status !== 0) return this.skip();
    const folder = folders.make();
    const spec = join(folder, 'sum_spec.rb');
    const lines = [
      "RSpec.describe 'sum' do",
      "  it('adds') { expect(1 + 1).to eq 2 }",
      "  it('fails') { expect(1 + 1).to eq 3 }",
      "  context('deep') { xit('later <&>') {} }",
      'end',
    ];
    writeFileSync(spec, `${lines.join('\n')}\n`);
    const run = (env: Readonly<Record<string, string>>) => {
      const { status, stdout } = spawnSync('rspec', ['--no-color', spec], { cwd: folder, env, encoding: 'utf8' });
      return { status, stdout: stdout.replaceAll(/[\d.]+ seconds?/g, 'some time') };
    };
    const bare = { PATH: process.env.PATH ?? '', HOME: folder };
    const { env, reports } = askForReport({ kind: 'ruby' }, bare, contextOf(folder));
    const end = run(env);
    expect(end).to.deep.equal(run(bare));
    expect(end.status).to.equal(1);
    const tests = new TestCollection(folder);
    const reader = new ReportReader(tests, async (text) => readJsonReport(text));
    for (const globs of reports) await reader.read(globs, (sentence) => expect.fail(sentence));
    const { results } = tests.end();
    expect(results.map(({ suite, name, status }) => `${status} ${suite} | ${name}`)).to.deep.equal([
      'passed sum | adds',
      'failed sum | fails',
      'skipped sum deep | later <&>',
    ]);
    expect(results[1]?.message).to.match(/^expected: 3/);
  });
});
