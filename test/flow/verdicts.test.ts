import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';
import { verdicts } from './verdicts.ts';

describe('the verdict of a commit', () => {
  let volt: TestVolt;
  const repositories: TestRepository[] = [];

  before(async () => {
    volt = await TestVolt.startAll({}, { slots: 2 });
  });

  after(async () => {
    await volt.stop();
    for (const repository of repositories) repository.remove();
  });

  verdicts.forEach((scenario, index) => {
    it(scenario.title, async () => {
      const repository = new TestRepository(scenario.files, { name: `scenario-${index}` });
      repositories.push(repository);
      await volt.observe(repository.path, { command: scenario.command ?? null });
      const build = await volt.build(repository.head());
      const [job] = build.jobs;
      expect({ status: build.status, reason: build.reason }).to.deep.equal({
        status: scenario.status,
        reason: scenario.reason,
      });
      expect(job?.exitCode).to.equal(scenario.exitCode);
      expect(job?.steps.map((step) => [step.name, step.status])).to.deep.equal(scenario.steps);
      expect(job?.attempts).to.have.length(1);

      const results = join(volt.dataDir, 'test_results', build.repo);
      const file = join(results, `${build.sha}.json`);
      await until('the result file is there', () => existsSync(file));
      const stored = JSON.parse(await readFile(file, 'utf8'));
      expect(stored).to.deep.include({ id: build.id, sha: build.sha, status: scenario.status, others: [] });
      for (const text of scenario.message ?? []) expect(job?.message).to.include(text);
      if (scenario.log.length === 0) return;
      const log = await readFile(join(results, `${build.sha}.log`), 'utf8');
      for (const text of scenario.log) expect(log).to.include(text);
    });
  });
});
