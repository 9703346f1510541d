import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { TestCollection } from '../../../src/job/reports/collection.ts';
import { ReportReader } from '../../../src/job/reports/files.ts';
import { expectationIn } from '../../../src/job/reports/find-expectation.ts';
import { readJsonReport } from '../../../src/job/reports/json.ts';
import type { TestResult } from '../../../src/kernel/model.ts';
import { TestFolders } from '../../support/folder.ts';

const two = '{\n  "a": 2,\n}';
const one = '{\n  "a": 1,\n}';
const jest = [`Object ${two}`, `Object ${one}`];
const mocha = ['{\n  "a": 2\n}', '{\n  "a": 1\n}'];
const python = ["{'a': 2}", "{'a': 1}"];
const three = ['3', '2'];

/** What the failed tests of a file have expected and got, in the order of the file; null where it does not say so. */
const inFiles: { [file: string]: (string[] | null)[] } = {
  'samples/cargo.txt': [three],
  'samples/go-v.txt': [three, null, null, null],
  'samples/go.jsonl': [three, null, null],
  'samples/jest.json': [jest],
  'samples/jest.txt': [jest],
  'samples/mocha-dot.txt': [mocha, null],
  'samples/mocha-spec.txt': [mocha, null],
  'samples/mocha-xunit.xml': [mocha, null],
  'samples/mocha.json': [mocha, null],
  'samples/node-spec.txt': [three],
  'samples/node-tap.txt': [three],
  'samples/pytest.xml': [['3', '(1 + 1)'], null],
  'samples/unittest.txt': [null, three, null],
  'samples/unittest-short.txt': [null, three, null],
  'samples/vitest.json': [['{ a: 2 }', '{ a: 1 }']],
  'samples/vitest.txt': [[two, one]],
  'samples/vitest.xml': [[two, one]],
  'outputs/ava-4.txt': [three, null],
  'outputs/ava.txt': [['{\n  a: 2,\n}', '{\n  a: 1,\n}'], null],
  'outputs/bun.txt': [[two, one], null],
  'outputs/bun.xml': [[two, one], null],
  'outputs/deno.txt': [null, null],
  'outputs/dotnet.trx': [three],
  'outputs/dotnet.txt': [three, null],
  'outputs/exunit.txt': [three, null],
  'outputs/minitest.txt': [null, ['{:a=>2}', '{:a=>1}']],
  'outputs/nextest.txt': [three, null],
  'outputs/phpunit.txt': [null, ["Array &0 [\n    'a' => 2,\n]", "Array &0 [\n    'a' => 1,\n]"], ['1', '2']],
  'outputs/prove-v.txt': [["'3'", "'2'"]],
  'outputs/pytest.txt': [python, ['1', '2'], null],
  'outputs/pytest-v.txt': [python, null, ['1', '2']],
  'outputs/rspec.txt': [[':a => 2,', ':a => 1,'], null],
  'outputs/tape.txt': [
    ['{ a: 2 }', '{ a: 1 }'],
    ['/x/', 'undefined'],
  ],
  'outputs/testunit.txt': [three, null],
  'outputs/uvu.txt': [['{\n  "a": 2\n}', '{\n  "a": 1\n}'], null],
};

/** What libraries print, after their documentation; in the order: expected, actual. */
const texts: { [library: string]: [text: string, expected: string, actual: string] } = {
  'node:assert of objects': [
    'AssertionError [ERR_ASSERTION]: Expected values to be strictly deep-equal:\n+ actual - expected\n\n  {\n    a: 1,\n+   b: 2\n-   b: 3\n  }\n\n    at TestContext.<anonymous> (a.test.js:3:10) {\n  code: 1,\n  actual: [Object],\n  expected: [Object],\n}',
    '{\n  a: 1,\n  b: 3\n}',
    '{\n  a: 1,\n  b: 2\n}',
  ],
  'Chai in Mocha': [
    'AssertionError: expected 1 to equal 2\n + expected - actual\n \n -1\n +2\n \n  at Context.<anonymous> (a.js:2:5)',
    '2',
    '1',
  ],
  'Chai alone': ["AssertionError: expected 'abc' to deeply equal 'abd'\n    at a.js:1:2", "'abd'", "'abc'"],
  'Vitest toBe': ['AssertionError: expected 2 to be 3 // Object.is equality', '3', '2'],
  'Jest toBe': ['expect(received).toBe(expected) // Object.is equality\n\nExpected: 3\nReceived: 2', '3', '2'],
  'Jest toHaveBeenCalledTimes': [
    'expect(jest.fn()).toHaveBeenCalledTimes(expected)\n\nExpected number of calls: 1\nReceived number of calls: 0',
    '1',
    '0',
  ],
  'Deno assertEquals': [
    'AssertionError: Values are not equal.\n\n\n    [Diff] Actual / Expected\n\n\n-   2\n+   3\n\n  throw new AssertionError(message);',
    '3',
    '2',
  ],
  'node-tap': ['diff: |\n  --- expected\n  +++ actual\n  @@ -1,1 +1,1 @@\n  -3\n  +2\nat:\n  line: 3', '3', '2'],
  testify: [
    '    sum_test.go:9: \n        \tError Trace:\tsum_test.go:9\n        \tError:      \tNot equal: \n        \t            \texpected: 3\n        \t            \tactual  : 2\n        \tTest:       \tTestSum',
    '3',
    '2',
  ],
  'testify with a difference': [
    '        \tError:      \tNot equal: \n        \t            \texpected: "a\\nb"\n        \t            \tactual  : "a\\nc"\n        \t            \t\n        \t            \tDiff:\n        \t            \t--- Expected\n        \t            \t+++ Actual\n        \t            \t@@ -1,2 +1,2 @@\n        \t            \t a\n        \t            \t-b\n        \t            \t+c\n        \tTest:       \tTestSum',
    'a\nb',
    'a\nc',
  ],
  'go-cmp': [
    'a_test.go:5: Sum() mismatch (-want +got):\n  Point{\n- \tX: 3,\n+ \tX: 2,\n  }',
    'Point{\n\tX: 3,\n}',
    'Point{\n\tX: 2,\n}',
  ],
  'Go, want last': ['a_test.go:4: Sum(1, 1) got 2; want 3', '3', '2'],
  'Go, want first': ['a_test.go:4: want 3, got 2', '3', '2'],
  'Go in lines': ['a_test.go:4:\n    got: 2\n   want: 3', '3', '2'],
  'pytest, strings': [
    "    def test_a():\n>       assert name() == 'abd'\nE       AssertionError: assert 'abc' == 'abd'\nE         \nE         - abd\nE         ?   ^\nE         + abc\nE         ?   ^\n\ntest_a.py:2: AssertionError",
    'abd',
    'abc',
  ],
  'pytest -vv': [
    "E       AssertionError: assert {'a': 1, 'b': 2} == {'a': 1, 'b': 3}\nE         \nE         Common items:\nE         {'a': 1}\nE         Full diff:\nE           {\nE               'a': 1,\nE         -     'b': 3,\nE         +     'b': 2,\nE           }\n\na.py:1: AssertionError",
    "{\n    'a': 1,\n    'b': 3,\n}",
    "{\n    'a': 1,\n    'b': 2,\n}",
  ],
  'pytest, a call': ['E       assert 2 == 3\nE        +  where 2 = add(1, 1)', '3', '2'],
  'unittest of lists': [
    'AssertionError: Lists differ: [1, 2] != [1, 3]\n\nFirst differing element 1:\n2\n3\n\n- [1, 2]\n?     ^\n\n+ [1, 3]\n?     ^',
    '[1, 3]',
    '[1, 2]',
  ],
  'unittest with a message': ['AssertionError: 2 != 3 : the sum', '3', '2'],
  'Rust before 1.73': ['assertion failed: `(left == right)`\n  left: `2`,\n right: `3`', '`3`', '`2`'],
  pretty_assertions: ['assertion failed: `(left == right)`\n\nDiff < left / right > :\n<2\n>3\n', '3', '2'],
  'JUnit 4': [
    'java.lang.AssertionError: expected:<3> but was:<2>\n\tat org.junit.Assert.fail(Assert.java:89)',
    '3',
    '2',
  ],
  'JUnit 5': ['org.opentest4j.AssertionFailedError: expected: <3> but was: <2>', '3', '2'],
  TestNG: ['java.lang.AssertionError: expected [3] but found [2]', '3', '2'],
  AssertJ: ['org.opentest4j.AssertionFailedError: \nexpected: 3\n but was: 2\n\tat a.B.c(B.java:1)', '3', '2'],
  Hamcrest: ['java.lang.AssertionError: \nExpected: is <3>\n     but: was <2>', 'is <3>', '<2>'],
  NUnit: ['  Expected: 3\n  But was:  2\n', '3', '2'],
  MSTest: ['Assert.AreEqual failed. Expected:<3>. Actual:<2>. ', '3', '2'],
  ScalaTest: ['2 did not equal 3 (SumSpec.scala:7)', '3', '2'],
};

describe('what a failed test expected and got', () => {
  for (const [file, values] of Object.entries(inFiles)) {
    it(`is read from ${file}`, async () => {
      const results = await read(join(import.meta.dirname, dirname(file)), file.slice(dirname(file).length + 1));
      const failed = results.filter(({ status }) => status === 'failed' || status === 'error');
      expect(failed.map(({ expected, actual }) => (expected === null ? null : [expected, actual]))).to.deep.equal(
        values,
      );
    });
  }

  for (const [library, [text, expected, actual]] of Object.entries(texts)) {
    it(`is found in the words of ${library}`, () => {
      expect(expectationIn(text)).to.deep.equal({ expected, actual });
    });
  }

  for (const text of [
    '',
    'Error: no server',
    'expected a number',
    'assert response.ok',
    '- a list\n- of words\n+ and more',
    'expected: 3',
    'left the room',
    'AssertionError: 2 == 2',
    'Expected: 3\nReceived: 3',
  ]) {
    it(`is not found in ${JSON.stringify(text)}`, () => {
      expect(expectationIn(text)).to.equal(undefined);
    });
  }

  it('is cut, without secrets, and absent unless both are known', () => {
    const tests = new TestCollection('/app', (text) => text.replaceAll('hunter22', '***'));
    const failed = { suite: '', status: 'failed' } as const;
    tests.add({ ...failed, name: 'a', expected: 'x'.repeat(9000), actual: 'hunter22 /app/src/a.js' });
    tests.add({ ...failed, name: 'b', expected: '3' });
    tests.add({ suite: '', name: 'c', status: 'passed', details: 'Expected: 3\nReceived: 2' });
    const [cut, alone, passed] = tests.end().results;
    expect(cut?.expected).to.have.length(5000);
    expect(cut?.actual).to.equal('*** src/a.js');
    for (const { expected, actual } of [alone, passed] as TestResult[])
      expect([expected, actual]).to.deep.equal([null, null]);
  });
});

describe('the stack of a failed test', () => {
  const folders = new TestFolders();
  const root = folders.make();
  after(folders.remove);
  const files = [
    'test/sum.test.js',
    'src/sum.js',
    'test_sum.py',
    'pkg/calc/sum_test.go',
    'src/lib.rs',
    'node_modules/x/i.js',
    'src/test/java/com/x/SumTest.java',
  ];

  before(() => {
    for (const file of files) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), '');
    }
  });

  const stackOf = (details: string, suite = '') => {
    const tests = new TestCollection(root);
    tests.add({ suite, name: 'a', status: 'failed', details });
    const [result] = tests.end().results;
    return result?.stack.map(({ file, line }) => `${file}:${line}`);
  };

  for (const [what, details, places] of [
    [
      'node',
      'at TestContext.<anonymous> (file://ROOT/test/sum.test.js:14:3)\nat sum (ROOT/src/sum.js:2:1)\nat x (ROOT/node_modules/x/i.js:1:1)\nat Test.run (node:internal/test:1:1)',
      ['test/sum.test.js:14', 'src/sum.js:2'],
    ],
    [
      'Python',
      'File "ROOT/test_sum.py", line 7, in test_adds\n  File "/usr/lib/python3/unittest/case.py", line 1',
      ['test_sum.py:7'],
    ],
    ['pytest', 'test_sum.py:4: AssertionError', ['test_sum.py:4']],
    ['Rust', "thread 'a' panicked at src/lib.rs:9:26:\n  at ./src/lib.rs:9:26", ['src/lib.rs:9']],
    ['RSpec', "# ./src/sum.js:3:in `block'", ['src/sum.js:3']],
    ['.NET', '   at App.Sum() in ROOT/src/sum.js:line 12', ['src/sum.js:12']],
    [
      'the JVM',
      '\tat org.junit.Assert.fail(Assert.java:89)\n\tat com.x.SumTest.adds(SumTest.java:12)\n\tat app//com.x.SumTest.lambda$0(SumTest.java:14)',
      ['src/test/java/com/x/SumTest.java:12', 'src/test/java/com/x/SumTest.java:14'],
    ],
    ['Perl', 'at src/sum.js line 12.', ['src/sum.js:12']],
    ['an action in a container', 'at a (/github/workspace/src/sum.js:5:1)', ['src/sum.js:5']],
    ['a job in a container', 'at a (/__w/app/app/src/sum.js:6:1)', ['src/sum.js:6']],
    ['nothing there', 'at a (src/none.js:1:1)\nat b (../../etc/passwd.js:1)\nat c (/etc/hosts.js:1:1)', []],
  ] as const) {
    it(`has the lines of files of the checkout, as printed by ${what}`, () => {
      expect(stackOf(details.replaceAll('ROOT', root))).to.deep.equal(places);
    });
  }

  it('has no part of a secret that goes on where a line is cut, nor has a value', () => {
    const tests = new TestCollection(root, (text) => text.replaceAll('hunter22', '***'));
    const details = [
      `src/sum.js:3: ${'x'.repeat(280)}hunter22`,
      `Expected: ${'x'.repeat(1985)}hunter22`,
      'Received: 2',
    ].join('\n');
    tests.add({ suite: '', name: 'a', status: 'failed', details });
    const [result] = tests.end().results;
    expect(result?.stack).to.have.length(1);
    expect(result?.expected).to.match(/^x+/);
    expect(JSON.stringify(result)).to.not.contain('hunte');
  });

  it('finds the file of a package of Go', () => {
    expect(stackOf('    sum_test.go:12: got 2, want 3', 'example.com/app/pkg/calc')).to.deep.equal([
      'pkg/calc/sum_test.go:12',
    ]);
  });
});

async function read(folder: string, file: string): Promise<TestResult[]> {
  const tests = new TestCollection('/app');
  await new ReportReader(tests, async (text) => readJsonReport(text)).read({ folder, globs: [file] }, () => undefined);
  return tests.end().results;
}
