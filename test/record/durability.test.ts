import { join } from 'node:path';
import { expect } from 'chai';
import { Durability } from '../../src/record/durability.ts';
import { setMeta } from '../../src/record/meta.ts';
import { only } from '../support/database.ts';
import { TestFolders } from '../support/folder.ts';
import { openRecord } from '../support/record.ts';
import { SlowDisk } from '../support/slow-disk.ts';
import { until } from '../support/until.ts';

describe('syncing the database to its disk', () => {
  const folders = new TestFolders();
  after(folders.remove);

  only.sqlite('happens once for all callers that wait during another sync', async () => {
    const database = await openRecord(folders.make());
    await database.write((db) => setMeta(db, 'written', 'yes'));
    const disk = await SlowDisk.hold();
    const done: string[] = [];
    const ask = (who: string) => database.durable().then(() => done.push(who));
    const first = ask('first');
    await until('the disk is asked', () => disk.asked === 1);
    const others = ['second', 'third', 'fourth'].map(ask);
    disk.turn();
    await first;
    await until('the disk is asked again', () => disk.asked === 2);
    expect(done, 'those who came later may have written later').to.deep.equal(['first']);
    disk.turn();
    await Promise.all(others);
    expect(disk.asked).to.equal(2);
    disk.release();
    await database.close();
  });

  it('does nothing if SQLite keeps no log', async () => {
    const durability = new Durability(join(folders.make(), 'none.db'));
    await durability.sync();
    await durability.close();
  });
});
