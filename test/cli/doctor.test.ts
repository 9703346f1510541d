import { execFileSync } from 'node:child_process';
import { closeSync, openSync, statSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import Database from 'libsql';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { nodeFinding, openedFindings } from '../../src/cli/doctor/machine.ts';
import { readingFindings, transportFindings } from '../../src/cli/doctor/web.ts';
import { ControlGroup } from '../../src/exec/control-group.ts';
import { KeptInstalls } from '../../src/job/storage/kept-installs.ts';
import type { Config } from '../../src/kernel/config.ts';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { volt } from '../support/cli.ts';
import { TestFolders } from '../support/folder.ts';
import { mountFullDisk } from '../support/full-disk.ts';
import { keepLog } from '../support/logger.ts';
import { openRecord } from '../support/record.ts';
import { freePort, startRedis, type TestRedis } from '../support/redis.ts';
import { Site } from '../web/site.ts';

describe('volt doctor', () => {
  const folders = new TestFolders();
  after(folders.remove);

  interface Examined {
    code: number | null;
    healthy: boolean;
    of(check: string): Finding[];
  }

  async function examine(args: string[], env: Record<string, string> = {}): Promise<Examined> {
    const end = await volt(['doctor', '--json', ...args], { env });
    const { healthy, findings } = JSON.parse(end.stdout) as { healthy: boolean; findings: Finding[] };
    for (const { level, remedy } of findings)
      expect(remedy === null, 'only what is well needs no remedy').to.equal(level === 'ok');
    return { code: end.code, healthy, of: (check) => findings.filter((finding) => finding.check === check) };
  }

  it('reports ok on a machine where Volt has never run', async () => {
    const data = join(folders.make(), 'data');
    const { code, healthy, of } = await examine(['--data', data]);
    expect([code, healthy]).to.deep.equal([0, true]);
    const checks = [
      'node',
      'git',
      'containment',
      'isolation',
      'limits',
      'container engine',
      'image builds',
      'redis',
      'disk',
      'web',
    ];
    for (const check of checks) expect(of(check), check).to.have.lengthOf(1);
    expect(of('data directory')[0]?.message).to.include('does not exist yet');
    expect(of('database')[0]?.message).to.include('does not exist yet');
    expect(of('kept installs')[0]?.message).to.match(/^0 take 0 B; VOLT_INSTALL_LIMIT allows \d+(\.\d)? GB$/);
  });

  it('fails without an engine where each job runs in a container, which else only containers need', async () => {
    const data = join(folders.make(), 'data');
    const env = { VOLT_ENGINE: '/nowhere/engine.sock' };
    const { of } = await examine(['--data', data], env);
    expect(of('container engine')[0]).to.include({ level: 'warn' });
    const needed = await examine(['--data', data], { ...env, VOLT_ISOLATION: 'container' });
    expect(needed.code).to.equal(3);
    expect(needed.of('container engine')[0]).to.include({ level: 'fail' });
    expect(needed.of('isolation')[0]?.message).to.match(/^container: each job runs in a container /);
  });

  it('warns of jobs that can pass for people whom a proxy on this machine signs in', async () => {
    const found = async (proxy: string, isolation: string) => {
      const env = { VOLT_PROXY_SIGN_IN: proxy, VOLT_ISOLATION: isolation };
      return (await examine(['--data', folders.make()], env)).of('sign-in').map(({ level }) => level);
    };
    expect(await found('127.0.0.1', 'none')).to.deep.equal(['warn']);
    expect(await found('203.0.113.7', 'none')).to.deep.equal([]);
  });

  it('tells what isolated jobs need to build images', async () => {
    const { of } = await examine(['--data', folders.make()], { PATH: folders.make() });
    expect(of('image builds')[0]?.message).to.include('buildah is missing');
    const named = await examine(['--data', folders.make()], { VOLT_ALLOW_BUILDS: 'app', VOLT_ISOLATION: 'none' });
    expect(named.of('image builds')[0]).to.include({ level: 'warn' });
    expect(named.of('image builds')[0]?.message).to.include('only in a sandbox');
  });

  it('tells what is kept of installations, and how much may be', async () => {
    const data = folders.make();
    const installs = new KeptInstalls(dataPaths(data).installs, 'app+1', 1_000_000_000);
    for (const digest of ['a', 'b'])
      await installs.keep({ digest, what: 'modules' }, async () => ({ bytes: 3_000_000 }));
    const { of } = await examine(['--data', data], { VOLT_INSTALL_LIMIT: '2' });
    expect(of('kept installs')[0]?.message).to.match(/^2 take \d(\.\d)? MB; VOLT_INSTALL_LIMIT allows 2(\.\d)? GB$/);
  });

  it('prints findings with their remedies, without passwords', async () => {
    const data = folders.make();
    const redis = `redis://:secret@127.0.0.1:${await freePort()}`;
    const { code, stdout } = await volt(['doctor', '--data', data, '--redis', redis]);
    expect(code).to.equal(3);
    expect(stdout)
      .to.match(/^✔ git +version \d/m)
      .and.match(/^! redis +Redis at redis:.* cannot be reached: .*\n +Start the server/m)
      .and.not.include('secret');
  });

  it('fails for a Node.js that is too old', () => {
    expect(nodeFinding('20.18.3').level).to.equal('fail');
    for (const version of ['20.19.0', '22.0.0']) expect(nodeFinding(version).level).to.equal('ok');
  });

  it('reports whether the memory limit applies to the job or to each of its processes', async () => {
    const limits = async (env: Record<string, string>) =>
      (await examine(['--data', folders.make()], env)).of('limits').map(({ level, message }) => ({ level, message }));
    expect(await limits({})).to.deep.equal([
      { level: 'ok', message: 'a job may use any amount of memory and 4096 processes' },
    ]);
    expect((await limits({ VOLT_ISOLATION: 'none' }))[0]?.message).to.include('any number of processes');
    const [found] = await limits({ VOLT_JOB_MEMORY: '100', VOLT_JOB_PROCESSES: '0' });
    const isPossible = await ControlGroup.isPossible();
    expect(found?.level).to.equal(isPossible ? 'ok' : 'warn');
    expect(found?.message)
      .to.include('a job may use 100 MB of memory and any number of processes')
      .and.include(isPossible ? 'counted together' : 'for each process');
  });

  it('fails without git', async () => {
    const { of } = await examine(['--data', folders.make()], { PATH: folders.make() });
    expect(of('git')[0]).to.include({ level: 'fail', message: 'there is no git on this machine' });
  });

  it('fails without flock', async () => {
    const programs = folders.make();
    const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    symlinkSync(git, join(programs, 'git'));
    const { of } = await examine(['--data', folders.make()], { PATH: programs });
    expect(of('git')[0]?.message).to.match(/^flock is missing/);
  });

  it('fails for a nearly full disk', async function () {
    const data = join(folders.make(), 'full');
    const unmount = mountFullDisk(data);
    if (!unmount) return this.skip();
    try {
      const { code, of } = await examine(['--data', data]);
      expect(code).to.equal(3);
      expect(of('disk')[0]).to.include({ level: 'fail' });
    } finally {
      unmount();
    }
  });

  it('fails if the database or the data directory is a file of another type', async () => {
    const data = folders.make();
    writeFileSync(dataPaths(data).record, 'no database'.repeat(1000));
    const damaged = await examine(['--data', data]);
    expect(damaged.code).to.equal(3);
    expect(damaged.of('database')[0]).to.include({ level: 'fail' });
    const file = join(data, 'file');
    writeFileSync(file, '');
    const none = await examine(['--data', join(file, 'data')]);
    expect(none.of('data directory')[0]).to.include({ level: 'fail' });
  });

  it('fails for a database with overwritten pages', async () => {
    const data = folders.make();
    await (await openRecord(data)).close();
    const database = new Database(dataPaths(data).record);
    database.pragma('wal_checkpoint(truncate)');
    database.close();
    const { size } = statSync(dataPaths(data).record);
    const file = openSync(dataPaths(data).record, 'r+');
    writeSync(file, Buffer.alloc(size - 8192, 0x5a), 0, size - 8192, 8192);
    closeSync(file);
    const { of } = await examine(['--data', data]);
    expect(of('database')[0]).to.include({ level: 'fail' });
    expect(of('database')[0]?.remedy).to.include('volt restore');
  });

  describe('with Redis', () => {
    let redis: TestRedis;
    before(async () => {
      redis = await startRedis({ settings: ['--appendonly', 'no'] });
    });
    after(() => redis.stop());

    it('reports a Redis that may evict keys and has no append-only file', async () => {
      const access = await connectRedis({ redisPrefix: 'volt' }, redis.url, keepLog().logger);
      await access.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
      const { of } = await examine(['--data', folders.make(), '--redis', redis.url]);
      await access.client.config('SET', 'maxmemory-policy', 'noeviction');
      await access.close();
      expect(of('redis').map(({ level }) => level)).to.deep.equal(['ok', 'fail', 'warn']);
      expect(of('clock')).to.deep.equal([]);
    });

    it('compares the clock of a suitable Redis', async () => {
      const { code, of } = await examine(['--data', folders.make(), '--redis', redis.url]);
      expect(code).to.equal(0);
      expect(of('clock')[0]).to.include({ level: 'ok' });
    });
  });

  describe('with the web stage', () => {
    let site: Site;
    before(async () => {
      site = await Site.start();
    });
    after(() => site.stop());

    it('checks that the web stage answers and accepts the token', async () => {
      const data = site.context.config.dataDir;
      const good = await examine(['--data', data, '--redis', site.redis.url]);
      expect(good.of('web')[0]).to.include({ level: 'ok' });
      const bad = await examine(['--data', data, '--redis', site.redis.url], { VOLT_TOKEN: 'not-the-token-at-all' });
      expect(bad.of('web')[0]).to.include({ level: 'fail' });
      const gone = await examine(['--data', data, '--redis', site.redis.url], {
        VOLT_URL: `http://127.0.0.1:${await freePort()}`,
      });
      expect(gone.of('web')[0]).to.include({ level: 'fail' });
    });

    it('reports a web stage that everybody can read', () => {
      expect(readingFindings({ reading: 'public' })).to.have.length(1);
      for (const reading of ['local', 'token'] as const) expect(readingFindings({ reading })).to.deep.equal([]);
    });

    it('warns about settings that let commits use other repositories', () => {
      const closed = { machineCredentials: '', shareCredential: 'off', neighbours: undefined } as const;
      expect(openedFindings(closed)).to.deep.equal([]);
      const open = { machineCredentials: 'github.com/acme', shareCredential: 'on', neighbours: '/srv/git' } as const;
      const [finding] = openedFindings(open);
      expect(finding).to.include({ level: 'warn', check: 'sources' });
      for (const [setting, value] of [
        ['VOLT_MACHINE_CREDENTIALS', 'github.com/acme'],
        ['VOLT_SHARE_CREDENTIAL', 'server'],
        ['VOLT_NEIGHBOURS', '/srv/git'],
      ] as const)
        expect(finding?.message).to.include(setting).and.include(value);
    });

    it('warns if tokens and sessions cross a network without TLS', () => {
      const levels = (settings: { httpHost?: string; url?: string }) =>
        transportFindings({ httpHost: '127.0.0.1', url: undefined, ...settings } as Config).map(({ level }) => level);
      expect(levels({ httpHost: '0.0.0.0' })).to.deep.equal(['warn']);
      expect(levels({ httpHost: '192.0.2.7' })).to.deep.equal(['warn']);
      expect(levels({ url: 'http://build1:8420' })).to.deep.equal(['warn']);
      for (const fine of [{}, { url: 'http://localhost:9000' }, { httpHost: '0.0.0.0', url: 'https://ci.example' }])
        expect(levels(fine), JSON.stringify(fine)).to.deep.equal([]);
    });
  });
});
