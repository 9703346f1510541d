import { expect } from 'chai';
import type { Database } from '../../src/record/database.ts';
import { removeBuild } from '../../src/record/retention.ts';
import { removeUnusedModels } from '../../src/record/unused-models.ts';
import { insertWorkflows } from '../../src/record/workflows.ts';
import { finishedBuild } from '../support/finished-build.ts';
import { withRecord } from '../support/record.ts';

describe('models of workflows', () => {
  let database: Database;

  withRecord(
    (opened) => {
      database = opened;
    },
    { once: true },
  );

  async function buildWith(...hashes: string[]) {
    const build = await finishedBuild(database, 1);
    const models = hashes.map((hash) => ({ hash, model: '{}' }));
    await database.write((db) => insertWorkflows(db, { build, repo: 'app' }, { facts: '{}', models }));
    return build;
  }

  it('are removed with the last build that uses them', async () => {
    const first = await buildWith('one', 'both');
    await buildWith('two', 'both');
    expect(await removeUnusedModels(database)).to.equal(0);
    await removeBuild(database, first);
    expect(await removeUnusedModels(database)).to.equal(1);
    const left = await database.db.selectFrom('workflow_models').select('hash').orderBy('hash').execute();
    expect(left.map(({ hash }) => hash)).to.deep.equal(['both', 'two']);
  });
});
