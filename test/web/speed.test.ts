import { expect } from 'chai';
import type { CompiledQuery } from 'kysely';
import { removeOldActions } from '../../src/record/audit.ts';
import { changesAfter, latestChange } from '../../src/record/changes.ts';
import { recordTests } from '../../src/record/test-results.ts';
import { findToken } from '../../src/record/tokens.ts';
import { scansOf } from '../support/query-plans.ts';
import { noFailure } from '../support/test-result.ts';
import { job, Site } from './site.ts';

describe('web: queries of pages on a database with many builds', () => {
  let site: Site;
  let asked: CompiledQuery[];
  before(async () => {
    site = await Site.start();
    await site.repository('sample');
    const id = await site.build('sample', {}, [{ name: 'a' }, { name: 'b', needs: ['a'] }]);
    await site.begin({ job: job(id), attempt: 1 });
    const ref = { job: job(id), attempt: 1 };
    const test = {
      suite: '',
      name: 'adds',
      file: null,
      status: 'failed',
      duration: 1,
      ...noFailure,
      message: 'no',
    } as const;
    await recordTests(site.context.database, ref, 1, [test]);
    const tests = { passed: 0, failed: 1, skipped: 0, total: 1, listed: 1 };
    await site.finish(ref, { status: 'failure', reason: 'exit_code', tests });
    const running = await site.build('sample');
    await site.begin({ job: job(running), attempt: 1 });
    const executor = site.context.database.db.getExecutor();
    const execute = executor.executeQuery.bind(executor);
    executor.executeQuery = (query) => {
      asked.push(query);
      return execute(query);
    };
  });
  after(() => site.stop());
  beforeEach(() => {
    asked = [];
  });

  for (const path of [
    ...['/', '/builds', '/builds?before=9', '/builds?upto=1', '/builds?repo=sample', '/builds?branch=main'],
    ...['/builds?repo=sample&branch=main&status=failure', '/builds?status=success&status=error', '/builds?failing=1'],
    ...['/builds?author=ada', '/builds?text=change', '/builds?event=push', '/builds?repo=sample&view=grid'],
    ...['/builds?repo=sample&repo=other&branch=main', '/builds?repo=sample&pull=7', '/builds/1', '/builds/2'],
    ...[
      '/repos',
      '/repos/sample',
      '/repos/sample/branches',
      '/repos/sample/charts',
      '/repos/sample/settings',
      '/badge/sample.svg?branch=main',
      '/runners',
      '/runners/r1',
    ],
    ...[
      '/repos/sample/tests',
      '/repos/sample/tests?sort=slowest',
      '/repos/sample/tests?sort=failing',
      '/repos/sample/tests?sort=flaky&after=2~3',
    ],
    '/repos/sample/tests/1',
    ...['/api/v1/builds', '/api/v1/builds/1', '/audit', '/audit?actor=owner', '/audit?action=sign-in&before=9'],
  ]) {
    it(`of ${path} use an index`, async () => {
      const headers = { authorization: `Bearer ${site.token}` };
      expect((await site.fetch(path, { headers })).status).to.equal(200);
      const queries = [...asked];
      expect(queries).to.not.have.lengthOf(0);
      for (const query of queries) {
        expect(await scansOf(site.context.database, query), query.sql).to.deep.equal([]);
      }
    });
  }

  it('of the events and of pruning use an index', async () => {
    const { database } = site.context;
    await latestChange(database);
    await changesAfter(database, 1, 10);
    await removeOldActions(database, 0, 10);
    await findToken(database, 'token');
    for (const query of [...asked]) expect(await scansOf(site.context.database, query), query.sql).to.deep.equal([]);
  });
});
