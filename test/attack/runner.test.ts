import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { admitRunners } from '../../src/dispatcher/runner-rules.ts';
import { dataPaths, logFile } from '../../src/kernel/data-paths.ts';
import { type Job, type JobId, jobIdOf, type RunnerId } from '../../src/kernel/model.ts';
import type { Result } from '../../src/queues/messages.ts';
import { Queues } from '../../src/queues/queues.ts';
import { addRunnerKey, listRunnerKeys, removeRunnerKey } from '../../src/record/runner-keys.ts';
import { setSecret } from '../../src/record/secrets.ts';
import { runnerRules } from '../../src/redis/acl.ts';
import { connectRedis, type RedisAccess } from '../../src/redis/connect.ts';
import { chunkStatement, sendChunk } from '../../src/redis/logs.ts';
import { listRunners, writeHeartbeat } from '../../src/redis/membership.ts';
import { startRunner } from '../../src/runner/start.ts';
import { boxContext, boxKeyStatement } from '../../src/secrets/delivery.ts';
import { makeBoxKeys, unseal } from '../../src/secrets/sealed-box.ts';
import type { Signer } from '../../src/secrets/signing.ts';
import { attack } from '../support/attack.ts';
import { TestFolders } from '../support/folder.ts';
import { VoltProcesses } from '../support/processes.ts';
import { observed } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { knownKey, stranger } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

const at = () => new Date().toISOString();

describe('a hostile runner', () => {
  const folders = new TestFolders();
  let volt: TestVolt;
  /** a connection with the rights of runners */
  let access: RedisAccess;
  let queues: Queues;
  let key: Signer;
  let repository: TestRepository;
  let gate: string;

  before(async () => {
    volt = await TestVolt.startAll({}, { slots: 4 });
    const { context } = volt;
    context.logger.silent = true;
    await context.access.client.call('ACL', 'SETUSER', 'runner', 'reset', 'on', '>pw', ...runnerRules('volt'));
    access = await connectRedis(
      context.config,
      volt.redis.url.replace('redis://', 'redis://runner:pw@'),
      context.logger,
      undefined,
      'runner',
    );
    queues = new Queues(access, context.logger);
    key = await knownKey(context.database, 'evil');
    gate = join(folders.make(), 'gate');
    repository = new TestRepository({ 'test.sh': 'true\n' }, { name: 'app' });
    const value = { name: 'CANARY', value: 'canary-of-the-secret', inEnvironment: true };
    await volt.observe(repository.path, { command: 'sh test.sh' });
    await setSecret(context.database, context.config, { repo: 'app', ...value });
    await volt.build(repository.head());
  });

  after(async () => {
    await queues.close();
    await access.close();
    await volt.stop();
    repository.remove();
    folders.remove();
  });

  /** A job of another repository, running on the other runner until it is released. */
  async function victim(): Promise<{ job: Job; letGo: () => Promise<Job> }> {
    const id = randomUUID();
    const script = `echo true words; until [ -e ${gate}-${id} ]; do sleep 0.05; done\n`;
    const sha = repository.commit(`for an attack ${id}`, { 'test.sh': script });
    const running = await volt.build(sha, ({ jobs }) => jobs[0]?.status === 'running');
    const letGo = async () => {
      writeFileSync(`${gate}-${id}`, '');
      const { jobs } = await volt.build(sha);
      return jobs[0] as Job;
    };
    return { job: running.jobs[0] as Job, letGo };
  }

  const runnerOf = (job: Job) =>
    until('a heartbeat claims the job', async () => {
      const { alive } = await listRunners(volt.context.access);
      return alive.find(({ running }) => running.includes(`${job.id}.1`));
    });
  const aside = async () => (await volt.context.queues.queue('set-aside').getWaiting()).map(({ name }) => name);
  const outcome = (job: JobId, runner: { id: string; name: string; host: string }): Result<'finished'> => ({
    ...({ v: 1, kind: 'finished', job, attempt: 1, runner, status: 'failure' } as const),
    ...({ reason: 'exit_code', message: 'forged', exitCode: 1, steps: [], logBytes: 0 } as const),
    ...{ startedAt: at(), finishedAt: at() },
  });

  attack({ attacker: 'runner', asset: 'secrets', title: 'cannot make Volt build its own commit' }, async () => {
    const { bull } = access.keys;
    const commit = JSON.stringify({ v: 1, repo: 'app', ref: 'refs/heads/main' });
    for (const [command, ...args] of [
      ['HSET', `${bull}:commits:1`, 'data', commit],
      ['LPUSH', `${bull}:commits:wait`, '1'],
      ['EVAL', 'return redis.call("LPUSH", KEYS[1], "1")', '1', `${bull}:commits:wait`],
      ['LPUSH', `${bull}:advance:wait`, '1'],
      ['LPUSH', `${bull}:observe:wait`, '1'],
    ] as [string, ...string[]][]) {
      const refused = await access.client.call(command, ...args).catch((error: Error) => error.message);
      expect(refused, args.join(' ')).to.match(/NOPERM|ACL failure/);
    }
  });

  attack(
    {
      attacker: 'runner',
      asset: 'availability',
      title: 'cannot bind Redis to another database to keep stages from starting',
    },
    async () => {
      const { client, keys } = access;
      for (const refused of [client.set(keys.record, 'another'), client.del(keys.record), client.unlink(keys.record)])
        expect(await refused.catch((error: Error) => error.message)).to.include('NOPERM');
      expect(await client.get(keys.record)).to.equal(volt.context.database.id);
    },
  );

  attack(
    {
      attacker: 'runner',
      asset: 'secrets',
      title: 'cannot take over the heartbeat of another runner with its own key',
    },
    async () => {
      const box = makeBoxKeys();
      const boxes: { channel: string; text: string }[] = [];
      const listening = access.open('listens');
      listening.on('message', (channel: string, text: string) => boxes.push({ channel, text }));
      const { job, letGo } = await victim();
      const member = await runnerOf(job);
      await listening.subscribe(access.keys.toRunner(member.id));
      const ref = { job: job.id, attempt: 1 };
      const statement = boxKeyStatement(member.id, box.publicKey);
      for (const signature of [member.boxSignature, key.sign('runner box', statement)]) {
        const forged = { ...member, publicKey: box.publicKey, boxSignature: signature ?? '', key: key.publicKey };
        await writeHeartbeat(access, 'runner', forged);
        await queues.sendSecretsRequest({ v: 1, ...ref, runner: member.id, kind: 'secrets' });
        const asked = volt.context.queues.queue('secrets');
        await until(
          'the request is handled',
          async () => (await asked.getJobCountByTypes('wait', 'active', 'delayed')) === 0,
        );
      }
      const opened = boxes.flatMap(({ text }) => {
        try {
          const { answer } = JSON.parse(text) as { answer: { box: string } };
          return [unseal(box, boxContext(ref, member.id as RunnerId, { kind: 'secrets' }), answer.box)];
        } catch {
          return [];
        }
      });
      expect(opened).to.deep.equal([]);
      listening.disconnect();
      expect((await letGo()).status).to.equal('success');
    },
  );

  attack(
    {
      attacker: 'runner',
      asset: 'results and logs',
      title: "cannot report an outcome, a claim or a log for another runner's job",
    },
    async () => {
      const { job, letGo } = await victim();
      const { id, name, host } = await runnerOf(job);
      const own = { id: 'evil~1', name: 'evil', host: 'evil' };
      const log = logFile(volt.dataDir, { job: job.id, attempt: 1 });
      const text = await until('the log of the job has begun', () => {
        const archived = existsSync(log) ? readFileSync(log, 'utf8') : '';
        return archived.includes('true words\n') ? archived : undefined;
      });
      const offset = Buffer.byteLength(text);
      for (const signer of [key, stranger()]) {
        await queues.sendResult(outcome(job.id, own), signer);
        await until('the message is refused', async () =>
          (await aside()).includes(`refused ${job.id}.1 finished of evil~1`),
        );
        await queues.sendResult(outcome(job.id, { id, name, host }), signer);
        await queues.sendResult({ v: 1, kind: 'started', job: job.id, attempt: 1, runner: own, at: at() }, signer);
        const decided = { status: 'skipped', reason: 'needs_failed', message: 'forged' } as const;
        await queues.sendResult({ v: 1, kind: 'decided', job: job.id, attempt: 1, ...decided, at: at() }, signer);
        // current end of the log
        const chunk = { job: job.id, attempt: 1, runner: id, offset, length: 6, data: Buffer.from('forged') };
        await sendChunk(access, { ...chunk, signature: signer.sign('runner log', chunkStatement(chunk)) });
      }
      const results = volt.context.queues.queue('results');
      await until(
        'all is looked at',
        async () => (await results.getJobCountByTypes('wait', 'active', 'delayed')) === 0,
      );
      const ended = await letGo();
      expect(ended).to.include({ status: 'success', message: null, runner: name });
      expect(ended.attempts).to.have.length(1);
      expect(readFileSync(log, 'utf8')).to.include('true words').and.not.include('forged');
    },
  );

  attack(
    {
      attacker: 'runner',
      asset: 'results and logs',
      title: 'cannot replay an old outcome of another runner for a later job',
    },
    async () => {
      const results = volt.context.queues.queue('results');
      const recorded: object[] = [];
      const add = results.add.bind(results);
      results.add = async (name, data, opts) => {
        if (name === 'finished') recorded.push(data);
        return add(name, data, opts);
      };
      const first = await victim();
      await first.letGo();
      results.add = add;
      const old = recorded[0] ?? expect.fail('no outcome was seen');
      const { job, letGo } = await victim();
      const forged = { ...old, job: job.id, status: 'failure', reason: 'exit_code' };
      await queues.repeatResult(forged as never, forged);
      await queues.repeatResult(old as never, old);
      await until('the message is refused', async () =>
        (await aside()).some((name) => name.includes(`${job.id}.1 finished`)),
      );
      expect((await letGo()).status).to.equal('success');
    },
  );

  attack(
    {
      attacker: 'runner',
      asset: 'the machine',
      title: "cannot change the message of another runner's job in the queue",
    },
    async () => {
      const proof = join(folders.make(), 'proof');
      const { bull } = access.keys;
      const build = await volt.plan('app', repository.head(), { late: { command: 'true', labels: ['late'] } });
      const name = `${jobIdOf(build, 1)}.1`;
      const message = `${bull}:jobs.late:${name}`;
      const text = await until('the message is sent', () => access.client.hget(message, 'data'));
      const forged = {
        ...(JSON.parse(text as string) as object),
        plan: { kind: 'command', command: `touch ${proof}` },
      };
      await access.client.hset(message, 'data', JSON.stringify(forged));
      await volt.runner({ name: 'late', labels: ['late'] });
      const { status } = await volt.built(build);
      expect(status, 'the true one is sent again').to.equal('success');
      expect(readdirSync(join(proof, '..'))).to.not.include('proof');
      expect(await aside()).to.include(`forged ${name}`);
    },
  );

  attack(
    {
      attacker: 'runner',
      asset: "other repositories' jobs",
      title: 'cannot continue after a person has revoked its key',
    },
    async () => {
      const { context } = volt;
      const former = await knownKey(context.database, 'former');
      const own = {
        ...context,
        queues: new Queues(context.access, context.logger),
        config: { ...context.config, runnerKey: former.text },
      };
      const runner = await startRunner(own, { name: 'former', labels: ['former'], slots: 1, graceSeconds: 0 });
      const wait = `until [ -e ${gate}-former ]; do sleep 0.05; done`;
      const build = await volt.plan('app', repository.head(), { long: { command: wait, labels: ['former'] } });
      await volt.built(build, ({ jobs }) => jobs[0]?.runner === 'former');
      await removeRunnerKey(context.database, 'former');
      const lost = await volt.built(build, ({ jobs }) => (jobs[0]?.attempts.length ?? 0) > 1);
      expect(lost.jobs[0]?.attempts[0]).to.include({
        reason: 'runner_lost',
        message: 'the key of its runner was ended',
      });
      await volt.runner({ name: 'heir', labels: ['former'] });
      writeFileSync(`${gate}-former`, '');
      const { jobs } = await volt.built(build);
      expect(jobs[0]).to.include({ status: 'success', runner: 'heir' });
      await runner.stop();
      await own.queues.close();
    },
  );
});

describe('the folders that Volt shares with a runner in its own container', () => {
  const folders = new TestFolders();
  let volt: TestVolt;
  before(async () => {
    volt = await TestVolt.start();
  });
  after(async () => {
    await volt.stop();
    folders.remove();
  });

  attack(
    {
      attacker: 'runner',
      asset: 'secrets',
      title: 'cannot read the token or block Volt by links and pipes in these folders',
    },
    async () => {
      const { context, dataDir } = volt;
      const { token, secretsKey, runnerPublicKey, voltKey } = dataPaths(dataDir);
      const { services } = parse(readFileSync('docker/compose.yaml', 'utf8'), { merge: true });
      const writable = (services.runner.volumes as string[])
        .flatMap((volume) => /:\/data\/([^:]+)$/.exec(volume)?.[1] ?? [])
        .map((folder) => join(dataDir, folder));
      expect(writable).to.include(dirname(runnerPublicKey));
      writeFileSync(token, 'the token');
      writeFileSync(secretsKey, 'the key');
      const replaceFile = (make: (file: string) => unknown) => {
        for (const folder of writable) {
          rmSync(folder, { recursive: true, force: true });
          mkdirSync(folder);
          for (const name of ['runner', basename(runnerPublicKey), basename(voltKey)]) make(join(folder, name));
        }
        return admitRunners(context);
      };
      await replaceFile((file) => symlinkSync(token, file));
      await replaceFile((file) => symlinkSync(secretsKey, file));
      expect(readFileSync(token, 'utf8')).to.equal('the token');
      expect(readFileSync(secretsKey, 'utf8')).to.equal('the key');
      await replaceFile((file) => spawnSync('sh', ['-c', 'mkfifo "$0"', file]));
      await replaceFile((file) => mkdirSync(file));
      expect(await listRunnerKeys(context.database)).to.deep.equal([]);
      const { publicKey } = stranger();
      await replaceFile((file) => writeFileSync(file, publicKey));
      expect((await listRunnerKeys(context.database)).map((key) => key.publicKey)).to.deep.equal([publicKey]);
      expect(readFileSync(voltKey, 'utf8').trim(), 'runners do not change it').to.equal(
        context.database.signer.publicKey,
      );
    },
  );
});

describe("a revoked runner on the same machine as Volt's stages", () => {
  let volt: TestVolt;
  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    await volt.dispatcher();
  });
  after(() => volt.stop());

  attack({ attacker: 'runner', asset: 'secrets', title: 'cannot admit a new key for itself' }, async () => {
    const { access, database } = volt.context;
    const problem = async () => (await listRunners(access)).alive[0]?.problems[0]?.message;
    const runner = await volt.runner();
    const [first] = await until('the key of the runner is admitted', async () => {
      const keys = await listRunnerKeys(database);
      return keys.length > 0 && keys;
    });
    await runner.stop();
    await removeRunnerKey(database, String(first?.name));
    rmSync(dataPaths(volt.dataDir).runnerKey);
    await volt.runner();
    const message = await until('the runner reports that its key is unknown', problem);
    const other = readFileSync(dataPaths(volt.dataDir).runnerPublicKey, 'utf8').trim();
    expect(other).to.not.equal(first?.publicKey);
    expect(message, 'for the person who may let it in').to.include(other);
    await admitRunners(volt.context);
    expect(await listRunnerKeys(database)).to.deep.equal([]);
    await addRunnerKey(database, { name: 'let-in', publicKey: other, repos: [], own: true, createdBy: 'owner' });
    await admitRunners(volt.context);
    await until('the runner is admitted', async () => (await problem()) === undefined);
  });
});

describe('a commit with many new labels', () => {
  let volt: TestVolt;
  before(async () => {
    volt = await TestVolt.start();
    await volt.reporter();
    await volt.dispatcher();
    await observed(volt.context.database);
  });
  after(() => volt.stop());

  attack(
    {
      attacker: 'pusher to another branch',
      asset: 'availability',
      title: 'cannot create a queue for each job of a matrix of 256',
    },
    async () => {
      const jobs = Object.fromEntries(
        Array.from({ length: 256 }, (_, index) => [`job-${index}`, { command: 'true', labels: [`label-${index}`] }]),
      );
      const build = await volt.plan('app', 'a'.repeat(40), jobs);
      const seen = await volt.built(build, (one) => one.jobs.filter(({ status }) => status === 'error').length >= 192);
      expect(seen.jobs.find(({ status }) => status === 'error')?.message).to.include(
        'more than 64 different label sets',
      );
      expect((await volt.context.queues.labelSets()).length).to.be.at.most(64);
    },
  );
});

describe('a job that attacks the connections of Redis', () => {
  const folders = new TestFolders();
  const processes = new VoltProcesses();

  after(async () => {
    await processes.end();
    folders.remove();
  });

  attack(
    {
      attacker: 'job beside mine',
      asset: 'availability',
      title: 'cannot exhaust the connections of Redis',
    },
    async () => {
      const data = folders.make();
      const up = processes.start(['up', '--port', '0', '--data', data], { VOLT_ISOLATION: 'none' });
      await up.says(/Ctrl-C/);
      const pid = readFileSync(join(dataPaths(data).redis, 'redis.pid'), 'utf8').trim();
      const own = new Set(
        readdirSync(`/proc/${pid}/fd`).flatMap(
          (fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [],
        ),
      );
      const listening = ['tcp', 'tcp6'].flatMap((name) =>
        readFileSync(`/proc/${pid}/net/${name}`, 'utf8')
          .split('\n')
          .map((line) => line.trim().split(/\s+/))
          .filter(([, , , state, , , , , , inode = '']) => state === '0A' && own.has(inode)),
      );
      expect(own.size, 'it has sockets').to.be.greaterThan(0);
      expect(listening).to.deep.equal([]);
    },
  );
});
