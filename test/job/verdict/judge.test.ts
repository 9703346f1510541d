import { expect } from 'chai';
import type { JobOutcome } from '../../../src/job/outcome.ts';
import { isByExitCodeAlone, judge } from '../../../src/job/verdict/judge.ts';
import type { JobTests } from '../../../src/kernel/model.ts';

const success: JobOutcome = { status: 'success', reason: null, message: null, exitCode: 0 };

function failed(exitCode: number): JobOutcome {
  return { status: 'failure', reason: 'exit_code', message: `"npm test" exited with code ${exitCode}`, exitCode };
}

function tests(passed: number, failed = 0): JobTests {
  return { summary: { passed, failed, skipped: 0, total: passed + failed, listed: 0 }, results: [] };
}

describe('the verdict of a job without a workflow', () => {
  it('is an error if the test runner passes without a test', () => {
    const outcome = judge(success, { tests: undefined, runners: [{ name: 'Mocha' }] });
    expect(outcome).to.include({ status: 'error', reason: 'no_tests_found', exitCode: 0 });
    expect(outcome.message).to.match(/^0 tests ran according to Mocha\. /);
  });

  it('is an error if the test runner fails because it found no test', () => {
    const runners = [{ name: 'node --test' }, { name: 'Jest', refuses: true }];
    expect(judge(failed(1), { tests: undefined, runners })).to.include({ status: 'error', reason: 'no_tests_found' });
  });

  it('is a failure if something else fails beside a test runner without tests', () => {
    expect(judge(failed(1), { tests: undefined, runners: [{ name: 'Mocha' }] })).to.deep.equal(failed(1));
  });

  it('is that of the exit code if one of several runners has tests', () => {
    const runners = [{ name: 'Jest', refuses: true }, { name: 'Mocha' }];
    expect(judge(success, { tests: tests(1), runners })).to.deep.equal(success);
    expect(judge(failed(1), { tests: tests(1), runners })).to.deep.equal(failed(1));
  });

  it('is that of the exit code if nothing tells a number of tests', () => {
    const told = { tests: undefined, runners: [] };
    expect(isByExitCodeAlone(told)).to.equal(true);
    expect(judge(success, told)).to.deep.equal(success);
    expect(isByExitCodeAlone({ tests: tests(1), runners: [] })).to.equal(false);
    expect(isByExitCodeAlone({ tests: undefined, runners: [{ name: 'Mocha' }] })).to.equal(false);
  });

  it('names the signal that a shell reports by its exit code', () => {
    const { reason, message, exitCode } = judge(failed(139), { tests: tests(3), runners: [] });
    expect({ reason, exitCode }).to.deep.equal({ reason: 'signal', exitCode: 139 });
    expect(message).to.equal(
      '"npm test" exited with code 139: a process was ended by SIGSEGV (it used memory that is not its own)',
    );
    for (const code of [1, 127, 128, 160, 200, 255])
      expect(judge(failed(code), { tests: undefined, runners: [] })).to.deep.equal(failed(code));
  });

  it('names no signal if the exit code is the number of failed tests', () => {
    expect(judge(failed(139), { tests: tests(3, 139), runners: [{ name: 'Mocha' }] })).to.deep.equal(failed(139));
  });

  it('stays what it is if it does not come from an exit code', () => {
    const timeout: JobOutcome = {
      status: 'failure',
      reason: 'timeout',
      message: 'ran longer than 1 min',
      exitCode: null,
    };
    expect(judge(timeout, { tests: undefined, runners: [{ name: 'Jest', refuses: true }] })).to.equal(timeout);
  });
});
