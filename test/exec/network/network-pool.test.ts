import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { JobNetwork } from '../../../src/exec/network/job-network.ts';
import { settleNetworks } from '../../../src/exec/network/network-check.ts';
import { NetworkPool } from '../../../src/exec/network/network-pool.ts';
import { startChild } from '../../support/child.ts';
import { until } from '../../support/until.ts';

const run = promisify(execFile);

describe('the networks of jobs', function () {
  this.timeout(60_000);
  const pools: NetworkPool[] = [];
  const mine = { key: 'a', trusted: true };

  before(async function () {
    if ((await settleNetworks('sandbox', { kind: 'on' })).trusted !== 'own') this.skip();
  });
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.close();
  });

  async function poolOf(setting: Parameters<typeof settleNetworks>[1] = { kind: 'on' }): Promise<NetworkPool> {
    const pool = new NetworkPool(await settleNetworks('sandbox', setting), 2);
    pools.push(pool);
    return pool;
  }

  async function take(pool: NetworkPool, owner = mine): Promise<JobNetwork> {
    return (await pool.take(owner)) as JobNetwork;
  }

  /** Runs a Node script in a network, as a user without rights there. */
  async function inside({ pid }: JobNetwork, script: string): Promise<string> {
    const own = process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials'];
    return (await run('nsenter', [`--target=${pid}`, '--net', ...own, '--', process.execPath, '-e', script])).stdout;
  }

  const connect = (host: string, port: number, then = '') =>
    `require('node:net').connect(${port}, '${host}').on('connect', () => console.log('there')).on('error', (e) => console.log(e.code)).on('close', () => process.exit())${then}`;

  it('go to the next job of the same repository and trust class only', async () => {
    const pool = await poolOf();
    const first = await take(pool);
    pool.giveBack(first, mine, true);
    const other = await take(pool, { key: 'b', trusted: true });
    expect(other).to.not.equal(first);
    expect(await take(pool)).to.equal(first);
  });

  it('are not reused while a process of the job may be left', async () => {
    const pool = await poolOf();
    const first = await take(pool);
    pool.giveBack(first, mine, false);
    expect(await take(pool)).to.not.equal(first);
    await until('the first one is gone', () => !first.alive);
  });

  it('never go to two jobs at once', async () => {
    const pool = await poolOf();
    expect(await take(pool)).to.not.equal(await take(pool));
  });

  it('are not reused by a later job after they have ended', async () => {
    const pool = await poolOf();
    const first = await take(pool);
    pool.giveBack(first, mine, true);
    process.kill(first.pid, 'SIGKILL');
    await until('it has ended', () => !first.alive);
    expect((await take(pool)).alive).to.equal(true);
  });

  it('do not reach networks of other jobs', async () => {
    const pool = await poolOf();
    const [one, two] = [await take(pool), await take(pool, { key: 'b', trusted: false })];
    const listen = `const s = require('node:net').createServer((c) => c.end()).listen(4000, '0.0.0.0', () => console.log('listens')); setTimeout(() => s.close(), 1000); s.unref()`;
    const listening = inside(one, `${listen}; ${connect('192.0.0.2', 4000, '.setTimeout(1000)')}`);
    expect(await inside(two, connect('192.0.0.2', 4000))).to.equal('ECONNREFUSED\n');
    expect(await listening).to.include('there');
  });

  it('reach only the listed hosts and ports', async () => {
    // nobody answers at a documentation address, so the test checks whether a packet leaves
    const hosts = [
      { host: '203.0.113.201', port: 4000 },
      { host: '203.0.113.202', port: undefined },
      { host: '127.0.0.1', port: undefined },
    ];
    const network = await take(await poolOf({ kind: 'list', hosts }));
    const tried = async (host: string, port: number) => {
      const result = await inside(
        network,
        connect(host, port, '.setTimeout(300, () => { console.log("sent"); process.exit() })'),
      );
      return result.trim() === 'ECONNREFUSED' ? 'refused' : 'sent';
    };
    expect(await Promise.all([tried('203.0.113.203', 4000), tried('10.1.1.1', 80)])).to.deep.equal([
      'refused',
      'refused',
    ]);
    expect(await tried('203.0.113.201', 4001)).to.equal('refused');
    const rules = await inside(
      network,
      `console.log(require('node:child_process').execFileSync('nft', ['list', 'set', 'inet', 'job', 'ports4'], { encoding: 'utf8' }))`,
    );
    expect(rules).to.include('203.0.113.201 . 4000');
  });

  it('end with the process that made them, however it ends', async () => {
    const text = `
      import { NetworkPool } from './src/exec/network/network-pool.ts';
      const pool = new NetworkPool({ policy: { kind: 'on' }, trusted: 'own', others: 'own', notice: undefined }, 2);
      const network = await pool.take({ key: 'a', trusted: true });
      console.log(network.pid);
      setInterval(() => {}, 1000);`;
    const child = startChild(text, { env: {} });
    const pid = Number(await child.line());
    const name = readlinkSync(`/proc/${pid}/ns/net`);
    const pasta = parentOf(pid);
    expect([membersOf(name) > 0, isRunning(pasta)]).to.deep.equal([true, true]);
    child.signal('SIGKILL');
    await until('nothing is left of the network', () => membersOf(name) === 0 && !isRunning(pasta));
    await child.kill();
  });

  it('leave nothing behind when making them fails', async () => {
    const before = orphans();
    const failed = await JobNetwork.open(true, 'no rules at all').then(
      () => undefined,
      (error) => String(error),
    );
    expect(failed).to.include('no network can be made for a job: ').and.include('syntax error');
    await until('all have ended', () => orphans().every((pid) => before.includes(pid)));
  });

  /** Processes of networks whose runner has ended. */
  function orphans(): string[] {
    return processes().filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('volt-network') && parentOf(Number(pid)) === 1;
      } catch {
        return false;
      }
    });
  }

  function networkOf(pid: string): string | undefined {
    try {
      return readlinkSync(`/proc/${pid}/ns/net`);
    } catch {
      return undefined;
    }
  }

  /** Processes in a network. */
  function membersOf(name: string): number {
    return processes().filter((pid) => networkOf(pid) === name).length;
  }

  /** The pasta process, which started the process in the network. */
  function parentOf(pid: number): number {
    return Number(statusOf(pid)?.[1]);
  }

  function isRunning(pid: number): boolean {
    return ![undefined, 'Z'].includes(statusOf(pid)?.[0]);
  }

  /** State, parent and more, see proc_pid_stat(5). */
  function statusOf(pid: number): string[] | undefined {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
    } catch {
      return undefined;
    }
  }

  function processes(): string[] {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  }
});
