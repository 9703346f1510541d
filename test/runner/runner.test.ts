import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { arch, hostname, platform } from 'node:os';
import { join } from 'node:path';
import type { JobType } from 'bullmq';
import { expect } from 'chai';
import { admitRunners } from '../../src/dispatcher/runner-rules.ts';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { type JobId, parseAttemptName, type RunnerId } from '../../src/kernel/model.ts';
import { hostLabel } from '../../src/kernel/names.ts';
import { version } from '../../src/kernel/version.ts';
import type { JobMessage, Result, ResultMessage } from '../../src/queues/messages.ts';
import { drainRunner, resumeRunner } from '../../src/record/runner-drains.ts';
import { addRunnerKey, removeRunnerKey } from '../../src/record/runner-keys.ts';
import { notifyRunner } from '../../src/redis/channels.ts';
import { leaseTtl } from '../../src/redis/heartbeat-times.ts';
import { listRunners, unfitReason } from '../../src/redis/membership.ts';
import { isSeenGone } from '../../src/redis/process-identity.ts';
import { type RunnerStage, startRunner } from '../../src/runner/start.ts';
import { runnerKeyText } from '../../src/secrets/runner-key.ts';
import { withSignature } from '../../src/secrets/signed-message.ts';
import { newPrivateKey, signerOf } from '../../src/secrets/signing.ts';
import { failure } from '../support/failure.ts';
import { areAtWork, launchers } from '../support/launcher-processes.ts';
import { jobMessageOf } from '../support/messages.ts';
import { TestRepository } from '../support/repository.ts';
import { stranger } from '../support/runner-keys.ts';
import { longSleep, processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('a runner', () => {
  let volt: TestVolt;
  let repository: TestRepository;
  let head: string;
  let builds = 0;
  let runners: RunnerStage[] = [];

  before(async () => {
    volt = await TestVolt.start({ logLimit: 1 });
    volt.context.logger.silent = true;
    repository = new TestRepository({ 'a.txt': 'a\n' });
    head = repository.head();
  });

  afterEach(async () => {
    for (const runner of runners) {
      runner.handBack();
      await stopSoon(runner);
    }
    runners = [];
    for (const name of existsSync(folder('spool')) ? readdirSync(folder('spool')) : [])
      rmSync(folder('spool', name), { force: true });
    await volt.context.access.client.flushall();
  });

  after(async () => {
    await volt.stop();
    repository.remove();
  });

  /** A runner that stops waits a moment for word that all has arrived; this gives it. */
  async function stopSoon(runner: RunnerStage): Promise<void> {
    let stopped = false;
    void runner.stop().then(() => {
      stopped = true;
    });
    await until('it is stopped', async () => {
      if (!stopped) await tellAllArrived(runner);
      return stopped;
    });
  }

  async function tellAllArrived(runner: RunnerStage): Promise<void> {
    const names = existsSync(folder('spool')) ? readdirSync(folder('spool')) : [];
    for (const name of names) {
      const ref = parseAttemptName(name.replace(/\.log$/, ''));
      if (!ref) continue;
      const hasOutcome = names.includes(name.replace(/\.log$/, '.json'));
      const bytes = Number.MAX_SAFE_INTEGER;
      const notice = hasOutcome
        ? ({ kind: 'recorded', ...ref } as const)
        : ({ kind: 'archived', ...ref, bytes } as const);
      await notifyRunner(volt.context.access, runner.id, notice);
    }
  }

  async function start(options: Parameters<TestVolt['runner']>[0] = {}): Promise<RunnerStage> {
    const runner = await volt.runner({ name: 'box', ...options });
    runners.push(runner);
    return runner;
  }

  /** Sends a job that runs a command. */
  async function send(command: string, change: Partial<JobMessage> = {}): Promise<JobMessage> {
    const message = jobMessageOf(`${++builds}-1`, {
      repo: { name: 'app', url: repository.path },
      sha: head,
      plan: { kind: 'command', command },
      ...change,
    });
    await volt.context.queues.sendJobs([{ message, priority: 1 }]);
    return message;
  }

  async function results<K extends ResultMessage['kind']>(kind: K, job: string): Promise<Result<K>[]> {
    const waiting = await volt.context.queues.queue('results').getWaiting();
    const messages = waiting.map(({ data }) => data as ResultMessage);
    return messages.filter((message) => message.kind === kind && message.job === job) as Result<K>[];
  }

  /** What is done while Redis accepts connections and says nothing. */
  async function frozenRedis(work: () => Promise<unknown>): Promise<void> {
    const info = await volt.context.access.client.info('server');
    const redis = Number(/process_id:(\d+)/.exec(info)?.[1]);
    process.kill(redis, 'SIGSTOP');
    try {
      await work();
    } finally {
      process.kill(redis, 'SIGCONT');
    }
  }

  const result = <K extends ResultMessage['kind']>(kind: K, { job }: JobMessage) =>
    until(`"${kind}" is reported`, async () => (await results(kind, job))[0]);
  const member = async () => (await listRunners(volt.context.access)).alive.find(({ name }) => name === 'box');
  const folder = (...parts: string[]) => join(dataPaths(volt.dataDir).work, 'box', ...parts);
  /** a file in the workspace of the first attempt that runs */
  const workspace = ({ job }: JobMessage, file: string) => {
    const name = readdirSync(folder('jobs')).find((each) => each.startsWith(`${job}.1-`)) ?? '';
    return folder('jobs', name, 'workspace', file);
  };
  /** Resolves when the command runs, which is to print "ready"; a heartbeat names the attempt before. */
  const isReady = ({ job }: JobMessage) =>
    until('its command runs', () => {
      const log = folder('spool', `${job}.1.log`);
      return existsSync(log) && readFileSync(log, 'utf8').includes('ready\n');
    });
  const jobs = (...states: JobType[]) => volt.context.queues.queue('jobs').getJobCountByTypes(...states);
  const gone = (name: string) => until(`${name} is gone`, () => !existsSync(folder('spool', name)));
  const recorded = (runner: RunnerStage, { job, attempt }: JobMessage) =>
    notifyRunner(volt.context.access, runner.id, { kind: 'recorded', job, attempt });

  it('registers with what it is and what it has', async () => {
    const runner = await start({ labels: ['GPU', 'large'], slots: 3 });
    const own = ['gpu', 'large', platform(), arch(), hostLabel(hostname())].sort();
    expect(runner.labels).to.deep.equal(own);
    const known = await member();
    expect(known).to.deep.include({
      id: runner.id,
      name: 'box',
      labels: own,
      slots: 3,
      running: [],
      reporting: [],
      version,
    });
    expect(known && isSeenGone(known)).to.equal(false);
    expect(runner.id).to.match(/^box~/);
  });

  it('leaves the list of runners when it is stopped', async () => {
    const runner = await start();
    await runner.stop();
    expect(await listRunners(volt.context.access)).to.deep.equal({ alive: [], gone: [], unreadable: [] });
  });

  it('refuses a name that cannot be a folder and labels that cannot be a queue', async () => {
    for (const name of ['', '../x', 'a b', '-x', 'x'.repeat(65), 'a~b'])
      await failure('bad_name', () => start({ name }));
    await failure('bad_label', () => start({ labels: ['a b'] }));
    await start();
    await failure('name_taken', () => start());
  });

  it('reports the start, the steps and the outcome of a job, with the length of its log', async () => {
    const runner = await start();
    const message = await send('echo hello; exit 4');
    const finished = await result('finished', message);
    const common = { job: message.job, attempt: 1, runner: { id: runner.id, name: 'box', host: hostname() } };
    expect(await result('started', message)).to.deep.include(common);
    expect(finished).to.deep.include({ ...common, status: 'failure', reason: 'exit_code', exitCode: 4 });
    expect(finished.steps.map(({ name, status }) => [name, status])).to.deep.equal([
      ['checkout', 'success'],
      ['test', 'failure'],
    ]);
    const log = readFileSync(folder('spool', `${message.job}.1.log`));
    expect(log.toString()).to.include('hello\n');
    expect(finished.logBytes).to.equal(log.length);
    await until(
      'its message is gone',
      async () => (await volt.context.queues.queue('jobs').getJobCountByTypes('active', 'prioritized')) === 0,
    );
  });

  it('keeps log and outcome on its disk until they are recorded', async () => {
    const runner = await start();
    const message = await send('true');
    await result('finished', message);
    await until('it is reporting', async () => (await member())?.reporting.includes(`${message.job}.1`));
    expect(readdirSync(folder('spool'))).to.have.members([`${message.job}.1.log`, `${message.job}.1.json`]);
    await recorded(runner, message);
    await gone(`${message.job}.1.log`);
    await gone(`${message.job}.1.json`);
  });

  it('sends the outcome again, and keeps the log, until both are recorded in full', async () => {
    const runner = await start();
    const message = await send('echo kept');
    const finished = await result('finished', message);
    const word = { kind: 'recorded', job: message.job, attempt: 1 } as const;
    await notifyRunner(volt.context.access, runner.id, { ...word, bytes: finished.logBytes - 1 });
    // as where Redis has lost it
    await volt.context.queues.queue('results').remove(`${message.job}.1.finished`);
    expect(await result('finished', message)).to.deep.equal(finished);
    expect(readdirSync(folder('spool'))).to.include(`${message.job}.1.log`);
    await notifyRunner(volt.context.access, runner.id, { ...word, bytes: finished.logBytes });
    await gone(`${message.job}.1.log`);
  });

  it('reports under the former id what an earlier process of the same name could not report', async () => {
    const first = await start();
    const message = await send('echo kept');
    const finished = await result('finished', message);
    await first.stop();
    await volt.context.access.client.flushall();
    const second = await start();
    expect(await result('finished', message)).to.deep.equal(finished);
    await notifyRunner(volt.context.access, first.id, { kind: 'recorded', job: message.job, attempt: 1 });
    await gone(`${message.job}.1.log`);
    expect(second.id).to.not.equal(first.id);
  });

  it('reports the real length of a log whose end was lost in a crash of the machine', async () => {
    const first = await start();
    const message = await send('echo all of it');
    const { logBytes } = await result('finished', message);
    await first.stop();
    truncateSync(folder('spool', `${message.job}.1.log`), 10);
    await volt.context.access.client.flushall();
    await start();
    expect(logBytes).to.be.above(10);
    expect((await result('finished', message)).logBytes).to.equal(10);
  });

  it('starts though an earlier process has left unreadable files', async () => {
    await (await start()).stop();
    writeFileSync(folder('spool', '999-1.1.log'), 'half a log');
    writeFileSync(folder('spool', '999-1.1.json'), '{"cut o');
    const runner = await start();
    await until(
      'its log is sent',
      async () => (await volt.context.access.client.xlen(volt.context.access.keys.logs)) > 0,
    );
    await notifyRunner(volt.context.access, runner.id, {
      kind: 'archived',
      job: jobMessageOf('999-1').job,
      attempt: 1,
      bytes: 10,
    });
    await gone('999-1.1.log');
  });

  it('runs as many jobs at a time as it has slots, and lists them', async () => {
    await start({ slots: 2 });
    const sleep = longSleep();
    const messages = [await send(`sleep ${sleep}`), await send(`sleep ${sleep}`), await send(`sleep ${sleep}`)];
    const names = messages.map(({ job }) => `${job}.1`);
    await until('two are told', async () => (await member())?.running.length === 2);
    const known = await member();
    expect(known?.running.every((name) => names.includes(name))).to.equal(true);
    await until('their processes are told', async () => (await member())?.scopes.length === 2);
    expect((await member())?.scopes.map(isSeenGone)).to.deep.equal([false, false]);
    expect(await volt.context.queues.queue('jobs').getJobCounts('active', 'prioritized')).to.deep.equal({
      active: 2,
      prioritized: 1,
    });
  });

  it('ends a cancelled job and all its processes', async () => {
    const runner = await start();
    const sleep = longSleep();
    const message = await send(`setsid sleep ${sleep} >/dev/null 2>&1 & sleep ${sleep}`);
    await until('both sleep', () => processesWith(sleep).length >= 2);
    await notifyRunner(volt.context.access, runner.id, {
      kind: 'cancel',
      job: message.job,
      attempt: 1,
      message: 'enough',
    });
    expect(await result('finished', message)).to.include({ status: 'cancelled', reason: 'by_user', message: 'enough' });
    expect(processesWith(sleep)).to.deep.equal([]);
  });

  it('ignores an order about an attempt that it does not have', async () => {
    const runner = await start();
    const message = await send('echo ready; until [ -e go ]; do sleep 0.01; done');
    await isReady(message);
    const order = { kind: 'cancel', attempt: 2, message: 'no' } as const;
    await notifyRunner(volt.context.access, runner.id, { ...order, job: message.job });
    writeFileSync(workspace(message, 'go'), '');
    expect(await result('finished', message)).to.include({ status: 'success' });
  });

  it('ends a job that exceeds its time limit as a failure', async () => {
    await start();
    // 30 days, which is longer than a timer of Node's can be
    const patient = await send('sleep 0.2', { timeout: 43_200 });
    expect(await result('finished', patient)).to.include({ status: 'success' });
    // long enough for a checkout on a busy machine
    const message = await send(`sleep ${longSleep()}`, { timeout: 0.1 });
    expect(await result('finished', message)).to.include({ status: 'failure', reason: 'timeout' });
  });

  it('cuts a log at its limit, and says so in the log', async () => {
    await start();
    const message = await send('head -c 3000000 /dev/zero | tr "\\000" x; echo the end');
    const { logBytes, status } = await result('finished', message);
    expect(status).to.equal('success');
    expect(logBytes).to.be.within(1_048_576, 1_048_576 + 200);
    const log = readFileSync(folder('spool', `${message.job}.1.log`), 'latin1');
    expect(log.slice(-200)).to.include('reached its limit of 1 MB').and.not.include('the end');
  });

  it('gives running jobs back when it is stopped and the grace time is over', async () => {
    const runner = await start({ graceSeconds: 0 });
    const sleep = longSleep();
    const message = await send(`sleep ${sleep}`);
    await until('it sleeps', () => processesWith(sleep).length > 0);
    await stopSoon(runner);
    expect(await result('returned', message)).to.include({ attempt: 1, message: 'the runner is stopping' });
    expect(await results('finished', message.job)).to.deep.equal([]);
    expect(processesWith(sleep)).to.deep.equal([]);
  });

  it('lets running jobs end within the grace time, and takes no new ones', async () => {
    const runner = await start({ graceSeconds: 3600 });
    const message = await send('echo ready; until [ -e go ]; do sleep 0.01; done');
    await isReady(message);
    const stopped = stopSoon(runner);
    const later = await send('true');
    writeFileSync(workspace(message, 'go'), '');
    await stopped;
    expect(await result('finished', message)).to.include({ status: 'success' });
    expect(await results('started', later.job)).to.deep.equal([]);
    expect(await volt.context.queues.queue('jobs').getJobCounts('active', 'prioritized')).to.deep.equal({
      active: 0,
      prioritized: 1,
    });
  });

  it('continues an attempt whose message is delivered a second time', async () => {
    await start({ slots: 2 });
    const message = await send('echo ready; until [ -e go ]; do sleep 0.01; done');
    await isReady(message);
    // as after Redis was emptied and the record has sent it again
    await volt.context.access.client.flushall();
    await volt.context.queues.sendJobs([{ message, priority: 1 }]);
    await until('it was taken again', async () => (await jobs('active')) === 1);
    await until('it tells that it has it', async () => (await member())?.running.includes(`${message.job}.1`));
    writeFileSync(workspace(message, 'go'), '');
    expect(await result('finished', message)).to.include({ status: 'success' });
  });

  it('refuses an attempt with an invalid message, as an error of Volt', async () => {
    await start();
    const ofTheFuture = { ...jobMessageOf(`${++builds}-1`), v: 2 };
    const message = withSignature('job', ofTheFuture, volt.context.database.signer);
    await volt.context.queues.announceLabels([]);
    const options = { jobId: `${message.job}.1`, priority: 1, attempts: 1 };
    await volt.context.queues.queue('jobs').add('of the future', message, options);
    const finished = await until('it is reported', async () => (await results('finished', message.job))[0]);
    expect(finished).to.include({ status: 'error', reason: 'bad_message', attempt: 1 });
    await until('it is set aside', async () => (await jobs('failed')) === 1);
  });

  it('does not run a message that Volt has not signed, moves it to the dead letters, and takes the real message', async () => {
    await start();
    const { queues, database } = volt.context;
    await queues.announceLabels([]);
    const ran = join(volt.dataDir, 'ran');
    const message = jobMessageOf(`${++builds}-1`, { plan: { kind: 'command', command: `touch ${ran}` } });
    const signed = withSignature('job', message, database.signer);
    for (const forged of [message, withSignature('job', message, stranger()), { ...signed, name: 'changed' }]) {
      const options = { jobId: `${message.job}.1`, priority: 1, attempts: 1, removeOnFail: false };
      await queues.queue('jobs').add('forged', forged, options);
      await until('it is gone', async () => (await queues.queue('jobs').getJob(`${message.job}.1`)) === undefined);
    }
    const aside = await queues.queue('set-aside').getWaiting();
    expect(aside.map(({ name }) => name)).to.deep.equal([`forged ${message.job}.1`]);
    expect(existsSync(ran)).to.equal(false);
  });

  it('takes no jobs while too many of its finished ones are not recorded, says why, and takes jobs again later', async () => {
    await (await start()).stop();
    const former = { id: 'box~former' as RunnerId, name: 'box', host: 'box' };
    const at = new Date().toISOString();
    const outcome = {
      v: 1,
      kind: 'finished',
      attempt: 1,
      runner: former,
      status: 'success',
      reason: null,
      message: null,
    };
    const rest = { exitCode: 0, steps: [], logBytes: 3, startedAt: at, finishedAt: at };
    const left = Array.from({ length: 200 }, (_, index) => `${9000 + index}-1`);
    mkdirSync(folder('spool'), { recursive: true });
    for (const job of left) {
      writeFileSync(folder('spool', `${job}.1.log`), 'log');
      writeFileSync(folder('spool', `${job}.1.json`), JSON.stringify({ ...outcome, ...rest, job }));
    }
    await start();
    const message = await send('true');
    const why = await until('it says why', async () => (await member())?.problems[0]);
    expect(why).to.include({ code: 'runner_unfit' });
    expect(why?.message).to.match(
      /^takes no jobs: no reporter has recorded its last 200 jobs with all of their logs \(/,
    );
    expect((await volt.context.queues.queue('results').getWaitingCount()) >= 200).to.equal(true);
    expect(await jobs('prioritized')).to.equal(1);
    const { access } = volt.context;
    const record = (job: string) =>
      notifyRunner(access, former.id, { kind: 'recorded', job: job as JobId, attempt: 1, bytes: 3 });
    for (const job of left.slice(0, 2)) await record(job);
    await result('finished', message);
    await until('it is fit again', async () => (await member())?.problems.length === 0);
    for (const job of left.slice(2)) await record(job);
    await gone(`${left.at(-1)}.1.log`);
  });

  it('takes no jobs while its key is unknown, says why, and takes jobs once it is known', async () => {
    const { access, database, config } = volt.context;
    await access.client.hset(access.keys.runnerKeys, '', '{}');
    const privateKey = newPrivateKey();
    const own = { ...config, runnerKey: runnerKeyText('apart', privateKey, database.signer.publicKey) };
    const options = { labels: [], slots: 1, graceSeconds: 0 };
    const runner = await startRunner({ ...volt.context, config: own }, options);
    const problem = async () => {
      const { alive } = await listRunners(access);
      const own = alive.find(({ id }) => id === runner.id);
      return own && unfitReason(own);
    };
    await until('it says why', async () => (await problem())?.includes('does not know its key'));
    const { publicKey } = signerOf(privateKey);
    await addRunnerKey(database, { name: 'apart', publicKey, repos: [], createdBy: 'owner' });
    await admitRunners(volt.context);
    await until('it serves', async () => (await problem()) === undefined);
    await removeRunnerKey(database, 'apart');
    await admitRunners(volt.context);
    await until('it says so again', async () => (await problem())?.includes('does not know its key'));
    await runner.stop();
  });

  it('ends what it runs, takes nothing new and says so while a person has drained it, also after a restart', async () => {
    const { database } = volt.context;
    const runner = await start();
    const sleep = longSleep();
    const running = await send(`sleep ${sleep} & wait`);
    await until('it sleeps', () => processesWith(sleep).length > 0);
    await drainRunner(database, { runner: 'box', by: 'ada', reason: null });
    await admitRunners(volt.context);
    await until('it says so', async () => (await member())?.drained);
    const next = await send('true');
    const pid = processesWith(sleep)[0] ?? 0;
    process.kill(pid, 'SIGTERM');
    expect(await result('finished', running)).to.include({ attempt: 1 });
    await until('nothing runs', async () => ((await member())?.running ?? []).length === 0);
    expect(await jobs('prioritized')).to.equal(1);
    await stopSoon(runner);
    await start();
    await until('it says so again', async () => (await member())?.drained);
    expect(await jobs('prioritized')).to.equal(1);
    await resumeRunner(database, 'box');
    await admitRunners(volt.context);
    expect(await result('finished', next)).to.include({ status: 'success' });
  });

  it('takes no job from an emptied Redis before it has heard whether it is drained', async () => {
    const { access, database } = volt.context;
    await drainRunner(database, { runner: 'box', by: 'ada', reason: null });
    await access.client.flushall();
    const message = await send('true');
    runners.push(await startRunner(volt.context, { name: 'box', labels: [], slots: 1, graceSeconds: 0 }));
    await until('it says why', async () => {
      const own = await member();
      return own && unfitReason(own)?.includes('does not know its key');
    });
    await admitRunners(volt.context);
    await until('it has heard', async () => {
      const own = await member();
      return own?.drained && unfitReason(own) === undefined;
    });
    expect(await jobs('prioritized')).to.equal(1);
    await resumeRunner(database, 'box');
    await admitRunners(volt.context);
    expect(await result('finished', message)).to.include({ status: 'success' });
  });

  it('ends an attempt that the dispatcher takes back, and reports nothing of it', async () => {
    const runner = await start();
    const sleep = longSleep();
    const message = await send(`sleep ${sleep}`);
    await until('it sleeps', () => processesWith(sleep).length > 0);
    await notifyRunner(volt.context.access, runner.id, { kind: 'lose', job: message.job, attempt: 1 });
    await until('its processes are gone', () => processesWith(sleep).length === 0);
    expect(await result('finished', await send('true'))).to.include({ status: 'success' });
    expect(await results('finished', message.job)).to.deep.equal([]);
    expect(await jobs('active'), 'its message is for the dispatcher to take back').to.equal(1);
  });

  it('reports nothing of an attempt that is taken back while the runner gives it back', async () => {
    const runner = await start({ graceSeconds: 0 });
    const sleep = longSleep();
    const message = await send(`sleep ${sleep}`);
    await until('it sleeps', () => processesWith(sleep).length > 0);
    const { pid: supervisor } = await until('its processes are announced', async () => (await member())?.scopes[0]);
    // a stopped supervisor does not end by itself, so that the attempt's end takes two seconds
    process.kill(supervisor, 'SIGSTOP');
    runner.handBack();
    const stopped = stopSoon(runner);
    await notifyRunner(volt.context.access, runner.id, { kind: 'lose', job: message.job, attempt: 1 });
    expect(() => process.kill(supervisor, 0), 'the attempt has not ended yet').to.not.throw();
    await stopped;
    expect(processesWith(sleep)).to.be.empty;
    expect(await results('returned', message.job)).to.deep.equal([]);
    expect(await results('finished', message.job)).to.deep.equal([]);
  });

  it('loses the attempts whose programs run in the launcher when the launcher is killed', async function () {
    if (process.platform !== 'linux') this.skip();
    await start();
    await until('it serves a job', async () => {
      const sleep = longSleep();
      const message = await send(`sleep ${sleep}`);
      const pid = await until('it sleeps', () => processesWith(sleep)[0]);
      const isServed = areAtWork();
      process.kill(pid, 'SIGTERM');
      await result('finished', message);
      return isServed;
    });
    const sleep = longSleep();
    const message = await send(`sleep ${sleep}`);
    await until('it sleeps', () => processesWith(sleep).length > 0);
    for (const pid of launchers()) process.kill(pid, 'SIGKILL');
    await until('its processes are gone', () => processesWith(sleep).length === 0);
    expect(await result('finished', await send('true'))).to.include({ status: 'success' });
    expect(await results('finished', message.job)).to.deep.equal([]);
    expect(await jobs('active'), 'its message is for the dispatcher to take back').to.equal(1);
  });

  it('reports an error of Volt, and takes further jobs, when it cannot start any program', async () => {
    await start();
    await result('finished', await send('true'));
    // in a process of its own, a rejection that nobody handles would be the end
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    try {
      const message = await send('true');
      expect(await result('finished', message)).to.include({ status: 'error' });
    } finally {
      process.env.PATH = path;
    }
    expect(await result('finished', await send('true'))).to.include({ status: 'success' });
    process.off('unhandledRejection', note);
    expect(unhandled).to.deep.equal([]);
  });

  it('reports an error of Volt when its disk takes no log', async () => {
    await start();
    symlinkSync('/dev/full', folder('spool', `${builds + 1}-1.1.log`));
    const message = await send('echo hello');
    expect(await result('finished', message)).to.include({ status: 'error', reason: 'runner_failed' });
  });

  it('leaves no workspace behind', async () => {
    await start();
    await result('finished', await send('echo made > made.txt'));
    await until('it is gone', () => readdirSync(folder('jobs')).length === 0);
  });

  it('that does not hear from Redis for its lease ends its jobs, reports nothing of them, and goes on under a new id', async () => {
    const runner = await start();
    const former = runner.id;
    const sleep = longSleep();
    const message = await send(`sleep ${sleep}`);
    await until('it sleeps', () => processesWith(sleep).length > 0);
    await frozenRedis(() => until('its processes are gone', () => processesWith(sleep).length === 0));
    await until('it is there again, without the job', async () => {
      const { alive } = await listRunners(volt.context.access);
      return alive.find(({ name, id }) => name === 'box' && id !== former)?.running.length === 0;
    });
    expect(await results('finished', message.job)).to.deep.equal([]);
    expect(await results('returned', message.job)).to.deep.equal([]);
    expect(await result('finished', await send('true'))).to.include({ status: 'success' });
  });

  it('that does not hear from Redis for its lease gets a new id even without jobs', async () => {
    const runner = await start();
    const former = runner.id;
    await frozenRedis(() => until('it has given up its id', () => runner.id !== former));
    await until('it is there again', async () => (await member())?.id === runner.id || undefined);
    expect(await result('finished', await send('true'))).to.include({ status: 'success' });
  });

  it('that does not hear from Redis for the orphan timeout gives up, though no request is answered', async () => {
    const runner = await start({ orphanSeconds: 5 });
    const sleep = longSleep();
    await send(`sleep ${sleep}`);
    await until('it sleeps', () => processesWith(sleep).length > 0);
    await frozenRedis(async () => {
      const { code, exitCode } = await runner.failed;
      expect({ code, exitCode }).to.deep.equal({ code: 'orphaned', exitCode: 3 });
      expect(processesWith(sleep)).to.deep.equal([]);
    });
  });

  it('lets its jobs run while Redis loads its data, even beyond its lease, and keeps its id', async () => {
    const runner = await start();
    const former = runner.id;
    const sleep = longSleep();
    const message = await send(`sleep ${sleep} & until [ -e go ]; do sleep 0.01; done`);
    await until('it runs', () => processesWith(sleep).length > 0);
    const finish = await volt.redis.restartLoading();
    const began = performance.now();
    await until('more than a lease has passed', () => performance.now() - began > 1.5 * leaseTtl);
    expect(processesWith(sleep)).to.have.length(1);
    await finish();
    writeFileSync(workspace(message, 'go'), '');
    expect(await result('finished', message)).to.include({ status: 'success' });
    expect(runner.id).to.equal(former);
  });

  it('ends its jobs and stops in order while Redis is silent', async () => {
    const runner = await start({ graceSeconds: 0 });
    const sleep = longSleep();
    await send(`sleep ${sleep}`);
    await until('it sleeps', () => processesWith(sleep).length > 0);
    await frozenRedis(async () => {
      await runner.stop();
      expect(processesWith(sleep)).to.deep.equal([]);
    });
  });

  it('gives back an attempt that it is still preparing', async () => {
    const runner = await start({ graceSeconds: 3600 });
    const message = await send('while :; do sleep 0.01; done');
    await until('it is taken', async () => (await member())?.running.length === 1 || (await jobs('active')) === 1);
    const stopped = stopSoon(runner);
    runner.handBack();
    await stopped;
    expect(await result('returned', message)).to.include({ attempt: 1, message: 'the runner is stopping' });
    expect(await results('finished', message.job)).to.deep.equal([]);
  });

  it('lets its jobs run while Redis is down for everybody, and reports them when Redis is back', async () => {
    await start();
    const message = await send('echo ready; until [ -e go ]; do sleep 0.01; done');
    await isReady(message);
    await volt.redis.kill();
    writeFileSync(workspace(message, 'go'), '');
    await until('it has ended', () => existsSync(folder('spool', `${message.job}.1.json`)));
    await volt.redis.start();
    expect(await result('finished', message)).to.include({ status: 'success' });
  });
});
