import { join } from 'node:path';
import { expect } from 'chai';
import type { SqliteDatabase } from 'kysely';
import Database from 'libsql';
import { keepingStatements } from '../../src/record/statements.ts';
import { TestFolders } from '../support/folder.ts';

describe('kept statements', () => {
  const folders = new TestFolders();
  const open: Database.Database[] = [];

  function database(file = join(folders.make(), 'test.db')) {
    const raw = new Database(file);
    raw.pragma('journal_mode = WAL');
    raw.exec('create table if not exists words (word text unique)');
    open.push(raw);
    const prepared: string[] = [];
    const counting = {
      prepare: (sql: string) => {
        prepared.push(sql);
        return raw.prepare(sql);
      },
      close: () => raw.close(),
    } as unknown as SqliteDatabase;
    return { file, raw, prepared, kept: keepingStatements(counting) };
  }

  afterEach(() => {
    for (const raw of open.splice(0)) raw.close();
    folders.remove();
  });

  const insert = 'insert into words values (?)';
  const select = 'select word from words order by word';
  const words = (kept: SqliteDatabase) => kept.prepare(select).all([]);

  it('are prepared once, and return current rows each time', () => {
    const { kept, prepared } = database();
    for (const word of ['a', 'b', 'c']) {
      expect(kept.prepare(insert).run([word]).changes).to.equal(1);
      words(kept);
    }
    expect(words(kept)).to.deep.equal([{ word: 'a' }, { word: 'b' }, { word: 'c' }]);
    expect(prepared).to.deep.equal([insert, select]);
  });

  it('are prepared again after they have failed', () => {
    const { file, kept, prepared } = database();
    const other = database(file);
    kept.prepare(insert).run(['a']);
    expect(() => kept.prepare(insert).run(['a'])).to.throw(/UNIQUE/);
    other.raw.exec('begin immediate');
    expect(() => kept.prepare(insert).run(['b'])).to.throw(/locked/);
    other.raw.exec('rollback');
    kept.prepare(insert).run(['c']);
    expect(words(kept)).to.deep.equal([{ word: 'a' }, { word: 'c' }]);
    expect(prepared.filter((sql) => sql === insert)).to.have.length(3);
  });

  it('follow a change of the schema', () => {
    const { raw, kept } = database();
    kept.prepare(insert).run(['a']);
    expect(kept.prepare('select * from words').all([])).to.deep.equal([{ word: 'a' }]);
    raw.exec("alter table words add column meaning text default 'none'");
    expect(kept.prepare('select * from words').all([])).to.deep.equal([{ word: 'a', meaning: 'none' }]);
  });

  it('are limited to the ones used last', () => {
    const { kept, prepared } = database();
    for (let count = 0; count < 1000; count++) {
      kept.prepare(`select ${count} as n`).all([]);
      words(kept);
    }
    kept.prepare('select 0 as n').all([]);
    expect(prepared.filter((sql) => sql === select)).to.have.length(1);
    expect(prepared.filter((sql) => sql === 'select 0 as n')).to.have.length(2);
  });
});
