import { expect } from 'chai';
import { StepFault } from '../../../src/job/fault.ts';
import { JobTexts } from '../../../src/job/texts/job-texts.ts';
import { TextWorker } from '../../../src/job/texts/text-worker.ts';
import { TaskEnded } from '../../../src/system/task-process.ts';
import { TestJobs } from '../../support/job.ts';

describe('texts of a job', () => {
  const jobs = new TestJobs();
  const workers: TextWorker[] = [];
  afterEach(async () => {
    await jobs.clean();
    for (const worker of workers.splice(0)) await worker.close();
  });
  after(jobs.folders.remove);

  function textsOf(name: string): JobTexts {
    const worker = new TextWorker();
    workers.push(worker);
    return worker.forJob(name);
  }

  const evaluation = (template: string) => ({
    questions: [{ as: 'text' as const, template: [{ expression: template }] }],
    contexts: { env: { A: 'one', B: 'x'.repeat(600_000) } },
    status: { success: true, failure: false, always: true, cancelled: false },
    hashes: new Map([['["a"]', 'hash']]),
  });

  it('are evaluated in another process with all contexts of the job', async () => {
    const texts = textsOf('a');
    const value = (template: string) => texts.work('evaluate', evaluation(template), 'it failed');
    expect(await value("format('{0} {1} {2}', env.A, success(), hashFiles('a'))")).to.deep.equal({
      values: ['one true hash'],
    });
    expect(await value("hashFiles('b')")).to.deep.equal({ missing: ['["b"]'] });
    const failed = await value("format('{9}')").catch((error: Error) => error);
    expect(failed)
      .to.be.an('error')
      .with.property('message')
      .match(/cannot evaluate .* has no argument for \{9\}/);
  });

  it('fail with the name of the limit', async () => {
    const failing = (why: 'too_slow' | 'too_large' | 'lost', message: string) =>
      new JobTexts(() => Promise.reject(new TaskEnded(why, message)), 2000)
        .work('report', '{}', 'it cannot be read')
        .catch((error: Error) => error);
    const large = await failing('too_large', 'it used more than 192 MB of memory');
    expect(large).to.be.instanceOf(StepFault);
    expect((large as Error).message).to.equal('it cannot be read: it used more than 192 MB of memory');
    expect(await failing('lost', 'the process has ended')).to.be.instanceOf(TaskEnded);
  });

  it('of one job have limited time together', async () => {
    const texts = new JobTexts(async () => ({ took: 30_001, result: [] }), 2000);
    await texts.work('report', '', 'the report');
    await texts.work('report', '', 'the report');
    const failed = await texts.work('report', '', 'the report').catch((error: Error) => error);
    expect(failed)
      .to.be.an('error')
      .with.property('message')
      .match(/more than 60 s of processor time together/);
  });

  it('have a limited size: an environment of many large values fails its step', async () => {
    const variables = Array.from({ length: 12 }, (_, index) => `    V${index}: ${`\${{ env.M }}`.repeat(450)}`);
    const { outcome, steps } = await jobs.run(
      `
- run: node -e 'require("fs").writeFileSync(process.env.GITHUB_ENV, "M=" + "x".repeat(1000000))'
- run: echo never
  env:
${variables.join('\n')}`,
    );
    expect(outcome).to.include({ status: 'failure', reason: 'step_failed' });
    expect(outcome.message).to.match(/returns more than 1048576 characters/);
    expect(steps.map(({ status }) => status)).to.deep.equal(['success', 'success', 'failure']);
  });

  it('have a limited size together, though each value is small enough', async () => {
    const variables = Array.from({ length: 12 }, (_, index) => `    V${index}: \${{ env.M }}`);
    const { outcome } = await jobs.run(
      `
- run: node -e 'require("fs").writeFileSync(process.env.GITHUB_ENV, "M=" + "x".repeat(1000000))'
- run: echo never
  env:
${variables.join('\n')}`,
    );
    expect(outcome.message).to.match(/have more than 2097152 characters together/);
  });

  it('of an action may be long, but have limited time', async () => {
    const inputs = Array.from({ length: 60_000 }, (_, index) => `  i${index}: {}\n`).join('');
    const repository = jobs.repository({
      'act/action.yml': `name: a\ninputs:\n${inputs}runs: {using: composite, steps: []}\n`,
      'fine/action.yml': `name: a\ndescription: ${'x'.repeat(5000)}\nruns: {using: composite, steps: [{run: echo fine, shell: sh}]}\n`,
    });
    const fine = await jobs.run('- uses: actions/checkout@v4\n- uses: ./fine', { repository });
    expect(fine.outcome.status, fine.log).to.equal('success');
    const { outcome } = await jobs.run('- uses: actions/checkout@v4\n- uses: ./act', { repository });
    expect(outcome).to.include({ status: 'failure', reason: 'step_failed' });
    expect(outcome.message).to.match(/cannot read action.yml of .\/act: it took longer than 2 s/);
  });
});
