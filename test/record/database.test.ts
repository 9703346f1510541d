import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { sql } from 'kysely';
import SqliteFile from 'libsql';
import { loadConfig } from '../../src/kernel/config.ts';
import { Database } from '../../src/record/database.ts';
import { setMeta } from '../../src/record/meta.ts';
import { findRepository } from '../../src/record/repositories.ts';
import { startChild } from '../support/child.ts';
import { databaseEnvironment, holdRecord, only } from '../support/database.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, openRecord } from '../support/record.ts';
import { until } from '../support/until.ts';

/** Opens the record at a given moment, prints its id, and writes to it. */
const opener = `
  import { loadConfig } from './src/kernel/config.ts';
  import { Database } from './src/record/database.ts';
  import { saveRepository } from './src/record/repositories.ts';
  const [dataDir, name] = process.argv.slice(-2);
  process.once('SIGUSR2', async () => {
    const database = await Database.open(loadConfig({ dataDir }));
    await saveRepository(database, { name, url: name, host: null, branches: [], pollSeconds: 5, commits: 'every', tags: [], command: null, reports: [], filter: null, runners: [] });
    await database.close();
    console.log(database.id);
    clearInterval(waiting);
  });
  const waiting = setInterval(() => {}, 1000);
  console.log('ready');
`;

describe('the database', () => {
  const folders = new TestFolders();

  after(folders.remove);

  it('keeps what was written, and its id', async () => {
    const dataDir = folders.make();
    const first = await openRecord(dataDir);
    await observed(first);
    await first.close();
    const second = await openRecord(dataDir);
    expect(second.id).to.equal(first.id);
    expect(await findRepository(second, 'app')).to.include({ name: 'app' });
    await second.close();
  });

  it('yields the event loop within a transaction of many statements', async () => {
    const database = await openRecord(folders.make());
    let turns = 0;
    let over = false;
    const count = () => {
      turns++;
      if (!over) setImmediate(count);
    };
    setImmediate(count);
    await database.write(async (db) => {
      // by number, not by time: a busy machine may leave time for few of them
      for (let count = 0; turns <= 2 && count < 50_000; count++) await sql`select 1`.execute(db);
    });
    over = true;
    await database.close();
    expect(turns).to.be.greaterThan(2);
  });

  it('has an id that no other database has', async () => {
    const records = await Promise.all([openRecord(folders.make()), openRecord(folders.make())]);
    expect(records[0]?.id).to.not.equal(records[1]?.id);
    for (const database of records) await database.close();
  });

  it('is distinguished from a copy of itself by its address', async () => {
    const dataDir = folders.make();
    const [one, same, other] = [await openRecord(dataDir), await openRecord(dataDir), await openRecord(folders.make())];
    expect(one.location).to.be.a('string');
    expect(same.location).to.equal(one.location);
    expect(other.location).to.not.equal(one.location);
    for (const database of [one, same, other]) await database.close();
  });

  it('is set up once by processes that start together', async () => {
    const dataDir = folders.make();
    const env = await databaseEnvironment(dataDir, 'new');
    const children = ['one', 'two'].map((name) => startChild(opener, { args: [dataDir, name], env }));
    for (const child of children) await child.line();
    for (const child of children) child.signal('SIGUSR2');
    const own = await openRecord(dataDir);
    await own.close();
    const ids = await Promise.all(children.map((child) => child.line()));
    for (const child of children) expect(await child.ended()).to.equal(0);
    const database = await openRecord(dataDir);
    expect(new Set([...ids, own.id, database.id]).size).to.equal(1);
    for (const name of ['one', 'two']) expect(await findRepository(database, name)).to.include({ name });
    await database.close();
  });

  it('of a newer Volt is refused and left as it is', async () => {
    const dataDir = folders.make();
    const database = await openRecord(dataDir);
    await setMeta(database.db, 'schema_version', '999');
    const error = await failure('record_newer', () => openRecord(dataDir));
    expect(error.message).to.include('999');
    const row = await database.db.selectFrom('meta').selectAll().where('key', '=', 'schema_version').executeTakeFirst();
    expect(row).to.include({ value: '999' });
    await database.close();
  });

  it('that lacks a table or a column of its version is refused with their names', async () => {
    const dataDir = folders.make();
    const database = await openRecord(dataDir);
    await database.db.schema.dropTable('turns').execute();
    await database.db.schema.alterTable('jobs').renameColumn('node', 'nodes').execute();
    const error = await failure('record_incomplete', () => openRecord(dataDir));
    expect(error.message).to.match(/has schema version \d+, but lacks jobs\.node, turns$/);
    expect(error.remedy).to.include('volt restore');
    await database.close();
  });

  only.sqlite('may be in a file of its own', async () => {
    const folder = folders.make();
    for (const databaseUrl of [`sqlite:${join(folder, 'one/my.db')}`, `sqlite://${join(folder, 'two/my.db')}`]) {
      const record = await Database.open(loadConfig({ dataDir: folder, databaseUrl }));
      await record.close();
      const file = new SqliteFile(databaseUrl.replace(/^sqlite:(\/\/)?/, ''), { readonly: true } as object);
      expect(file.prepare("select value from meta where key = 'record_id'").get()).to.include({ value: record.id });
      file.close();
    }
  });

  it('is refused at an address that is neither SQLite nor PostgreSQL', async () => {
    const dataDir = folders.make();
    const at = (databaseUrl: string) => Database.open(loadConfig({ dataDir, databaseUrl }));
    for (const url of ['sqlite:', 'mysql://box/volt', 'volt.db', 'postgres:box'])
      await failure('bad_setting', () => at(url));
  });

  it('is refused with data_unwritable if it cannot be written', async () => {
    const file = join(folders.make(), 'a-file');
    writeFileSync(file, '');
    const error = await failure('data_unwritable', () => openRecord(join(file, 'data')));
    expect(error.remedy).to.include('--data');
  });

  it('writes nothing of a transaction that fails', async () => {
    const database = await openRecord(folders.make());
    await observed(database);
    const failed = await database
      .write(async (db) => {
        await db.updateTable('repositories').set({ url: 'changed' }).execute();
        throw new Error('and then this');
      })
      .catch((error: Error) => error);
    expect(failed).to.have.property('message', 'and then this');
    expect(await findRepository(database, 'app')).to.not.include({ url: 'changed' });
    await database.close();
  });

  it('waits for the writes of others without blocking the event loop', async () => {
    const dataDir = folders.make();
    const database = await openRecord(dataDir);
    await observed(database);
    const release = await holdRecord(dataDir);
    let done = 0;
    let written = false;
    const writing = database
      .write(async (db) => {
        done++;
        await setMeta(db, 'written', 'yes');
      })
      .then(() => {
        written = true;
      });
    let turns = 0;
    // were it to wait within a call, nothing here would run, and the other could never let go
    await until('the process has lived on for a while', () => ++turns > 10);
    expect(written).to.equal(false);
    await release();
    await writing;
    expect(done, 'how often the transaction was begun and given up').to.equal(1);
    await database.close();
  });

  it('reports what its writes wait for while they wait', async () => {
    const dataDir = folders.make();
    const database = await openRecord(dataDir);
    const release = await holdRecord(dataDir);
    const writing = database.write((db) => setMeta(db, 'written', 'yes'));
    expect(database.problems()).to.deep.equal([]);
    await until('it is said', () => database.problems().length > 0);
    expect(database.problems()[0]).to.include({ code: 'record_busy' });
    await release();
    await writing;
    expect(database.problems()).to.deep.equal([]);
    await database.close();
  });

  only.sqlite('reports a full disk, writes nothing then, and writes when there is space again', async () => {
    const database = await openRecord(folders.make());
    const pages = async (most: number) => sql.raw(`pragma max_page_count = ${most}`).execute(database.db);
    // SQLite says so itself when it may have no more pages, as it does when the disk has none
    await pages(1);
    const large = () => database.write((db) => setMeta(db, 'large', 'x'.repeat(1_000_000)));
    expect((await failure('record_full', large)).remedy).to.include('space');
    expect(database.problems()[0]).to.include({ code: 'record_full' });
    await pages(1_000_000);
    await large();
    expect(database.problems()).to.deep.equal([]);
    await database.close();
  });

  it('can be read while others write', async () => {
    const dataDir = folders.make();
    const database = await openRecord(dataDir);
    await observed(database);
    const release = await holdRecord(dataDir, "update repositories set url = 'unfinished'");
    expect(await findRepository(database, 'app')).to.not.include({ url: 'unfinished' });
    await release();
    await database.close();
  });

  it('takes the writes of several processes, each whole', async () => {
    const dataDir = folders.make();
    const records = await Promise.all([1, 2].map(() => openRecord(dataDir)));
    const [first] = records as [Database];
    await first.write((db) => setMeta(db, 'count', '0'));
    const increase = (database: Database) =>
      database.write(async (db) => {
        const row = await db.selectFrom('meta').select('value').where('key', '=', 'count').executeTakeFirstOrThrow();
        await setMeta(db, 'count', String(Number(row.value) + 1));
      });
    await Promise.all(records.flatMap((database) => Array.from({ length: 8 }, () => increase(database))));
    const row = await first.db.selectFrom('meta').select('value').where('key', '=', 'count').executeTakeFirst();
    expect(row).to.deep.include({ value: '16' });
    for (const database of records) await database.close();
  });

  it('rehearses a write, and keeps nothing of it', async () => {
    const database = await openRecord(folders.make());
    await observed(database);
    const urlOf = async () => (await findRepository(database, 'app'))?.url;
    const before = await urlOf();
    const rehearsed = await database.rehearse((db) =>
      db.updateTable('repositories').set({ url: 'other' }).returning('url').executeTakeFirstOrThrow(),
    );
    expect([rehearsed.url, await urlOf()]).to.deep.equal(['other', before]);
    const failing = database.rehearse(async () => {
      throw new RangeError('no');
    });
    expect(await failing.catch((error: unknown) => error)).to.be.instanceOf(RangeError);
    await database.close();
  });
});
