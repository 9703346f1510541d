import { expect } from 'chai';
import { type CompiledQuery, sql } from 'kysely';
import { job, Site } from './site.ts';

/** Tables that grow with every build; the others hold what people have set up. */
const growing = /\b(builds|jobs|attempts|steps|intents)\b/;

describe('web: what pages ask of a record with many builds', () => {
  let site: Site;
  let asked: CompiledQuery[];
  before(async () => {
    site = await Site.start();
    await site.repository('sample');
    const id = await site.build('sample', {}, [{ name: 'a' }, { name: 'b', needs: ['a'] }]);
    await site.begin({ job: job(id), attempt: 1 });
    await site.finish({ job: job(id), attempt: 1 }, { status: 'failure', reason: 'exit_code' });
    const running = await site.build('sample');
    await site.begin({ job: job(running), attempt: 1 });
    const executor = site.context.record.db.getExecutor();
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
    ...['/', '/?before=9', '/?repo=sample', '/?branch=main', '/?repo=sample&branch=main&status=failure'],
    ...['/?status=success', '/?author=ada', '/?text=change', '/?repo=sample&view=grid', '/builds/1', '/builds/2'],
    ...['/repos', '/repos/sample', '/badge/sample.svg?branch=main', '/runners', '/runners/r1'],
    ...['/api/v1/builds', '/api/v1/builds/1'],
  ]) {
    it(`of ${path} is found by an index`, async () => {
      expect((await site.fetch(path)).status).to.equal(200);
      const queries = [...asked];
      expect(queries).to.not.have.lengthOf(0);
      for (const query of queries) {
        const plan = sql<{ detail: string }>`${sql.raw(`explain query plan ${query.sql}`)}`.compile(
          site.context.record.db,
        );
        const { rows } = await site.context.record.db.executeQuery<{ detail: string }>({
          ...plan,
          parameters: query.parameters,
        });
        const scans = rows.map(({ detail }) => detail).filter((detail) => /^SCAN/.test(detail) && growing.test(detail));
        expect(scans, query.sql).to.deep.equal([]);
      }
    });
  }
});
