import { expect } from 'chai';
import { jobIdOf } from '../../src/kernel/model.ts';
import {
  closeIntent,
  failIntent,
  findIntent,
  openCancel,
  openCancels,
  openTrigger,
  openTriggers,
} from '../../src/record/intents.ts';
import type { Record } from '../../src/record/record.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, openRecord, recordedBuild } from '../support/record.ts';

describe("people's requests", () => {
  const folders = new TestFolders();
  let record: Record;

  beforeEach(async () => {
    record = await openRecord(folders.make());
    await observed(record);
  });

  afterEach(() => record.close());

  after(folders.remove);

  it('are open until they have had their effect', async () => {
    const build = await recordedBuild(record);
    const trigger = await openTrigger(record, 'app', 'main');
    const cancel = await openCancel(record, 'app', build, jobIdOf(build, 1));
    expect(await findIntent(record, trigger)).to.deep.include({
      kind: 'trigger',
      repo: 'app',
      ref: 'main',
      open: true,
      madeBuild: null,
      error: null,
    });
    expect(await findIntent(record, cancel)).to.deep.include({
      kind: 'cancel',
      build,
      job: jobIdOf(build, 1),
      open: true,
    });
    await record.write((db) => closeIntent(db, trigger, build));
    await record.write((db) => closeIntent(db, cancel));
    expect(await findIntent(record, trigger)).to.include({ open: false, madeBuild: build });
    expect(await findIntent(record, cancel)).to.include({ open: false, madeBuild: null });
    expect(await openTriggers(record, 'app')).to.deep.equal([]);
    expect(await openCancels(record)).to.deep.equal([]);
  });

  it('that can have no effect say why', async () => {
    const trigger = await openTrigger(record, 'app', 'gone');
    await failIntent(record, trigger, {
      code: 'commit_missing',
      message: 'there is no branch "gone"',
      remedy: 'Name another.',
    });
    expect(await findIntent(record, trigger)).to.deep.include({
      open: false,
      error: { code: 'commit_missing', message: 'there is no branch "gone"', remedy: 'Name another.' },
    });
  });

  it('are closed once: the first end stands', async () => {
    const build = await recordedBuild(record);
    const trigger = await openTrigger(record, 'app', null);
    await record.write((db) => closeIntent(db, trigger, build));
    await failIntent(record, trigger, { code: 'commit_missing', message: 'too late', remedy: '' });
    expect(await findIntent(record, trigger)).to.include({ madeBuild: build, error: null });
  });

  it('are had in the order of asking, those of each kind and repository apart', async () => {
    const build = await recordedBuild(record);
    const triggers = [await openTrigger(record, 'app', 'a'), await openTrigger(record, 'app', 'b')];
    await openTrigger(record, 'other', 'c');
    const cancels = [await openCancel(record, 'app', build, null), await openCancel(record, 'app', build, null)];
    expect((await openTriggers(record, 'app')).map(({ id }) => id)).to.deep.equal(triggers);
    expect((await openCancels(record)).map(({ id }) => id)).to.deep.equal(cancels);
    expect(await findIntent(record, 999)).to.equal(undefined);
  });
});
