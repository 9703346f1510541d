import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { logFile } from '../../src/kernel/data-paths.ts';
import { jobIdOf } from '../../src/kernel/model.ts';
import { startReporter } from '../../src/reporter/start.ts';
import { startRunner } from '../../src/runner/start.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';
import { knownKey } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe("the archive of a job's log", () => {
  const folders = new TestFolders();
  let volt: TestVolt;
  let repository: TestRepository;

  beforeEach(async () => {
    volt = await TestVolt.start();
    repository = new TestRepository({ 'a.txt': 'first' });
  });
  afterEach(async () => {
    await volt.stop();
    repository.remove();
  });
  after(folders.remove);

  const file = (build: string) => logFile(volt.dataDir, { job: jobIdOf(build as never, 1), attempt: 1 });

  it('does not start with the log of an older attempt with the same id', async () => {
    mkdirSync(dirname(file('1')), { recursive: true });
    writeFileSync(file('1'), 'of a former life\n'.repeat(1000));
    for (const stage of ['reporter', 'dispatcher', 'observer'] as const) await volt[stage]();
    await volt.runner();
    await volt.observe(repository.path, { command: 'echo of this one' });
    const build = await volt.build(repository.head());
    expect(build).to.include({ id: '1', status: 'success' });
    const log = readFileSync(file('1'), 'utf8');
    expect(log)
      .to.match(/^of this one$/m)
      .and.not.include('former life');
    const [row] = await volt.context.database.db.selectFrom('attempts').select(['log_bytes', 'log_complete']).execute();
    expect(row).to.deep.equal({ log_bytes: log.length, log_complete: 1 });
  });

  for (const when of ['while the job goes on', 'when the job is about to end'] as const) {
    it(`becomes complete although the disk lost a confirmed part ${when}`, async () => {
      const gate = join(folders.make(), 'gate');
      let reporter = await startReporter(volt.context);
      for (const stage of ['dispatcher', 'observer'] as const) await volt[stage]();
      const key = await knownKey(volt.context.database, 'far');
      // a runner without the stages' data directory sends its log through Redis
      const config = { ...volt.context.config, dataDir: folders.make(), runnerKey: key.text };
      const runner = await startRunner(
        { ...volt.context, config },
        { labels: [], slots: 1, graceSeconds: 0, name: 'far' },
      );
      try {
        const more = when === 'while the job goes on' ? 'seq 20000 40000' : 'true';
        const command = `seq 20000; while ! test -e ${gate}; do sleep 0.05; done; ${more}`;
        await volt.observe(repository.path, { command });
        await until('the output of the job is archived', () => /^20000$/m.test(readLog('1')));
        // as in a power cut, which loses what the system has not written
        await reporter.stop();
        truncateSync(file('1'), 5000);
        reporter = await startReporter(volt.context);
        writeFileSync(gate, '');
        const build = await volt.build(repository.head());
        expect(build.status).to.equal('success');
        const lines = readLog('1')
          .split('\n')
          .filter((line) => /^\d+$/.test(line));
        expect(lines.length).to.equal(when === 'while the job goes on' ? 40_001 : 20_000);
        const [row] = await volt.context.database.db.selectFrom('attempts').select('log_complete').execute();
        expect(row).to.deep.equal({ log_complete: 1 });
      } finally {
        await runner.stop();
        await reporter.stop();
      }
    });
  }

  function readLog(build: string): string {
    try {
      return readFileSync(file(build), 'utf8');
    } catch {
      return '';
    }
  }
});
