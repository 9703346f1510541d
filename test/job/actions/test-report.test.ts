import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JobResult } from '../../../src/job/input-and-result.ts';
import { TestJobs } from '../../support/job.ts';

const report = (suite: string, cases: string) => `<testsuite name="${suite}">${cases}</testsuite>`;

describe('volt/test-report', () => {
  const jobs = new TestJobs();
  afterEach(() => jobs.clean());
  after(jobs.folders.remove);

  const names = ({ tests }: JobResult) => tests?.results.map(({ suite, name, status }) => [suite, name, status]);

  it('reads reports of any kind at its step, and prints their totals', async () => {
    const repository = jobs.repository({
      'a.xml': report(
        'one',
        '<testcase name="adds"/><testcase name="fails"><failure message="2 is not 3"/></testcase>',
      ),
      'b.tap': 'TAP version 13\nok 1 - counts\n1..1\n',
    });
    const { outcome, log, ...result } = await jobs.run(
      `- uses: actions/checkout@v4
- id: report
  uses: volt/test-report@v1
  with:
    reports: |
      *.xml
      \${{ github.workspace }}/b.tap
- run: rm a.xml b.tap && echo "\${{ toJSON(steps.report.outputs) }}"`,
      { repository },
    );
    expect(outcome.status, log).to.equal('success');
    expect(names({ outcome, ...result })).to.deep.equal([
      ['one', 'adds', 'passed'],
      ['one', 'fails', 'failed'],
      ['', 'counts', 'passed'],
    ]);
    expect(log).to.include('2 reports: 2 tests passed, 1 failed, 0 skipped');
    expect(log).to.match(/passed: 2,\s+failed: 1,\s+skipped: 0/);
  });

  it('counts a report once, and again only if it was rewritten', async () => {
    const use = '- uses: volt/test-report@v1\n  with: {reports: "*.xml"}';
    const write = (name: string) => `- run: echo '${report('s', `<testcase name="${name}"/>`)}' > a.xml`;
    const result = await jobs.run(`${write('first')}\n${use}\n${use}\n${write('second one')}\n${use}`);
    expect(names(result)).to.deep.equal([
      ['s', 'first', 'passed'],
      ['s', 'second one', 'passed'],
    ]);
  });

  it('warns about unreadable reports, and does not fail', async () => {
    const repository = jobs.repository({ 'bad.xml': 'no report', 'good.xml': report('s', '<testcase name="fine"/>') });
    const outside = join(jobs.folders.make(), 'outside.xml');
    writeFileSync(outside, report('s', '<testcase name="secret"/>'));
    const result = await jobs.run(
      `- uses: actions/checkout@v4
- run: ln -s ${outside} linked.xml; mkfifo pipe.xml; ln -s ${join(outside, '..')} folder
- uses: volt/test-report@v1
  with: {reports: "**/*.xml", format: junit}`,
      { repository },
    );
    expect(result.outcome.status, result.log).to.equal('success');
    expect(names(result)).to.deep.equal([['s', 'fine', 'passed']]);
    const { annotations = [] } = result.steps.find(({ name }) => name.includes('test-report')) ?? {};
    expect(annotations.map(({ level, message }) => `${level} ${message}`)).to.deep.equal([
      'warning volt/test-report has no input "format"; it has reports and if-no-files-found',
      'warning the report bad.xml is left out: 1:9: text data outside of root node.',
    ]);
  });

  it('warns if there is no report, or fails if the step says so', async () => {
    const use = (more = '') => jobs.run(`- uses: volt/test-report@v1\n  with: {reports: "*.xml"${more}}`);
    const warned = await use();
    expect(warned.outcome.status).to.equal('success');
    expect(warned.log).to.include('##[warning]no file matches *.xml');
    expect((await use(', if-no-files-found: ignore')).log).to.not.include('no file matches');
    const failed = await use(', if-no-files-found: error');
    expect(failed.outcome).to.include({ status: 'failure', reason: 'step_failed' });
    expect(failed.outcome.message).to.include('no file matches *.xml');
    expect((await use(', if-no-files-found: maybe')).outcome.message).to.include('must be warn, error or ignore');
    expect((await jobs.run('- uses: volt/test-report@v1')).outcome.message).to.include('1 to 50 globs');
  });
});
