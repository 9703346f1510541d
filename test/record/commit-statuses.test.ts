import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import type { ForgeKind } from '../../src/kernel/forge-kinds.ts';
import type { ForgeReport } from '../../src/kernel/forge-report.ts';
import type { BuildId, JobId } from '../../src/kernel/model.ts';
import type { Database } from '../../src/record/database.ts';
import { dueForges, nextStatus } from '../../src/record/due-statuses.ts';
import { finishAttempt } from '../../src/record/finished-attempts.ts';
import {
  addForge,
  appWebhookSecret,
  changeForge,
  forgeWithToken,
  listForges,
  noteChecked,
  removeForge,
} from '../../src/record/forges.ts';
import { hold, releaseHolds } from '../../src/record/holds.ts';
import { openRetry } from '../../src/record/intents.ts';
import { findJobToken } from '../../src/record/job-tokens.ts';
import { decideJob, queueJob } from '../../src/record/job-transitions.ts';
import { removeRepository } from '../../src/record/removal.ts';
import { retryJobs } from '../../src/record/retries.ts';
import { rotateKey } from '../../src/record/secret-key.ts';
import { finishedBuild } from '../support/finished-build.ts';
import { observed, plannedJob, pullRequest7, recordedBuild, withRecord } from '../support/record.ts';

const given = { kind: 'gitea' as const, api: 'https://example.com', token: 'secret-token', createdBy: 'owner' };

describe('the outbox of statuses', () => {
  let database: Database;
  let config: Config;
  withRecord((opened, dataDir) => {
    database = opened;
    config = loadConfig({ dataDir });
  });

  const project = 'app=acme/app';
  const add = (name = 'git', more: { kind?: ForgeKind; repos?: string[]; report?: ForgeReport } = {}) =>
    addForge(database, config, { ...given, name, repos: [project], ...more });
  const rows = () => database.db.selectFrom('commit_statuses').selectAll().orderBy('id').execute();
  const states = async () =>
    (await rows()).map(({ build_id, context, state, revision }) => `${build_id} ${context} ${state} ${revision}`);

  const end = async (build: BuildId) => {
    const now = Date.now();
    await finishAttempt(
      database,
      { job: `${build}-1` as JobId, attempt: 1 },
      {
        ...{ status: 'failure', reason: 'exit_code', message: null, exitCode: 1, steps: [] },
        ...{ logBytes: 0, logComplete: true, runner: { id: 'r1~1', name: 'r1', host: 'box' } },
        ...{ startedAt: now, finishedAt: now },
      },
    );
  };
  const retry = async (build: BuildId) => {
    const id = await openRetry(database, 'app', build, { job: null, failedOnly: false });
    await retryJobs(database, { id, build }, (jobs) => jobs.map((job) => job.id));
  };

  it('stays empty without a forge, and for repositories that no forge is for', async () => {
    await recordedBuild(database);
    await add('git', { repos: ['other'] });
    await finishedBuild(database, 0);
    expect(await rows()).to.deep.equal([]);
  });

  it('wants each build pending when it is made, and its verdict when it has ended', async () => {
    await add();
    const build = await recordedBuild(database);
    expect(await states()).to.deep.equal([`${build} volt/push pending 1`]);
    const other = await finishedBuild(database, 0, { sha: 'b'.repeat(40) });
    expect((await states()).at(-1)).to.equal(`${other} volt/push success 2`);
  });

  it('shows the build of a commit that was begun or retried last, whichever ends last', async () => {
    await add();
    const first = await recordedBuild(database);
    const second = await finishedBuild(database, 0);
    expect(await states()).to.deep.equal([`${second} volt/push success 3`]);
    await end(first);
    expect(await states()).to.deep.equal([`${second} volt/push success 3`]);
    await retry(first);
    expect(await states()).to.deep.equal([`${first} volt/push pending 4`]);
  });

  it('keeps the refs of a commit apart at GitLab, which shows a status for each', async () => {
    await add('lab', { kind: 'gitlab' });
    await finishedBuild(database, 0);
    await recordedBuild(database, { ref: 'refs/heads/topic' });
    expect((await rows()).map(({ lane, state }) => [lane, state])).to.deep.equal([
      ['refs/heads/main', 'success'],
      ['refs/heads/topic', 'pending'],
    ]);
  });

  it('wants a status of a pull request at its head, where each forge looks for it', async () => {
    const details = { headRef: 'topic', baseRef: 'main', base: 'b'.repeat(40), merge: null, same: true };
    const kinds = { git: 'gitea', lab: 'gitlab', review: 'gerrit', flags: 'pagure' } as const;
    for (const [name, kind] of Object.entries(kinds)) await add(name, { kind });
    const ref = 'refs/changes/07/7/1';
    await recordedBuild(database, { ref, pullRequest: { number: 7, ...details } });
    await recordedBuild(database, { sha: 'd'.repeat(40) });
    const told = (await rows()).map((row) => `${row.forge} ${row.context} ${row.ref} ${row.lane}`);
    expect(told).to.have.members([
      'git volt/pull-request refs/heads/topic ',
      'lab volt/pull-request refs/heads/topic refs/heads/topic',
      `review volt/pull-request ${ref} ${ref}`,
      'flags volt/pull-request refs/heads/topic ',
      // a branch is no change
      'git volt/push refs/heads/main ',
      'lab volt/push refs/heads/main refs/heads/main',
      'flags volt/push refs/heads/main ',
    ]);
  });

  it('wants a status of each job or workflow, where a forge is to show them', async () => {
    await add('jobs', { report: 'job' });
    await add('workflows', { report: 'workflow' });
    const build = await recordedBuild(database, {
      jobs: [
        plannedJob('test', { workflow: 'CI' }),
        plannedJob('lint', { workflow: 'CI' }),
        plannedJob('deploy', { workflow: 'CD', needs: ['test'] }),
      ],
    });
    const told = async (forge: string) =>
      (await rows()).filter((row) => row.forge === forge).map(({ context, state }) => `${context} ${state}`);
    expect(await told('jobs')).to.have.members([
      ...['volt/push pending', 'volt/push/CI/test pending', 'volt/push/CI/lint pending'],
    ]);
    expect(await told('workflows')).to.have.members([
      ...['volt/push pending', 'volt/push/CI pending', 'volt/push/CD pending'],
    ]);
    await end(build);
    const before = await rows();
    expect(await told('jobs')).to.include.members(['volt/push/CI/test failure', 'volt/push/CI/lint pending']);
    expect(await told('workflows')).to.include('volt/push/CI pending');
    await queueJob(database, `${build}-3` as JobId);
    expect(await told('jobs')).to.include('volt/push/CD/deploy pending');
    // what has not changed is not sent again
    const moved = (await rows()).filter((row) => before.find(({ id }) => id === row.id)?.revision !== row.revision);
    expect(moved.map(({ context }) => context)).to.deep.equal(['volt/push/CD/deploy']);
  });

  it('keeps apart the statuses of jobs with long names, and shows the worse one of those that differ in case', async () => {
    await add('jobs', { report: 'job' });
    const long = 'x'.repeat(300);
    const build = await recordedBuild(database, {
      jobs: ['Test', 'test', `${long}1`, `${long}2`].map((name) => plannedJob(name, { workflow: 'CI' })),
    });
    await end(build);
    const parts = (await rows()).filter(({ part }) => part === 1);
    expect(parts.map(({ context }) => context.length)).to.deep.equal(['volt/push/CI/Test'.length, 255, 255]);
    expect(new Set(parts.map(({ context }) => context)).size).to.equal(3);
    const passed = { status: 'success', reason: null, message: null } as const;
    await decideJob(database, { job: `${build}-2` as JobId, attempt: 1 }, passed, Date.now());
    const states = (await rows()).filter(({ part }) => part === 1).map(({ state }) => state);
    expect(states).to.deep.equal(['failure', 'pending', 'pending']);
  });

  it('gives nothing to a notifier before the forge was checked with its token', async () => {
    await add();
    await recordedBuild(database);
    expect(await dueForges(database)).to.deep.equal([]);
    const checked = await forgeWithToken(database, config, 'git');
    expect(await noteChecked(database, config, checked)).to.equal(true);
    expect(await dueForges(database)).to.deep.equal(['git']);
    await changeForge(database, config, 'git', { token: 'another' });
    expect(await dueForges(database)).to.deep.equal([]);
    expect(await noteChecked(database, config, checked)).to.equal(false);
  });

  it('gives a notifier the statuses of branches first, which strangers cannot hold up', async () => {
    await add();
    await recordedBuild(database, { ref: 'refs/pull/7/head', sha: 'e'.repeat(40), pullRequest: pullRequest7 });
    await recordedBuild(database);
    await database.db
      .updateTable('commit_statuses')
      .set({ due_at: 1 })
      .where('context', '=', 'volt/pull-request')
      .execute();
    const forge = await forgeWithToken(database, config, 'git');
    expect(await nextStatus(database, forge, { pending: true })).to.include({ context: 'volt/push' });
  });

  it('lets one notifier at a time deliver to a forge, and another one when that is gone', async () => {
    await add();
    expect(await hold(database, 'forges', 'git', { holder: 'one', ms: 60_000 })).to.equal(true);
    expect(await hold(database, 'forges', 'git', { holder: 'two', ms: 60_000 })).to.equal(false);
    await releaseHolds(database, 'one');
    expect(await hold(database, 'forges', 'git', { holder: 'two', ms: -1 })).to.equal(true);
    expect(await hold(database, 'forges', 'git', { holder: 'one', ms: 60_000 })).to.equal(true);
  });

  it('keeps what was of a removed repository from the one that has its name now', async () => {
    await add();
    await recordedBuild(database);
    const next = async () => nextStatus(database, await forgeWithToken(database, config, 'git'), { pending: true });
    expect(await next()).to.include({ project: 'acme/app' });
    await removeRepository(database, 'app', false);
    await observed(database, 'app', { url: 'https://example.com/another/app.git' });
    expect(await next()).to.include({ project: undefined });
  });

  it('goes with its forge, and with its builds', async () => {
    await add();
    await recordedBuild(database);
    await removeForge(database, 'git');
    expect(await rows()).to.deep.equal([]);
  });
});

/** A private key as GitHub gives it. */
function newKey(modulusLength = 2048): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength });
  return String(privateKey.export({ type: 'pkcs1', format: 'pem' }));
}

describe('forges in the database', () => {
  let database: Database;
  let config: Config;
  withRecord((opened, dataDir) => {
    database = opened;
    config = loadConfig({ dataDir });
  });

  const add = (name = 'git') => addForge(database, config, { ...given, name });
  const code = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      (error) => error.code,
    );

  it('keep their token encrypted, and for their address only', async () => {
    await add();
    const row = await database.db.selectFrom('forges').selectAll().executeTakeFirstOrThrow();
    expect(JSON.stringify(row)).to.not.include('secret-token');
    expect(JSON.stringify(await listForges(database))).to.not.include('token');
    expect((await forgeWithToken(database, config, 'git')).token).to.equal('secret-token');
    await database.db.updateTable('forges').set({ api: 'https://evil.example/api/v1' }).execute();
    expect(await code(forgeWithToken(database, config, 'git'))).to.equal('secrets_damaged');
  });

  it('keep their token through a rotation of the key', async () => {
    await add();
    const before = await database.db.selectFrom('forges').select('key_id').executeTakeFirstOrThrow();
    await rotateKey(database, config);
    expect(await database.db.selectFrom('forges').select('key_id').executeTakeFirstOrThrow()).to.not.deep.equal(before);
    expect((await forgeWithToken(database, config, 'git')).token).to.equal('secret-token');
  });

  it('keep a token for jobs encrypted, apart from their own, through a rotation of the key', async () => {
    const github = { ...given, kind: 'github', api: 'https://git.example.org', jobToken: 'for-jobs' } as const;
    const repository = { name: 'app', url: 'https://git.example.org/acme/app' };
    const find = () => findJobToken(database.db, config, repository);
    expect(await addForge(database, config, { ...github, name: 'hub' })).to.include({ givesJobToken: true });
    await rotateKey(database, config);
    expect(await find()).to.equal('for-jobs');
    const { token, key_id, ...row } = await database.db.selectFrom('forges').selectAll().executeTakeFirstOrThrow();
    expect(JSON.stringify(row)).to.not.include('for-jobs');
    await database.db.updateTable('forges').set({ job_token: token, job_token_key_id: key_id }).execute();
    expect(await code(find()), 'the one in the place of the other').to.equal('secrets_damaged');
    expect(await changeForge(database, config, 'hub', { jobToken: null })).to.include({ givesJobToken: false });
    expect(await find()).to.equal(undefined);
  });

  it('get no new address without a token for jobs there, and none of a kind that has no such token', async () => {
    const name = 'hub';
    await addForge(database, config, {
      ...given,
      kind: 'github',
      api: 'https://a.example',
      name,
      jobToken: 'for-jobs',
    });
    const moved = { api: 'https://b.example', token: 'new' };
    expect(await code(changeForge(database, config, name, moved))).to.equal('bad_request');
    expect(await changeForge(database, config, name, { ...moved, jobToken: 'newer' })).to.include({
      givesJobToken: true,
    });
    const gitlab = { ...given, kind: 'gitlab', api: undefined, name: 'lab', jobToken: 'x' } as const;
    expect(await code(addForge(database, config, gitlab))).to.equal('bad_request');
    expect(await code(changeForge(database, config, name, { jobToken: 'a b' }))).to.equal('bad_request');
  });

  it('keep the key and the webhook secret of an App encrypted, also through a rotation, and change them apart', async () => {
    const key = newKey();
    const app = { id: 4711, key, webhookSecret: 'hook-secret' };
    await addForge(database, config, { name: 'hub', kind: 'github', createdBy: 'owner', app });
    const secrets = async () => {
      const { token, app: id } = await forgeWithToken(database, config, 'hub');
      return [token.length > 1000, id, await appWebhookSecret(database, config, 'hub')];
    };
    expect(await secrets()).to.deep.equal([true, 4711, 'hook-secret']);
    await rotateKey(database, config);
    expect(await secrets()).to.deep.equal([true, 4711, 'hook-secret']);
    const [forge] = await listForges(database);
    expect(forge?.app).to.deep.equal({ id: 4711, page: null });
    const row = await database.db.selectFrom('forges').selectAll().executeTakeFirstOrThrow();
    for (const text of [JSON.stringify(row), JSON.stringify(forge)])
      expect(text).to.not.include('PRIVATE KEY').and.not.include('hook-secret');
    await changeForge(database, config, 'hub', { app: { webhookSecret: 'new-secret' } });
    expect(await secrets()).to.deep.equal([true, 4711, 'new-secret']);
    await changeForge(database, config, 'hub', { app: { id: 4712, key: newKey() } });
    expect(await secrets()).to.deep.equal([true, 4712, undefined]);
    await changeForge(database, config, 'hub', { token: 'a-token' });
    expect(await forgeWithToken(database, config, 'hub')).to.include({ token: 'a-token', app: undefined });
  });

  it('are refused as an App with a key that is none, without its id or key, elsewhere than at GitHub, and with a token', async () => {
    const key = newKey();
    const app = { id: 4711, key };
    const hub = { name: 'hub', kind: 'github' as const, createdBy: 'owner' };
    const short = newKey(1024);
    const wrong = [
      { ...hub, app: { ...app, key: 'no key' } },
      { ...hub, app: { ...app, key: short } },
      { ...hub, app: { id: 4711 } },
      { ...hub, app: { key } },
      { ...hub, app, token: 'a-token' },
      hub,
      { ...hub, kind: 'gitea' as const, api: 'https://example.com', app },
    ];
    for (const about of wrong) expect(await code(addForge(database, config, about))).to.equal('bad_request');
    await addForge(database, config, { ...hub, app });
    const moved = { api: 'https://evil.example', app: { webhookSecret: 'x' } };
    expect(await code(changeForge(database, config, 'hub', moved))).to.equal('bad_request');
    expect(await code(changeForge(database, config, 'hub', { app: { id: 5 } }))).to.equal('bad_request');
  });

  it('get no new address without a token for it', async () => {
    await add();
    expect(await code(changeForge(database, config, 'git', { api: 'https://evil.example' }))).to.equal('bad_request');
    const both = { api: 'https://new.example', token: 'new' };
    expect(await changeForge(database, config, 'git', both)).to.include({
      api: 'https://new.example/api/v1',
      checkedAt: null,
    });
  });

  it('are refused with a name that is taken, no address, or what is no token', async () => {
    await add();
    expect(await code(add())).to.equal('name_taken');
    const other = { ...given, name: 'other' };
    expect(await code(addForge(database, config, { ...other, api: undefined }))).to.equal('bad_url');
    for (const token of ['', 'a b', 'a\r\nHost: evil', 'ü'])
      expect(await code(addForge(database, config, { ...other, token })), token).to.equal('bad_request');
    expect(await code(addForge(database, config, { ...other, repos: ['../x'] }))).to.equal('bad_request');
    expect(await code(changeForge(database, config, 'none', {}))).to.equal('not_found');
    expect(await code(removeForge(database, 'none'))).to.equal('not_found');
  });
});
