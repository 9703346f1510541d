import { expect } from 'chai';
import { jobIdOf } from '../../src/kernel/model.ts';
import type { Database } from '../../src/record/database.ts';
import { startAttempt } from '../../src/record/job-transitions.ts';
import {
  addRunnerKey,
  adoptRunnerKey,
  attemptHolder,
  listRunnerKeys,
  removeRunnerKey,
} from '../../src/record/runner-keys.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { openRecord, recordedBuild, withRecord } from '../support/record.ts';
import { stranger } from '../support/runner-keys.ts';

describe('keys of runners', () => {
  const folders = new TestFolders();
  let database: Database;

  after(folders.remove);

  withRecord(
    (opened) => {
      database = opened;
    },
    { once: true },
  );

  const names = async () => (await listRunnerKeys(database)).map(({ name }) => name);
  const add = (name: string, repos: string[] = []) =>
    addRunnerKey(database, { name, publicKey: stranger().publicKey, repos, createdBy: 'owner' });

  it('have unique names, which are free again when a key is ended', async () => {
    await add('one', ['app', 'deploy-*']);
    await failure('name_taken', () => add('one'));
    expect((await listRunnerKeys(database))[0]).to.include({ name: 'one', own: false, createdBy: 'owner' });
    await removeRunnerKey(database, 'one');
    expect(await names()).to.deep.equal([]);
    await failure('not_found', () => removeRunnerKey(database, 'one'));
    await add('one');
    expect(await names()).to.deep.equal(['one']);
  });

  it('of the data directory are adopted once, under a free name, and not again after they were ended', async () => {
    const { publicKey } = stranger();
    await adoptRunnerKey(database, 'one', publicKey);
    await adoptRunnerKey(database, 'one', publicKey);
    expect(await names()).to.deep.equal(['one', 'one-2']);
    await removeRunnerKey(database, 'one-2');
    await adoptRunnerKey(database, 'one', publicKey);
    expect(await names()).to.deep.equal(['one']);
  });

  it('of the data directory are added only by people after a person has ended one of them', async () => {
    const another = stranger();
    await adoptRunnerKey(database, 'box', another.publicKey);
    expect(await names(), 'made by who was shut out').to.deep.equal(['one']);
    const asked = { name: 'box', publicKey: another.publicKey, repos: [], own: true, createdBy: 'owner' };
    expect(await addRunnerKey(database, asked)).to.include({ name: 'box', own: true });
    await adoptRunnerKey(database, 'box', stranger().publicKey);
    expect(await names()).to.deep.equal(['box', 'one']);
    await removeRunnerKey(database, 'box');
    const { remedy } = await failure('name_taken', () => addRunnerKey(database, { ...asked, name: 'again' }));
    expect(remedy).to.include('keys/runner');
  });

  it('of the data directory are limited, however many its runners make', async () => {
    const other = await openRecord(folders.make());
    for (let number = 0; number < 12; number++) await adoptRunnerKey(other, 'box', stranger().publicKey);
    expect(await listRunnerKeys(other)).to.have.length(8);
    await other.close();
  });

  it('decide which runner has an attempt, and which may have it', async () => {
    const build = await recordedBuild(database);
    const ref = { job: jobIdOf(build, 1), attempt: 1 };
    const { publicKey: key } = await add('holder', ['app']);
    const ask = async (speaker: string, name: string) => attemptHolder(database.db, ref, { key: speaker, name });
    expect(await ask(key, 'holder')).to.deep.equal({
      holder: { key: null, runner: null, isFree: true, isRunning: false },
      objection: undefined,
    });
    await startAttempt(database, ref, { id: 'holder~1', name: 'holder', host: 'box', key }, Date.now());
    expect((await ask(key, 'holder'))?.holder).to.deep.equal({
      ...{ key, runner: 'holder~1', isFree: false, isRunning: true },
    });
    expect((await ask(key, 'one'))?.objection).to.include('belongs to another key');
    expect((await ask(stranger().publicKey, 'any'))?.objection).to.include('not known');
    const kept = await add('kept', ['deploy-*']);
    expect((await ask(kept.publicKey, 'kept'))?.objection).to.include('is kept for deploy-*');
    expect(await attemptHolder(database.db, { ...ref, attempt: 2 }, { key, name: 'holder' })).to.equal(undefined);
  });
});
