import { expect } from 'chai';
import type { KyselyPlugin } from 'kysely';
import { advance, refuse } from '../../src/dispatcher/advance.ts';
import { pursueCancels } from '../../src/dispatcher/cancel.ts';
import { CommitHandler } from '../../src/dispatcher/commits.ts';
import { planner } from '../../src/dispatcher/planner.ts';
import { reconcile } from '../../src/dispatcher/reconcile.ts';
import { pursueRetries } from '../../src/dispatcher/retry.ts';
import { type Build, type BuildId, type FinalStatus, isFinal, type Job, jobIdOf } from '../../src/kernel/model.ts';
import type { CommitMessage, JobMessage, ResultMessage } from '../../src/queues/messages.ts';
import { jobQueue } from '../../src/queues/names.ts';
import { servesQueue } from '../../src/queues/queue-labels.ts';
import { branchHistory } from '../../src/record/branch-history.ts';
import { newestOf } from '../../src/record/branches.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import { lingeringHolders } from '../../src/record/concurrency.ts';
import type { Database, Write } from '../../src/record/database.ts';
import { finishAttempt } from '../../src/record/finished-attempts.ts';
import { addForge } from '../../src/record/forges.ts';
import { findIntent, openCancel, openRetry, openTrigger } from '../../src/record/intents.ts';
import { decideJob, startAttempt } from '../../src/record/job-transitions.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { openJobs } from '../../src/record/open-jobs.ts';
import { notePullRequestFacts } from '../../src/record/pull-request-facts.ts';
import { queuedJobs } from '../../src/record/queued-jobs.ts';
import { schedulesOf } from '../../src/record/schedules.ts';
import { setVariable } from '../../src/record/variables.ts';
import { writeHeartbeat } from '../../src/redis/membership.ts';
import { workflowPlan } from '../../src/workflow/plan.ts';
import { runnerMember } from '../support/members.ts';
import { observed, pullRequest7 } from '../support/record.ts';
import { TestVolt } from '../support/volt.ts';

const box = { id: 'box~1', name: 'box', host: 'box' };
let shas = 0;

/** A job of these lines, on a machine that GitHub would host. */
const job = (id: string, ...lines: string[]) =>
  `  ${id}:\n${['runs-on: ubuntu-latest', ...lines, 'steps: [{ run: make }]'].map((line) => `    ${line}\n`).join('')}`;
const workflow = (head: string, ...jobs: string[]) => `${head}\njobs:\n${jobs.join('')}`;

/** The record, with a method of its own. */
function standIn(database: Database, own: Partial<Database>): Database {
  return new Proxy(database, {
    get: (target, key) => {
      const found: unknown = Reflect.get(own, key) ?? Reflect.get(target, key);
      return typeof found === 'function' ? found.bind(target) : found;
    },
  });
}

describe('the dispatcher, given a commit with workflows,', () => {
  let volt: TestVolt;
  let handler: CommitHandler;

  before(async () => {
    volt = await TestVolt.start({ jobTimeout: 7 });
    volt.context.logger.silent = true;
    handler = new CommitHandler(volt.context);
  });

  beforeEach(async () => {
    await volt.context.access.client.flushall();
    for (const table of ['builds', 'cursors', 'intents', 'repositories', 'variables'] as const)
      await volt.context.database.db.deleteFrom(table).execute();
    await observed(volt.context.database);
    await reconcile(volt.context);
    await volt.context.access.client.del(volt.context.access.keys.young);
  });

  after(async () => {
    await planner.close();
    await volt.stop();
  });

  function commit(files: { [path: string]: string | null }, change: Partial<CommitMessage> = {}): CommitMessage {
    return {
      v: 1,
      repo: 'app',
      ref: 'refs/heads/main',
      sha: String(++shas).padStart(40, '0'),
      subject: 'a subject',
      author: 'Ada',
      committedAt: '2026-01-02T03:04:05.000Z',
      trigger: 'manual',
      intent: shas,
      passedOver: 0,
      more: false,
      workflows: {
        files: Object.entries(files).map(([name, text]) => ({ path: `.github/workflows/${name}`, text })),
        changed: null,
        defaultBranch: 'main',
      },
      ...change,
    };
  }

  async function build(files: { [path: string]: string | null }, change: Partial<CommitMessage> = {}): Promise<Build> {
    await handler.handle(commit(files, change));
    const [newest] = await listBuilds(volt.context.database, { limit: 1 });
    return again(newest?.id as BuildId);
  }

  /** A build whose dispatcher has died before it planned anything. */
  async function recorded(files: { [path: string]: string | null }): Promise<BuildId> {
    const { database } = volt.context;
    let died = () => {};
    const death = new Promise<void>((resolve) => {
      died = resolve;
    });
    const write = async <T>(work: (db: Write) => Promise<T>): Promise<T> => {
      await database.write(work);
      died();
      return new Promise(() => undefined);
    };
    void new CommitHandler({ ...volt.context, database: standIn(database, { write }) }).handle(commit(files));
    await death;
    const [newest] = await listBuilds(database, { limit: 1 });
    return newest?.id as BuildId;
  }

  /** A look at a build by a dispatcher that has planned it, and writes that only when it is told. */
  function planLate(id: BuildId) {
    const { database } = volt.context;
    let write = () => {};
    const told = new Promise<void>((resolve) => {
      write = resolve;
    });
    let done = Promise.resolve();
    const planned = new Promise<void>((resolve) => {
      const late = async <T>(work: (db: Write) => Promise<T>): Promise<T> => {
        resolve();
        await told;
        return database.write(work);
      };
      done = advance({ ...volt.context, database: standIn(database, { write: late }) }, id);
    });
    return { planned, write, done };
  }

  async function again(id: BuildId): Promise<Build> {
    const found = await findBuild(volt.context.database, id);
    if (!found) throw new Error(`no build ${id}`);
    return found;
  }

  /** Records what the dispatcher has decided, as a reporter does. */
  async function recordDecisions(): Promise<void> {
    for (const sent of await volt.context.queues.queue('results').getWaiting()) {
      const message = sent.data as ResultMessage;
      if (message.kind !== 'decided') throw new Error(message.kind);
      const { status, reason, message: text } = message;
      await decideJob(volt.context.database, message, { status, reason, message: text }, Date.parse(message.at));
      await sent.remove();
    }
  }

  /** Moves a build on until there is nothing more. */
  async function settle(id: BuildId): Promise<Build> {
    for (;;) {
      await recordDecisions();
      await advance(volt.context, id);
      if ((await volt.context.queues.queue('results').getWaiting()).length === 0) return again(id);
    }
  }

  async function end(id: BuildId, name: string, status: FinalStatus = 'success', outputs = {}): Promise<Build> {
    await finish(id, name, status, outputs);
    await advance(volt.context, id);
    return settle(id);
  }

  /** Records the end of a job that a runner has run. */
  async function finish(id: BuildId, name: string, status: FinalStatus = 'success', outputs = {}): Promise<void> {
    const found = (await again(id)).jobs.find((candidate) => candidate.name === name);
    if (!found) throw new Error(`no job ${name}`);
    const ref = { job: found.id, attempt: found.attempts.at(-1)?.number ?? 1 };
    await startAttempt(volt.context.database, ref, box, Date.now());
    const reason = status === 'success' ? null : ('exit_code' as const);
    const outcome = { status, reason, message: null, runner: box, exitCode: 0, outputs, steps: [] };
    const times = { logBytes: 0, logComplete: true, startedAt: Date.now(), finishedAt: Date.now() };
    await finishAttempt(volt.context.database, ref, { ...outcome, ...times });
  }

  /** Records that a job could not be begun by no fault of the commit. */
  async function fail(id: BuildId, name: string): Promise<Build> {
    const { database } = volt.context;
    const found = named(await again(id), name);
    const ref = { job: found.id, attempt: found.attempts.at(-1)?.number ?? 1 };
    const outcome = { status: 'error', reason: 'action_unavailable', message: 'no answer', runner: box } as const;
    const times = { logBytes: 0, logComplete: true, startedAt: Date.now(), finishedAt: Date.now() };
    await finishAttempt(database, ref, { ...outcome, exitCode: null, steps: [], pauses: [10_000], ...times });
    return settle(id);
  }

  const statuses = (found: Build) => Object.fromEntries(found.jobs.map(({ name, status }) => [name, status]));
  const named = (found: Build, name: string) => found.jobs.find((one) => one.name === name) as Job;
  const sent = async (labels = ['linux']) =>
    (await volt.context.queues.queue(jobQueue(labels)).getPrioritized()).map(({ data }) => data as JobMessage);

  it('sends the next jobs of a build ahead of newer builds of its repository', async () => {
    const files = { 'ci.yml': workflow('on: push', job('build'), job('test', 'needs: build')) };
    const first = await build(files);
    for (let count = 0; count < 5; count++) await build(files);
    await end(first.id, 'build');
    const order = (await sent()).map(({ build: of, name }) => [of, name]);
    expect(order).to.have.length(7);
    expect(order.slice(0, 3)).to.deep.include([first.id, 'test']);
  });

  it('makes one build of all workflows that run, and sends its ready jobs with their plans', async () => {
    await setVariable(volt.context.database, { repo: null, name: 'WORD', value: 'of all' });
    await setVariable(volt.context.database, { repo: 'app', name: 'WORD', value: 'own' });
    const made = await build({
      'ci.yml': workflow('name: CI\non: push', job('build'), job('test', 'needs: build')),
      'lint.yml': workflow('on: { push: { branches: [main] } }', job('lint', 'strategy: { matrix: { n: [1, 2] } }')),
      'other.yml': workflow('on: { push: { branches: [other] } }', job('other')),
    });
    expect(made.jobs.map(({ name, workflow, status }) => [name, workflow, status])).to.deep.equal([
      ['build', 'CI', 'queued'],
      ['test', 'CI', 'waiting'],
      ['lint (1)', '.github/workflows/lint.yml', 'queued'],
      ['lint (2)', '.github/workflows/lint.yml', 'queued'],
    ]);
    const messages = await sent();
    expect(messages.map(({ name }) => name)).to.have.members(['build', 'lint (1)', 'lint (2)']);
    const plan = workflowPlan.parse(messages.find(({ name }) => name === 'lint (2)')?.plan);
    expect(plan).to.deep.include({ key: 'lint', timeoutMinutes: 7 });
    expect(plan.contexts).to.deep.include({ matrix: { n: 2 }, vars: { WORD: 'own' } });
    expect(plan.contexts.github).to.include({
      event_name: 'push',
      ref_name: 'main',
      run_id: `${made.id}001`,
      actor: 'Ada',
    });
  });

  describe('that calls workflows of other repositories,', () => {
    const files = {
      'ci.yml': `on: push\njobs: { call: { uses: acme/ci/.github/workflows/t.yml@v1 } }\n`,
      'lint.yml': workflow('on: push', job('lint')),
    };
    const calling = (change: object): Partial<CommitMessage> => {
      const { workflows } = commit(files);
      if (!workflows) throw new Error('no workflows');
      const one = { repository: 'acme/ci', ref: 'v1', sha: 'c'.repeat(40), inherits: false, files: [], ...change };
      return { workflows: { ...workflows, called: [one] } };
    };

    it('plans them as fetched with the commit', async () => {
      const text = workflow('on: workflow_call', job('inner'));
      const made = await build(files, calling({ files: [{ path: '.github/workflows/t.yml', text }] }));
      expect(statuses(made)).to.deep.equal({ 'call / inner': 'queued', lint: 'queued' });
      const plan = workflowPlan.parse((await sent()).find(({ name }) => name === 'call / inner')?.plan);
      expect(plan.workflow.source).to.include({ repository: 'acme/ci', sha: 'c'.repeat(40) });
    });

    it('is not held up by called workflows that would not run', async () => {
      const { workflows } = calling({ sha: null, problem: 'nobody answers' });
      const manual = (workflows?.files ?? []).map(({ path, text }) => ({
        path,
        text: path.endsWith('ci.yml') ? (text?.replace('push', '{ schedule: [{ cron: "0 3 * * *" }] }') ?? null) : text,
      }));
      const made = await build(files, {
        workflows: { files: manual, changed: null, defaultBranch: 'main', called: workflows?.called },
      });
      expect(statuses(made)).to.deep.equal({ lint: 'queued' });
    });

    it('ends a job whose called workflow could not be fetched in an error, and runs the rest', async () => {
      const made = await build(files, calling({ sha: null, problem: 'nobody answers' }));
      const told = await settle(made.id);
      expect(statuses(told)).to.deep.equal({ lint: 'queued', '.github/workflows/ci.yml': 'error' });
      const { reason, message } = named(told, '.github/workflows/ci.yml');
      expect(reason).to.equal('action_unavailable');
      expect(message).to.match(
        /ci.yml:2:9: the job "call" calls acme\/ci\/.github\/workflows\/t.yml@v1: nobody answers/,
      );
    });
  });

  it('plans later jobs with the outputs of earlier ones, up to the verdict', async () => {
    const made = await build({
      'ci.yml': workflow(
        'on: push',
        job('list'),
        job('test', 'needs: list', 'strategy: { matrix: { n: "${{ fromJSON(needs.list.outputs.all) }}" } }'),
        job('done', 'needs: test', 'if: always()'),
        job('never', 'needs: test', "if: github.ref == 'refs/heads/x'"),
      ),
    });
    const listed = await end(made.id, 'list', 'success', { all: '["a","b"]' });
    expect(statuses(listed)).to.deep.equal({
      list: 'success',
      'test (a)': 'queued',
      'test (b)': 'queued',
      done: 'waiting',
      never: 'waiting',
    });
    await end(made.id, 'test (a)');
    const tested = await end(made.id, 'test (b)');
    expect(statuses(tested)).to.include({ done: 'queued', never: 'skipped' });
    expect(named(tested, 'done').needs).to.deep.equal(['test (a)', 'test (b)']);
    expect(named(tested, 'never')).to.include({ reason: 'condition' });
    expect(await end(made.id, 'done')).to.include({ status: 'success' });
  });

  it('plans each job once, with several dispatchers at a time', async () => {
    const made = await build({
      'ci.yml': workflow('on: push', job('a'), job('t', 'needs: a', 'strategy: { matrix: { n: [1, 2, 3] } }')),
    });
    const ref = { job: jobIdOf(made.id, 1), attempt: 1 };
    await decideJob(volt.context.database, ref, { status: 'success', reason: null, message: null }, Date.now());
    await Promise.all(Array.from({ length: 5 }, () => advance(volt.context, made.id)));
    expect((await again(made.id)).jobs.map(({ name, attempts }) => [name, attempts.length])).to.deep.equal([
      ['a', 1],
      ['t (1)', 1],
      ['t (2)', 1],
      ['t (3)', 1],
    ]);
    expect((await sent()).map(({ name }) => name)).to.include.members(['t (1)', 't (2)', 't (3)']);
  });

  it('sends jobs with containers to no runner that would run them on the machine itself, or refuse them', async () => {
    const { access, queues } = volt.context;
    const oldest = runnerMember('oldest~1', { labels: ['linux'], plans: ['project'] });
    const older = runnerMember('older~1', { labels: ['linux'], plans: ['project', 'container'] });
    for (const runner of [oldest, older]) await writeHeartbeat(access, 'runner', runner);
    const jobs = [
      job('plain'),
      job('image', 'container: node:22'),
      job('chosen', "container: { image: '${{ matrix.image }}' }", 'strategy: { matrix: { image: [node] } }'),
      job('database', 'services: { db: { image: postgres } }'),
      job('both', 'container: node:22', 'services: { db: { image: postgres } }'),
      job('action').replace(/steps:.*/, 'steps: [{ uses: "docker://alpine" }]'),
    ];
    await build({ 'ci.yml': workflow('on: push', ...jobs) });
    expect((await sent()).map(({ name }) => name)).to.deep.equal(['plain']);
    const names = async (kind: string) => (await sent(['linux', `plan:${kind}`])).map(({ name }) => name);
    expect(await names('container')).to.have.members(['image', 'chosen (node)']);
    expect(await names('services')).to.have.members(['database', 'both', 'action']);
    const known = await queues.labelSets();
    const servedBy = (runner: typeof older) => known.filter((labels) => servesQueue(runner, labels));
    expect(servedBy(oldest)).to.deep.equal([['linux']]);
    expect(servedBy(older)).to.have.deep.members([['linux'], ['linux', 'plan:container']]);
    expect(servedBy(runnerMember('new~1', { labels: ['linux'] }))).to.deep.include(['linux', 'plan:services']);
    // the check of messages finds them where they belong
    const checked = (await queuedJobs(volt.context.database, 10, undefined)).map(({ laterPlan }) => laterPlan);
    expect(checked).to.have.members([undefined, 'container', 'container', 'services', 'services', 'services']);
  });

  it('sends a job again at once after its runner has handed it back', async () => {
    const { database } = volt.context;
    const made = await build({ 'ci.yml': workflow('on: push', job('a'), job('b')) });
    const first = { job: jobIdOf(made.id, 1), attempt: 1 };
    await startAttempt(database, first, box, Date.now());
    await moveToNextAttempt(database, first, { reason: 'handed_back', message: 'it stops', at: Date.now() });
    await advance(volt.context, made.id);
    expect((await sent()).map(({ name, attempt }) => [name, attempt])).to.deep.include(['a', 2]);
  });

  it('plans a build whose dispatcher died before it planned anything', async () => {
    const made = await build({ 'ci.yml': workflow('on: push', job('a')) });
    const { db } = volt.context.database;
    await db.deleteFrom('attempts').execute();
    await db.updateTable('jobs').set({ status: 'waiting', attempt: 0, plan: '{}' }).execute();
    await volt.context.queues.queue(jobQueue(['linux'])).obliterate({ force: true });
    await reconcile(volt.context);
    expect(statuses(await again(made.id))).to.deep.equal({ a: 'queued' });
    expect((await sent()).map(({ name }) => name)).to.deep.equal(['a']);
  });

  it('ends a build, or its waiting jobs, after the process has died three times while planning it', async () => {
    const files = { 'ci.yml': workflow('on: push', job('a'), job('b', 'needs: a')) };
    await handler.handle(commit(files), { count: 4, deaths: 3 });
    const [newest] = await listBuilds(volt.context.database, { limit: 1 });
    const refused = await settle(newest?.id as BuildId);
    expect(refused).to.include({ status: 'error', reason: 'planning_failed' });
    expect(refused.message).to.match(/has failed 3 times/);
    const begun = await build(files);
    await refuse(volt.context, begun.id, 'planning it has failed 3 times');
    const told = await settle(begun.id);
    expect(statuses(told)).to.deep.equal({ a: 'queued', b: 'error' });
    expect(named(told, 'b')).to.include({ reason: 'planning_failed' });
  });

  it('reports what is wrong with a workflow file, and runs the others', async () => {
    const made = await build({
      'bad.yml': workflow('on: push', '  a:\n    runs-onn: x\n'),
      'big.yml': null,
      'good.yml': workflow('on: push', job('good')),
    });
    const told = await settle(made.id);
    expect(statuses(told)).to.deep.equal({
      good: 'queued',
      '.github/workflows/bad.yml': 'error',
      '.github/workflows/big.yml': 'error',
    });
    expect(named(told, '.github/workflows/bad.yml')).to.include({ reason: 'invalid_workflow' });
    const over = await end(made.id, 'good');
    expect(over).to.include({ status: 'error', reason: 'invalid_workflow' });
    expect(over.message)
      .to.match(/^\.github\/workflows\/bad.yml:4:5: "runs-onn" is not allowed here; did you mean "runs-on"\?$/m)
      .and.match(/^\.github\/workflows\/big.yml:1:1: the file is too large/m);
  });

  it('gives the same verdict when a build that could not run is retried', async () => {
    const made = await build({ 'bad.yml': 'on: push' });
    expect(await settle(made.id)).to.include({ status: 'error', reason: 'invalid_workflow' });
    await openRetry(volt.context.database, 'app', made.id, { job: null, failedOnly: false });
    const retried = await settle(made.id);
    expect(retried).to.include({ status: 'error', reason: 'invalid_workflow' });
    expect(retried.jobs[0]?.attempts).to.have.length(2);
  });

  it('makes a skipped build with a reason if no workflow runs', async () => {
    const made = await build({ 'ci.yml': workflow('on: pull_request', job('a')) });
    const told = await settle(made.id);
    expect(told).to.include({ status: 'skipped', reason: 'not_triggered' });
    expect(told.message).to.equal('no workflow runs for a push to main: .github/workflows/ci.yml');
  });

  it('sets a status for a merge group only if something runs for it', async () => {
    const { database, config } = volt.context;
    const forge = { name: 'hub', kind: 'github', token: 'x', repos: ['app=acme/app'] } as const;
    await addForge(database, config, { ...forge, repos: [...forge.repos], createdBy: 'owner' });
    const baseSha = 'b'.repeat(40);
    const ref = `refs/heads/gh-readonly-queue/main/pr-7-${baseSha}`;
    const contexts = async (on: string) => {
      const mergeGroup = { base: 'main', baseSha, number: 7 };
      const cursor = { generation: ++shas, before: null };
      const change = { ref: `${ref}${on.length}`, mergeGroup, trigger: 'commit' as const, cursor };
      const { id } = await build({ 'ci.yml': workflow(`on: ${on}`, job('a')) }, change);
      const { sha, status } = await settle(id);
      const rows = await database.db.selectFrom('commit_statuses').select('context').where('sha', '=', sha).execute();
      return [status, rows.map(({ context }) => context)];
    };
    expect(await contexts('push')).to.deep.equal(['skipped', []]);
    expect(await contexts('merge_group')).to.deep.equal(['queued', ['volt/pull-request']]);
    await database.db.deleteFrom('forges').execute();
  });

  describe('of a pull request', () => {
    const pull = (
      change: Partial<CommitMessage> = {},
      its: Partial<NonNullable<CommitMessage['pullRequest']>> = {},
    ) => {
      const pullRequest = { ...pullRequest7, before: null, conflicts: null, ...its };
      return { ref: `refs/pull/${pullRequest.number}/head`, pullRequest, ...change };
    };
    const on = (...lines: string[]) => workflow(`on:\n${lines.map((line) => `  ${line}\n`).join('')}`, job('a'));

    it('runs those that ask for pull requests, and no others', async () => {
      const files = {
        'pulls.yml': on('pull_request:'),
        'base.yml': on('pull_request: { branches: [main] }'),
        'other.yml': on('pull_request: { branches: [release] }'),
        'labels.yml': on('pull_request: { types: [labeled] }'),
        'moved.yml': on('pull_request: { types: [synchronize] }'),
        'push.yml': on('push:'),
      };
      const workflows = ({ jobs }: Build) => jobs.map(({ workflow: name }) => name?.split('/').at(-1)).sort();
      expect(workflows(await build(files, pull()))).to.deep.equal(['base.yml', 'pulls.yml']);
      const moved = await build(files, pull({}, { before: 'd'.repeat(40) }));
      expect(workflows(moved)).to.deep.equal(['base.yml', 'moved.yml', 'pulls.yml']);
      const none = await settle((await build({ 'push.yml': files['push.yml'] }, pull())).id);
      expect(none).to.include({ status: 'skipped', reason: 'not_triggered' });
      expect(none.message).to.equal('no workflow runs for pull request 7, opened: .github/workflows/push.yml');
    });

    it('runs those whose paths it has changed since it left its base', async () => {
      const files = { 'ci.yml': on("pull_request: { paths: ['src/**'] }") };
      const changing = (...changed: string[]) => {
        const message = commit(files);
        return pull({ workflows: { files: [], defaultBranch: 'main', ...message.workflows, changed } });
      };
      expect(await build(files, changing('src/a.ts', 'README.md'))).to.include({ status: 'queued' });
      expect(await settle((await build(files, changing('README.md'))).id)).to.include({ reason: 'not_triggered' });
    });

    it('reports an invalid file, which it may have made so', async () => {
      const made = await build({ 'ci.yml': on('pull_request:'), 'bad.yml': 'on: push' }, pull());
      expect(await settle(made.id)).to.include({ status: 'queued' });
      expect(named(await again(made.id), '.github/workflows/bad.yml')).to.include({ reason: 'invalid_workflow' });
    });

    it('tells its jobs about it, and which merge they run', async () => {
      const text = workflow(
        'on: pull_request',
        job(
          'a',
          'name: "${{ github.event_name }} ${{ github.event.action }} ${{ github.ref }} ${{ github.base_ref }}"',
        ),
      );
      const made = await build({ 'ci.yml': text }, pull());
      expect(made.jobs.map(({ name }) => name)).to.deep.equal(['pull_request opened refs/pull/7/merge main']);
      const { base, merge } = pullRequest7;
      const [queued] = await openJobs(volt.context.database, { status: 'queued', build: made.id, limit: 10 });
      expect(queued?.merge).to.deep.equal({ base, head: made.sha, commit: merge });
      const { github } = workflowPlan.parse(JSON.parse(queued?.plan ?? '')).contexts;
      expect(github).to.include({ sha: merge, head_ref: '' });
    });

    it('has what its forge has told of it', async () => {
      const { database } = volt.context;
      const facts = { title: 'a title', labels: ['x'], ...{ body: null, draft: null, author: null, headRef: null } };
      const told = { ...facts, ...{ headRepo: null, isOpen: null, merged: null, url: null } };
      await notePullRequestFacts(database, 'app', { number: 7, facts: told, updatedAt: 1000 });
      const title = '${{ github.event.pull_request.title }} ${{ join(github.event.pull_request.labels.*.name) }}';
      const made = await build({ 'ci.yml': workflow('on: pull_request', job('a', `name: "${title}"`)) }, pull());
      expect(made.jobs.map(({ name }) => name)).to.deep.equal(['a title x']);
    });

    describe('that gets a label', () => {
      const files = {
        'labels.yml': workflow(
          'on: { pull_request: { types: [labeled] } }',
          job('a', 'name: "${{ github.event.action }} ${{ github.event.label.name }}"'),
        ),
        'usual.yml': on('pull_request:'),
      };
      const labeled = async (intent?: number) => {
        const { database } = volt.context;
        const asked = intent ?? (await openTrigger(database, 'app', 'refs/pull/7/head'));
        const event = { name: 'pull_request', number: 7, action: 'labeled', label: 'full ci' } as const;
        return pull({ event, intent: asked });
      };

      it('runs those that wait for it, and leaves the build of the head alone', async () => {
        const first = await build(files, pull({ intent: 1_000_000 }));
        const made = await build(files, await labeled());
        expect(made.jobs.map(({ name }) => name)).to.deep.equal(['labeled full ci']);
        expect(made.message).to.equal('started by what happened to the pull request: labeled');
        expect(statuses(await settle(first.id))).to.deep.equal({ a: 'queued' });
      });

      it('makes no build where none waits for it, nor where nothing but the usual tests could run', async () => {
        const { database } = volt.context;
        const settings = { command: 'make test' };
        const of = [
          { files: { 'usual.yml': files['usual.yml'] } },
          { files: { 'bad.yml': 'on: push' } },
          { files: {} },
          { files, settings },
        ];
        for (const { files: given, settings: changed } of of) {
          await observed(database, 'app', changed);
          const message = await labeled();
          await handler.handle(commit(given, message));
          expect(await listBuilds(database, { limit: 10 }), JSON.stringify(given)).to.deep.equal([]);
          const intent = await findIntent(database, message.intent ?? 0);
          expect(intent).to.include({ open: false });
          expect(intent?.error?.message).to.include('no workflow runs for pull request 7, labeled');
        }
      });
    });

    it('has a concurrency group of its own, by its number or its ref', async () => {
      const groups = ['${{ github.event.pull_request.number || github.sha }}', '${{ github.head_ref || github.ref }}'];
      for (const group of groups) {
        const files = {
          'ci.yml': workflow(
            `on: pull_request\nconcurrency: { group: "${group}", cancel-in-progress: true }`,
            job('a'),
          ),
        };
        const first = await build(files, pull());
        const other = await build(files, pull({}, { number: 8 }));
        const next = await build(files, pull({}, { before: first.sha }));
        expect(named(await settle(first.id), 'a')).to.include({ status: 'cancelled', reason: 'superseded' });
        expect(statuses(await settle(other.id))).to.deep.equal({ a: 'queued' });
        expect(statuses(await settle(next.id))).to.deep.equal({ a: 'queued' });
      }
    });

    it('of a fork neither ends nor holds up what others run in a concurrency group', async () => {
      const files = {
        'ci.yml': workflow(
          'on: [push, pull_request]\nconcurrency: { group: deploy, cancel-in-progress: true }',
          job('a'),
        ),
      };
      const branch = await build(files);
      const fork = await build(files, pull());
      expect(statuses(await settle(branch.id))).to.deep.equal({ a: 'queued' });
      expect(statuses(await settle(fork.id))).to.deep.equal({ a: 'queued' });
      const own = await build(files, pull({}, { number: 8, same: true, headRef: 'topic' }));
      expect(named(await settle(branch.id), 'a')).to.include({ status: 'cancelled', reason: 'superseded' });
      expect(statuses(await settle(own.id))).to.deep.equal({ a: 'queued' });
      expect(statuses(await settle(fork.id))).to.deep.equal({ a: 'queued' });
    });
  });

  it('counts a job with continue-on-error as a success', async () => {
    const made = await build({
      'ci.yml': workflow('on: push', job('a', 'continue-on-error: true'), job('b', 'needs: a')),
    });
    await end(made.id, 'a', 'failure');
    const over = await end(made.id, 'b');
    expect(statuses(over)).to.deep.equal({ a: 'failure', b: 'success' });
    expect(over).to.include({ status: 'success' });
  });

  it('ends the rest of a matrix that fails fast', async () => {
    const made = await build({ 'ci.yml': workflow('on: push', job('t', 'strategy: { matrix: { n: [1, 2] } }')) });
    const over = await end(made.id, 't (1)', 'failure');
    expect(named(over, 't (2)')).to.include({ status: 'cancelled', reason: 'fail_fast' });
    expect(over).to.include({ status: 'failure', reason: 'job_failed' });
  });

  describe('planned from an outdated state', () => {
    const expanding = (head = 'on: push') => ({
      'ci.yml': workflow(
        head,
        job('first'),
        job('deploy', 'needs: first', 'strategy: { matrix: { n: [1, 2, 3, 4] } }'),
      ),
    });

    it('starts nothing of a build that a person has cancelled meanwhile', async () => {
      const { id } = await build(expanding());
      await finish(id, 'first');
      const late = planLate(id);
      await late.planned;
      await openCancel(volt.context.database, 'app', id, null, 'Ada');
      await pursueCancels(volt.context, id);
      await recordDecisions();
      late.write();
      await late.done;
      const cancelled = await settle(id);
      expect(cancelled).to.include({ status: 'cancelled' });
      expect(statuses(cancelled)).to.deep.equal({ first: 'success', deploy: 'cancelled' });
      expect((await sent()).map(({ name }) => name)).to.not.include('deploy (2)');
    });

    it('starts no job with an open cancel', async () => {
      const { id, jobs } = await build(expanding());
      await finish(id, 'first');
      const late = planLate(id);
      await late.planned;
      await openCancel(volt.context.database, 'app', id, jobs[1]?.id ?? null, 'Ada');
      late.write();
      await late.done;
      expect(statuses(await again(id))).to.deep.equal({ first: 'success', deploy: 'waiting' });
      expect(statuses(await settle(id))).to.deep.equal({ first: 'success', deploy: 'cancelled' });
    });

    it('starts nothing of a build that was replaced in its group meanwhile', async () => {
      const head = 'on: push\nconcurrency: { group: main, cancel-in-progress: true }';
      const { id } = await build(expanding(head));
      await finish(id, 'first');
      const late = planLate(id);
      await late.planned;
      const second = await build(expanding(head));
      late.write();
      await late.done;
      expect(statuses(await settle(id))).to.deep.equal({ first: 'success', deploy: 'cancelled' });
      expect(statuses(await settle(second.id))).to.include({ first: 'queued' });
    });

    it('enters no group for a job that was cancelled meanwhile', async () => {
      const ship = (rest = '') =>
        job('deploy', 'needs: first', `concurrency: { group: live, cancel-in-progress: true }${rest}`);
      const files = { 'ci.yml': workflow('on: push', job('first'), ship()) };
      const running = await build(files);
      await end(running.id, 'first');
      const { id, jobs } = await build(files);
      await finish(id, 'first');
      const late = planLate(id);
      await late.planned;
      await openCancel(volt.context.database, 'app', id, jobs[1]?.id ?? null, 'Ada');
      late.write();
      await late.done;
      expect(await settle(id)).to.include({ status: 'cancelled' });
      expect(statuses(await settle(running.id))).to.deep.equal({ first: 'success', deploy: 'queued' });
      const groups = await volt.context.database.db.selectFrom('concurrency').select('build_id').execute();
      expect(groups).to.deep.equal([{ build_id: Number(running.id) }]);
    });
  });

  describe('in a concurrency group', () => {
    const files = (rest = '') => ({
      'ci.yml': workflow(
        `on: push\nconcurrency: { group: "G-\${{ github.ref }}"${rest} }`,
        job('a'),
        job('b', 'needs: a'),
      ),
    });

    it('lets one build in, one wait, and ends the replaced one', async () => {
      const first = await build(files());
      const second = await build(files());
      expect(statuses(second)).to.deep.equal({ a: 'waiting', b: 'waiting' });
      expect(named(second, 'a').message).to.equal(
        `waits for the concurrency group "G-refs/heads/main", which build ${first.id} is in`,
      );
      const third = await build(files());
      const superseded = await settle(second.id);
      expect(superseded).to.include({ status: 'cancelled' });
      expect(named(superseded, 'a')).to.include({ status: 'cancelled', reason: 'superseded' });
      await end(first.id, 'a');
      expect(statuses(await settle(third.id))).to.include({ a: 'waiting' });
      await end(first.id, 'b');
      expect(statuses(await settle(third.id))).to.include({ a: 'queued' });
    });

    it('ends the build inside if the new one has cancel-in-progress', async () => {
      const first = await build(files());
      const second = await build(files(', cancel-in-progress: true'));
      expect(statuses(await settle(first.id))).to.deep.equal({ a: 'cancelled', b: 'cancelled' });
      expect(statuses(await settle(second.id))).to.include({ a: 'queued' });
    });

    it('lets no build that is planned late replace a younger one', async () => {
      const inTime = files(', cancel-in-progress: true');
      const first = await recorded(inTime);
      const second = await build(inTime);
      await advance(volt.context, first);
      const late = await settle(first);
      expect(named(late, 'a')).to.include({
        ...{ status: 'cancelled', reason: 'superseded' },
        message: `build ${second.id} replaced it in the concurrency group "G-refs/heads/main"`,
      });
      expect(statuses(await settle(second.id))).to.deep.equal({ a: 'queued', b: 'waiting' });
    });

    it('does not let a build that is planned late replace a newer one that waits', async () => {
      await build(files());
      const second = await recorded(files());
      const third = await build(files());
      await advance(volt.context, second);
      expect(await settle(second)).to.include({ status: 'cancelled' });
      expect(statuses(await settle(third.id))).to.deep.equal({ a: 'waiting', b: 'waiting' });
    });

    it('treats an old build as new after a retry', async () => {
      const text = files(', cancel-in-progress: true');
      const first = await build(text);
      const second = await build(text);
      expect(await settle(first.id)).to.include({ status: 'cancelled' });
      await openRetry(volt.context.database, 'app', first.id, { job: null, failedOnly: false });
      expect(statuses(await settle(first.id))).to.include({ a: 'waiting' });
      expect(await settle(second.id)).to.include({ status: 'cancelled' });
      expect(statuses(await settle(first.id))).to.deep.equal({ a: 'queued', b: 'waiting' });
      const third = await build(text);
      expect(await settle(first.id)).to.include({ status: 'cancelled' });
      expect(statuses(await settle(third.id))).to.include({ a: 'queued' });
    });

    it('treats a retried build as old if a newer one was made since', async () => {
      const text = files(', cancel-in-progress: true');
      const first = await build(text);
      await end(first.id, 'a', 'failure');
      await openRetry(volt.context.database, 'app', first.id, { job: null, failedOnly: false });
      await pursueRetries(volt.context, first.id);
      const second = await build(text);
      expect(await settle(first.id)).to.include({ status: 'cancelled' });
      expect(statuses(await settle(second.id))).to.include({ a: 'queued' });
    });

    it('lets one job of a matrix in and the last one wait', async () => {
      const made = await build({
        'ci.yml': workflow('on: push', job('t', 'concurrency: db', 'strategy: { matrix: { n: [1, 2, 3] } }')),
      });
      const settled = await settle(made.id);
      expect(statuses(settled)).to.deep.equal({ 't (1)': 'queued', 't (2)': 'cancelled', 't (3)': 'waiting' });
      expect(named(settled, 't (2)')).to.include({ reason: 'superseded' });
    });

    it('shows for a workflow inside only what its jobs still wait for', async () => {
      const first = await build(files());
      const second = await build(files());
      expect(named(second, 'b').message).to.match(/waits for the concurrency group/);
      await end(first.id, 'a', 'failure');
      const going = await settle(second.id);
      expect(statuses(going)).to.deep.equal({ a: 'queued', b: 'waiting' });
      expect(named(going, 'b').message).to.equal(null);
    });

    it('leaves the group when it ends, even if its build continues and the message of its end is lost', async () => {
      const { database } = volt.context;
      const going = job('going');
      const first = await build({
        'a.yml': workflow('on: push\nconcurrency: live', job('a')),
        'b.yml': workflow('on: push', job('b', 'concurrency: db'), going),
      });
      const second = await build({ 'a.yml': workflow('on: push\nconcurrency: live', job('a')) });
      const third = await build({ 'b.yml': workflow('on: push', job('b', 'concurrency: db')) });
      expect(await lingeringHolders(database)).to.deep.equal([]);
      await finish(first.id, 'a');
      await finish(first.id, 'b');
      expect(await lingeringHolders(database)).to.deep.equal([first.id]);
      await reconcile(volt.context);
      expect(await lingeringHolders(database)).to.deep.equal([]);
      expect(statuses(await settle(second.id))).to.deep.equal({ a: 'queued' });
      expect(statuses(await settle(third.id))).to.deep.equal({ b: 'queued' });
    });

    describe('with all jobs of a build', () => {
      /** Statements that are written and read in transactions, and rows that come of them. */
      async function costOf(files: { [path: string]: string }): Promise<number> {
        const { database } = volt.context;
        let cost = 0;
        const counting: KyselyPlugin = {
          transformQuery: ({ node }) => node,
          transformResult: async ({ result }) => {
            cost += 1 + result.rows.length;
            return result;
          },
        };
        const write = <T>(work: (db: Write) => Promise<T>) => database.write((db) => work(db.withPlugin(counting)));
        const rehearse = <T>(work: (db: Write) => Promise<T>) =>
          database.rehearse((db) => work(db.withPlugin(counting)));
        const counted = new CommitHandler({ ...volt.context, database: standIn(database, { write, rehearse }) });
        await counted.handle(commit(files));
        return cost;
      }
      const matrix = (size: number) => `strategy: { matrix: { n: [${[...Array(size).keys()].join(', ')}] } }`;

      it('reads and writes the same per job for few and for many jobs', async () => {
        const one = (size: number) => ({
          'a.yml': workflow('on: push', job('a', matrix(size), `concurrency: n-${size}`)),
        });
        expect(await costOf(one(40))).to.be.below(3 * (await costOf(one(20))));
      });

      it('reads and writes the same per job if other jobs wait for each of them', async () => {
        const each = 'concurrency: g-${{ matrix.n }}';
        const crossed = async (size: number) => {
          await build({ 'x.yml': workflow('on: push', job('x', matrix(size), each)) });
          await build({ 'y.yml': workflow('on: push\nconcurrency: live', job('y', matrix(size), each)) });
          return costOf({ 'z.yml': workflow('on: push', job('z', matrix(size), 'concurrency: live')) });
        };
        const few = await crossed(10);
        await volt.context.database.db.deleteFrom('builds').execute();
        expect(await crossed(20)).to.be.below(3 * few);
      });
    });

    describe('that would never be free', () => {
      const own = 'the job would wait forever: its own workflow is in the concurrency group';

      for (const cancel of [false, true]) {
        it(`ends a job that asks for its own workflow's group, cancel-in-progress: ${cancel}`, async () => {
          const asks = `concurrency: { group: Live, cancel-in-progress: ${cancel} }`;
          const files = {
            'ci.yml': workflow('on: push\nconcurrency: live', job('a'), job('deploy', 'needs: a', asks)),
          };
          const first = await build(files);
          const second = await build(files);
          const over = await end(first.id, 'a');
          expect(named(over, 'deploy')).to.include({
            ...{ status: 'error', reason: 'deadlock' },
            message: `${own} "Live" until all its jobs are over`,
          });
          expect(over).to.include({ status: 'error', reason: 'job_error' });
          expect(statuses(await settle(second.id))).to.include({ a: 'queued' });
        });
      }

      it("ends a job of a called workflow that asks for the caller's group", async () => {
        const made = await build({
          'ci.yml': `on: push\nconcurrency: live\njobs:\n  a: { uses: ./.github/workflows/b.yml }\n`,
          'b.yml': workflow('on: workflow_call', job('deploy', 'concurrency: live')),
        });
        const told = await settle(made.id);
        expect(named(told, 'a / deploy')).to.include({ status: 'error', reason: 'deadlock' });
      });

      it('ends a job if two workflows of a build wait for the group of each other', async () => {
        const matrix = 'strategy: { matrix: { n: [1, 2] } }';
        const made = await build({
          'a.yml': workflow('on: push\nconcurrency: A', job('a', matrix, 'concurrency: b-${{ matrix.n }}')),
          'b.yml': workflow('on: push\nconcurrency: B-2', job('b', matrix, 'concurrency: a')),
        });
        const told = await settle(made.id);
        expect(statuses(told)).to.deep.equal({
          ...{ 'a (1)': 'queued', 'a (2)': 'queued' },
          ...{ 'b (1)': 'error', 'b (2)': 'error' },
        });
        const [groups, inside] = ['"a" and "b-2"', `build ${made.id} is in "a", build ${made.id} is in "b-2"`];
        expect(named(told, 'b (1)').message).to.equal(
          `the job would wait forever: the concurrency groups ${groups} wait for each other; ${inside}`,
        );
      });

      const crossed = (own: string, other: string) =>
        workflow(`on: push\nconcurrency: ${own}`, job('first'), job('deploy', 'needs: first', `concurrency: ${other}`));

      it('ends a job if workflows of two builds wait for the group of each other', async () => {
        const [one, two] = [await build({ 'a.yml': crossed('A', 'B') }), await build({ 'b.yml': crossed('B', 'A') })];
        expect(statuses(await end(one.id, 'first'))).to.include({ deploy: 'waiting' });
        const over = await end(two.id, 'first');
        expect(named(over, 'deploy')).to.include({ status: 'error', reason: 'deadlock' });
        expect(statuses(await settle(one.id))).to.include({ deploy: 'queued' });
      });

      it('finds deadlocked builds that an older Volt has left', async () => {
        const { database } = volt.context;
        const [one, two] = [await build({ 'a.yml': crossed('A', 'B') }), await build({ 'b.yml': crossed('B', 'A') })];
        await end(one.id, 'first');
        await finish(two.id, 'first');
        const left = { repo: 'app', name: 'a', build_id: Number(two.id), holder: jobIdOf(two.id, 2), inside: 0 };
        await database.db.insertInto('concurrency').values(left).execute();
        await reconcile(volt.context);
        const both = [await settle(one.id), await settle(two.id), await settle(one.id), await settle(two.id)].slice(-2);
        expect(both.map((found) => named(found, 'deploy').status)).to.have.members(['error', 'queued']);
      });
    });

    it('lets the next build in even if the dispatcher that should have done so died', async () => {
      const first = await build(files());
      const second = await build(files());
      for (const position of [1, 2]) {
        const ref = { job: jobIdOf(first.id, position), attempt: position === 1 ? 1 : 0 };
        await decideJob(
          volt.context.database,
          ref,
          { status: 'cancelled', reason: 'by_user', message: '' },
          Date.now(),
        );
      }
      await reconcile(volt.context);
      expect(statuses(await settle(second.id))).to.include({ a: 'queued' });
    });
  });

  describe('started by a person', () => {
    const files = {
      'ci.yml': workflow(
        'name: Release\nrun-name: Release ${{ inputs.level }} as number ${{ github.run_number }}\non: { workflow_dispatch: { inputs: { level: { type: choice, options: [a, b] }, dry: { type: boolean } } } }',
        job('ship', 'name: ship ${{ inputs.level }} ${{ inputs.dry }}'),
      ),
      'push.yml': workflow('on: push', job('push')),
    };
    const dispatch = (workflow: string, inputs = {}) => ({
      event: { name: 'workflow_dispatch' as const, workflow, inputs },
    });

    for (const name of ['ci.yml', '.github/workflows/ci.yml', 'release']) {
      it(`runs that workflow alone, named as ${name}`, async () => {
        const made = await build(files, dispatch(name, { LEVEL: 'b' }));
        expect(statuses(made)).to.deep.equal({ 'ship b false': 'queued' });
        expect(made).to.include({ runName: 'Release b as number 1', message: null });
      });
    }

    it('neither hides nor mends what a push has broken', async () => {
      const { database } = volt.context;
      const end = (id: BuildId, status: FinalStatus) =>
        database.db.updateTable('builds').set({ status }).where('id', '=', Number(id)).execute();
      const pushed = await build(files);
      await end(pushed.id, 'failure');
      const released = await build(files, dispatch('ci.yml'));
      await end(released.id, 'success');
      expect(await newestOf(database, { repo: 'app', ref: released.ref })).to.include({
        id: pushed.id,
        status: 'failure',
      });
      expect(await branchHistory(database, await again(released.id))).to.include({ mended: undefined });
      expect(await branchHistory(database, await again(pushed.id))).to.include({ fixedBy: undefined });
      const event = { name: 'schedule' as const, workflow: '.github/workflows/ci.yml', cron: '0 3 * * *' };
      const night = await build(files, { event, trigger: 'schedule' });
      await end(night.id, 'success');
      expect(await newestOf(database, { ...night, series: event.workflow })).to.include({ id: night.id });
      expect(await branchHistory(database, await again(pushed.id))).to.include({ fixedBy: undefined });
    });

    const refusals: [name: string, inputs: object, code: string, says: RegExp][] = [
      ['nope.yml', {}, 'not_found', /no workflow "nope.yml"/],
      ['push.yml', {}, 'bad_request', /cannot be started by hand/],
      [
        'ci.yml',
        { level: 'c', dry: 'maybe', dru: '1' },
        'bad_request',
        /input "dru" does not exist; did you mean "dry"\?; .*one of a, b.*must be a boolean/,
      ],
    ];
    for (const [name, inputs, code, says] of refusals) {
      it(`answers the person with the error ${code} for ${name}`, async () => {
        const intent = await openTrigger(volt.context.database, 'app', null);
        await handler.handle(commit(files, { ...dispatch(name, inputs), intent }));
        const found = await findIntent(volt.context.database, intent);
        expect(found).to.deep.include({ open: false, madeBuild: null });
        expect(found?.error).to.include({ code });
        expect(found?.error?.message).to.match(says);
        expect(await listBuilds(volt.context.database, { limit: 1 })).to.deep.equal([]);
      });
    }
  });

  it('does not count a job that is tried again as failed: the rest of its matrix goes on, and dependent jobs wait', async () => {
    const text = workflow('on: push', job('t', 'strategy: { matrix: { n: [1, 2] } }'), job('after', 'needs: t'));
    const { id } = await build({ 'a.yml': text });
    const first = await fail(id, 't (1)');
    expect(statuses(first)).to.deep.equal({ 't (1)': 'queued', 't (2)': 'queued', after: 'waiting' });
    expect(
      (await sent()).map(({ attempt }) => attempt),
      'the next attempt is not due',
    ).to.deep.equal([1, 1]);
    const over = await fail(id, 't (1)');
    expect(named(over, 't (1)')).to.include({ status: 'error', reason: 'action_unavailable' });
    expect(statuses(over)).to.include({ 't (2)': 'cancelled', after: 'skipped' });
  });

  it('takes the schedules of the newest commit of the default branch, whatever is delivered again', async () => {
    const nightly = (cron: string) => ({
      'ci.yml': workflow(`on: { push: , schedule: [{ cron: '${cron}' }] }`, job('a')),
    });
    const crons = async () => (await schedulesOf(volt.context.database, 'app')).map(({ cron }) => cron);
    const follow = (files: { [path: string]: string }, before: CommitMessage | null, ref = 'refs/heads/main') => {
      const cursor = { generation: 0, before: before && { generation: 0, sha: before.sha } };
      const { intent, ...message } = commit(files, { trigger: 'commit', ref, cursor });
      return message;
    };
    const first = follow(nightly('0 1 * * *'), null);
    const second = follow(nightly('0 2 * * *'), first);
    for (const message of [first, second, first]) await handler.handle(message);
    expect(await crons()).to.deep.equal(['0 2 * * *']);
    await handler.handle(follow(nightly('0 3 * * *'), null, 'refs/heads/other'));
    expect(await crons()).to.deep.equal(['0 2 * * *']);
    const third = follow({}, second);
    await handler.handle(third);
    expect(await crons()).to.deep.equal([]);
  });

  it('requires the machine of a repository that is a path', async () => {
    await observed(volt.context.database, 'local', { url: '/srv/app', host: 'Build1' });
    const made = await build({ 'ci.yml': workflow('on: push', job('a')) }, { repo: 'local' });
    expect(named(made, 'a').labels).to.deep.equal(['host:build1', 'linux']);
  });

  it('runs no workflow if the repository has a command of its own', async () => {
    await observed(volt.context.database, 'app', { command: 'make' });
    expect(statuses(await build({ 'ci.yml': workflow('on: push', job('a')) }))).to.deep.equal({ test: 'queued' });
  });

  it('runs failed jobs and the jobs that depend on them again', async () => {
    const files = workflow(
      'on: push',
      job('a'),
      job('t', 'needs: a', 'strategy: { matrix: { n: [1, 2] }, fail-fast: false }'),
      job('z', 'needs: t'),
    );
    const made = await build({ 'ci.yml': files, 'two.yml': workflow('on: push', job('a'), job('z', 'needs: a')) });
    for (const one of made.jobs.filter(({ name }) => name === 'a')) {
      const ref = { job: one.id, attempt: 1 };
      await decideJob(volt.context.database, ref, { status: 'success', reason: null, message: null }, Date.now());
    }
    await settle(made.id);
    await end(made.id, 't (1)', 'failure');
    const zs = (await end(made.id, 't (2)')).jobs.filter(({ name }) => name === 'z');
    expect(zs.map(({ status }) => status)).to.deep.equal(['skipped', 'queued']);
    const other = zs[1] as Job;
    await decideJob(
      volt.context.database,
      { job: other.id, attempt: 1 },
      { status: 'success', reason: null, message: null },
      Date.now(),
    );
    expect(isFinal((await settle(made.id)).status)).to.equal(true);
    await openRetry(volt.context.database, 'app', made.id, { job: null, failedOnly: true });
    const retried = await settle(made.id);
    expect(retried.jobs.map(({ name, status }) => [name, status])).to.deep.equal([
      ['a', 'success'],
      ['t (1)', 'queued'],
      ['t (2)', 'success'],
      ['z', 'waiting'],
      ['a', 'success'],
      ['z', 'success'],
    ]);
    expect(statuses(await end(made.id, 't (1)'))).to.include({ 't (1)': 'success' });
    expect((await again(made.id)).jobs[3]).to.include({ name: 'z', status: 'queued' });
  });
});
