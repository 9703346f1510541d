import { expect } from 'chai';
import { advance } from '../../src/dispatcher/advance.ts';
import { CommitHandler } from '../../src/dispatcher/commits.ts';
import { pursueDueWaits } from '../../src/dispatcher/due-waits.ts';
import { planner } from '../../src/dispatcher/planner.ts';
import { reconcile } from '../../src/dispatcher/reconcile.ts';
import { pursueRetries } from '../../src/dispatcher/retry.ts';
import { deliverSecrets } from '../../src/dispatcher/secret-delivery.ts';
import type { Build, BuildId, Job, RunnerId } from '../../src/kernel/model.ts';
import { Later } from '../../src/queues/consumer.ts';
import type { CommitMessage, JobMessage, ResultMessage } from '../../src/queues/messages.ts';
import { jobQueue } from '../../src/queues/names.ts';
import { decideWaits } from '../../src/record/approvals.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import { listDeployments } from '../../src/record/deployments.ts';
import { setEnvironmentSecret, setEnvironmentVariable } from '../../src/record/environment-entries.ts';
import { type EnvironmentRules, removeEnvironment, setEnvironment } from '../../src/record/environments.ts';
import { finishAttempt } from '../../src/record/finished-attempts.ts';
import { openRetry } from '../../src/record/intents.ts';
import { decideJob, startAttempt } from '../../src/record/job-transitions.ts';
import { noteDefaultBranch } from '../../src/record/observations.ts';
import { setSecret } from '../../src/record/secrets.ts';
import { setTrustedRefs } from '../../src/record/trust.ts';
import { jobsForApproval, oldestWaitingJob } from '../../src/record/waiting-jobs.ts';
import { listen, type RunnerNotice, runnerNoticeSchema } from '../../src/redis/channels.ts';
import { writeHeartbeat } from '../../src/redis/membership.ts';
import { boxContext, boxKeyStatement } from '../../src/secrets/delivery.ts';
import { makeBoxKeys, unseal } from '../../src/secrets/sealed-box.ts';
import type { Signer } from '../../src/secrets/signing.ts';
import { workflowPlan } from '../../src/workflow/plan.ts';
import { runnerMember } from '../support/members.ts';
import { observed, pullRequest7 } from '../support/record.ts';
import { knownKey } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

const days = 24 * 60 * 60 * 1000;
let shas = 0;

const deploying = `on: push
jobs:
  test: { runs-on: ubuntu-latest, steps: [{ run: make }] }
  deploy:
    needs: test
    runs-on: ubuntu-latest
    environment: Production
    steps: [{ run: 'echo \${{ secrets.KEY }} \${{ vars.REGION }}' }]
`;

describe('a job that names an environment', () => {
  let volt: TestVolt;
  let handler: CommitHandler;
  let signer: Signer;
  const keys = makeBoxKeys();
  const heard: RunnerNotice[] = [];
  const runner = 'box~1' as RunnerId;

  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    handler = new CommitHandler(volt.context);
    const { access, logger, database } = volt.context;
    signer = await knownKey(database, 'box');
    await listen(access, access.keys.toRunner(runner), runnerNoticeSchema, logger, (notice) => heard.push(notice));
  });
  beforeEach(async () => {
    const { access, database } = volt.context;
    await access.client.flushall();
    for (const table of ['builds', 'secrets', 'repositories'] as const) await database.db.deleteFrom(table).execute();
    await observed(database);
    await noteDefaultBranch(database, 'app', 'main');
    await reconcile(volt.context);
    await access.client.del(access.keys.young);
    const boxSignature = signer.sign('runner box', boxKeyStatement(runner, keys.publicKey));
    await writeHeartbeat(access, 'runner', runnerMember(runner, { publicKey: keys.publicKey, boxSignature }));
  });
  after(async () => {
    await planner.close();
    await volt.stop();
  });

  const rules = (more: Partial<EnvironmentRules> = {}) =>
    setEnvironment(volt.context.database, 'app', {
      ...{ name: 'production', branches: [], approve: false, waitMinutes: 0 },
      ...more,
    });
  const again = async (id: BuildId) => (await findBuild(volt.context.database, id)) as Build;
  const named = (build: Build, name = 'deploy') => build.jobs.find((job) => job.name === name) as Job;
  const stateOf = (build: Build) => {
    const { status, reason } = named(build);
    return [status, reason];
  };
  const sent = async () =>
    (await volt.context.queues.queue(jobQueue(['linux'])).getPrioritized()).map(({ data }) => data as JobMessage);

  /** Plans again if a busy machine took so long before that the repository has to wait. */
  const patiently = (work: () => Promise<void>) =>
    until('it is planned', () =>
      work().then(
        () => true,
        (error) => {
          if (!(error instanceof Later)) throw error;
        },
      ),
    );

  /** A build of which the job before the deployment has passed. */
  async function tested(more: Partial<CommitMessage> = {}, text = deploying): Promise<Build> {
    const sha = String(++shas).padStart(40, '0');
    const commit: CommitMessage = {
      ...{ v: 1, repo: 'app', ref: 'refs/heads/main', sha, subject: 's', author: 'Ada', trigger: 'manual' },
      ...{ committedAt: '2026-01-02T03:04:05.000Z', intent: shas, passedOver: 0, more: false },
      workflows: { files: [{ path: '.github/workflows/ci.yml', text }], changed: null, defaultBranch: 'main' },
      ...more,
    };
    await patiently(() => handler.handle(commit));
    const [newest] = await listBuilds(volt.context.database, { limit: 1 });
    const id = newest?.id as BuildId;
    if ((await again(id)).jobs.some(({ name }) => name === 'test')) await run(id, 'test');
    return settle(id);
  }

  const refOf = (job: Job) => ({ job: job.id, attempt: job.attempts.at(-1)?.number ?? 1 });
  const box = { id: runner, name: 'box', host: 'box' };

  async function begin(id: BuildId, name: string): Promise<Job> {
    const job = named(await again(id), name);
    await startAttempt(volt.context.database, refOf(job), { ...box, key: signer.publicKey }, Date.now());
    return job;
  }

  async function run(id: BuildId, name: string, url?: string): Promise<void> {
    const job = await begin(id, name);
    await finishAttempt(volt.context.database, refOf(job), {
      ...{ status: 'success', reason: null, message: null, runner: box, exitCode: 0, steps: [] },
      ...{ logBytes: 0, logComplete: true, startedAt: Date.now(), finishedAt: Date.now() },
      ...(url !== undefined && { url }),
    });
  }

  /** Moves a build on until there is nothing more; the reporter's part included. */
  async function settle(id: BuildId): Promise<Build> {
    for (;;) {
      await patiently(() => advance(volt.context, id));
      const results = await volt.context.queues.queue('results').getWaiting();
      if (results.length === 0) return again(id);
      for (const result of results) {
        const message = result.data as ResultMessage;
        if (message.kind !== 'decided') throw new Error(message.kind);
        const { status, reason, message: text } = message;
        await decideJob(volt.context.database, message, { status, reason, message: text }, Date.parse(message.at));
        await result.remove();
      }
    }
  }

  /** The wait began so long ago. */
  async function past(milliseconds: number): Promise<void> {
    await volt.context.database.db
      .updateTable('approvals')
      .set((eb) => ({ asked_at: eb('asked_at', '-', milliseconds), due_at: eb('due_at', '-', milliseconds) }))
      .execute();
  }

  /** The builds that a poll of the dispatcher has moved on. */
  async function due(): Promise<BuildId[]> {
    await pursueDueWaits(volt.context);
    const queue = volt.context.queues.queue('advance');
    const messages = (await Promise.all([queue.getWaiting(), queue.getPrioritized()])).flat();
    for (const message of messages) await message.remove();
    return messages.map(({ data }) => (data as { build: BuildId }).build);
  }

  const decide = (build: Build, decision: 'approved' | 'declined', comment: string | null = null) =>
    decideWaits(volt.context.database, { build: build.id, jobs: null }, { decision, by: 'ada', comment });

  /** The secrets that the running job gets. */
  async function secretsOf(id: BuildId, name = 'deploy'): Promise<unknown> {
    const job = await begin(id, name);
    heard.length = 0;
    await deliverSecrets(volt.context, { v: 1, ...refOf(job), runner, kind: 'secrets' });
    await volt.context.access.client.ping();
    const [notice] = heard;
    if (notice?.kind !== 'sealed' || !('box' in notice.answer)) throw new Error(JSON.stringify(notice));
    return JSON.parse(unseal(keys, boxContext(refOf(job), runner, { kind: 'secrets' }), notice.answer.box)).values;
  }

  async function setKeys(): Promise<void> {
    const { database, config } = volt.context;
    await setSecret(database, config, { repo: 'app', name: 'KEY', value: 'of app' });
    const entry = { repo: 'app', environment: 'PRODUCTION', name: 'key' };
    await setEnvironmentSecret(database, config, { ...entry, value: 'of production' });
    await setEnvironmentVariable(database, { ...entry, name: 'region', value: 'north' });
  }

  it('that nobody has set runs at once, and is listed as a deployment', async () => {
    const build = await tested();
    expect(stateOf(build)).to.deep.equal(['queued', null]);
    await run(build.id, 'deploy', 'https://app.example/');
    expect(await listDeployments(volt.context.database, 'app', { limit: 10 })).to.deep.equal([
      {
        ...{ id: 1, environment: 'Production', build: build.id, number: 1, ref: build.ref, sha: build.sha },
        ...{ job: { id: named(build).id, name: 'deploy' }, status: 'success', url: 'https://app.example/' },
        ...(await listDeployments(volt.context.database, 'app', { limit: 1 })).map(
          ({ id, createdAt, startedAt, finishedAt }) => ({ id, createdAt, startedAt, finishedAt }),
        )[0],
      },
    ]);
    expect(named(await again(build.id)).deployment).to.deep.equal({
      environment: 'Production',
      url: 'https://app.example/',
    });
  });

  it('gets its secrets and variables in place of those of the repository; other jobs do not', async () => {
    await rules();
    await setKeys();
    const other = "  other: { runs-on: ubuntu-latest, steps: [{ run: 'echo ${{ secrets.KEY }}' }] }\n";
    const build = await tested({}, deploying + other);
    expect(await secretsOf(build.id)).to.deep.equal({ KEY: 'of production' });
    expect(await secretsOf(build.id, 'other')).to.deep.equal({ KEY: 'of app' });
    const plans = (await sent()).map(({ name, plan }) => [name, workflowPlan.parse(plan).contexts.vars]);
    expect(Object.fromEntries(plans)).to.deep.include({ deploy: { REGION: 'north' }, other: {} });
  });

  it('gets no secret of it on a ref that is not trusted', async () => {
    await rules({ branches: ['refs/**'] });
    await setKeys();
    const build = await tested({ ref: 'refs/heads/feature' });
    expect(await secretsOf(build.id)).to.deep.equal({});
  });

  it('gets no secret of it in a build of a pull request, whatever refs are trusted', async () => {
    await rules();
    await setKeys();
    await setTrustedRefs(volt.context.database, 'app', ['refs/**']);
    const pullRequest = { ...pullRequest7, before: null, conflicts: null };
    const ref = 'refs/pull/7/head';
    const build = await tested({ ref, pullRequest }, deploying.replace('on: push', 'on: pull_request'));
    expect(await secretsOf(build.id)).to.deep.equal({});
  });

  it('runs for a fork without its variables, and is no deployment, unless the rules name its ref or ask a person', async () => {
    const { database } = volt.context;
    const pullRequest = { ...pullRequest7, before: null, conflicts: null };
    const text = deploying.replace('on: push', 'on: pull_request');
    const asked = (same: boolean) => tested({ ref: 'refs/pull/7/head', pullRequest: { ...pullRequest, same } }, text);
    const region = async (build: Build) => {
      const row = database.db.selectFrom('jobs').select('plan').where('id', '=', named(build).id);
      return workflowPlan.parse(JSON.parse((await row.executeTakeFirstOrThrow()).plan ?? '')).contexts.vars;
    };
    const listed = async () => (await listDeployments(database, 'app', { limit: 9 })).map(({ build }) => build);
    /** Deployments are listed once they have begun. */
    const runOf = async (build: Build) => {
      await run(build.id, 'deploy', 'https://evil.example');
      return settle(build.id);
    };
    const unset = await asked(false);
    expect(stateOf(unset)).to.deep.equal(['queued', null]);
    await runOf(unset);
    await rules();
    await setEnvironmentVariable(database, { repo: 'app', environment: 'production', name: 'REGION', value: 'north' });
    const stranger = await asked(false);
    expect(await region(stranger)).to.deep.equal({});
    await runOf(stranger);
    expect(await listed()).to.deep.equal([]);
    expect(named(await again(stranger.id)).deployment).to.equal(null);
    const own = await asked(true);
    expect(await region(own)).to.deep.equal({ REGION: 'north' });
    await runOf(own);
    await rules({ branches: ['refs/pull/*/head'] });
    const allowed = await asked(false);
    expect(await region(allowed)).to.deep.equal({ REGION: 'north' });
    await runOf(allowed);
    await rules({ approve: true });
    const waiting = await asked(false);
    expect(stateOf(waiting)).to.deep.equal(['waiting', 'approval_required']);
    await decideWaits(database, { build: waiting.id, jobs: null }, { decision: 'approved', by: 'ada', comment: null });
    const approved = await settle(waiting.id);
    expect(await region(approved)).to.deep.equal({ REGION: 'north' });
    await runOf(approved);
    expect(await listed()).to.deep.equal([approved.id, allowed.id, own.id]);
  });

  it('gets no secret of it once its rules no longer allow the ref', async () => {
    await rules();
    await setKeys();
    const build = await tested();
    await rules({ branches: ['refs/heads/release'] });
    expect(await secretsOf(build.id)).to.deep.equal({ KEY: 'of app' });
  });

  it('ends as an error on a ref that the environment does not allow', async () => {
    await rules({ branches: ['refs/heads/release/*'] });
    const build = await tested();
    expect(stateOf(build)).to.deep.equal(['error', 'environment_refused']);
    expect(named(build).message).to.equal(
      'the environment Production does not allow refs/heads/main; it allows refs/heads/release/*',
    );
    expect(await listDeployments(volt.context.database, 'app', { limit: 1 })).to.deep.equal([]);
  });

  it('waits for approval without a message to runners, and is not shown as the oldest waiting job', async () => {
    const { database } = volt.context;
    await rules({ approve: true });
    const build = await tested();
    expect(stateOf(build)).to.deep.equal(['waiting', 'approval_required']);
    expect(named(build).approval).to.include({ environment: 'Production', decision: null });
    expect((await sent()).map(({ name }) => name)).to.not.include('deploy');
    expect(await oldestWaitingJob(database)).to.equal(undefined);
    expect(await jobsForApproval(database)).to.deep.include({ count: 1 });
    // planning again changes nothing
    expect(stateOf(await settle(build.id))).to.deep.equal(['waiting', 'approval_required']);
    expect(await due()).to.deep.equal([]);
    expect(await decide(build, 'approved', 'go')).to.deep.equal([named(build).id]);
    expect(await due()).to.deep.equal([build.id]);
    const approved = await settle(build.id);
    expect(stateOf(approved)).to.deep.equal(['queued', null]);
    expect(named(approved).message).to.equal(null);
    expect(named(approved).approval).to.include({ decision: 'approved', by: 'ada', comment: 'go' });
    expect((await sent()).map(({ name }) => name)).to.include('deploy');
    expect(await due()).to.deep.equal([]);
  });

  it('is cancelled if a person declines it, whatever another one says later', async () => {
    await rules({ approve: true });
    const build = await tested();
    await decide(build, 'declined', 'not on a Friday');
    expect(await decide(build, 'approved')).to.deep.equal([]);
    const declined = await settle(build.id);
    expect(stateOf(declined)).to.deep.equal(['cancelled', 'declined']);
    expect(named(declined).message).to.equal('ada declined its deployment to Production: not on a Friday');
    expect(await due()).to.deep.equal([]);
  });

  it('is cancelled if nobody decides within 30 days', async () => {
    await rules({ approve: true });
    const build = await tested();
    await past(30 * days - 60_000);
    expect(await due()).to.deep.equal([]);
    await past(60_000);
    expect(await due()).to.deep.equal([build.id]);
    const expired = await settle(build.id);
    expect(stateOf(expired)).to.deep.equal(['cancelled', 'expired']);
    expect(await decide(build, 'approved')).to.deep.equal([]);
  });

  it('waits as long as the environment says, from its first request on', async () => {
    await rules({ waitMinutes: 10 });
    const build = await tested();
    expect(stateOf(build)).to.deep.equal(['waiting', null]);
    expect(named(build).message).to.equal('waits 10 min before it deploys to Production');
    expect(await decide(build, 'approved')).to.deep.equal([]);
    await past(9 * 60_000);
    expect(stateOf(await settle(build.id))).to.deep.equal(['waiting', null]);
    await past(60_000);
    expect(await due()).to.deep.equal([build.id]);
    expect(stateOf(await settle(build.id))).to.deep.equal(['queued', null]);
  });

  it('goes on when the environment is removed or asks for nothing any more', async () => {
    await rules({ approve: true });
    const [first, second] = [await tested(), await tested()];
    await rules({ approve: false });
    expect(await due()).to.have.members([first.id, second.id]);
    expect(stateOf(await settle(first.id))).to.deep.equal(['queued', null]);
    await rules({ approve: true });
    await removeEnvironment(volt.context.database, 'app', 'PRODUCTION');
    expect(stateOf(await settle(second.id))).to.deep.equal(['queued', null]);
  });

  it('waits for approval again when it is retried, which is a further deployment', async () => {
    await rules({ approve: true });
    const build = await tested();
    await decide(build, 'approved');
    await settle(build.id);
    await run(build.id, 'deploy', 'https://app.example/1');
    const { database } = volt.context;
    await openRetry(database, 'app', build.id, { job: named(build).id, failedOnly: false });
    await pursueRetries(volt.context);
    expect(stateOf(await settle(build.id))).to.deep.equal(['waiting', 'approval_required']);
    await decide(build, 'approved');
    await settle(build.id);
    await run(build.id, 'deploy', 'https://app.example/2');
    const deployments = await listDeployments(database, 'app', { limit: 10 });
    expect(deployments.map(({ status, url }) => [status, url])).to.deep.equal([
      ['success', 'https://app.example/2'],
      ['success', 'https://app.example/1'],
    ]);
  });

  it('of a matrix is asked about for each of its jobs', async () => {
    await rules({ approve: true });
    const matrix = `on: push
jobs:
  deploy:
    strategy: { matrix: { to: [production, staging] } }
    runs-on: ubuntu-latest
    environment: \${{ matrix.to }}
    steps: [{ run: x }]
`;
    const build = await tested({}, matrix);
    expect(build.jobs.map(({ name, status }) => [name, status])).to.deep.equal([
      ['deploy (production)', 'waiting'],
      ['deploy (staging)', 'queued'],
    ]);
    await decide(build, 'approved');
    expect(named(await settle(build.id), 'deploy (production)').status).to.equal('queued');
  });
});
