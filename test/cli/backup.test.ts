import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as tar from 'tar';
import { createBackup } from '../../src/cli/backup/create.ts';
import { draftName } from '../../src/cli/backup/leftovers.ts';
import { restoreBackup } from '../../src/cli/backup/restore.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import { dataPaths, logFile } from '../../src/kernel/data-paths.ts';
import type { BuildId, JobId } from '../../src/kernel/model.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import { Database as VoltRecord } from '../../src/record/database.ts';
import { lockDataDirectory } from '../../src/record/lock.ts';
import { setMeta } from '../../src/record/meta.ts';
import { startChild } from '../support/child.ts';
import { volt } from '../support/cli.ts';
import { failure } from '../support/failure.ts';
import { finishedBuild } from '../support/finished-build.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, openRecord, recordedBuild } from '../support/record.ts';
import { startRedis } from '../support/redis.ts';
import { TestRepository } from '../support/repository.ts';

/** A stage that has the database open. */
const reader = `
  import { loadConfig } from './src/kernel/config.ts';
  import { Database } from './src/record/database.ts';
  await Database.open(loadConfig({ dataDir: process.argv.at(-1) }));
  console.log('open');
  setInterval(() => {}, 1000);
`;

describe('volt backup and volt restore', () => {
  const folders = new TestFolders();
  after(folders.remove);

  const config = (dataDir: string) => loadConfig({ dataDir });
  const put = (file: string, text: string | Buffer) => {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  };

  const artifact = 'artifacts/app/1/0a1b/files.tar';

  async function namesIn(file: string): Promise<string[]> {
    const names: string[] = [];
    await tar.list({ file, onReadEntry: ({ path }) => void names.push(path) });
    return names.filter((name) => !name.endsWith('/'));
  }

  /** A data directory with one finished build and all its files, and its backup. */
  async function backedUp(): Promise<{ data: string; file: string; build: BuildId; id: string }> {
    const data = folders.make();
    const paths = dataPaths(data);
    const database = await openRecord(data);
    await observed(database);
    const build = await finishedBuild(database, 1);
    put(logFile(data, { job: `${build}-1` as JobId, attempt: 1 }), 'log\n');
    const results = join(paths.testResults, 'app', 'a'.repeat(40));
    put(`${results}.json`, '{}');
    linkSync(logFile(data, { job: `${build}-1` as JobId, attempt: 1 }), `${results}.log`);
    put(join(data, artifact), 'uploaded');
    put(join(paths.mirrors, 'app.git', 'HEAD'), 'ref');
    for (const key of [paths.token, paths.secretsKey]) {
      writeFileSync(key, 'secret');
      chmodSync(key, 0o600);
    }
    const file = join(folders.make(), 'volt.tar.gz');
    await createBackup(config(data), file);
    const { id } = database;
    await database.close();
    // this process may keep the files open until what has read them is collected as garbage
    const copy = join(folders.make(), 'data');
    cpSync(data, copy, { recursive: true });
    return { data: copy, file, build, id };
  }

  it('write all data that Volt cannot fetch again, readable only by the owner of the file', async () => {
    const { data, file } = await backedUp();
    expect(await namesIn(file)).to.deep.equal([
      'manifest.json',
      'volt.db',
      'token',
      'secrets.key',
      'logs/1/1-1.1.log',
      `test_results/app/${'a'.repeat(40)}.json`,
      `test_results/app/${'a'.repeat(40)}.log`,
      artifact,
    ]);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(readdirSync(data).filter((name) => name.startsWith('.'))).to.deep.equal([]);
  });

  it('write each log that test_results/ shares, however many there are', async () => {
    const data = folders.make();
    const database = await openRecord(data);
    await observed(database);
    const expected: string[] = [];
    for (const name of ['1', '2', '3', '4', '5', '6', '7', '8']) {
      const build = await finishedBuild(database, 1, { sha: name.repeat(40) });
      const log = logFile(data, { job: `${build}-1` as JobId, attempt: 1 });
      put(log, `log ${name}\n`);
      const result = `test_results/app/${name.repeat(40)}.log`;
      put(join(data, 'test_results/app', `${name.repeat(40)}.json`), '{}');
      linkSync(log, join(data, result));
      expected.push(`logs/${build}/${build}-1.1.log`, result);
    }
    await database.close();
    const file = join(folders.make(), 'volt.tar.gz');
    await createBackup(config(data), file);
    expect(await namesIn(file)).to.include.members(expected);
  });

  it('leave out incomplete artifacts and artifacts of unknown builds', async () => {
    const { data, file } = await backedUp();
    put(join(data, 'artifacts/app/1/0a1b.5a5a.draft/files.tar'), 'half');
    put(join(data, 'artifacts/app/2/0a1b/files.tar'), 'of a later build');
    await createBackup(config(data), file);
    expect((await namesIn(file)).filter((name) => name.startsWith('artifacts'))).to.deep.equal([artifact]);
  });

  it('leave all artifacts out of the backup on request, and keep the existing ones at the restore', async () => {
    const { data } = await backedUp();
    const file = join(folders.make(), 'volt.tar.gz');
    expect((await volt(['backup', file, '--no-artifacts', '--data', data])).code).to.equal(0);
    expect(await namesIn(file))
      .to.include('logs/1/1-1.1.log')
      .and.not.include(artifact);
    await restoreBackup(config(data), file, { force: true });
    expect(readFileSync(join(data, artifact), 'utf8')).to.equal('uploaded');
  });

  it('remove leftovers of a killed backup, but no files of a backup that is being written', async () => {
    const { data, file } = await backedUp();
    const gone = startChild('console.log(1)');
    await gone.ended();
    const folder = join(file, '..');
    const other = draftName({ host: 'another-machine' }, gone.pid);
    const living = draftName(config(data), process.ppid);
    for (const name of [draftName(config(data), gone.pid), living, other]) {
      put(join(data, name, 'volt.db'), 'a copy');
      put(join(folder, `${name}.tar`), 'half');
    }
    await createBackup(config(data), file);
    expect(
      readdirSync(data)
        .filter((name) => name.startsWith('.'))
        .sort(),
    ).to.deep.equal([living, other].sort());
    expect(
      readdirSync(folder)
        .filter((name) => name.startsWith('.'))
        .sort(),
    ).to.deep.equal([`${living}.tar`, `${other}.tar`].sort());
  });

  it('restore every file with its content and mode', async () => {
    const { file, build } = await backedUp();
    const data = join(folders.make(), 'new');
    const { manifest, replaced } = await restoreBackup(config(data), file, { force: false });
    expect(replaced).to.equal(null);
    expect(manifest).to.include({ volt: 'backup', format: 1 });
    const database = await openRecord(data);
    expect(await findBuild(database, build)).to.include({ id: build, status: 'success' });
    await database.close();
    expect(readFileSync(logFile(data, { job: `${build}-1` as JobId, attempt: 1 }), 'utf8')).to.equal('log\n');
    for (const key of [dataPaths(data).token, dataPaths(data).secretsKey])
      expect(statSync(key).mode & 0o777).to.equal(0o600);
    expect(readFileSync(join(data, artifact), 'utf8')).to.equal('uploaded');
    expect(readdirSync(data).sort()).to.deep.equal(
      ['artifacts', 'logs', 'secrets.key', 'test_results', 'token', 'up.lock', 'volt.db']
        .concat(readdirSync(data).filter((name) => /^volt\.db-/.test(name)))
        .sort(),
    );
  });

  it('save one consistent moment while builds are created and logs grow', async () => {
    const { data } = await backedUp();
    const database = await openRecord(data);
    let going = true;
    const writing = (async () => {
      while (going) {
        const build = await recordedBuild(database);
        put(logFile(data, { job: `${build}-1` as JobId, attempt: 1 }), 'begun\n');
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const file = join(folders.make(), 'volt.tar.gz');
    await createBackup(config(data), file);
    going = false;
    await writing;
    await database.close();
    const target = join(folders.make(), 'new');
    await restoreBackup(config(target), file, { force: false });
    const restored = await openRecord(target);
    const known = (await listBuilds(restored, { limit: 500 })).map(({ id }) => id);
    for (const id of readdirSync(dataPaths(target).logs))
      expect(known, 'no log of a build that is not there').to.include(id);
    expect(await restored.db.selectFrom('jobs').select('id').execute(), 'each build with its job').to.have.lengthOf(
      known.length,
    );
    await restored.close();
  });

  it('give the restored database a new id and unused build numbers', async () => {
    const { file, build, id } = await backedUp();
    const data = join(folders.make(), 'new');
    await restoreBackup(config(data), file, { force: false });
    const database = await openRecord(data);
    expect(database.id).to.not.equal(id);
    expect(database.formerIds).to.deep.equal([id]);
    const next = await findBuild(database, await recordedBuild(database));
    expect(Number(next?.id)).to.be.above(Number(build) + 1000);
    expect(next?.number, 'people count on').to.equal(2);
    await database.close();
  });

  it('replace existing data only with --force, and keep the replaced data', async () => {
    const { file } = await backedUp();
    const other = await backedUp();
    const refused = await failure('data_not_empty', () => restoreBackup(config(other.data), file, { force: false }));
    expect(refused.remedy).to.include('--force');
    const { replaced } = await restoreBackup(config(other.data), file, { force: true });
    expect(readdirSync(replaced as string)).to.include.members(['volt.db', 'logs', 'token']);
    const database = await openRecord(other.data);
    expect(database.formerIds).to.include(other.id);
    await database.close();
    expect(existsSync(join(dataPaths(other.data).mirrors, 'app.git')), 'a cache stays').to.equal(true);
  });

  it('refuse to restore into a data directory in use', async () => {
    const { file, data } = await backedUp();
    const release = await lockDataDirectory(data, 'volt up, process 4711');
    await failure('data_locked', () => restoreBackup(config(data), file, { force: true }));
    release();
    const stage = startChild(reader, { args: [data] });
    expect(await stage.line()).to.equal('open');
    await failure('data_locked', () => restoreBackup(config(data), file, { force: true }));
    await stage.kill();
    await restoreBackup(config(data), file, { force: true });
  });

  describe('with an invalid backup file', () => {
    /** A hand-made archive with these entries. */
    async function made(entries: Record<string, string | Buffer>, link?: string): Promise<string> {
      const folder = folders.make();
      for (const [name, text] of Object.entries(entries)) put(join(folder, name), text);
      if (link !== undefined) symlinkSync('/etc', join(folder, link));
      const file = join(folders.make(), 'made.tar.gz');
      const names = [...Object.keys(entries), ...(link === undefined ? [] : [link])];
      await tar.create(
        {
          cwd: folder,
          file,
          gzip: true,
          onWriteEntry: (entry) => {
            entry.path = entry.path.replace('up/', '../');
          },
        },
        names,
      );
      return file;
    }

    async function refused(file: string, code: 'bad_backup' | 'record_newer' = 'bad_backup'): Promise<void> {
      const outside = folders.make();
      const data = join(outside, 'data');
      await failure(code, () => restoreBackup(config(data), file, { force: false }));
      expect(readdirSync(outside), 'nothing beside it').to.deep.equal(['data']);
      expect(readdirSync(data), 'nothing in it').to.deep.equal(['up.lock']);
    }

    it('refuse a file of another kind and a truncated backup', async () => {
      const { file } = await backedUp();
      const cut = join(folders.make(), 'cut.tar.gz');
      writeFileSync(cut, readFileSync(file).subarray(0, -100));
      const text = join(folders.make(), 'text');
      writeFileSync(text, 'no backup');
      for (const wrong of [cut, text, join(folders.make(), 'missing')]) await refused(wrong);
    });

    it('refuse an archive that is not a backup', async () => {
      await refused(await made({ 'README.md': 'hello' }));
      await refused(await made({ 'volt.db': 'not a database' }));
    });

    it('refuse an archive with links or with paths that leave the data directory', async () => {
      const { file } = await backedUp();
      const right = folders.make();
      await tar.extract({ file, cwd: right });
      const manifest = { 'manifest.json': readFileSync(join(right, 'manifest.json')) };
      const rest = { ...manifest, 'volt.db': readFileSync(join(right, 'volt.db')) };
      await restoreBackup(config(join(folders.make(), 'data')), await made(rest), { force: false });
      await refused(await made({ ...rest, 'up/evil': 'evil' }));
      await refused(await made({ ...rest, 'logs/1/x': '' }, 'logs/1/link'));
      await refused(await made({ ...rest, 'redis/url': 'redis://elsewhere' }));
    });

    it('refuse a damaged database and the database of a newer Volt', async () => {
      const { file, data } = await backedUp();
      const folder = folders.make();
      await tar.extract({ file, cwd: folder });
      const manifest = readFileSync(join(folder, 'manifest.json'), 'utf8');
      await refused(await made({ 'manifest.json': manifest, 'volt.db': 'spoilt'.repeat(5000) }));
      const database = await openRecord(data);
      await setMeta(database.db, 'schema_version', '999');
      const newer = join(folders.make(), 'newer.tar.gz');
      await createBackup(config(data), newer);
      await database.close();
      await refused(newer, 'record_newer');
    });
  });

  it('work as commands of the command line', async () => {
    const { data } = await backedUp();
    const file = join(folders.make(), 'b.tar.gz');
    const backup = await volt(['backup', file, '--data', data]);
    expect(backup.stdout, backup.stderr).to.match(/^wrote \/.*b\.tar\.gz \(\d/);
    rmSync(data, { recursive: true });
    const restore = await volt(['restore', file, '--data', data, '--json']);
    expect(JSON.parse(restore.stdout)).to.deep.include({ volt: 'backup', replaced: null });
    const again = await volt(['restore', file, '--data', data]);
    expect([again.code, again.stderr.split(':')[0]]).to.deep.equal([2, 'error data_not_empty']);
    const none = await volt(['backup', file, '--data', folders.make()]);
    expect([none.code, none.stderr.split(':')[0]]).to.deep.equal([2, 'error not_found']);
  });

  it('let Volt continue its builds on the same Redis after a restore', async () => {
    const repository = new TestRepository({ 'test.sh': '#!/bin/sh\n' });
    const data = join(folders.make(), 'data');
    const redis = await startRedis();
    const env = { VOLT_REDIS_URL: redis.url };
    const once = () =>
      volt(['up', '--repo', `app=${repository.path}`, '--once', '--port', '0', '--data', data], { env });
    expect(await once()).to.include({ code: 0 });
    const file = join(folders.make(), 'b.tar.gz');
    expect(await volt(['backup', file, '--data', data])).to.include({ code: 0 });
    repository.commit('made after the backup');
    expect(await once()).to.include({ code: 0 });
    expect(await volt(['restore', '--force', file, '--data', data])).to.include({ code: 0 });
    const end = await once();
    expect(end.code, end.stdout + end.stderr).to.equal(0);
    const database = await openRecord(data);
    const builds = await listBuilds(database, { limit: 10 });
    await database.close();
    expect(
      builds.map(({ number, status }) => [number, status]),
      'the later commit is built again',
    ).to.deep.equal([
      [2, 'success'],
      [1, 'success'],
    ]);
    expect(Number(builds[0]?.id)).to.be.above(10_000);
    await redis.stop();
    repository.remove();
  });

  it('restore over a database outside of the data directory, and empty the Redis of `volt up`', async () => {
    const { file, build } = await backedUp();
    const data = folders.make();
    const databaseFile = join(folders.make(), 'elsewhere.db');
    writeFileSync(databaseFile, 'the former');
    put(join(dataPaths(data).redis, 'appendonlydir', 'appendonly.aof'), 'of another record');
    put(dataPaths(data).redisUrl, 'redis://:password@127.0.0.1:1');
    const elsewhere = loadConfig({ dataDir: data, databaseUrl: `sqlite:${databaseFile}` });
    await failure('data_not_empty', () => restoreBackup(elsewhere, file, { force: false }));
    await restoreBackup(elsewhere, file, { force: true });
    expect(
      readdirSync(join(databaseFile, '..')).filter((name) => name.startsWith('elsewhere.db.before-restore-')),
    ).to.have.lengthOf(1);
    const database = await VoltRecord.open(elsewhere);
    expect(await findBuild(database, build)).to.include({ id: build });
    await database.close();
    expect(readdirSync(dataPaths(data).redis), 'its address stays').to.deep.equal(['url']);
  });
});
