import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestCollection } from '../../../src/job/reports/collection.ts';
import { ReportReader } from '../../../src/job/reports/files.ts';
import { readJsonReport } from '../../../src/job/reports/json.ts';

/**
 * What the tools have printed about small projects that pass, fail, or have no tests; paths of the machine are
 * shortened to /app. Those of nextest, dotnet, Maven and Gradle are written after their documentation.
 */
const outputs = join(import.meta.dirname, 'outputs');

interface Expected {
  /** passed, failed, skipped: as the tool itself says */
  totals: [number, number, number];
  /** the tests that the output names and that failed: suite, name, message */
  failed?: string[];
  /** how many tests the output names; all by default */
  named?: number;
  runner: string;
  /** whether the tool fails because it found no tests */
  refuses?: boolean;
}

const none = (runner: string, refuses = false): Expected => ({ totals: [0, 0, 0], runner, refuses });

const ctest: Expected = {
  totals: [1, 5, 2],
  failed: [
    ' | fails: Failed',
    ' | with: Not Run',
    ' | crashes: Exception: SegFault',
    ' | missing: Not Run',
    ' | slow: Timeout',
  ],
  runner: 'ctest',
};
const automake: Expected = {
  totals: [2, 2, 1],
  failed: [' | bad.sh', ' | err.sh'],
  runner: 'make check',
};
const exunit: Expected = {
  totals: [3, 2, 1],
  failed: ['XTest | test fails: Assertion with == failed', 'XTest | test deep throws: ** (ArgumentError) not a number'],
  named: 2,
  runner: 'ExUnit',
};
const minitest: Expected = {
  totals: [1, 2, 1],
  failed: ['MathTest | test_throws: TypeError: not a number', 'MathTest | test_fails: Expected: {:a=>2}'],
  named: 2,
  runner: 'Minitest',
};
const pytest: Expected = {
  totals: [3, 3, 2],
  failed: [
    "test_math | test_fails: AssertionError: assert {'a': 1} == {'a': 2}",
    'test_math.TestSum | test_pairs[2]: assert 2 == 1',
    'test_math | test_served: RuntimeError: no server',
  ],
  named: 3,
  runner: 'pytest',
};
const rspec: Expected = {
  totals: [2, 2, 2],
  failed: [' | sum fails: expected: {:a=>2}', ' | sum throws: TypeError: not a number'],
  named: 2,
  runner: 'RSpec',
};

const expected: { [file: string]: Expected } = {
  'automake.txt': automake,
  'automake-verbose.txt': automake,
  'automake-none.txt': none('make check'),
  'automake-serial.txt': { totals: [2, 1, 1], failed: [' | bad.sh'], runner: 'make check' },
  'automake-serial-green.txt': { totals: [1, 0, 0], runner: 'make check' },
  'automake-serial-xfail.txt': { totals: [2, 0, 0], runner: 'make check' },
  'ava.txt': {
    totals: [2, 2, 2],
    failed: ['math | fails: Difference (- actual, + expected):', 'math | throws: Error thrown in test:'],
    runner: 'AVA',
  },
  'ava-4.txt': {
    totals: [2, 2, 1],
    failed: ['test | subtracts: Difference:', 'test | throws: Error thrown in test:'],
    runner: 'AVA',
  },
  'ava-green.txt': { totals: [1, 0, 0], runner: 'AVA' },
  'ava-none.txt': none('AVA', true),
  'bun.txt': {
    totals: [3, 2, 2],
    failed: ['sum | fails: error: expect(received).toEqual(expected)', 'sum | throws: TypeError: not a number'],
    runner: 'bun test',
  },
  'bun.xml': {
    totals: [3, 2, 2],
    failed: ['sum | fails: expect(received).toEqual(expected)', 'sum | throws: not a number'],
    runner: 'the JUnit report',
  },
  'bun-green.txt': { totals: [1, 0, 0], runner: 'bun test' },
  'bun-none.txt': none('bun test', true),
  'cargo-none.txt': none('cargo test'),
  'ctest.txt': ctest,
  'ctest.xml': {
    totals: [1, 3, 4],
    failed: ['fails | fails: Failed', 'crashes | crashes: SEGFAULT', 'slow | slow: Timeout'],
    runner: 'the JUnit report',
  },
  'ctest-failure.txt': ctest,
  'ctest-green.txt': { totals: [1, 0, 0], runner: 'ctest' },
  'ctest-none.txt': none('ctest', true),
  'ctest-none-fails.txt': none('ctest', true),
  'deno.txt': {
    totals: [1, 2, 1],
    failed: ['math_test.ts | fails: Error: not equal', 'math_test.ts | steps: TypeError: bad'],
    runner: 'deno test',
  },
  'deno.xml': {
    totals: [2, 3, 1],
    failed: [
      './math_test.ts | fails: Uncaught Error: not equal   to it',
      './math_test.ts | steps: 1 test step failed',
      './math_test.ts | steps > two: Uncaught TypeError: bad',
    ],
    runner: 'the JUnit report',
  },
  'deno-green.txt': { totals: [1, 0, 0], runner: 'deno test' },
  'deno-none.txt': none('deno test', true),
  'dotnet.trx': {
    totals: [1, 1, 1],
    failed: ['App.Tests.Sum | Fails: Assert.Equal() Failure: Values differ'],
    runner: 'the TRX report',
  },
  'dotnet.txt': {
    totals: [3, 2, 1],
    failed: [
      'App.Tests.Sum | Fails: Assert.Equal() Failure: Values differ',
      'App.Tests.Sum | Pairs(a: 1.5, b: "x.y"): System.FormatException : not a number',
    ],
    named: 2,
    runner: 'dotnet test',
  },
  'dotnet-none.txt': none('dotnet test'),
  'exunit.txt': exunit,
  'exunit-trace.txt': { ...exunit, named: 6 },
  'exunit-none.txt': none('ExUnit'),
  'go-none.jsonl': none('go test'),
  'go-none.txt': none('go test'),
  'go-none-v.txt': none('go test'),
  'gradle-none.txt': none('Gradle'),
  'jest-none.txt': none('Jest', true),
  'jest-none-passes.txt': none('Jest'),
  'maven.txt': { totals: [1, 1, 1], named: 0, runner: 'Maven' },
  'maven-none.txt': none('Maven'),
  'meson.txt': {
    totals: [2, 3, 1],
    failed: [' | fails: exit status 1', ' | tap: 1/2 subtests passed', ' | crashes: killed by signal 11 SIGSEGV'],
    runner: 'meson test',
  },
  'meson.xml': {
    totals: [3, 3, 1],
    failed: ['x | fails', 'x | crashes', 'x.tap | 2 - two'],
    runner: 'the JUnit report',
  },
  'meson-none.txt': none('meson test'),
  'minitest.txt': minitest,
  'minitest-v.txt': { ...minitest, named: 4 },
  'minitest-none.txt': none('Minitest'),
  'mocha-nofile.txt': none('Mocha', true),
  'mocha-none.txt': none('Mocha'),
  'nextest.txt': {
    totals: [2, 2, 0],
    failed: ['app | tests::fails: assertion `left == right` failed', 'app::it | crashes'],
    runner: 'cargo nextest',
  },
  'nextest-none.txt': none('cargo nextest', true),
  'node-none.txt': none('the TAP output'),
  'phpunit.txt': {
    totals: [3, 3, 2],
    failed: [
      'MathTest | testThrows: TypeError: not a number',
      'MathTest | testFails: Failed asserting that two arrays are identical.',
      'MathTest | testPairs with data set "two": Failed asserting that 2 is identical to 1.',
    ],
    named: 3,
    runner: 'PHPUnit',
  },
  'phpunit.xml': {
    totals: [3, 3, 2],
    failed: [
      'MathTest | testFails: Failed asserting that two arrays are identical.',
      'MathTest | testThrows: TypeError: not a number',
      'MathTest | testPairs with data set "two": Failed asserting that 2 is identical to 1.',
    ],
    runner: 'the JUnit report',
  },
  'phpunit-green.txt': { totals: [1, 0, 0], named: 0, runner: 'PHPUnit' },
  'phpunit-none.txt': none('PHPUnit'),
  'prove.txt': {
    // a file that ends early has no test in the totals of prove
    totals: [4, 2, 0],
    failed: ['t/b.t | (1 of its tests)', 't/d.t | (file)'],
    named: 2,
    runner: 'prove',
  },
  'prove-green.txt': { totals: [3, 0, 0], named: 0, runner: 'prove' },
  'prove-none.txt': none('prove'),
  'prove-v.txt': { totals: [3, 1, 1], failed: [' | fails'], runner: 'the TAP output' },
  'prove-v-unnumbered.txt': { totals: [5, 1, 0], failed: [' | divides'], runner: 'the TAP output' },
  'pytest.txt': pytest,
  'pytest-q.txt': pytest,
  'pytest-v.txt': { ...pytest, named: 8 },
  'pytest-green.txt': { totals: [1, 0, 0], named: 0, runner: 'pytest' },
  'pytest-none.txt': none('pytest', true),
  'rspec.txt': rspec,
  'rspec-doc.txt': rspec,
  'rspec-green.txt': { totals: [1, 0, 0], named: 0, runner: 'RSpec' },
  'rspec-none.txt': none('RSpec'),
  'tap-c.txt': { totals: [1, 1, 2], failed: [' | fails'], runner: 'the TAP output' },
  'tap-c-none.txt': none('the TAP output'),
  'tap-c-skipped.txt': { totals: [0, 0, 1], runner: 'the TAP output' },
  'tape.txt': {
    totals: [2, 2, 0],
    failed: [' | is equal', ' | should throw'],
    runner: 'the TAP output',
  },
  'tape-green.txt': { totals: [1, 0, 0], runner: 'the TAP output' },
  'testunit.txt': {
    totals: [1, 2, 2],
    failed: [
      "MathTest | test_fails: testunit.rb:4:in `test_fails'",
      "MathTest | test_throws: testunit.rb:7:in `test_throws'",
    ],
    named: 2,
    runner: 'test-unit',
  },
  'unittest-none.txt': none('unittest', true),
  'uvu.txt': {
    totals: [3, 2, 1],
    failed: [' | fails: Expected values to be deeply equal:  (equal)', 'deep | throws: not a number'],
    named: 2,
    runner: 'uvu',
  },
  'uvu-green.txt': { totals: [1, 0, 0], named: 0, runner: 'uvu' },
  'uvu-none.txt': none('uvu'),
  'vitest-none.txt': none('Vitest', true),
  'vitest-none-passes.txt': none('Vitest'),
};

describe('the output of a test runner', () => {
  for (const file of readdirSync(outputs)) {
    it(`has the totals that the tool prints in ${file}`, async () => {
      const tests = new TestCollection('/app');
      const reader = new ReportReader(tests, async (text) => readJsonReport(text));
      const told: string[] = [];
      await reader.read({ folder: outputs, globs: [file] }, (sentence) => told.push(sentence));
      expect(told).to.deep.equal([]);
      const { summary, results } = tests.end();
      const { totals, failed = [], named, runner, refuses = false } = expected[file] as Expected;
      const { passed, failed: failures, skipped } = summary;
      expect([passed, failures, skipped]).to.deep.equal(totals);
      expect(results).to.have.length(named ?? summary.total);
      const bad = results.filter(({ status }) => status === 'failed' || status === 'error');
      const texts = bad.map(
        ({ suite, name, message }) => `${suite} | ${name}${message === null ? '' : `: ${message}`}`,
      );
      expect(texts.map((text) => text.split('\n', 1)[0])).to.have.members(failed);
      expect(reader.runners.map(({ name, refuses = false }) => ({ name, refuses }))).to.deep.equal([
        { name: runner, refuses },
      ]);
    });
  }
});
