import { expect } from 'chai';
import { jobIdOf } from '../../src/kernel/model.ts';
import type { Database } from '../../src/record/database.ts';
import {
  closeIntent,
  failIntent,
  findIntent,
  openCancel,
  openCancels,
  openTrigger,
  openTriggers,
} from '../../src/record/intents.ts';
import { recordedBuild, withRecord } from '../support/record.ts';

describe('requests of people', () => {
  let database: Database;

  withRecord((opened) => {
    database = opened;
  });

  it('are open until they are done', async () => {
    const build = await recordedBuild(database);
    const trigger = await openTrigger(database, 'app', 'main');
    const cancel = await openCancel(database, 'app', build, jobIdOf(build, 1));
    expect(await findIntent(database, trigger)).to.deep.include({
      kind: 'trigger',
      repo: 'app',
      ref: 'main',
      open: true,
      madeBuild: null,
      error: null,
    });
    expect(await findIntent(database, cancel)).to.deep.include({
      kind: 'cancel',
      build,
      job: jobIdOf(build, 1),
      open: true,
    });
    await database.write((db) => closeIntent(db, trigger, build));
    await database.write((db) => closeIntent(db, cancel));
    expect(await findIntent(database, trigger)).to.include({ open: false, madeBuild: build });
    expect(await findIntent(database, cancel)).to.include({ open: false, madeBuild: null });
    expect(await openTriggers(database, 'app')).to.deep.equal([]);
    expect(await openCancels(database)).to.deep.equal([]);
  });

  it('that cannot be carried out say why', async () => {
    const trigger = await openTrigger(database, 'app', 'gone');
    await failIntent(database, trigger, {
      code: 'commit_missing',
      message: 'there is no branch "gone"',
      remedy: 'Name another.',
    });
    expect(await findIntent(database, trigger)).to.deep.include({
      open: false,
      error: { code: 'commit_missing', message: 'there is no branch "gone"', remedy: 'Name another.' },
    });
  });

  it('are closed once: the first outcome stays', async () => {
    const build = await recordedBuild(database);
    const trigger = await openTrigger(database, 'app', null);
    await database.write((db) => closeIntent(db, trigger, build));
    await failIntent(database, trigger, { code: 'commit_missing', message: 'too late', remedy: '' });
    expect(await findIntent(database, trigger)).to.include({ madeBuild: build, error: null });
  });

  it('are listed in their order, by kind and repository', async () => {
    const build = await recordedBuild(database);
    const triggers = [await openTrigger(database, 'app', 'a'), await openTrigger(database, 'app', 'b')];
    await openTrigger(database, 'other', 'c');
    const cancels = [await openCancel(database, 'app', build, null), await openCancel(database, 'app', build, null)];
    expect((await openTriggers(database, 'app')).map(({ id }) => id)).to.deep.equal(triggers);
    expect((await openCancels(database)).map(({ id }) => id)).to.deep.equal(cancels);
    expect(await findIntent(database, 999)).to.equal(undefined);
  });
});
