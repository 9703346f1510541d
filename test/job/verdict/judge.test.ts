import { expect } from 'chai';
import type { JobOutcome } from '../../../src/job/outcome.ts';
import { modulesOf } from '../../../src/job/own-modules.ts';
import { type Evidence, isByExitCodeAlone, judge } from '../../../src/job/verdict/judge.ts';
import type { JobTests, TestStatus } from '../../../src/kernel/model.ts';
import { noFailure } from '../../support/test-result.ts';

const success: JobOutcome = { status: 'success', reason: null, message: null, exitCode: 0 };

function failed(exitCode: number): JobOutcome {
  return { status: 'failure', reason: 'exit_code', message: `"npm test" exited with code ${exitCode}`, exitCode };
}

/** What the step `test` of a discovered project has left. */
function evidence(some: Partial<Evidence>): Evidence {
  return {
    step: 'test',
    output: '',
    tests: undefined,
    runners: [],
    unfinished: [],
    runner: undefined,
    kind: undefined,
    own: async () => undefined,
    ...some,
  };
}

function counted(passed: number, failed = 0): JobTests {
  return { summary: { passed, failed, skipped: 0, total: passed + failed, listed: 0 }, results: [] };
}

/** Results of single tests, with their details. */
function results(...tests: [status: TestStatus, details: string][]): JobTests {
  const bad = tests.filter(([status]) => status !== 'passed').length;
  const rest = { suite: 's', name: 'n', file: null, duration: null, ...noFailure };
  return {
    summary: {
      passed: tests.length - bad,
      failed: bad,
      skipped: 0,
      total: tests.length,
      listed: tests.length,
    },
    results: tests.map(([status, details]) => ({ ...rest, status, details })),
  };
}

const modules = modulesOf({
  files: ['src/app/__init__.py', 'tests/test_app.py', 'package.json', 'lib/app/core.rb'].map((path) => ({
    path,
    executable: false,
  })),
  texts: [['package.json', '{"name":"app","dependencies":{"chai":"5"},"devDependencies":{"@scope/tool":"1"}}']],
});
const own = async () => modules;

describe('the verdict of a job without a workflow', () => {
  it('is an error if the test runner passes without a test', async () => {
    const outcome = await judge(success, evidence({ runners: [{ name: 'Mocha' }] }));
    expect(outcome).to.include({ status: 'error', reason: 'no_tests_found', exitCode: 0 });
    expect(outcome.message).to.match(/^0 tests ran according to Mocha\. /);
  });

  it('is an error if the test runner fails because it found no test', async () => {
    const runners = [{ name: 'node --test' }, { name: 'Jest', refuses: true }];
    expect(await judge(failed(1), evidence({ runners }))).to.include({ status: 'error', reason: 'no_tests_found' });
  });

  it('is a failure if something else fails beside a test runner without tests', async () => {
    expect(await judge(failed(1), evidence({ runners: [{ name: 'Mocha' }] }))).to.deep.equal(failed(1));
  });

  it('follows the exit code if one of several test runners has tests', async () => {
    const runners = [{ name: 'Jest', refuses: true }, { name: 'Mocha' }];
    expect(await judge(success, evidence({ tests: counted(1), runners }))).to.deep.equal(success);
    expect(await judge(failed(1), evidence({ tests: counted(1), runners }))).to.deep.equal(failed(1));
  });

  it('is an error if the test runner that Volt started reports the results of only some of its programs', async () => {
    const some = { tests: counted(1), runners: [{ name: 'cargo test' }], unfinished: ['cargo test'] };
    const outcome = await judge(success, evidence({ ...some, runner: 'cargo test' }));
    expect(outcome).to.include({ status: 'error', reason: 'no_tests_found', exitCode: 0 });
    expect(outcome.message).to.match(/^cargo test ended with 0 before it told how all tests ended\. /);
    expect(await judge(success, evidence(some))).to.deep.equal(success);
    const tap = { tests: counted(1), runners: [{ name: 'the TAP output' }], unfinished: ['the TAP output'] };
    expect(await judge(success, evidence({ ...tap, runner: 'tape' }))).to.include({ status: 'error' });
    const mocha = { ...tap, runners: [...tap.runners, { name: 'Mocha' }], runner: 'Mocha' };
    expect(await judge(success, evidence(mocha))).to.deep.equal(success);
    expect(await judge(failed(101), evidence({ ...some, runner: 'cargo test' }))).to.deep.equal(failed(101));
  });

  it('follows the exit code if nothing reports how many tests ran', async () => {
    expect(isByExitCodeAlone(evidence({}))).to.equal(true);
    expect(await judge(success, evidence({}))).to.deep.equal(success);
    expect(isByExitCodeAlone(evidence({ tests: counted(1) }))).to.equal(false);
    expect(isByExitCodeAlone(evidence({ runners: [{ name: 'Mocha' }] }))).to.equal(false);
  });

  it('is an error if the test runner that Volt started ends with 0 and reports no totals', async () => {
    const outcome = await judge(success, evidence({ runner: 'pytest' }));
    expect(outcome).to.include({ status: 'error', reason: 'no_tests_found', exitCode: 0 });
    expect(outcome.message).to.match(/^pytest ended with 0 but reported no tests\. /);
    expect(await judge(success, evidence({ runner: 'pytest', tests: counted(1) }))).to.deep.equal(success);
    expect(await judge(failed(1), evidence({ runner: 'pytest' }))).to.deep.equal(failed(1));
  });

  it('is an error if Make had nothing to do for the target of the tests', async () => {
    for (const line of ["make: 'test' is up to date.", "make: Nothing to be done for 'test'."]) {
      const outcome = await judge(success, evidence({ kind: 'make', output: `${line}\n` }));
      expect(outcome, line).to.include({ status: 'error', reason: 'no_tests_found' });
      expect(outcome.message).to.include('Add `.PHONY: test`');
      const later = `${line}\nall is well\n`;
      expect(await judge(success, evidence({ kind: 'make', output: later }))).to.deep.equal(success);
      expect(await judge(success, evidence({ kind: 'command', output: line }))).to.deep.equal(success);
    }
  });

  it('names the signal that a shell reports by its exit code', async () => {
    const { reason, message, exitCode } = await judge(failed(139), evidence({ tests: counted(3) }));
    expect({ reason, exitCode }).to.deep.equal({ reason: 'signal', exitCode: 139 });
    expect(message).to.equal(
      '"npm test" exited with code 139: a process was ended by SIGSEGV (it used memory that is not its own)',
    );
    for (const code of [1, 128, 160, 200, 255])
      expect(await judge(failed(code), evidence({}))).to.deep.equal(failed(code));
  });

  it('names no signal if the exit code is the number of failed tests', async () => {
    const tests = counted(3, 139);
    expect(await judge(failed(139), evidence({ tests, runners: [{ name: 'Mocha' }] }))).to.deep.equal(failed(139));
  });

  it('does not change if it does not come from an exit code', async () => {
    const timeout: JobOutcome = { status: 'failure', reason: 'timeout', message: 'too long', exitCode: null };
    expect(await judge(timeout, evidence({ runners: [{ name: 'Jest', refuses: true }] }))).to.equal(timeout);
  });

  it('is an error if an installation fails, unless the commit is to blame', async () => {
    const install = (output: string) => judge(failed(1), evidence({ step: 'install', output }));
    expect(await install('npm error code ENOTFOUND\n')).to.include({ status: 'error', reason: 'dependencies_failed' });
    expect(await install('npm error code EBADENGINE\n')).to.include({ status: 'error', reason: 'tool_missing' });
    expect(await install('anything else\n')).to.include({ status: 'error', reason: 'dependencies_failed' });
    const outdated = await install('npm error `npm ci` can only install packages when your package.json and …\n');
    expect(outdated).to.include({ status: 'failure', reason: 'exit_code' });
    expect(outdated.message).to.equal(
      '"npm test" exited with code 1: package-lock.json does not fit package.json. Run `npm install` and commit package-lock.json',
    );
  });

  it('is the signal if one ended an installation', async () => {
    const outcome = await judge(failed(137), evidence({ step: 'install', output: 'npm error code ENOTFOUND\n' }));
    expect(outcome).to.include({ status: 'failure', reason: 'signal' });
  });

  it('is an error if the tests fetch what they need, and cannot', async () => {
    const output = 'error: failed to get `foo`\n  failed to download from `https://index.crates.io/config.json`\n';
    expect(await judge(failed(101), evidence({ output }))).to.include({
      status: 'error',
      reason: 'dependencies_failed',
    });
    const begun = evidence({ output, tests: counted(0, 1) });
    expect(await judge(failed(101), begun)).to.deep.equal(failed(101));
  });

  it('is an error if a program of the tests is missing', async () => {
    const outcome = await judge(failed(127), evidence({ output: 'sh: 1: vitest: not found\n' }));
    expect(outcome).to.include({ status: 'error', reason: 'tool_missing' });
    expect(outcome.message).to.include('there is no program vitest').and.include('or install it on the runner');
    const inImage = await judge(failed(127), evidence({ output: 'sh: 1: vitest: not found\n', inImage: true }));
    expect(inImage.message).to.include('or install it in the image');
    const output = './check.sh: 2: valgrind: not found\nmake: *** [Makefile:2: check] Error 127\n';
    const made = await judge(failed(2), evidence({ output }));
    expect(made, 'of a recipe of Make').to.include({ status: 'error', reason: 'tool_missing' });
    expect(made.message).to.include('there is no program valgrind');
    const later = await judge(failed(2), evidence({ output: `${output}1 failed\n` }));
    expect(later, 'if Make goes on after it').to.deep.equal(failed(2));
  });

  const python = (name: string) =>
    `Traceback (most recent call last):\nModuleNotFoundError: No module named '${name}'\n`;
  const missing: [what: string, output: string, isCommit: boolean][] = [
    ['a Python module that the commit does not have', python('requests.adapters'), false],
    ['a Python module of the commit', python('app.missing'), true],
    ['a Python module beside one of the commit', python('requests') + python('app'), true],
    ['a package that package.json declares', "Error: Cannot find module 'chai'\nRequire stack:\n", false],
    ['a part of such a package', "Cannot find package '@scope/tool/part' imported from /app/a.js\n", false],
    ['a package that package.json does not declare', "Error: Cannot find module 'left-pad'\n", true],
    ['a file of the commit', "Error: Cannot find module './app.js'\n", true],
    ['a gem', 'cannot load such file -- nokogiri (LoadError)\n', false],
    ['a Ruby file of the commit', 'cannot load such file -- app/missing (LoadError)\n', true],
    ['a Perl module', "Can't locate Foo/Bar.pm in @INC (you may need to install\n", false],
  ];
  for (const [what, output, isCommit] of missing) {
    const verdict = isCommit ? 'a failure' : 'an error';
    it(`is ${verdict} if the tests lack ${what}`, async () => {
      const expected = isCommit ? failed(1) : { status: 'error', reason: 'dependencies_failed', exitCode: 1 };
      expect(await judge(failed(1), evidence({ output, own }))).to.include(expected);
      const tests = results(['passed', ''], ['error', output]);
      expect(await judge(failed(1), evidence({ tests, own }))).to.include(expected);
      expect(await judge(failed(1), evidence({ output }))).to.deep.equal(failed(1));
    });
  }

  it('is an error if a missing module is all that failed, without a name', async () => {
    const output = python('requests');
    const outcome = await judge(failed(1), evidence({ tests: counted(0, 1), own, output }));
    expect(outcome).to.include({ status: 'error', reason: 'dependencies_failed' });
    expect(await judge(failed(1), evidence({ tests: counted(1, 1), own, output }))).to.deep.equal(failed(1));
  });

  it('is a failure if a test fails for another reason beside a missing module', async () => {
    const tests = results(['failed', 'assert 1 == 2'], ['error', python('requests')]);
    expect(await judge(failed(1), evidence({ tests, own, output: python('requests') }))).to.deep.equal(failed(1));
  });

  it('is a failure if all tests passed and the command failed, whatever it printed', async () => {
    expect(
      await judge(failed(1), evidence({ tests: results(['passed', '']), own, output: python('requests') })),
    ).to.deep.equal(failed(1));
  });
});
