import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type AddedReport, askForReport } from '../../src/job/project-reporter.ts';
import { TestCollection } from '../../src/job/reports/collection.ts';
import { type ReportGlobs, ReportReader } from '../../src/job/reports/files.ts';
import { readJsonReport } from '../../src/job/reports/json.ts';
import { JobIsolation } from '../../src/job/sandbox/job-isolation.ts';
import type { TestResult } from '../../src/kernel/model.ts';
import { TestFolders } from '../support/folder.ts';
import { runs } from './kinds/machine.ts';

describe('a report that Volt asks for', () => {
  const folders = new TestFolders();
  const contextOf = (folder: string) => ({ folder, sandbox: JobIsolation.none });

  after(folders.remove);

  async function resultsOf(folder: string, reports: readonly ReportGlobs[]): Promise<TestResult[]> {
    const tests = new TestCollection(folder);
    const reader = new ReportReader(tests, async (text) => readJsonReport(text));
    for (const globs of reports) await reader.read(globs, (sentence) => expect.fail(sentence));
    return tests.end().results;
  }

  /** Runs a command with and without a report, which must end in the same way. @returns the exit code */
  function runBoth(command: string, folder: string, added: AddedReport): number | null {
    const bare = { PATH: process.env.PATH ?? '', HOME: folder };
    const run = (text: string, env: Readonly<Record<string, string>>) => {
      const { status, stdout } = spawnSync('sh', ['-c', text], { cwd: folder, env, encoding: 'utf8' });
      return { status, stdout: stdout.replaceAll(/\d+[\d.:]*/g, '0') };
    };
    const end = run(added.command(command), { ...bare, ...added.env });
    expect(end).to.deep.equal(run(command, bare));
    return end.status;
  }

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
    const { env, reports, command } = askForReport({ kind: 'go' }, { A: 'b' }, contextOf(folder));
    expect({ env, reports, command: command('go test') }).to.deep.equal({
      ...{ env: { A: 'b' }, reports: [], command: 'go test' },
    });
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
    const results = await resultsOf(folder, reports);
    expect(results.map(({ suite, name, status }) => `${status} ${suite} | ${name}`)).to.deep.equal([
      'passed sum | adds',
      'failed sum | fails',
      'skipped sum deep | later <&>',
    ]);
    expect(results[1]?.message).to.match(/^expected: 3/);
  });

  it('is written by Minitest, which prints the same and exits with the same code', async function () {
    if (!runs('ruby', '-e', "require 'minitest'")) return this.skip();
    const folder = folders.make();
    const lines = [
      "require 'minitest/autorun'",
      'class SumTest < Minitest::Test',
      '  i_suck_and_my_tests_are_order_dependent!',
      '  def test_adds; assert_equal 2, 1 + 1; end',
      '  def test_fails; assert_equal 3, 1 + 1, "<&>"; end',
      '  def test_later; skip "not yet"; end',
      '  def test_raises; raise ArgumentError, "bad"; end',
      'end',
    ];
    writeFileSync(join(folder, 'sum.rb'), `${lines.join('\n')}\n`);
    const added = askForReport({ kind: 'ruby', reporter: 'minitest' }, { RUBYLIB: folder }, contextOf(folder));
    expect(added.env.RUBYLIB).to.equal(`${folder}/reports:${folder}`);
    expect(runBoth('ruby sum.rb --seed 1', folder, added)).to.equal(1);
    const results = await resultsOf(folder, added.reports);
    expect(results.map(({ suite, name, status, message }) => `${status} ${suite} ${name} ${message}`)).to.deep.equal([
      'passed SumTest test_adds null',
      'failed SumTest test_fails <&>.',
      'skipped SumTest test_later not yet',
      'error SumTest test_raises ArgumentError: bad',
    ]);
  });

  it('is written by PHPUnit, which prints the same and exits with the same code', async function () {
    if (!runs('phpunit', '--version')) return this.skip();
    const folder = folders.make();
    const tests = [
      'public function testAdds(): void { self::assertSame(2, 1 + 1); }',
      'public function testFails(): void { self::assertSame(3, 1 + 1); }',
    ];
    writeFileSync(
      join(folder, 'SumTest.php'),
      `<?php final class SumTest extends PHPUnit\\Framework\\TestCase { ${tests.join('\n')} }\n`,
    );
    const added = askForReport({ kind: 'php', reporter: 'phpunit' }, {}, contextOf(folder));
    expect(runBoth('phpunit .', folder, added)).to.equal(1);
    const results = await resultsOf(folder, added.reports);
    expect(results.map(({ suite, name, status }) => `${status} ${suite} ${name}`)).to.deep.equal([
      'passed SumTest testAdds',
      'failed SumTest testFails',
    ]);
  });

  it('is asked for after the name of a script of Composer, and in each command of dotnet', () => {
    const folder = folders.make();
    const command = (reporter: 'phpunit' | 'trx', text: string) =>
      askForReport({ kind: 'any', reporter }, {}, contextOf(folder)).command(text).replaceAll(folder, '');
    expect(command('phpunit', 'composer run-script --timeout=0 test')).to.equal(
      'composer run-script --timeout=0 test -- --log-junit /reports/phpunit.xml',
    );
    const option = '--logger trx --results-directory /reports';
    expect(command('trx', 'dotnet test a.csproj --no-restore && dotnet test b.csproj --no-restore')).to.equal(
      `dotnet test a.csproj --no-restore ${option} && dotnet test b.csproj --no-restore ${option}`,
    );
  });
});
