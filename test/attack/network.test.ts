import { execFile } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { asOrdinaryUser, attack, giveToOrdinaryUser, type Setting } from '../support/attack.ts';
import { TestFolders } from '../support/folder.ts';
import { VoltProcesses } from '../support/processes.ts';
import { TestRepository } from '../support/repository.ts';
import { machine, neighbours, publicName, SmallInternet, world } from '../support/small-internet.ts';

const run = promisify(execFile);

/** A job that tries to connect to the given addresses and prints who answers; it also listens on a port. */
const knocking = `
const net = require('node:net');
const http = require('node:http');
const knock = (name, target) => new Promise((resolve) => {
  const socket = net.connect(target);
  const end = (word) => { socket.destroy(); resolve(word + ' ' + name); };
  socket.on('connect', () => end('REACHED')).on('error', () => end('closed')).setTimeout(3000, () => end('closed'));
});
const ask = () => new Promise((resolve, reject) => http.get('http://${publicName}/said', (answer) => {
  let text = ''; answer.on('data', (chunk) => text += chunk).on('end', () => resolve(JSON.parse(text)));
}).on('error', reject));
net.createServer((socket) => socket.end('the job')).listen(31337, '0.0.0.0', async () => {
  console.log('THE JOB LISTENS');
  const targets = await ask();
  for (const line of await Promise.all(Object.entries(targets).map(([name, target]) => knock(name, target)))) console.log(line);
  const idle = [];
  for (let n = 0; n < 200; n++) idle.push(new Promise((resolve) => {
    const { host, port } = targets['Redis'];
    net.connect(port, host).on('connect', () => resolve(1)).on('error', () => resolve(0));
  }));
  console.log('IDLE CONNECTIONS ' + (await Promise.all(idle)).reduce((a, b) => a + b));
  console.log('EVERYTHING TRIED');
  process.exit();
});`;

describe('a job that explores the network', () => {
  const folders = new TestFolders();
  const processes = new VoltProcesses();
  const repositories: TestRepository[] = [];
  let internet: SmallInternet | undefined;
  let redis: Promise<unknown> | undefined;
  let count = 0;

  before(async function () {
    if (process.getuid?.() !== 0) return this.skip();
    this.timeout(30_000);
    internet = await SmallInternet.start();
    await internet.node(
      `require('node:net').createServer((s) => s.end('x')).listen('\\0volt-abstract', () => console.log('ready'))`,
    );
  });

  // a leftover process would keep its ports from the next test
  afterEach(() => processes.end());
  after(async () => {
    await internet?.end();
    folders.remove();
    for (const repository of repositories) repository.remove();
  });

  /** @returns the output of a job of that branch, and what the machine found at the job's port */
  async function knock({ level, user }: Setting, branch: string, env: Record<string, string> = {}, elsewhere?: string) {
    if (!internet) throw new Error('there is no network to look at');
    const folder = folders.make();
    chmodSync(folder, 0o755);
    const account = user === 'root' ? { inside: [], env: {}, dataDir: join(folder, 'data') } : asOrdinaryUser(folder);
    const repository = new TestRepository({ 'knock.js': knocking, 'test.sh': 'exec node knock.js\n' });
    repositories.push(repository);
    repository.git('checkout', '--quiet', '-B', branch);
    repository.commit('more');
    repository.git('symbolic-ref', 'HEAD', 'refs/heads/main');
    if (user === 'ordinary user') giveToOrdinaryUser(dirname(repository.path));
    const up = processes.start(
      [
        'up',
        '--repo',
        repository.path,
        '--branch',
        branch,
        '--command',
        './test.sh',
        '--once',
        '--data',
        account.dataDir,
      ],
      {
        ...{ ...account.env, VOLT_ISOLATION: level, VOLT_REDIS_BIND: '0.0.0.0', VOLT_HTTP_PORT: '8420' },
        ...{ VOLT_HTTP_HOST: '0.0.0.0', ...env },
      },
      [...internet.inside, ...account.inside],
    );
    await up.says('THE JOB LISTENS', 60_000);
    const redis = elsewhere
      ? 6379
      : Number(new URL(readFileSync(join(account.dataDir, 'redis/runner-url'), 'utf8').trim()).port);
    const from = await Promise.all(['127.0.0.1', machine[0]].map((host) => fromMachine(host)));
    const ours = ['127.0.0.1', '::1', ...machine, '192.0.0.1', '192.0.0.2', '198.51.100.1', '::ffff:198.51.100.2'];
    const services = { Redis: redis, 'the dashboard': 8420 };
    const targets: Record<string, object> = { 'an abstract socket': { path: '\0volt-abstract' } };
    targets.Redis = { host: elsewhere ?? machine[0], port: redis };
    for (const [name, port] of Object.entries(services))
      for (const host of ours) targets[`${name} at ${host}`] = { host, port };
    for (const host of [
      world.public4,
      world.public6,
      ...neighbours,
      ...world.private,
      ...world.closed,
      '::ffff:169.254.169.254',
    ])
      targets[host] = { host, port: 80 };
    internet.say(JSON.stringify(targets));
    await up.ended();
    expect(up.output).to.include('EVERYTHING TRIED');
    const reached = [...up.output.matchAll(/REACHED (.*)/g)].map(([, name]) => name);
    return { reached, output: up.output, from };
  }

  /** @returns options that start a Volt whose Redis is on another machine */
  async function redisElsewhere(host: string): Promise<Record<string, string>> {
    const where = ['--bind', host, '--port', '6379', '--requirepass', 'secret', '--save', ''];
    const says = 'Ready to accept connections';
    redis ??= internet?.program(['redis-server', ...where], { outside: true, says });
    await redis;
    return { VOLT_REDIS_URL: `redis://:secret@${host}:6379`, VOLT_REDIS_PREFIX: `volt-${++count}` };
  }

  async function fromMachine(host: string): Promise<string> {
    const text = `require('node:net').connect(31337, '${host}').on('data', (d) => console.log('met ' + d)).on('error', () => console.log('nobody'))`;
    const [command = '', ...rest] = [...(internet?.inside ?? []), process.execPath, '-e', text];
    return (await run(command, rest)).stdout.trim();
  }

  const settings = { levels: ['sandbox', 'user'], users: ['root', 'ordinary user'] } as const;
  const open = [world.public4, world.public6];

  attack(
    {
      attacker: 'pusher to a trusted branch',
      asset: 'the network',
      title: 'cannot reach Redis, the dashboard, cloud metadata or services of the machine, nor open a reachable port',
      ...settings,
    },
    async (setting) => {
      const { reached, output, from } = await knock(setting, 'main');
      expect(reached).to.have.members([...open, ...neighbours, ...world.private]);
      expect(output).to.include('IDLE CONNECTIONS 0');
      expect(from).to.deep.equal(['nobody', 'nobody']);
    },
  );

  attack(
    {
      attacker: 'pusher to another branch',
      asset: 'the network',
      title: "cannot reach private networks or the machine's own network",
      ...settings,
    },
    async (setting) => {
      const { reached } = await knock(setting, 'other');
      expect(reached).to.have.members(open);
    },
  );

  const [redisHost, ...otherPrivate] = world.private;

  attack(
    {
      attacker: 'pusher to a trusted branch',
      asset: 'the network',
      title: "cannot reach Volt's Redis on another machine",
      ...settings,
    },
    async (setting) => {
      const { reached, output } = await knock(setting, 'main', await redisElsewhere(redisHost), redisHost);
      // that machine may have other servers of Volt
      expect(reached).to.have.members([...open, ...neighbours, ...otherPrivate]);
      expect(output).to.include('IDLE CONNECTIONS 0');
    },
  );

  attack(
    {
      attacker: 'pusher to a trusted branch',
      asset: 'the network',
      title: "cannot reach Volt's Redis although the list of allowed hosts contains its machine",
      levels: ['sandbox'],
      users: ['root'],
    },
    async (setting) => {
      const list = `${publicName},${redisHost}:6379,${otherPrivate[0]}`;
      const { reached } = await knock(
        setting,
        'main',
        { ...(await redisElsewhere(redisHost)), VOLT_SANDBOX_NETWORK: list },
        redisHost,
      );
      expect(reached).to.have.members([world.public4, otherPrivate[0]]);
    },
  );
});
