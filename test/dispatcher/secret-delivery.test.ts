import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { routeBuild } from '../../src/dispatcher/route.ts';
import { deliverSecrets } from '../../src/dispatcher/secret-delivery.ts';
import { VoltError } from '../../src/kernel/errors.ts';
import { type BuildId, type JobId, jobIdOf, type RunnerId } from '../../src/kernel/model.ts';
import { revokeEndedTokens } from '../../src/notifier/ended-tokens.ts';
import { Later } from '../../src/queues/consumer.ts';
import type { JobMessage } from '../../src/queues/messages.ts';
import { setCredential } from '../../src/record/credentials.ts';
import { addForge, forgeWithToken, noteChecked } from '../../src/record/forges.ts';
import { decideJob, startAttempt } from '../../src/record/job-transitions.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { noteDefaultBranch } from '../../src/record/observations.ts';
import { removeRepository } from '../../src/record/removal.ts';
import { removeRunnerKey } from '../../src/record/runner-keys.ts';
import { rotateKey } from '../../src/record/secret-key.ts';
import { setSecret } from '../../src/record/secrets.ts';
import { setTrustedRefs } from '../../src/record/trust.ts';
import { listen, type RunnerNotice, runnerNoticeSchema } from '../../src/redis/channels.ts';
import { writeHeartbeat } from '../../src/redis/membership.ts';
import { boxContext, boxKeyStatement, type DeliveryKind } from '../../src/secrets/delivery.ts';
import { makeBoxKeys, unseal } from '../../src/secrets/sealed-box.ts';
import type { Signer } from '../../src/secrets/signing.ts';
import type { Permissions } from '../../src/workflow/permissions.ts';
import { FakeForge } from '../support/fake-forge.ts';
import { FakeGithubApp } from '../support/fake-github-app.ts';
import { runnerMember } from '../support/members.ts';
import { observed, plannedJob, pullRequest7, recordedBuild } from '../support/record.ts';
import { knownKey, stranger } from '../support/runner-keys.ts';
import { TestVolt } from '../support/volt.ts';

let box: { id: RunnerId; name: string; host: string; key: string };

/** The plan of a workflow's job that names these secrets. */
function naming(names: string[] | '*', permissions?: Permissions, withinUsual?: true): string {
  const contexts = { github: {}, inputs: {}, matrix: null, strategy: {}, needs: {}, vars: {} };
  return JSON.stringify({
    ...{ kind: 'workflow', workflow: { path: 'ci.yml', name: 'ci' }, key: 'test', steps: [], outputs: {} },
    ...{ env: { workflow: {}, job: {} }, defaults: {}, timeoutMinutes: 1, contexts },
    ...{ secrets: { names, through: [] }, permissions, withinUsual },
  });
}

describe('a request for secrets', () => {
  let volt: TestVolt;
  const keys = makeBoxKeys();
  let signer: Signer;
  const heard: RunnerNotice[] = [];

  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    const { access, logger, database } = volt.context;
    signer = await knownKey(database, 'box');
    box = { id: 'box~1' as RunnerId, name: 'box', host: 'box', key: signer.publicKey };
    for (const id of [box.id, 'thief~1'])
      await listen(access, access.keys.toRunner(id), runnerNoticeSchema, logger, (notice) => heard.push(notice));
  });

  beforeEach(async () => {
    heard.length = 0;
    const { database, config, access } = volt.context;
    for (const table of ['builds', 'repositories', 'secrets'] as const) await database.db.deleteFrom(table).execute();
    await observed(database);
    await noteDefaultBranch(database, 'app', 'main');
    for (const [repo, name, value] of [
      ['app', 'TOKEN', 'of app'],
      [null, 'TOKEN', 'of all'],
      [null, 'SHARED', 'shared'],
      ['app', 'OTHER', 'other'],
    ] as const)
      await setSecret(database, config, { repo, name, value });
    await setSecret(database, config, { repo: 'app', name: 'INENV', value: 'env', inEnvironment: true });
    await writeHeartbeat(access, 'runner', runnerMember(box.id, boxKeyOf(keys.publicKey)));
  });

  after(() => volt.stop());

  /** What a runner says of its key for boxes. */
  const boxKeyOf = (publicKey: string, by = signer, id = box.id) => ({
    publicKey,
    boxSignature: by.sign('runner box', boxKeyStatement(id, publicKey)),
  });

  /** A job under way on the runner. */
  async function running(plan: string, ref = 'refs/heads/main'): Promise<JobId> {
    const build = await recordedBuild(volt.context.database, { ref, jobs: [plannedJob('test', { plan })] });
    const job = jobIdOf(build, 1);
    await startAttempt(volt.context.database, { job, attempt: 1 }, box, Date.now());
    return job;
  }

  const ask = (job: JobId, kind: DeliveryKind = 'secrets', change: { attempt?: number; runner?: string } = {}) =>
    deliverSecrets(volt.context, { v: 1, job, attempt: 1, runner: box.id, kind, ...change });

  /** What the runner has been told. */
  async function told(): Promise<RunnerNotice[]> {
    // what was published before has been heard when this has
    await volt.context.access.client.ping();
    return heard.splice(0);
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into boxes of every kind
  async function opened(job: JobId, kind: DeliveryKind = 'secrets'): Promise<any> {
    const [notice, ...more] = await told();
    expect(more).to.deep.equal([]);
    if (notice?.kind !== 'sealed' || !('box' in notice.answer)) throw new Error(JSON.stringify(notice));
    expect(notice).to.include({ job, attempt: 1, delivery: kind });
    return JSON.parse(unseal(keys, boxContext({ job, attempt: 1 }, box.id, { kind }), notice.answer.box));
  }

  it('gives a job exactly the secrets that it names; secrets of its repository replace those of all repositories', async () => {
    const job = await running(naming(['TOKEN', 'SHARED', 'MISSING']));
    await ask(job);
    expect(await opened(job)).to.deep.equal({ values: { TOKEN: 'of app', SHARED: 'shared' }, withheld: null });
  });

  it('is tried again while the database is away', async () => {
    const job = await running(naming(['TOKEN']));
    const { database } = volt.context;
    const remedy = 'See whether it is up.';
    const selectFrom = (table: string) => {
      if (table === 'secrets') throw new VoltError('record_unreachable', 'the database does not answer', { remedy });
      return database.db.selectFrom(table as 'jobs');
    };
    const db = new Proxy(database.db, { get: (of, key) => (key === 'selectFrom' ? selectFrom : Reflect.get(of, key)) });
    const away = new Proxy(database, { get: (of, key) => (key === 'db' ? db : Reflect.get(of, key)) });
    const request = { v: 1, job, attempt: 1, runner: box.id, kind: 'secrets' } as const;
    const error = await deliverSecrets({ ...volt.context, database: away }, request).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'record_unreachable' });
    expect(await told()).to.deep.equal([]);
    await ask(job);
    expect((await opened(job)).values).to.deep.equal({ TOKEN: 'of app' });
  });

  it('gives none to a pull request, also where a person trusts all refs', async () => {
    const { database } = volt.context;
    await setTrustedRefs(database, 'app', ['refs/**']);
    const jobs = [plannedJob('test', { plan: naming(['TOKEN']) })];
    const build = await recordedBuild(database, { ref: 'refs/pull/7/head', jobs, pullRequest: pullRequest7 });
    const job = jobIdOf(build, 1);
    await startAttempt(database, { job, attempt: 1 }, box, Date.now());
    await ask(job);
    expect(await opened(job)).to.deep.equal({ values: {}, withheld: 'builds of pull requests get no secrets' });
  });

  it('gives all secrets to a job that names them by an expression', async () => {
    const job = await running(naming('*'));
    await ask(job);
    expect((await opened(job)).values).to.have.keys('TOKEN', 'SHARED', 'OTHER', 'INENV');
  });

  it('gives a job without a workflow the secrets that are set for its environment', async () => {
    const job = await running('{"kind":"discover"}');
    await ask(job);
    expect((await opened(job)).values).to.deep.equal({ INENV: 'env' });
  });

  it('gives the secrets of one repository to no other', async () => {
    await observed(volt.context.database, 'foreign');
    await noteDefaultBranch(volt.context.database, 'foreign', 'main');
    const build = await recordedBuild(volt.context.database, {
      repo: 'foreign',
      jobs: [plannedJob('test', { plan: naming('*') })],
    });
    const job = jobIdOf(build, 1);
    await startAttempt(volt.context.database, { job, attempt: 1 }, box, Date.now());
    await ask(job);
    expect((await opened(job)).values).to.deep.equal({ TOKEN: 'of all', SHARED: 'shared' });
  });

  for (const [ref, trusted, given] of [
    ['refs/heads/main', null, true],
    ['refs/heads/a/b', null, false],
    ['refs/heads/MAIN', null, false],
    ['refs/heads/x/main', null, false],
    ['refs/tags/v1', null, true],
    ['refs/pull/1/head', null, false],
    ['a'.repeat(40), null, false],
    ['refs/heads/main', ['refs/heads/main'], true],
    ['refs/heads/other', ['refs/heads/main'], false],
    ['refs/tags/main', ['refs/heads/main'], false],
    ['refs/heads/main', [], false],
    ['refs/heads/a/b', ['refs/heads/a/*'], true],
  ] as const) {
    const which = trusted === null ? 'the usual refs are' : `${JSON.stringify(trusted)} is`;
    it(`${given ? 'gives' : 'withholds'} secrets where ${which} trusted and ${ref.slice(0, 20)} is built`, async () => {
      await setTrustedRefs(volt.context.database, 'app', trusted && [...trusted]);
      const job = await running(naming(['TOKEN']), ref);
      await ask(job);
      const { values, withheld } = await opened(job);
      expect(Object.keys(values)).to.deep.equal(given ? ['TOKEN'] : []);
      if (given) expect(withheld).to.equal(null);
      else expect(withheld).to.include('not trusted');
    });
  }

  describe('gives the token for jobs of a forge', () => {
    const forge = { name: 'hub', kind: 'github', api: 'https://example.com/api/v3', token: 'for-statuses' } as const;
    const given = { ...forge, jobToken: 'for-jobs', createdBy: 'owner' };
    const tokenFor = async (job: JobId) => {
      await ask(job);
      return (await opened(job)).values.GITHUB_TOKEN;
    };

    beforeEach(async () => {
      const { database, config } = volt.context;
      await database.db.deleteFrom('forges').execute();
      // `example.com/app.git` alone is no project of GitHub's
      await database.db.updateTable('repositories').set({ url: 'https://example.com/acme/app.git' }).execute();
      await addForge(database, config, given);
    });
    after(() => volt.context.database.db.deleteFrom('forges').execute());

    it('to jobs of trusted refs whatever secrets they name, unless their permissions grant nothing', async () => {
      expect(await tokenFor(await running(naming([])))).to.equal('for-jobs');
      expect(await tokenFor(await running(naming([], { contents: 'read' })))).to.equal('for-jobs');
      expect(await tokenFor(await running(naming('*', {})))).to.equal(undefined);
      expect(await tokenFor(await running(naming(['GITHUB_TOKEN'], { 'id-token': 'write' })))).to.equal(undefined);
      expect(await tokenFor(await running('{"kind":"discover"}'))).to.equal(undefined);
    });

    it('to no other ref, and to no pull request where all refs are trusted', async () => {
      expect(await tokenFor(await running(naming(['GITHUB_TOKEN']), 'refs/heads/other'))).to.equal(undefined);
      await setTrustedRefs(volt.context.database, 'app', ['refs/**']);
      const jobs = [plannedJob('test', { plan: naming(['GITHUB_TOKEN']) })];
      const build = await recordedBuild(volt.context.database, {
        ...{ ref: 'refs/pull/7/head', jobs, pullRequest: pullRequest7 },
      });
      const job = jobIdOf(build, 1);
      await startAttempt(volt.context.database, { job, attempt: 1 }, box, Date.now());
      expect(await tokenFor(job)).to.equal(undefined);
    });

    it('to repositories of that forge only', async () => {
      const { database } = volt.context;
      for (const url of [
        'https://evil.example/acme/app.git',
        'https://example.com.evil.example/acme/app',
        '/srv/app',
      ]) {
        await database.db.updateTable('repositories').set({ url }).execute();
        expect(await tokenFor(await running(naming(['GITHUB_TOKEN']))), url).to.equal(undefined);
      }
    });

    it('and announces in the message of a job that it may ask', async () => {
      const { database, queues } = volt.context;
      await database.db.deleteFrom('secrets').execute();
      const sealed = async (permissions?: Permissions, ref = 'refs/heads/main') => {
        const plan = naming([], permissions);
        const build = await recordedBuild(database, { ref, jobs: [plannedJob('test', { plan })] });
        await routeBuild(volt.context, build);
        const data = (await queues.queue('jobs').getJob(`${jobIdOf(build, 1)}.1`))?.data as JobMessage;
        return data.sealed;
      };
      expect(await sealed()).to.deep.equal({ secrets: true, credential: false });
      expect(await sealed({})).to.equal(undefined);
      expect(await sealed(undefined, 'refs/heads/other')).to.equal(undefined);
    });
  });

  it('gives a job of a removed repository nothing of the repository that has its name now', async () => {
    const { database, config } = volt.context;
    const job = await running(naming('*'));
    await removeRepository(database, 'app', false);
    await observed(database, 'app', { url: 'https://other.example/app.git' });
    await noteDefaultBranch(database, 'app', 'main');
    await setSecret(database, config, { repo: 'app', name: 'TOKEN', value: 'of the other' });
    await setCredential(database, config, 'app', {
      shown: { kind: 'https', user: 'a', publicKey: null, hostKeys: [] },
      credential: { kind: 'https', user: 'a', password: 'b' },
    });
    await ask(job);
    expect(await opened(job)).to.deep.include({ values: {}, withheld: 'its repository app is no longer observed' });
    await ask(job, 'credential');
    expect(await opened(job, 'credential')).to.equal(null);
  });

  it('gives the credential of the repository, if there is one', async () => {
    const job = await running('{"kind":"discover"}', 'refs/pull/1/head');
    await ask(job, 'credential');
    expect(await opened(job, 'credential')).to.equal(null);
    const credential = { kind: 'https', user: 'ada', password: 'pw' } as const;
    const shown = { kind: 'https', user: 'ada', publicKey: null, hostKeys: [] } as const;
    await setCredential(volt.context.database, volt.context.config, 'app', {
      shown: { ...shown, hostKeys: [] },
      credential,
    });
    await ask(job, 'credential');
    expect(await opened(job, 'credential')).to.deep.equal(credential);
  });

  describe('makes a token as a GitHub App', () => {
    let fake: FakeForge;
    let app: FakeGithubApp;

    beforeEach(async () => {
      const { database, config } = volt.context;
      fake = await FakeForge.start('github');
      app = new FakeGithubApp(fake);
      fake.app = app;
      app.permissions = { contents: 'write', issues: 'read', pull_requests: 'write', checks: 'write' };
      await database.db.deleteFrom('forges').execute();
      const about = {
        name: 'hub',
        kind: 'github' as const,
        api: fake.api,
        repos: ['app=acme/app'],
        createdBy: 'owner',
      };
      await addForge(database, config, { ...about, app: { id: app.id, key: app.key } });
      await noteChecked(database, config, await forgeWithToken(database, config, 'hub'));
    });
    afterEach(async () => {
      await volt.context.database.db.deleteFrom('issued_tokens').execute();
      await fake.stop();
    });
    after(() => volt.context.database.db.deleteFrom('forges').execute());

    const tokenFor = async (job: JobId): Promise<string | undefined> => {
      await ask(job);
      return (await opened(job)).values.GITHUB_TOKEN;
    };
    const rightsOf = async (plan: string) => app.tokens.get((await tokenFor(await running(plan))) ?? '')?.permissions;

    it('of its repository and its permissions alone, which reads where the workflow does not say', async () => {
      const wanted: Permissions = { contents: 'write', issues: 'write', 'pull-requests': 'read', 'id-token': 'write' };
      expect(await rightsOf(naming(['GITHUB_TOKEN'], wanted))).to.deep.equal({
        ...{ metadata: 'read', contents: 'write', issues: 'read', pull_requests: 'read' },
      });
      expect(await rightsOf(naming([]))).to.deep.equal({ metadata: 'read', contents: 'read' });
      expect(await rightsOf(naming([], {}))).to.equal(undefined);
      for (const { project } of app.tokens.values()) expect(project).to.equal('acme/app');
      expect(await tokenFor(await running(naming(['GITHUB_TOKEN']), 'refs/heads/other'))).to.equal(undefined);
    });

    it('that does no more than usual in a workflow whose call names no permissions', async () => {
      const wanted: Permissions = { contents: 'write', issues: 'read' };
      expect(await rightsOf(naming([], wanted, true))).to.deep.equal({ metadata: 'read', contents: 'read' });
      expect(await rightsOf(naming([], { issues: 'write' }, true))).to.equal(undefined);
    });

    it('once for each attempt, however often it asks, and keeps it encrypted', async () => {
      const job = await running(naming([]));
      const token = await tokenFor(job);
      expect(await tokenFor(job)).to.equal(token);
      expect(app.issued).to.have.length(1);
      const rows = await volt.context.database.db.selectFrom('issued_tokens').selectAll().execute();
      expect(rows).to.have.length(1);
      expect(JSON.stringify(rows)).to.not.include(token);
    });

    it('which is revoked when the attempt has ended or was taken back, and not before', async () => {
      const { database, config } = volt.context;
      const [ended, lost] = [await running(naming([])), await running(naming([]))];
      for (const job of [ended, lost]) await tokenFor(job);
      await rotateKey(database, config);
      await revokeEndedTokens(database, config);
      expect(app.tokens.size).to.equal(2);
      const now = Date.now();
      const cancelled = { status: 'cancelled', reason: 'by_user', message: 'x' } as const;
      await decideJob(database, { job: ended, attempt: 1 }, cancelled, now);
      await moveToNextAttempt(database, { job: lost, attempt: 1 }, { reason: 'runner_lost', message: 'x', at: now });
      fake.fault = () => ({ status: 503 });
      await revokeEndedTokens(database, config).catch(() => undefined);
      fake.fault = () => undefined;
      await revokeEndedTokens(database, config);
      expect(app.tokens.size).to.equal(0);
      expect(await database.db.selectFrom('issued_tokens').selectAll().execute()).to.deep.equal([]);
    });

    it('or none, where GitHub refuses it or does not answer, unless the workflow asks for it by name', async () => {
      app.installed = [];
      expect(await tokenFor(await running(naming(['TOKEN'])))).to.equal(undefined);
      await ask(await running(naming(['GITHUB_TOKEN'])));
      expect(JSON.stringify(await told()))
        .to.include('"refused"')
        .and.include('is not installed');
      app.installed = ['acme/app'];
      fake.fault = () => ({ status: 503 });
      expect(await tokenFor(await running(naming(['TOKEN'])))).to.equal(undefined);
      // it waits, and asks again
      await ask(await running(naming(['GITHUB_TOKEN'])));
      expect(await told()).to.deep.equal([]);
      // meanwhile GitHub is left alone
      const asked = fake.requests.length;
      await ask(await running(naming(['GITHUB_TOKEN'])));
      expect(fake.requests).to.have.length(asked);
    });
  });

  describe('gets no answer', () => {
    it('from another runner than the recorded one', async () => {
      const job = await running(naming('*'));
      const { access } = volt.context;
      await writeHeartbeat(access, 'runner', runnerMember('thief~1', { publicKey: makeBoxKeys().publicKey }));
      await ask(job, 'secrets', { runner: 'thief~1' });
      expect(await told()).to.deep.equal([]);
    });

    it('if the runner has not signed its box key, or signed it for a former epoch', async () => {
      const job = await running(naming('*'));
      const { access } = volt.context;
      const thief = makeBoxKeys().publicKey;
      for (const forged of [
        { publicKey: thief },
        boxKeyOf(thief, stranger()),
        { ...boxKeyOf(keys.publicKey), publicKey: thief },
        boxKeyOf(thief, signer, 'box~0' as RunnerId),
      ]) {
        await writeHeartbeat(access, 'runner', runnerMember(box.id, forged));
        await ask(job);
      }
      expect(await told()).to.deep.equal([]);
    });

    it('from a runner whose key a person has ended', async () => {
      const { database, access } = volt.context;
      const former = await knownKey(database, 'former');
      const by = { id: 'former~1' as RunnerId, name: 'former', host: 'box', key: former.publicKey };
      const job = jobIdOf(await recordedBuild(database, { jobs: [plannedJob('test', { plan: naming('*') })] }), 1);
      await startAttempt(database, { job, attempt: 1 }, by, Date.now());
      await writeHeartbeat(access, 'runner', runnerMember(by.id, boxKeyOf(keys.publicKey, former, by.id)));
      const heardBy: RunnerNotice[] = [];
      const stop = await listen(
        access,
        access.keys.toRunner(by.id),
        runnerNoticeSchema,
        volt.context.logger,
        (notice) => heardBy.push(notice),
      );
      await removeRunnerKey(database, 'former');
      await ask(job, 'secrets', { runner: by.id });
      await access.client.ping();
      expect(heardBy).to.deep.equal([]);
      await stop();
    });

    it('for an attempt that is not the current one, or whose job has ended', async () => {
      const job = await running(naming('*'));
      await ask(job, 'secrets', { attempt: 2 });
      await moveToNextAttempt(
        volt.context.database,
        { job, attempt: 1 },
        {
          reason: 'runner_lost',
          message: 'gone',
          at: Date.now(),
        },
      );
      await ask(job);
      await decideJob(
        volt.context.database,
        { job, attempt: 2 },
        { status: 'cancelled', reason: 'by_user', message: null },
        Date.now(),
      );
      await ask(job, 'secrets', { attempt: 2 });
      expect(await told()).to.deep.equal([]);
    });

    it('from a runner without a heartbeat or without a key', async () => {
      const job = await running(naming('*'));
      await writeHeartbeat(volt.context.access, 'runner', runnerMember(box.id));
      await ask(job);
      await volt.context.access.client.del(volt.context.access.keys.member('runner', box.id));
      await ask(job);
      expect(await told()).to.deep.equal([]);
    });

    it('before the start of the attempt is recorded', async () => {
      const build = await recordedBuild(volt.context.database, { jobs: [plannedJob('test', { plan: naming('*') })] });
      const asked = await ask(jobIdOf(build, 1)).catch((error) => error);
      expect(asked).to.be.instanceOf(Later);
      expect(await told()).to.deep.equal([]);
    });
  });

  it('is refused with the reason if a secret cannot be decrypted', async () => {
    const job = await running(naming(['TOKEN']));
    rmSync(join(volt.dataDir, 'secrets.key'));
    await ask(job);
    const [notice] = await told();
    expect(notice).to.have.property('kind', 'sealed');
    expect(JSON.stringify(notice)).to.include('the key of the secrets is missing').and.not.include('of app');
  });

  it('is announced in the message of a job that may ask', async () => {
    const { database, queues } = volt.context;
    const message = async (build: BuildId) => {
      await routeBuild(volt.context, build);
      const data = (await queues.queue('jobs').getJob(`${jobIdOf(build, 1)}.1`))?.data as JobMessage;
      return data.sealed;
    };
    const build = () => recordedBuild(database, { jobs: [plannedJob()] });
    expect(await message(await build())).to.deep.equal({ secrets: true, credential: false });
    await database.db.deleteFrom('secrets').where('name', '=', 'INENV').execute();
    expect(await message(await build())).to.equal(undefined);
    await setCredential(database, volt.context.config, 'app', {
      shown: { kind: 'https', user: 'a', publicKey: null, hostKeys: [] },
      credential: { kind: 'https', user: 'a', password: 'b' },
    });
    expect(await message(await build())).to.deep.equal({ secrets: false, credential: true });
  });
});
