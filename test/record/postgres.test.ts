import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { sql } from 'kysely';
import { loadConfig } from '../../src/kernel/config.ts';
import type { ErrorCode } from '../../src/kernel/errors.ts';
import { Database } from '../../src/record/database.ts';
import { inspectNamed } from '../../src/record/inspect.ts';
import { setMeta } from '../../src/record/meta.ts';
import { databaseFor, databaseServer, only } from '../support/database.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, recordedBuild } from '../support/record.ts';
import { freePort } from '../support/redis.ts';
import { until } from '../support/until.ts';

describe('a record in PostgreSQL', () => {
  const folders = new TestFolders();
  let dataDir: string;
  let url: string;

  beforeEach(async () => {
    dataDir = folders.make();
    url = (await databaseFor(dataDir)).databaseUrl ?? '';
  });

  after(folders.remove);

  const open = (databaseUrl: string) => Database.open(loadConfig({ dataDir, databaseUrl }));
  const changed = (change: (url: URL) => void) => {
    const other = new URL(url);
    change(other);
    return other.href;
  };

  async function refused(code: ErrorCode, databaseUrl: string): Promise<string> {
    const error = await failure(code, () => open(databaseUrl));
    const told = `${error.message} ${error.remedy}`;
    for (const password of [new URL(url).password, decodeURIComponent(new URL(url).password), 'wrong'])
      expect(told).to.not.include(password);
    return told;
  }

  only.postgres('says that user and password are refused', async () => {
    await refused(
      'record_denied',
      changed((other) => (other.password = 'wrong')),
    );
    await refused(
      'record_denied',
      changed((other) => (other.username = 'nobody')),
    );
  });

  only.postgres('says that there is no such database, and how to make it', async () => {
    expect(
      await refused(
        'record_missing',
        changed((other) => (other.pathname = '/nowhere')),
      ),
    ).to.include('createdb');
  });

  only.postgres('says that the server cannot be reached, after some tries', async () => {
    const port = String(await freePort());
    expect(
      await refused(
        'record_unreachable',
        changed((other) => (other.port = port)),
      ),
    ).to.include(port);
  });

  only.postgres('says that the server is too old', async () => {
    const name = new URL(url).pathname.slice(1);
    // what the server says of itself is looked up there first
    await databaseServer().run(
      `create schema old; grant usage on schema old to public;
       create function old.current_setting(text) returns text language sql as $$ select '90624'::text $$;
       alter database "${name}" set search_path = old, pg_catalog, public`,
      name,
    );
    expect(await refused('record_unfit', url)).to.include('too old');
  });

  only.postgres('says that the user may not make its tables', async () => {
    await databaseServer().run('create database foreign_one');
    await databaseServer().run('revoke create on schema public from public', 'foreign_one');
    expect(
      await refused(
        'record_denied',
        changed((other) => (other.pathname = '/foreign_one')),
      ),
    ).to.include('OWNER');
  });

  only.postgres('is looked into without being made', async () => {
    await databaseServer().database('empty_one');
    const config = loadConfig({ dataDir, databaseUrl: changed((other) => (other.pathname = '/empty_one')) });
    expect((await inspectNamed(config)).found).to.equal(undefined);
    const database = await open(config.databaseUrl ?? '');
    const { where, found } = await inspectNamed(config);
    expect(where).to.match(/^PostgreSQL \d+.*empty_one at 127\.0\.0\.1:\d+$/);
    expect(found).to.include({ recordId: database.id });
    await database.close();
  });

  only.postgres('is another one after what the documentation says of a restore', async () => {
    const former = await open(url);
    await observed(former);
    const last = await recordedBuild(former);
    const [, statements = ''] = /<<'SQL'\n(.+?)SQL\n/s.exec(readFileSync('docs/operating.md', 'utf8')) ?? [];
    await databaseServer().run(statements, new URL(url).pathname.slice(1));
    await former.close();
    const database = await open(url);
    expect(database.formerIds).to.deep.equal([former.id]);
    expect(database.id)
      .to.match(/^[0-9a-f-]{36}$/)
      .and.not.equal(former.id);
    expect(Number(await recordedBuild(database))).to.equal(Number(last) + 10_001);
    await database.close();
  });

  only.postgres('keeps text with a NUL in it, but for that', async () => {
    const database = await open(url);
    await database.write((db) => setMeta(db, 'text', 'a\0b'));
    const row = await database.db.selectFrom('meta').selectAll().where('key', '=', 'text').executeTakeFirst();
    expect(row).to.include({ value: 'a\uFFFDb' });
    await database.close();
  });

  only.postgres(
    'goes on when the server has ended its connections, and does again what was not committed',
    async () => {
      const database = await open(url);
      let tries = 0;
      await database.write(async (db) => {
        await setMeta(db, 'tries', String(++tries));
        if (tries > 1) return;
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
        await databaseServer().run(`select pg_terminate_backend(${rows[0]?.pid})`);
        await until('the connection is gone', () =>
          sql`select 1`.execute(db).then(
            () => false,
            () => true,
          ),
        );
        await sql`select 1`.execute(db);
      });
      const row = await database.db.selectFrom('meta').selectAll().where('key', '=', 'tries').executeTakeFirst();
      expect(row).to.include({ value: '2' });
      await database.close();
    },
  );

  only.postgres('is not held up by a process that stands still in the middle of a transaction', async () => {
    const [still, other] = await Promise.all([open(url), open(url)]);
    let left = () => {};
    let tries = 0;
    const standing = still.write(async (db) => {
      await setMeta(db, 'by', 'the one that stood still');
      if (++tries === 1) await new Promise<void>((resolve) => (left = resolve));
    });
    await until('it has begun', () => tries === 1);
    await other.write((db) => setMeta(db, 'by', 'the other'));
    left();
    await standing;
    expect(tries, 'what was taken from it is done again').to.equal(2);
    for (const database of [still, other]) await database.close();
  });

  only.postgres('waits for a free connection no longer than is good, and says so', async () => {
    const database = await Database.open(loadConfig({ dataDir, databaseUrl: url, databasePool: 2 }));
    const slow = () => sql`select pg_sleep(8)`.execute(database.db);
    const both = Promise.all([slow(), slow()]);
    await failure('record_busy', () => sql`select 1`.execute(database.db));
    await both;
    await database.close();
  });

  only.postgres('is spoken to by TLS where sslmode says so, and not where the certificate does not fit', async () => {
    const server = databaseServer();
    const files = { key: join(server.socket, 'server.key'), certificate: join(server.socket, 'server.crt') };
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'],
        ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', files.key, '-out', files.certificate],
      ],
      { stdio: 'pipe' },
    );
    const { uid, gid } = statSync(server.socket);
    chownSync(files.key, uid, gid);
    chmodSync(files.key, 0o600);
    const at = (options: string) => `${url}?${options}`;
    await refused('record_unreachable', at('sslmode=require'));
    await server.shutdown();
    await server.start(['ssl=on', `ssl_cert_file=${files.certificate}`, `ssl_key_file=${files.key}`]);
    for (const options of ['sslmode=require', `sslmode=verify-full&sslrootcert=${files.certificate}`]) {
      const database = await open(at(options));
      const { rows } = await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(database.db);
      expect(rows, options).to.deep.equal([{ ssl: true }]);
      await database.close();
    }
    expect(await refused('record_unreachable', at('sslmode=verify-full'))).to.include('certificate');
    await server.shutdown();
    await server.start();
  });
});
