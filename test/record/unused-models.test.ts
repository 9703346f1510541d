import { expect } from 'chai';
import type { Record } from '../../src/record/record.ts';
import { removeBuild } from '../../src/record/retention.ts';
import { removeUnusedModels } from '../../src/record/unused-models.ts';
import { insertWorkflows } from '../../src/record/workflows.ts';
import { finishedBuild } from '../support/finished-build.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, openRecord } from '../support/record.ts';

describe('models of workflows', () => {
  const folders = new TestFolders();
  let record: Record;

  before(async () => {
    record = await openRecord(folders.make());
    await observed(record);
  });
  after(async () => {
    await record.close();
    folders.remove();
  });

  async function buildWith(...hashes: string[]) {
    const build = await finishedBuild(record, 1);
    const models = hashes.map((hash) => ({ hash, model: '{}' }));
    await record.write((db) => insertWorkflows(db, build, { facts: '{}', models }));
    return build;
  }

  it('go with the last build that names them', async () => {
    const first = await buildWith('one', 'both');
    await buildWith('two', 'both');
    expect(await removeUnusedModels(record)).to.equal(0);
    await removeBuild(record, first);
    expect(await removeUnusedModels(record)).to.equal(1);
    const left = await record.db.selectFrom('workflow_models').select('hash').orderBy('hash').execute();
    expect(left.map(({ hash }) => hash)).to.deep.equal(['both', 'two']);
  });
});
