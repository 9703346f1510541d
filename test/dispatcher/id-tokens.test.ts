import { expect } from 'chai';
import { createLocalJWKSet, decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import { idTokenFor } from '../../src/dispatcher/id-token.ts';
import { deliverSecrets } from '../../src/dispatcher/secret-delivery.ts';
import { type JobId, jobIdOf, type RunnerId } from '../../src/kernel/model.ts';
import { recordDeployments } from '../../src/record/deployments.ts';
import { setEnvironment } from '../../src/record/environments.ts';
import { publishedIdTokenKeys } from '../../src/record/id-token-keys.ts';
import { decideJob, startAttempt } from '../../src/record/job-transitions.ts';
import { noteDefaultBranch } from '../../src/record/observations.ts';
import { openJobs } from '../../src/record/open-jobs.ts';
import type { NewBuild } from '../../src/record/plans.ts';
import { removeRepository } from '../../src/record/removal.ts';
import { setTrustedRefs } from '../../src/record/trust.ts';
import { listen, type RunnerNotice, runnerNoticeSchema } from '../../src/redis/channels.ts';
import { writeHeartbeat } from '../../src/redis/membership.ts';
import { boxContext, boxKeyStatement } from '../../src/secrets/delivery.ts';
import { makeBoxKeys, unseal } from '../../src/secrets/sealed-box.ts';
import type { Signer } from '../../src/secrets/signing.ts';
import type { Permissions } from '../../src/workflow/permissions.ts';
import type { WorkflowPlan } from '../../src/workflow/plan.ts';
import { runnerMember } from '../support/members.ts';
import { observed, plannedJob, pullRequest7, recordedBuild } from '../support/record.ts';
import { knownKey } from '../support/runner-keys.ts';
import { TestVolt } from '../support/volt.ts';
import { factsOf, PlannedBuild } from '../support/workflows.ts';

const sha = 'a'.repeat(40);

describe('an ID token', () => {
  let volt: TestVolt;
  let signer: Signer;
  let box: { id: RunnerId; name: string; host: string; key: string };

  before(async () => {
    volt = await TestVolt.start({ url: 'https://ci.example.org/' });
    signer = await knownKey(volt.context.database, 'box');
    box = { id: 'box~1' as RunnerId, name: 'box', host: 'box', key: signer.publicKey };
  });
  beforeEach(async () => {
    const { database } = volt.context;
    for (const table of ['builds', 'repositories'] as const) await database.db.deleteFrom(table).execute();
    await observed(database, 'app', { url: 'https://github.com/acme/app.git' });
    await noteDefaultBranch(database, 'app', 'main');
  });
  after(() => volt.stop());

  /** The plan of a job of a workflow for the repository. @param job further lines of the job */
  function planOf(job = 'permissions: { id-token: write }', ref = 'refs/heads/main'): WorkflowPlan {
    const text = `name: CI\non: push\njobs:\n  a:\n    runs-on: linux\n    ${job}\n    steps: [{ run: x }]\n`;
    const repo = { name: 'app', url: 'https://github.com/acme/app.git', defaultBranch: 'main' };
    const build = new PlannedBuild({ '.github/workflows/ci.yml': text }, factsOf(undefined, { repo, ref, sha }));
    return build.plans.a?.plan as WorkflowPlan;
  }

  /** A job that runs on the box. */
  async function running(plan: unknown = planOf(), change: Partial<NewBuild> = {}): Promise<JobId> {
    const { database } = volt.context;
    const jobs = [plannedJob('test', { plan: JSON.stringify(plan) })];
    const build = await recordedBuild(database, { sha, jobs, ...change });
    const { environment } = plan as WorkflowPlan;
    if (environment) {
      const deployed = new Map([[jobIdOf(build, 1), environment.name]]);
      await database.write((db) => recordDeployments(db, { build, repo: 'app' }, deployed));
    }
    const job = jobIdOf(build, 1);
    await startAttempt(database, { job, attempt: 1 }, box, Date.now());
    return job;
  }

  async function answerFor(id: JobId, audience?: string, context = volt.context) {
    const [job] = await openJobs(volt.context.database, { jobs: [id], limit: 1 });
    if (!job) throw new Error('the job is over');
    return idTokenFor(context, job, audience);
  }

  /** The verified claims. */
  async function claimsFor(id: JobId, audience?: string): Promise<JWTPayload> {
    const answer = await answerFor(id, audience);
    if (!('token' in answer)) throw new Error(answer.withheld);
    const keys = createLocalJWKSet({ keys: await publishedIdTokenKeys(volt.context.database.db) });
    const options = {
      issuer: 'https://ci.example.org',
      algorithms: ['RS256'],
      requiredClaims: ['sub', 'aud', 'jti', 'exp'],
    };
    return (await jwtVerify(answer.token, keys, options)).payload;
  }

  it('says which job it is, in the claims of GitHub, and is signed by a published key', async () => {
    const claims = await claimsFor(await running(), 'sts.example');
    expect(claims).to.deep.include({
      ...{ sub: 'repo:acme/app:ref:refs/heads/main', aud: 'sts.example', repository: 'acme/app', sha },
      ...{ repository_owner: 'acme', volt_repository: 'app', ref: 'refs/heads/main', ref_type: 'branch' },
      ...{ event_name: 'push', workflow: 'CI', actor: 'Ada', runner_environment: 'self-hosted', trust: 'default' },
      ...{
        job_workflow_ref: 'acme/app/.github/workflows/ci.yml@refs/heads/main',
        job_workflow_sha: sha,
        run_id: '7000',
      },
    });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).to.equal(300);
  });

  it('is for the owner of the repository unless the job names another audience, and no two are the same', async () => {
    const job = await running();
    const [one, other] = [await claimsFor(job), await claimsFor(job)];
    expect(one.aud).to.equal('https://github.com/acme');
    expect(one.jti).to.not.equal(other.jti);
  });

  it('names the environment that the job was let through to, so that it cannot pass for a part of the subject', async () => {
    const job = 'permissions: { id-token: write }\n    environment: "prod:ref:refs/heads/main"';
    const claims = await claimsFor(await running(planOf(job)));
    expect(claims).to.include({
      ...{ sub: 'repo:acme/app:environment:prod%3Aref%3Arefs/heads/main', environment: 'prod:ref:refs/heads/main' },
    });
  });

  it('names the file that the job is in, which a cloud may trust alone, and the one that calls it', async () => {
    const permissions = 'permissions: { id-token: write }';
    const files = {
      '.github/workflows/ci.yml': `on: push\n${permissions}\njobs: { call: { uses: ./.github/workflows/deploy.yml } }\n`,
      '.github/workflows/deploy.yml': 'on: workflow_call\njobs: { a: { runs-on: linux, steps: [{ run: x }] } }\n',
    };
    const repo = { name: 'app', url: 'https://github.com/acme/app.git', defaultBranch: 'main' };
    const { plans } = new PlannedBuild(files, factsOf(undefined, { repo, sha }));
    expect(await claimsFor(await running(plans['call / a']?.plan))).to.include({
      workflow_ref: 'acme/app/.github/workflows/ci.yml@refs/heads/main',
      job_workflow_ref: 'acme/app/.github/workflows/deploy.yml@refs/heads/main',
    });
  });

  it('says whether a person has named the ref as trusted', async () => {
    await setTrustedRefs(volt.context.database, 'app', ['refs/heads/release/*']);
    const ref = 'refs/heads/release/1';
    const claims = await claimsFor(await running(planOf(undefined, ref), { ref }));
    expect(claims).to.include({ sub: `repo:acme/app:ref:${ref}`, trust: 'named' });
  });

  describe('is withheld', () => {
    const withheld = async (job: JobId, context = volt.context) => {
      const answer = await answerFor(job, undefined, context);
      return 'withheld' in answer ? answer.withheld : decodeJwt(answer.token);
    };

    it('from pull requests, where all refs are trusted, too', async () => {
      await setTrustedRefs(volt.context.database, 'app', ['refs/**']);
      const change = { ref: 'refs/pull/7/head', pullRequest: pullRequest7 };
      for (const same of [false, true])
        expect(
          await withheld(await running(planOf(), { ...change, pullRequest: { ...pullRequest7, same } })),
        ).to.include('pull requests get no ID tokens');
    });

    it('from refs that are not trusted, and from a repository that was removed', async () => {
      const job = await running(planOf(), { ref: 'refs/heads/other' });
      expect(await withheld(job)).to.include('refs/heads/other is not trusted');
      const removed = await running();
      await removeRepository(volt.context.database, 'app', false);
      expect(await withheld(removed)).to.include('not trusted');
    });

    it('from jobs without the permission, and from those without a workflow', async () => {
      const permissions: Permissions[] = [{}, { contents: 'write' }, { 'id-token': 'read' }];
      for (const plan of [
        ...permissions.map((given) => ({ ...planOf(), permissions: given })),
        planOf('timeout-minutes: 9'),
      ])
        expect(await withheld(await running(plan)), JSON.stringify(plan.permissions)).to.include('id-token: write');
      expect(await withheld(await running({ kind: 'discover' }))).to.include('id-token: write');
    });

    it('where the environment of the job no longer allows its ref', async () => {
      const job = await running(planOf('permissions: { id-token: write }\n    environment: production'));
      const rules = { name: 'production', branches: ['refs/heads/release'], approve: false, waitMinutes: 0 };
      await setEnvironment(volt.context.database, 'app', rules);
      expect(await withheld(job)).to.include('environment of the job does not allow');
    });

    it('where others cannot reach this Volt', async () => {
      const config = { ...volt.context.config, url: undefined };
      expect(await withheld(await running(), { ...volt.context, config })).to.include('VOLT_URL');
    });
  });

  describe('is delivered', () => {
    const keys = makeBoxKeys();
    const heard: RunnerNotice[] = [];

    before(async () => {
      const { access, logger } = volt.context;
      const boxSignature = signer.sign('runner box', boxKeyStatement(box.id, keys.publicKey));
      await writeHeartbeat(access, 'runner', runnerMember(box.id, { publicKey: keys.publicKey, boxSignature }));
      await writeHeartbeat(access, 'runner', runnerMember('thief~1', { publicKey: makeBoxKeys().publicKey }));
      for (const id of [box.id, 'thief~1'])
        await listen(access, access.keys.toRunner(id), runnerNoticeSchema, logger, (notice) => heard.push(notice));
    });

    async function ask(job: JobId, change: { attempt?: number; runner?: string } = {}): Promise<RunnerNotice[]> {
      const asked = { v: 1, job, attempt: 1, runner: box.id, kind: 'id-token', request: 'r1', audience: 'x' } as const;
      await deliverSecrets(volt.context, { ...asked, ...change });
      // what was published before has been heard when this has
      await volt.context.access.client.ping();
      return heard.splice(0);
    }

    it('to the runner of the job, sealed for that request and that audience', async () => {
      const job = await running();
      const [notice] = await ask(job);
      if (notice?.kind !== 'sealed' || !('box' in notice.answer)) throw new Error(JSON.stringify(notice));
      expect(notice).to.include({ job, attempt: 1, delivery: 'id-token', request: 'r1' });
      const open = (request: string, audience?: string) =>
        unseal(
          keys,
          boxContext({ job, attempt: 1 }, box.id, { kind: 'id-token', request, audience }),
          (notice.answer as { box: string }).box,
        );
      expect(decodeJwt(JSON.parse(open('r1', 'x')).token)).to.include({ aud: 'x' });
      for (const [request, audience] of [['r2', 'x'], ['r1', 'y'], ['r1']] as const)
        expect(() => open(request, audience)).to.throw();
    });

    it('to no other runner, for no other attempt, and not after the end of the job', async () => {
      const job = await running();
      expect(await ask(job, { runner: 'thief~1' })).to.deep.equal([]);
      expect(await ask(job, { attempt: 2 })).to.deep.equal([]);
      const ended = { status: 'cancelled', reason: 'by_user', message: null } as const;
      await decideJob(volt.context.database, { job, attempt: 1 }, ended, Date.now());
      expect(await ask(job)).to.deep.equal([]);
    });
  });
});
