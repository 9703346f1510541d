import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { lockDataDirectory } from '../../src/record/lock.ts';
import { setMeta } from '../../src/record/meta.ts';
import { volt } from '../support/cli.ts';
import { TestFolders } from '../support/folder.ts';
import { openRecord } from '../support/record.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

describe('a command in an unusable environment exits 3 and prints a remedy', () => {
  const folders = new TestFolders();
  let redis: TestRedis;
  let taken: Server;
  let release = () => {};

  before(async () => {
    redis = await startRedis({ password: 'secret' });
    taken = createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    taken.listen(0, '127.0.0.1');
  });
  after(async () => {
    release();
    taken.close();
    await redis.stop();
    folders.remove();
  });

  /** A search path that starts with a git of that version; without a version it has no git. */
  function pathWithGit(version: string | undefined): string {
    const folder = folders.make();
    if (version === undefined) return folder;
    writeFileSync(join(folder, 'git'), `#!/bin/sh\necho git version ${version}\n`);
    chmodSync(join(folder, 'git'), 0o755);
    return `${folder}:${process.env.PATH}`;
  }

  interface Case {
    args: string[];
    env?: Record<string, string>;
    code: string;
    says: RegExp;
    remedy: RegExp;
  }
  const cases: Record<string, () => Case | Promise<Case>> = {
    'for a wrong Redis password': () => ({
      args: ['runner', '--redis', redis.url.replace('secret', 'guess')],
      code: 'redis_denied',
      says: /refuses the password/,
      remedy: /VOLT_REDIS_URL/,
    }),
    'for a port where another program than Redis listens': () => ({
      args: ['runner', '--redis', `redis://127.0.0.1:${portOf(taken)}`],
      code: 'redis_unknown',
      says: /is an HTTP server/,
      remedy: /another program listens/,
    }),
    'for a data directory that cannot be created': () => ({
      args: ['up', '--data', '/proc/volt/data'],
      code: 'data_unwritable',
      says: /\/proc\/volt/,
      remedy: /--data/,
    }),
    'for a data directory that is a file': () => {
      const file = join(folders.make(), 'file');
      writeFileSync(file, '');
      return { args: ['up', '--data', file], code: 'data_unwritable', says: /not a folder/, remedy: /--data/ };
    },
    'for an unreadable file with the Redis address': () => {
      const data = folders.make();
      // no user can read a folder as a file, not even root
      mkdirSync(dataPaths(data).redisUrl, { recursive: true });
      return {
        args: ['runner', '--data', data],
        code: 'data_unwritable',
        says: /redis\/url: EISDIR/,
        remedy: /as the user who runs `.*volt up`, or .*--redis/,
      };
    },
    'for a data directory in use': async () => {
      const data = folders.make();
      release = await lockDataDirectory(data, 'volt up, process 4711');
      return { args: ['up', '--data', data], code: 'data_locked', says: /process 4711/, remedy: /Stop that one/ };
    },
    'for the database of a newer Volt': async () => {
      const data = folders.make();
      const database = await openRecord(data);
      await setMeta(database.db, 'schema_version', '999');
      await database.close();
      return {
        args: ['reporter', '--data', data, '--redis', redis.url],
        code: 'record_newer',
        says: /schema version 999/,
        remedy: /newer Volt/,
      };
    },
    'for a database file that is not a database': () => {
      const data = folders.make();
      mkdirSync(data, { recursive: true });
      writeFileSync(dataPaths(data).record, 'not a database'.repeat(1000));
      return {
        args: ['reporter', '--data', data, '--redis', redis.url],
        code: 'record_damaged',
        says: /volt\.db/,
        remedy: /volt restore/,
      };
    },
    'for a port in use': () => ({
      args: ['up', '--data', folders.make(), '--port', String(portOf(taken))],
      code: 'port_in_use',
      says: /another process listens/,
      remedy: /--port/,
    }),
    'for a git that is too old': () => ({
      args: ['runner', '--redis', redis.url, '--data', folders.make()],
      env: { PATH: pathWithGit('2.17.1') },
      code: 'git_old',
      says: /version 2\.17\.1/,
      remedy: /2\.30 or newer/,
    }),
    'for a missing git': () => ({
      args: ['observer', '--redis', redis.url, '--data', folders.make()],
      env: { PATH: pathWithGit(undefined) },
      code: 'git_missing',
      says: /no git/,
      remedy: /Install git/,
    }),
  };

  for (const [name, prepare] of Object.entries(cases)) {
    it(name, async () => {
      const { args, env = {}, code, says, remedy } = await prepare();
      const end = await volt(args, { env });
      expect(end.code, end.stderr).to.equal(3);
      const [, message, advice] = /^error (\w+: .*)\n {2}(.*)$/m.exec(end.stderr) ?? [];
      expect(message, end.stderr)
        .to.match(new RegExp(`^${code}: `))
        .and.match(says);
      expect(advice).to.match(remedy);
      expect(end.stdout + end.stderr)
        .to.not.include('secret')
        .and.not.include('guess');
    });
  }

  it('but a stage only warns about a Redis without an append-only file', async () => {
    const plain = await startRedis({ settings: ['--appendonly', 'no'] });
    const data = folders.make();
    const end = await volt(['reporter', '--data', join(data, 'file', 'x'), '--redis', plain.url], {
      env: { PATH: pathWithGit(undefined), VOLT_DATABASE_URL: 'sqlite:/proc/volt/volt.db' },
    });
    await plain.stop();
    expect(end.stderr).to.match(/warn .*append-only.*remedy="Set \\"appendonly yes\\"\."/);
  });
});

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
