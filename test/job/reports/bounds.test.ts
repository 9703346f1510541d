import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { mostTests, TestCollection } from '../../../src/job/reports/collection.ts';
import { ReportReader } from '../../../src/job/reports/files.ts';
import { readJsonReport } from '../../../src/job/reports/json.ts';
import { OutputTests } from '../../../src/job/reports/output.ts';
import type { JobTests } from '../../../src/kernel/model.ts';
import { TestFolders } from '../../support/folder.ts';

const suite = (inside: string) => `<testsuite name="s">${inside}</testsuite>`;

describe('an invalid or hostile report', () => {
  const folders = new TestFolders();

  after(folders.remove);

  async function read(files: { [path: string]: string }, globs = ['**/*.xml', '*.json']) {
    const folder = folders.make();
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return readFrom(folder, globs);
  }

  async function readFrom(folder: string, globs: string[]): Promise<JobTests & { told: string[] }> {
    const tests = new TestCollection(folder);
    const told: string[] = [];
    await new ReportReader(tests, async (text) => readJsonReport(text)).read({ folder, globs }, (sentence) =>
      told.push(sentence),
    );
    return { ...tests.end(), told };
  }

  const bad: [what: string, text: string, why: RegExp][] = [
    ['is no XML', 'no report', /^the report a\.xml is left out: \d+:\d+: /],
    ['is empty', '', /it is empty/],
    ['is another document', '<html><body/></html>', /not a JUnit report/],
    ['is nested without end', suite('<a>'.repeat(5000)), /nested too deeply/],
    [
      'holds entities of its own',
      `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>${suite('<testcase name="&b;"/>')}`,
      /undefined entity/,
    ],
  ];
  for (const [what, text, why] of bad) {
    it(`is left out with a message if it ${what}`, async () => {
      const { summary, told } = await read({ 'a.xml': text, 'b.xml': suite('<testcase name="fine"/>') });
      expect(told).to.have.length(1);
      expect(told[0]).to.match(why);
      expect(summary.total).to.equal(1);
    });
  }

  it('counts up to where it breaks off', async () => {
    const { results, told } = await read({ 'a.xml': '<testsuite name="s"><testcase name="one"/><testcase name="tw' });
    expect(told[0]).to.match(/a\.xml is left out/);
    expect(results.map(({ name }) => name)).to.deep.equal(['one']);
  });

  it('is not read through a link, or if no glob matches its name', async () => {
    const folder = folders.make();
    const outside = join(folders.make(), 'secret.xml');
    writeFileSync(outside, suite('<testcase name="secret"/>'));
    symlinkSync(outside, join(folder, 'a.xml'));
    symlinkSync(join(outside, '..'), join(folder, 'linked'));
    mkdirSync(join(folder, 'node_modules'));
    writeFileSync(join(folder, 'node_modules/a.xml'), suite('<testcase name="foreign"/>'));
    expect((await readFrom(folder, ['**/*.xml'])).summary.total).to.equal(0);
  });

  it('is cut to the limits of one test and of all tests', async () => {
    const long = 'x'.repeat(100_000);
    const passed = '<testcase name="p"/>'.repeat(mostTests);
    const failed = `<testcase name="f${long}"><failure message="${long}">${long}</failure></testcase>`.repeat(3);
    const { summary, results } = await read({ 'a.xml': suite(passed), 'b.xml': suite(failed) });
    expect(summary).to.include({ passed: mostTests, failed: 3 });
    const kept = results.filter(({ status }) => status === 'failed');
    expect(kept).to.have.length(3);
    expect(results).to.have.length(summary.listed);
    expect(results.length).to.be.lessThan(mostTests);
    const [first] = kept;
    expect([first?.name.length, first?.message?.length, first?.details?.length]).to.deep.equal([500, 2000, 10_000]);
  });

  it('shows no part of a secret that stands where a long text is cut', () => {
    const secret = 's3cr3t-of-thirteen'.repeat(2);
    const tests = new TestCollection('/app', (text) => text.replaceAll(secret, '***'));
    tests.add({ suite: '', name: 'a', file: null, status: 'failed', duration: 1, message: `${secret} `.repeat(500) });
    expect(tests.end().results[0]?.message).to.match(/^(\*\*\* )+\*\*\*$/);
  });

  it('takes only output of the program into the text of a failure', async () => {
    const run = ['✖ adds (1.2ms)', 'ℹ tests 1', '', '✖ failing tests:', '', 'test at a.mjs:3:1', '✖ adds (1.2ms)'];
    for (const end of ['##[error]Process completed with exit code 1.', '[volt] "npm test" exited with code 1']) {
      const found = new OutputTests();
      found.push(Buffer.from([...run, '  Error: no', '  at a.mjs:3:1', end, 'more of the log', ''].join('\n')));
      const tests = new TestCollection('/app');
      await found.end(tests);
      expect(tests.end().results.map(({ details }) => details)).to.deep.equal(['Error: no\nat a.mjs:3:1']);
    }
  });

  it('is not found in output that only resembles one', async () => {
    const found = new OutputTests();
    const lines = ['ok 1 - no plan', '  ✔ no sum', 'test a ... ok', '--- PASS: TestA (0.00s)', 'PASS no-sum.js', 'OK'];
    found.push(Buffer.from(lines.join('\n')));
    const tests = new TestCollection('/app');
    await found.end(tests);
    expect(tests.seen).to.equal(0);
  });
});
