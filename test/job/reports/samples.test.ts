import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestCollection } from '../../../src/job/reports/collection.ts';
import { ReportReader } from '../../../src/job/reports/files.ts';
import { readJsonReport } from '../../../src/job/reports/json.ts';
import { lineParsers, OutputTests } from '../../../src/job/reports/output.ts';
import type { JobTests } from '../../../src/kernel/model.ts';

/** What the tools themselves have written about small projects; paths of the machine are shortened to /app. */
const samples = join(import.meta.dirname, 'samples');

const go = [
  'passed example.com/app | TestAdds',
  'failed example.com/app | TestFails: a_test.go:4: 1 + 1 = 2, want 3',
  'skipped example.com/app | TestLater: a_test.go:5: not now',
  'passed example.com/app | TestTable/one',
  'failed example.com/app | TestTable/two: a_test.go:6: two is wrong',
  'failed example.com/app | TestTable',
];
const jest = [
  'passed sum | adds',
  'failed sum | fails: Error: expect(received).toEqual(expected) // deep equality',
  'passed sum > deep | works',
  'skipped sum > deep | later',
  'passed other.test.js | top',
  'skipped other.test.js | some day',
];
const vitest = [
  'passed v/other.test.mjs | top',
  'skipped v/other.test.mjs | some day',
  'passed sum | adds',
  'failed sum | fails: AssertionError: expected { a: 1 } to deeply equal { a: 2 }',
  'passed sum > deep | works',
  'skipped sum > deep | later',
];
const mocha = (status: string, groups: string, all: string, hook: string) => [
  `passed ${all} | top`,
  'passed sum | adds',
  `failed sum | fails: ${status}Expected values to be loosely deep-equal:`,
  `passed sum${groups}deep | works`,
  `skipped sum${groups}deep | later`,
  hook,
];

interface Expected {
  tests: string[];
  /** tests of which there is only a number */
  unnamed?: { passed: number; failed?: number; skipped: number };
}

/** By file. */
const expected: { [file: string]: Expected } = {
  'cargo.txt': {
    tests: [
      'passed src/lib.rs | tests::adds',
      'skipped src/lib.rs | tests::later: not now',
      'failed src/lib.rs | tests::fails: assertion `left == right` failed',
      'passed src/lib.rs | tests::panics',
      'passed tests/it.rs | outside',
      'passed app (documentation) | src/lib.rs - add (line 1)',
    ],
  },
  'go-v.txt': { tests: [...go, 'error example.com/app/broken | [build failed]: it could not run'] },
  'go.txt': {
    tests: [go[1], go[4], go[5], 'error example.com/app/broken | [build failed]: it could not run'] as string[],
  },
  'go.jsonl': { tests: go },
  'jest.json': { tests: jest },
  'jest.txt': {
    tests: ['failed sum | fails: expect(received).toEqual(expected) // deep equality'],
    unnamed: { passed: 3, skipped: 2 },
  },
  'mocha-dot.txt': {
    tests: [
      'failed sum | fails: AssertionError [ERR_ASSERTION]: Expected values to be loosely deep-equal:',
      'failed hooked | "before all" hook for "never": Error: no server',
    ],
    unnamed: { passed: 3, skipped: 1 },
  },
  'mocha-spec.txt': {
    tests: mocha(
      'AssertionError [ERR_ASSERTION]: ',
      ' > ',
      '',
      'error hooked | "before all" hook for "never": Error: no server',
    ),
  },
  'mocha-xunit.xml': {
    tests: mocha('', ' ', 'Mocha Tests', 'failed hooked | "before all" hook for "never": no server'),
  },
  'mocha.json': { tests: mocha('', ' ', '', 'failed hooked | "before all" hook for "never": no server') },
  'node-spec.txt': {
    tests: [
      'passed sum | adds',
      'failed sum | fails: AssertionError [ERR_ASSERTION]: 2 == 3',
      'passed sum > deep | works',
      'passed  | top',
      'skipped  | left out: not now',
      'passed  | later',
    ],
  },
  'node-tap.txt': {
    tests: [
      'passed sum | adds',
      'failed sum | fails: 2 == 3',
      'passed sum > deep | works',
      'passed  | top',
      'skipped  | left out: not now',
      'skipped  | later: todo',
    ],
  },
  'pytest.xml': {
    tests: [
      'passed test_sum.TestSum | test_adds',
      'failed test_sum.TestSum | test_fails: assert (1 + 1) == 3',
      'skipped test_sum | test_later: not now',
      'error test_sum | test_served: failed on setup with "RuntimeError: no server"',
    ],
  },
  'unittest-short.txt': {
    tests: [
      'error test_sum.Sum | test_broken: RuntimeError: no server',
      'failed test_sum.Sum | test_fails: AssertionError: 2 != 3',
      'failed test_sum.Sum | test_parts: AssertionError: 2 == 2',
    ],
    unnamed: { passed: 3, skipped: 1 },
  },
  // a package that imports its tests, so that each runs twice; the output of one hides that it was skipped
  'unittest-twice.txt': {
    tests: [
      'failed tests.test_a.Adds | test_fails: AssertionError: 2 != 3',
      'failed tests.test_a.Adds | test_parts: AssertionError: 1 != 0',
      'passed tests.test_a.Adds | test_passes',
    ],
    unnamed: { passed: 1, failed: 2, skipped: 2 },
  },
  'unittest.txt': {
    tests: [
      'passed test_sum.Sum | test_adds',
      'error test_sum.Sum | test_broken: RuntimeError: no server',
      'passed test_sum.Sum | test_documented',
      'failed test_sum.Sum | test_fails: AssertionError: 2 != 3',
      'skipped test_sum.Sum | test_later: not now',
      'failed test_sum.Sum | test_parts: AssertionError: 2 == 2',
      'passed test_sum.Sum | test_prints',
    ],
  },
  'vitest.json': { tests: vitest },
  'vitest.txt': {
    tests: [
      'passed sum | adds',
      'failed sum | fails: expected { a: 1 } to deeply equal { a: 2 }',
      'passed sum > deep | works',
      'skipped sum > deep | later',
    ],
    unnamed: { passed: 1, skipped: 1 },
  },
  'vitest.xml': {
    tests: [
      'passed v/other.test.mjs | top',
      'skipped v/other.test.mjs | some day',
      'passed v/sum.test.mjs | sum > adds',
      'failed v/sum.test.mjs | sum > fails: expected { a: 1 } to deeply equal { a: 2 }',
      'passed v/sum.test.mjs | sum > deep > works',
      'skipped v/sum.test.mjs | sum > deep > later',
    ],
  },
};

function inShort({ results }: JobTests): string[] {
  return results.map(
    ({ status, suite, name, message }) => `${status} ${suite} | ${name}${message === null ? '' : `: ${message}`}`,
  );
}

describe('reports of test runners', () => {
  for (const file of readdirSync(samples)) {
    it(`are read from ${file}`, async () => {
      const tests = new TestCollection('/app');
      const told: string[] = [];
      await new ReportReader(tests, async (text) => readJsonReport(text)).read(
        { folder: samples, globs: [file] },
        (sentence) => told.push(sentence),
      );
      expect(told).to.deep.equal([]);
      const found = tests.end();
      const { tests: named = [], unnamed = { passed: 0, skipped: 0 } }: Expected = expected[file] ?? { tests: [] };
      expect(inShort(found)).to.have.members(named);
      const { listed, passed, failed, skipped } = found.summary;
      const count = (status: string) => named.filter((test) => test.startsWith(status)).length;
      expect({ listed, passed, failed, skipped }).to.deep.equal({
        listed: named.length,
        passed: count('passed') + unnamed.passed,
        failed: count('failed') + count('error') + (unnamed.failed ?? 0),
        skipped: count('skipped') + unnamed.skipped,
      });
      for (const { status, details, name } of found.results) {
        if (status === 'failed' && name !== 'TestTable') expect(details, name).to.be.a('string');
      }
    });
  }

  it('are found in output with several of them, in chunks of any size, with colours', async () => {
    const output = [
      'node-spec.txt',
      'mocha-spec.txt',
      'unittest.txt',
      'go-v.txt',
      'cargo.txt',
      'vitest.txt',
      'jest.txt',
    ]
      .map((file) => readFileSync(join(samples, file), 'utf8'))
      .join('some other line\n')
      .replaceAll(/[✔✖]/g, '\u001b[32m$&\u001b[39m');
    const found = new OutputTests();
    const bytes = Buffer.from(output);
    const passing = Buffer.alloc(7);
    for (let from = 0; from < bytes.length; from += 7)
      found.push(passing.subarray(0, bytes.copy(passing, 0, from, from + 7)));
    const tests = new TestCollection('/app');
    await found.end(tests);
    const { summary } = tests.end();
    expect(summary).to.deep.equal({
      passed: 4 + 3 + 3 + 2 + 4 + 3 + 3,
      failed: 1 + 2 + 3 + 4 + 1 + 1 + 1,
      skipped: 9,
      total: 44,
      listed: 6 + 6 + 7 + 7 + 6 + 4 + 1,
    });
  });

  it('are the same as if every parser got every line', async () => {
    const lines = [samples, join(import.meta.dirname, 'outputs')].flatMap((folder) =>
      readdirSync(folder)
        .filter((file) => file.endsWith('.txt'))
        .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n')),
    );
    const others = [
      '',
      ' ',
      '  of no test',
      'any words',
      'test words',
      'test_name words',
      'Ran away',
      'some (words)',
      '1 number',
      '\u001b[1mcoloured',
      'ok',
      '- item',
      '✔',
      '\t',
      '{}',
    ];
    // a generator of Lehmer, so that a failure comes again
    let state = 7;
    const random = (below: number) => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    for (let round = 0; round < 50; round++) {
      const from = random(lines.length);
      const text = lines
        .slice(from, from + 400)
        .flatMap((line) => (random(10) === 0 ? [others[random(others.length)] ?? '', line] : [line]));
      const found = new OutputTests();
      found.push(Buffer.from(`${text.join('\n')}\n`));
      const tests = new TestCollection('/app');
      await found.end(tests);
      const expected = new TestCollection('/app');
      const parsers = lineParsers();
      for (const line of text) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
        const plain = line.replace(/\u001b\[[0-9;]*m/g, '').replace(/\r$/, '');
        const owner = parsers.find(({ inside, owns }) => inside && owns === true);
        for (const parser of owner ? [owner] : parsers) parser.line(plain, false);
      }
      for (const parser of parsers) {
        const { tests: results, unnamed } = parser.end();
        for (const test of results) expected.add(test);
        if (unnamed) expected.addUnnamed(unnamed);
      }
      expect(tests.end(), `round ${round}`).to.deep.equal(expected.end());
    }
  });
});
