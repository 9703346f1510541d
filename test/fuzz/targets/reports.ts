import { expect } from 'chai';
import fc from 'fast-check';
import { TestCollection } from '../../../src/job/reports/collection.ts';
import { readJsonReport } from '../../../src/job/reports/json.ts';
import { JUnitParser } from '../../../src/job/reports/junit.ts';
import { OutputTests } from '../../../src/job/reports/output.ts';
import type { JobTests, TestResult } from '../../../src/kernel/model.ts';
import { packedTests, packTests, unpackTests } from '../../../src/queues/packed-tests.ts';
import { type Target, target } from '../target.ts';
import { anyText, soup } from '../texts.ts';

const xml = [
  '<testsuites>',
  '</testsuites>',
  '<testsuite name="s">',
  '</testsuite>',
  '<testcase name="a" classname="c" time="1.5">',
  '<testcase name="b"/>',
  '</testcase>',
  '<failure message="m">',
  '</failure>',
  '<error/>',
  '<skipped/>',
  '<![CDATA[x]]>',
  ']]>',
  '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>',
  '&a;',
  '&lt;',
  '&#0;',
  '&#xD800;',
  '<?xml version="1.0" encoding="UTF-16"?>',
  '<?xml version="1.1"?>',
  '<!--',
  '-->',
  '<a b="',
  '">',
  '<system-out>',
  '</system-out>',
  ' time="1e999"',
  'text',
  '\ufeff',
];

/** Lines of test runners, and parts of them. */
const printed = [
  'TAP version 13\n',
  '1..2\n',
  '1..0\n',
  'ok 1 - a\n',
  'not ok 2 - b\n',
  '  ---\n',
  '  ...\n',
  'bun test v1.4\n',
  'a.test.js:\n',
  '(pass) a > b [1ms]\n',
  '(fail) a\n',
  ' 1 pass\n',
  'No tests found!\n',
  'running 2 tests from ./a.ts\n',
  'a ... ok (1ms)\n',
  'a => ./a.ts:1:1\n',
  'FAILED | 1 passed | 1 failed (1ms)\n',
  '  ✔ a › b\n',
  '  ✘ [fail]: a › b c\n',
  '  a › b\n',
  '  1 test failed\n',
  '   FAIL  "a"\n',
  '  Total:     2\n',
  '  Passed:    1\n',
  '===== test session starts =====\n',
  'a.py::b PASSED [ 50%]\n',
  '____ b ____\n',
  'FAILED a.py::b - c\n',
  '== 1 failed in 0.1s ==\n',
  '1/2 Test #1: a ....***Failed    0.01 sec\n',
  '    Start 2: b\n',
  '50% tests passed, 1 tests failed out of 2\n',
  '1/2 a / b    FAIL    0.02s   exit status 1\n',
  'Ok:    1\n',
  'PHPUnit 11.5\n',
  'There was 1 failure:\n',
  '1) A::b\n',
  'Tests: 2, Assertions: 1, Failures: 1.\n',
  'Failures:\n',
  '  1) a\n',
  '2 examples, 1 failure\n',
  'Run options: --seed 1\n',
  'A#b = 0.1 s = F\n',
  '  1) Failure:\n',
  'A#b [a.rb:1]:\n',
  '2 runs, 1 assertions, 1 failures, 0 errors, 0 skips\n',
  'Running ExUnit with seed: 0, max_cases: 1\n',
  '  1) test a (A)\n',
  '2 tests, 1 failure\n',
  '        FAIL [   0.1s] app a\n',
  '--- STDOUT:   app a ---\n',
  '     Summary [   0.1s] 2 tests run: 1 passed, 1 failed\n',
  '  Failed A.b [1 ms]\n',
  'Failed!  - Failed:     1, Passed:     1, Skipped:     0, Total:     2, Duration: 1 ms - A.dll (net8.0)\n',
  '[ERROR] Tests run: 2, Failures: 1, Errors: 0, Skipped: 0\n',
  '> Task :test NO-SOURCE\n',
  '[volt] a\n',
  '\u001b[31m',
  '\r',
  '\n',
  ' ',
  '  ',
];

/** The results of a report fit into a message, whatever it contains. */
function checkFound(tests: TestCollection): JobTests {
  const found = tests.end();
  for (const { suite, name, file, duration, message, details, expected, actual } of found.results) {
    expect(suite.length).to.be.at.most(500);
    expect(name.length).to.be.within(1, 500);
    expect(file?.length ?? 0).to.be.at.most(500);
    expect(message?.length ?? 0).to.be.at.most(2000);
    expect(details?.length ?? 0).to.be.at.most(10_000);
    for (const value of [expected, actual]) expect(value?.length ?? 0).to.be.at.most(5000);
    if (duration !== null) expect(duration).to.be.within(0, 1e10);
    for (const said of [suite, name, file, message, details, expected, actual])
      expect(said ?? '').to.not.match(control);
  }
  return found;
}

/** A fault is a sentence, never one of JavaScript's own messages. */
function wrong(error: unknown): void {
  expect(error).to.be.instanceOf(Error);
  expect(error, String(error)).to.not.be.instanceOf(TypeError);
  expect(error, String(error)).to.not.be.instanceOf(RangeError);
}

const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 3 }, anyText(4), fc.double(), fc.boolean(), fc.constant(null), tie('list'), tie('map')),
  list: fc.array(tie('any'), { maxLength: 4 }),
  map: fc.dictionary(
    fc.constantFrom(
      'testResults',
      'assertionResults',
      'stats',
      'tests',
      'passes',
      'failures',
      'pending',
      'title',
      'fullTitle',
      'status',
      'name',
      'message',
      'err',
      'stack',
      'duration',
      'ancestorTitles',
      'failureMessages',
      '__proto__',
    ),
    tie('any'),
    { maxKeys: 6 },
  ),
})).any;

// biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
const control = /[\u0000-\u0008\u001b]/;

const result: fc.Arbitrary<TestResult> = fc.record({
  suite: anyText(8).map((text) => text.slice(0, 500)),
  name: anyText(8).map((text) => text.slice(0, 500)),
  file: fc.option(anyText(4).map((text) => text.slice(0, 500))),
  status: fc.constantFrom('passed', 'failed', 'skipped', 'error'),
  duration: fc.option(fc.nat(1e9)),
  message: fc.option(anyText(20).map((text) => text.slice(0, 2000))),
  details: fc.option(anyText(20).map((text) => text.repeat(20).slice(0, 10_000))),
  expected: fc.option(anyText(20).map((text) => text.slice(0, 5000))),
  actual: fc.option(anyText(20).map((text) => text.slice(0, 5000))),
  stack: fc.array(
    fc.record({
      text: anyText(8).map((text) => text.slice(0, 300)),
      file: anyText(4).map((text) => text.slice(0, 500)),
      line: fc.integer({ min: 1, max: 9_999_999 }),
    }),
    { maxLength: 8 },
  ),
});

async function unpacked(packed: Parameters<typeof unpackTests>[0]): Promise<TestResult[]> {
  const results: TestResult[] = [];
  for await (const some of unpackTests(packed)) results.push(...some);
  return results;
}

export const reportTargets: Target[] = [
  target(
    'junit-reports',
    'a report in XML is read or refused, within bounds',
    500,
    fc.tuple(soup(xml, 20), fc.nat(100)),
    ([text, cut]) => {
      const parser = new JUnitParser();
      try {
        parser.write(text.slice(0, cut));
        parser.write(text.slice(cut));
        parser.end();
      } catch (error) {
        wrong(error);
      }
      const tests = new TestCollection('/work');
      for (const found of parser.tests) tests.add(found);
      checkFound(tests);
    },
  ),
  target(
    'printed-results',
    'the output of test runners is read within bounds, whatever is mixed into it',
    300,
    fc.tuple(soup(printed, 40), fc.nat(200)),
    async ([text, cut]) => {
      const found = new OutputTests();
      const bytes = Buffer.from(text);
      found.push(bytes.subarray(0, cut));
      found.push(bytes.subarray(cut));
      const tests = new TestCollection('/work');
      const { runners } = await found.end(tests);
      const { summary, results } = checkFound(tests);
      expect(summary.total).to.be.at.least(results.length);
      for (const { name } of runners) expect(name).to.match(/\S/);
    },
  ),
  target('json-reports', 'a report in JSON is read or refused, within bounds', 1000, value, (report) => {
    const tests = new TestCollection('/work');
    try {
      for (const found of readJsonReport(JSON.stringify(report) ?? '')) tests.add(found);
    } catch (error) {
      wrong(error);
    }
    checkFound(tests);
  }),
  target(
    'packed-tests',
    'results of tests come out of a message as they went in, and those that failed go last',
    60,
    fc.tuple(fc.array(result, { maxLength: 30 }), fc.constantFrom(400, 2000, 1_000_000)),
    async ([results, limit]) => {
      const summary = { passed: 0, failed: 0, skipped: 0, total: results.length, listed: results.length };
      const packed = packedTests.parse(await packTests({ summary, results }, limit));
      const kept = await unpacked(packed);
      expect(packed.summary.listed).to.equal(kept.length);
      if (limit === 1_000_000) expect(kept).to.deep.equal(results.map((one) => JSON.parse(JSON.stringify(one))));
      const bad = (some: TestResult[]) => some.filter(({ status }) => status === 'failed' || status === 'error').length;
      if (kept.length < results.length) expect(bad(kept)).to.equal(Math.min(bad(results), kept.length));
    },
  ),
  target(
    'foreign-packed-tests',
    'results that Volt has not packed are refused by an error',
    200,
    fc.tuple(fc.base64String({ maxLength: 200 }), anyText(6)),
    async ([lines, text]) => {
      const { gzipSync } = await import('node:zlib');
      for (const packed of [lines, gzipSync(text).toString('base64'), gzipSync(`${text}\n`).toString('base64')]) {
        const parsed = packedTests.safeParse({
          summary: { passed: 0, failed: 0, skipped: 0, total: 0, listed: 0 },
          lines: packed,
        });
        if (!parsed.success) continue;
        await unpacked(parsed.data).catch((error) => expect(error).to.be.instanceOf(Error));
      }
    },
  ),
];
