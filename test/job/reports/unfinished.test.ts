import { expect } from 'chai';
import { TestCollection } from '../../../src/job/reports/collection.ts';
import { OutputTests } from '../../../src/job/reports/output.ts';

/** What runners print before something ends their process with exit code 0. */
const outputs: [runner: string, output: string][] = [
  ['Minitest', 'Run options: --seed 1\n\n# Running:\n\n.'],
  ['test-unit', 'Loaded suite test/a\nStarted\n'],
  ['PHPUnit', 'PHPUnit 11.5.19 by Sebastian Bergmann and contributors.\n\nRuntime:       PHP 8.4.28\n\n.'],
  ['PHPUnit', 'PHPUnit 9.6.1 by Sebastian Bergmann and contributors.\n\n..'],
  ['ExUnit', 'Running ExUnit with seed: 516262, max_cases: 4\n\n'],
  ['pytest', '============ test session starts ============\ncollected 2 items\n\ntest_a.py '],
  ['cargo test', 'running 2 tests\ntest a ... ok\n'],
  [
    'cargo test',
    'running 2 tests\ntest a ... ok\n   Doc-tests a\n\nrunning 1 test\n\ntest result: ok. 1 passed; 0 failed\n',
  ],
  ['bun test', 'bun test v1.2.3 (abc)\n\n'],
  ['Jest', '  ●  process.exit called with "0"\n\n      at Object.exit (a.test.js:2:23)\n'],
  ['the TAP output', 'TAP version 13\n# a\n'],
  ['the TAP output', '1..3\n'],
  ['the TAP output', 'TAP version 13\n# a\nok 1 a\n1..1\nTAP version 13\n# b\nok 1 b\n'],
];

const others: [what: string, output: string][] = [
  ['the version of PHPUnit alone', 'PHPUnit 11.5.19 by Sebastian Bergmann and contributors.\n'],
  ['a range of numbers in a sentence', '1..3 are the numbers\n'],
  ['totals of a plugin of pytest', '=== test session starts ===\nResults (0.04s):\n         4 passed\n'],
  [
    'a program of tests that a test runs',
    'running 1 test\nrunning 1 test\ntest result: ok. 1 passed; 0 failed\ntest result: ok. 1 passed; 0 failed\n',
  ],
  ['a test of Jest that ended a worker of it', '  ●  process.exit called with "0"\n\nTests:       2 passed, 2 total\n'],
  ['a run that has ended', '=== test session starts ===\n=== 4 passed in 0.04s ===\n'],
];

async function unfinishedIn(output: string): Promise<string[]> {
  const search = new OutputTests();
  search.push(Buffer.from(output));
  return (await search.end(new TestCollection('/app'))).unfinished;
}

describe('a test runner that began and printed no totals', () => {
  for (const [runner, output] of outputs)
    it(`is recognised as ${runner} in ${JSON.stringify(output.slice(0, 40))}`, async () => {
      expect(await unfinishedIn(output)).to.deep.equal([runner]);
    });

  for (const [what, output] of others)
    it(`is not recognised in ${what}`, async () => {
      expect(await unfinishedIn(output)).to.deep.equal([]);
    });
});
