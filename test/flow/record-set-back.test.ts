import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { dataPaths, logFile } from '../../src/kernel/data-paths.ts';
import { type Build, isFinal } from '../../src/kernel/model.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import { snapshotRecord } from '../../src/record/snapshot.ts';
import { only } from '../support/database.ts';
import { TestFolders } from '../support/folder.ts';
import { VoltProcesses } from '../support/processes.ts';
import { openRecord } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';

describe('a database that is set back while Redis has continued', () => {
  const folders = new TestFolders();
  const processes = new VoltProcesses();
  afterEach(() => processes.end());
  after(folders.remove);

  only.sqlite('reuses no build id, builds lost commits again, and leaves no job waiting for ever', async () => {
    const dataDir = folders.make();
    const gate = join(folders.make(), 'gate');
    const { record: file } = dataPaths(dataDir);
    const kept = join(folders.make(), 'kept.db');
    const repository = new TestRepository({ 'a.txt': 'first' }, { at: folders.make() });
    const command = `cat a.txt; while ! test -e ${gate}; do sleep 0.05; done`;
    const up = async () => {
      const args = ['--port', '0', '--slots', '1', '--poll', '1', '--repo', repository.path, '--command', command];
      const volt = processes.start(['up', '--data', dataDir, ...args]);
      await volt.says('press Ctrl-C to stop');
      return volt;
    };
    /** Waits until `wanted` accepts the build of a commit. */
    const built = async (sha: string, wanted: (build: Build) => boolean = ({ status }) => isFinal(status)) => {
      const database = await openRecord(dataDir);
      try {
        return await until(`a build of ${sha.slice(0, 8)}`, async () => {
          const [summary] = await listBuilds(database, { sha, limit: 1 });
          const build = summary && (await findBuild(database, summary.id));
          return build && wanted(build) ? build : undefined;
        });
      } finally {
        await database.close();
      }
    };

    const first = await up();
    const running = repository.head();
    await built(running, ({ status }) => status === 'running');
    const queued = repository.commit('queued', { 'a.txt': 'queued' });
    await built(queued, ({ status }) => status === 'queued');
    snapshotRecord(file, kept);
    writeFileSync(gate, '');
    const before = [await built(running), await built(queued)];
    const forgotten = repository.commit('forgotten', { 'a.txt': 'forgotten' });
    const lost = await built(forgotten);
    first.signal('SIGKILL');
    await first.ended();
    for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
    renameSync(kept, file);

    await up();
    const again = await built(forgotten);
    expect(again.status).to.equal('success');
    expect(Number(again.id)).to.be.greaterThan(Number(lost.id));
    expect(again.jobs[0]?.attempts).to.have.length(1);
    for (const { sha, id } of before) {
      const build = await built(sha);
      expect(build).to.include({ id, status: 'success' });
      expect(build.jobs[0]?.attempts.map(({ reason }) => reason)).to.deep.equal(['runner_lost', null]);
    }
    const log = logFile(dataDir, { job: again.jobs[0]?.id as never, attempt: 1 });
    expect(existsSync(log) && readFileSync(log, 'utf8').match(/forgotten/g)).to.have.length(1);
  });
});
