import { expect } from 'chai';
import { forgeAt } from '../../src/forge/kinds.ts';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import type { ForgeReport } from '../../src/kernel/forge-report.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import type { BuildId, JobId, Step } from '../../src/kernel/model.ts';
import { StatusDelivery } from '../../src/notifier/status-delivery.ts';
import type { Database } from '../../src/record/database.ts';
import { finishAttempt } from '../../src/record/finished-attempts.ts';
import { addForge, forgeWithToken, noteChecked } from '../../src/record/forges.ts';
import { openRetry } from '../../src/record/intents.ts';
import { startAttempt } from '../../src/record/job-transitions.ts';
import { retryJobs } from '../../src/record/retries.ts';
import { FakeForge } from '../support/fake-forge.ts';
import { FakeGithubApp } from '../support/fake-github-app.ts';
import { plannedJob, recordedBuild, withRecord } from '../support/record.ts';

const sha = 'c'.repeat(40);
const runner = { id: 'r1~1', name: 'r1', host: 'box' };

describe('the delivery of checks to GitHub', () => {
  let database: Database;
  let config: Config;
  let fake: FakeForge;
  let app: FakeGithubApp;
  withRecord((opened, dataDir) => {
    database = opened;
    config = loadConfig({ dataDir, logLevel: 'error' });
  });
  beforeEach(async () => {
    fake = await FakeForge.start('github');
    app = new FakeGithubApp(fake);
    fake.app = app;
  });
  afterEach(() => fake.stop());

  const add = async (report: ForgeReport = 'build') => {
    const about = { name: 'hub', kind: 'github' as const, api: fake.api, repos: ['app=acme/app'], createdBy: 'owner' };
    await addForge(database, config, { ...about, report, app: { id: app.id, key: app.key } });
    await noteChecked(database, config, await forgeWithToken(database, config, 'hub'));
  };
  const deliver = () =>
    new StatusDelivery(
      {
        ...{ config, database, holder: 'one', logger: createLogger('error'), site: () => 'https://ci.example.org' },
        connect: forgeAt,
      },
      'hub',
    ).deliver(new AbortController().signal);
  const start = (build: BuildId, job = 1, attempt = 1) =>
    startAttempt(database, { job: `${build}-${job}` as JobId, attempt }, runner, 1_700_000_000_000);
  const end = async (
    build: BuildId,
    { job = 1, steps = [] as Step[], status = 'failure' as const, attempt = 1 } = {},
  ) => {
    const times = { startedAt: 1_700_000_000_000, finishedAt: 1_700_000_002_000 };
    const outcome = { status, reason: 'exit_code' as const, message: 'npm test: exit code 1', exitCode: 1 };
    const log = { logBytes: 0, logComplete: true, runner };
    await finishAttempt(
      database,
      { job: `${build}-${job}` as JobId, attempt },
      { ...outcome, steps, ...log, ...times },
    );
  };

  it('shows a build that waits, runs and ends, with its jobs and annotations', async () => {
    await add();
    const build = await recordedBuild(database, { sha });
    await deliver();
    expect(app.shown(sha)).to.deep.equal({ 'volt/push': 'queued' });
    await start(build);
    await deliver();
    expect(app.shown(sha)).to.deep.equal({ 'volt/push': 'in_progress' });
    const annotation = { level: 'error', message: 'no such name', title: null, file: 'src/a.ts', line: 7 } as const;
    const places = { endLine: null, column: null, endColumn: null, logStart: null };
    const step = { name: 'test', status: 'failure', exitCode: 1, startedAt: null, finishedAt: null } as const;
    const details = { outcome: null, logStart: null, logEnd: null, summary: null };
    await end(build, { steps: [{ ...step, ...details, annotations: [{ ...annotation, ...places }] }] });
    await deliver();
    expect(app.runs).to.have.length(1);
    const [run] = app.runs;
    expect(run).to.include({
      conclusion: 'failure',
      url: `https://ci.example.org/builds/${build}`,
      externalId: `${build}.1`,
    });
    expect(run?.title).to.match(/^Failed in .*: .*exit code 1/);
    expect(run?.summary).to.include('| failed | `npm test: exit code 1` |').and.include(run?.url);
    expect(run?.annotations).to.deep.equal([
      { path: 'src/a.ts', start_line: 7, end_line: 7, annotation_level: 'failure', message: 'no such name' },
    ]);
  });

  it('makes a new run of each retry, and sends nothing twice', async () => {
    await add();
    const build = await recordedBuild(database, { sha });
    await start(build);
    await end(build);
    await deliver();
    const id = await openRetry(database, 'app', build, { job: null, failedOnly: false });
    await retryJobs(database, { id, build }, (jobs) => jobs.map((job) => job.id));
    await deliver();
    expect(app.runs.map(({ externalId, status }) => `${externalId} ${status}`)).to.deep.equal([
      `${build}.1 completed`,
      `${build}.2 queued`,
    ]);
    const sent = fake.requests.length;
    await deliver();
    expect(fake.requests).to.have.length(sent);
  });

  it('shows each job by itself, running while it runs, with its own annotations', async () => {
    await add('job');
    const jobs = ['lint', 'test'].map((name) => plannedJob(name));
    const build = await recordedBuild(database, { sha, jobs });
    await start(build);
    await deliver();
    expect(app.shown(sha)).to.deep.equal({
      'volt/push': 'in_progress',
      'volt/push/lint': 'in_progress',
      'volt/push/test': 'queued',
    });
    await end(build);
    await deliver();
    expect(app.shown(sha)).to.deep.include({ 'volt/push': 'in_progress', 'volt/push/lint': 'failure' });
    const lint = app.runs.find(({ name }) => name === 'volt/push/lint');
    expect(lint?.summary).to.include('`lint`').and.not.include('`test`');
  });

  it('lets no text of a commit be markup in a summary', async () => {
    await add();
    const name = 'a`|[x](https://evil.example)\n# @acme <img>';
    const build = await recordedBuild(database, { sha, jobs: [plannedJob(name)] });
    await start(build);
    await end(build);
    await deliver();
    expect(app.runs[0]?.summary).to.include("| `a'¦[x](https://evil.example) # @acme <img>` | failed |");
  });

  it('tells plain tokens nothing of builds that have begun', async () => {
    const about = { name: 'hub', kind: 'github' as const, api: fake.api, repos: ['app=acme/app'], createdBy: 'owner' };
    await addForge(database, config, { ...about, token: fake.token });
    await noteChecked(database, config, await forgeWithToken(database, config, 'hub'));
    const build = await recordedBuild(database, { sha });
    await deliver();
    await start(build);
    await deliver();
    expect(fake.sent).to.have.length(1);
  });
});
