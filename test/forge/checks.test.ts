import { expect } from 'chai';
import { issueToken, revokeToken } from '../../src/forge/app-tokens.ts';
import { writesOf } from '../../src/forge/check-runs.ts';
import { ForgeFault } from '../../src/forge/fault.ts';
import type { CommitStatus, Forge } from '../../src/forge/forge.ts';
import { forgeAt } from '../../src/forge/kinds.ts';
import { commitStates } from '../../src/kernel/commit-status.ts';
import type { Annotation } from '../../src/kernel/model.ts';
import { FakeForge } from '../support/fake-forge.ts';
import { FakeGithubApp } from '../support/fake-github-app.ts';

const sha = 'a'.repeat(40);
const check = { id: '7.1', startedAt: null, finishedAt: null, summary: 'All is said', annotations: [] };
const begun = { ...check, startedAt: 1_700_000_000_000 };
const ended = { ...begun, finishedAt: 1_700_000_001_000 };
const wanted: CommitStatus = {
  ...{ project: 'acme/app', sha, ref: 'refs/heads/main', context: 'volt/push', state: 'pending' },
  ...{ description: 'Volt is testing this commit', url: 'https://ci.example.org/builds/7', check },
};
const failed: CommitStatus = { ...wanted, state: 'failure', description: 'Failed in 1 s', check: ended };

function annotation(line: number, more: Partial<Annotation> = {}): Annotation {
  const none = { title: null, endLine: null, column: null, endColumn: null, logStart: null };
  return { level: 'error', message: `wrong at ${line}`, file: 'src/a.ts', line, ...none, ...more };
}

async function faultOf(work: Promise<unknown>): Promise<ForgeFault> {
  const error = await work.then(
    () => new Error('it succeeded'),
    (thrown) => thrown,
  );
  if (error instanceof ForgeFault) return error;
  throw error;
}

describe('checks of a GitHub App', () => {
  let fake: FakeForge;
  let app: FakeGithubApp;
  let forge: Forge;
  beforeEach(async () => {
    fake = await FakeForge.start('github');
    app = new FakeGithubApp(fake);
    fake.app = app;
    forge = forgeAt(access());
  });
  afterEach(() => fake.stop());

  const access = () => ({ kind: 'github' as const, api: fake.api, token: app.key, app: app.id });
  const writes = () => fake.requests.filter(({ method, path }) => method !== 'GET' && path.includes('check-runs'));

  it('are queued, in progress and completed, as one run', async () => {
    await forge.setStatus(wanted);
    expect(app.runs[0]).to.include({ status: 'queued', name: 'volt/push', url: wanted.url, externalId: '7.1' });
    await forge.setStatus({ ...wanted, check: begun });
    expect(app.runs[0]).to.include({ status: 'in_progress', startedAt: '2023-11-14T22:13:20.000Z' });
    await forge.setStatus(failed);
    const { title, summary, ...run } = app.runs[0] ?? {};
    expect(run).to.include({ status: 'completed', conclusion: 'failure', completedAt: '2023-11-14T22:13:21.000Z' });
    expect({ title, summary }).to.deep.equal({ title: 'Failed in 1 s', summary: 'All is said' });
    expect(app.runs).to.have.length(1);
    expect(await forge.hasStatus(failed)).to.equal(true);
    expect(await forge.hasStatus({ ...failed, state: 'success' })).to.equal(false);
  });

  it('have a conclusion for each end, of which those that are not good block a merge', async () => {
    for (const [index, state] of commitStates.entries()) {
      await forge.setStatus({ ...failed, state, check: { ...ended, id: `7.${index}` } });
    }
    const words = app.runs.map(({ status, conclusion }) => conclusion ?? status);
    expect(words).to.deep.equal(['in_progress', 'success', 'failure', 'failure', 'cancelled', 'skipped']);
  });

  it('have a run of their own for a retry, and for another build', async () => {
    await forge.setStatus(failed);
    await forge.setStatus({ ...wanted, check: { ...check, id: '7.2' } });
    await forge.setStatus({ ...wanted, check: { ...check, id: '8.1' } });
    expect(app.runs.map(({ externalId, status }) => [externalId, status])).to.deep.equal([
      ['7.1', 'completed'],
      ['7.2', 'queued'],
      ['8.1', 'queued'],
    ]);
    expect(app.shown(sha)).to.deep.equal({ 'volt/push': 'queued' });
  });

  it('stay one run where an answer was lost, also for another process', async () => {
    const isWrite = (path: string, method: string) => method !== 'GET' && path.includes('check-runs');
    fake.fault = ({ path, method }) => (isWrite(path, method) ? 'cut' : undefined);
    const many = { ...failed, check: { ...ended, annotations: [annotation(1), annotation(2)] } };
    expect(await faultOf(forge.setStatus(wanted))).to.include({ code: 'forge_unreachable' });
    expect(await faultOf(forge.setStatus(many))).to.include({ code: 'forge_unreachable' });
    expect(app.runs[0]?.annotations).to.have.length(2);
    fake.fault = () => undefined;
    await forge.setStatus(many);
    expect(app.runs).to.have.length(1);
    expect(app.runs[0]?.annotations).to.have.length(2);
    // all that was wanted was there
    expect(writes()).to.have.length(2);
  });

  it('get no annotation twice where an answer was lost after GitHub had confirmed the run', async () => {
    await forge.setStatus(wanted);
    const many = { ...failed, check: { ...ended, annotations: [annotation(1), annotation(2)] } };
    fake.fault = ({ method }) => (method === 'PATCH' ? 'cut' : undefined);
    expect(await faultOf(forge.setStatus(many))).to.include({ code: 'forge_unreachable' });
    fake.fault = () => undefined;
    await forge.setStatus(many);
    expect(app.runs.map(({ annotations }) => annotations.length)).to.deep.equal([2]);
  });

  it('are made again where GitHub has lost them', async () => {
    fake.fault = ({ method, path }) => (method === 'POST' && path.endsWith('check-runs') ? 'lose' : undefined);
    await forge.setStatus(failed);
    expect(await forge.hasStatus(failed)).to.equal(false);
    fake.fault = () => undefined;
    await forge.setStatus(failed);
    expect(app.shown(sha)).to.deep.equal({ 'volt/push': 'failure' });
  });

  it('have annotations, at most 50 in a request, each once, of which GitHub can show each', async () => {
    const lines = Array.from({ length: 120 }, (_, index) => annotation(index + 1));
    const annotations = [
      annotation(3, { level: 'warning', title: 'x'.repeat(300), column: 2, endColumn: 1 }),
      annotation(3, { endLine: 1, column: 5 }),
      annotation(3, { endLine: 9, column: 5 }),
      annotation(1, { file: '/etc/passwd' }),
      annotation(1, { file: '../a' }),
      annotation(1, { file: null }),
      annotation(1, { message: ' ' }),
      annotation(1, { line: null, column: 4, message: 'é'.repeat(40_000) }),
      ...lines,
    ];
    const many = { ...failed, check: { ...ended, annotations } };
    expect(writesOf(many)).to.equal(3);
    expect(writesOf(wanted)).to.equal(1);
    await forge.setStatus(many);
    expect(writes().map(({ body }) => body.output.annotations.length)).to.deep.equal([50, 50, 24]);
    const [first, second, third, fourth] = app.runs[0]?.annotations ?? [];
    expect(first).to.deep.include({ path: 'src/a.ts', start_line: 3, end_line: 3, start_column: 2, end_column: 2 });
    expect(first).to.deep.include({ annotation_level: 'warning', title: 'x'.repeat(255) });
    expect(second).to.deep.include({ end_line: 3, start_column: 5, end_column: 5, annotation_level: 'failure' });
    expect(third).to.deep.include({ end_line: 9 }).and.not.have.property('start_column');
    expect(fourth).to.deep.include({ start_line: 1, message: 'é'.repeat(32_768) });
    expect(fourth).to.not.have.property('start_column');
    expect(new Set(app.runs[0]?.annotations.slice(4).map(({ message }) => message)).size).to.equal(120);
  });

  it('keep the verdict where GitHub refuses an annotation', async () => {
    await forge.setStatus({ ...failed, check: { ...ended, annotations: [annotation(1, { file: 'refused' })] } });
    expect(app.runs[0]).to.include({ conclusion: 'failure' });
  });

  it('need a token for their project only, with no more than they need, which is used until shortly before its end', async () => {
    for (const id of ['7.1', '8.1']) await forge.setStatus({ ...failed, check: { ...ended, id } });
    expect([...app.tokens.values()]).to.deep.equal([
      { project: 'acme/app', permissions: { metadata: 'read', checks: 'write', pull_requests: 'read' } },
    ]);
    app.tokens.clear();
    await forge.setStatus({ ...failed, check: { ...ended, id: '9.1' } });
    expect(app.issued).to.have.length(2);
  });

  it('are only possible where the App is installed and may set them, which a check finds without setting one', async () => {
    await forge.checkToken();
    await forge.checkProject('acme/app');
    const missing = await faultOf(forge.checkProject('acme/other'));
    expect(missing).to.include({ code: 'forge_refused', scope: 'repository' });
    expect(missing.remedy).to.include(`${app.page}/installations/new`);
    app.permissions = { contents: 'read' };
    const poor = await faultOf(forge.checkProject('acme/app'));
    expect(poor).to.include({ code: 'forge_refused', scope: 'repository' });
    expect(poor.remedy).to.include('Checks: read and write');
    const foreign = await faultOf(forgeAt({ ...access(), app: 1 }).checkToken());
    expect(foreign).to.include({ code: 'forge_refused', scope: 'forge' });
    expect(foreign.remedy).to.include('--app-key-file');
    expect(app.runs).to.deep.equal([]);
  });

  it('of a commit that GitHub does not have are refused for that commit only', async () => {
    fake.missing = [sha];
    expect(await faultOf(forge.setStatus(wanted))).to.include({ code: 'forge_refused', scope: 'status' });
  });
});

describe('a token of a GitHub App', () => {
  let fake: FakeForge;
  let app: FakeGithubApp;
  beforeEach(async () => {
    fake = await FakeForge.start('github');
    app = new FakeGithubApp(fake);
    fake.app = app;
  });
  afterEach(() => fake.stop());

  const access = () => ({ kind: 'github' as const, api: fake.api, token: app.key, app: app.id });
  const issue = (permissions: { [name: string]: 'read' | 'write' }) =>
    issueToken(access(), { project: 'acme/app', permissions }, 10_000);

  it('may do what was asked for as far as the App may, and nothing where nothing was', async () => {
    app.permissions = { contents: 'write', issues: 'read' };
    const some = await issue({ contents: 'read', issues: 'write', packages: 'write' });
    expect(some.permissions).to.deep.equal({ metadata: 'read', contents: 'read', issues: 'read' });
    expect((await issue({})).permissions).to.deep.equal({ metadata: 'read' });
    expect(some.expiresAt).to.be.above(Date.now());
  });

  it('is revoked, also a second time', async () => {
    const { token } = await issue({ contents: 'read' });
    await revokeToken(fake.api, token, 10_000);
    expect(app.tokens.has(token)).to.equal(false);
    await revokeToken(fake.api, token, 10_000);
  });

  it('that may do more than was asked for is revoked and not given out', async () => {
    const body = { token: 'ghs_x', expires_at: '2099-01-01T00:00:00Z', permissions: { contents: 'write' } };
    app.tokens.set('ghs_x', { project: 'acme/app', permissions: {} });
    fake.fault = ({ path }) => (path.endsWith('access_tokens') ? { status: 201, body } : undefined);
    expect(await faultOf(issue({ contents: 'read' }))).to.include({ code: 'forge_refused' });
    expect(app.tokens.size).to.equal(0);
  });

  it('is in no message', async () => {
    const { token } = await issue({ contents: 'read' });
    fake.fault = () => ({ status: 500, body: { message: `trouble with ${token}` } });
    expect((await faultOf(revokeToken(fake.api, token, 10_000))).message)
      .to.include('***')
      .and.not.include(token);
    const own = await faultOf(issue({ contents: 'read' }));
    expect(own.message + own.remedy).to.not.include('PRIVATE KEY');
  });
});
