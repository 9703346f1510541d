import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../src/kernel/config.ts';
import { listBuilds } from '../../src/record/builds.ts';
import { Database } from '../../src/record/database.ts';
import { Evidence } from '../support/evidence.ts';
import { type VoltProcess, VoltProcesses } from '../support/processes.ts';
import { freePort } from '../support/redis.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';

describe('restarting volt up during builds', () => {
  let processes: VoltProcesses;
  let evidence: Evidence;
  let repository: TestRepository;
  let dataDir: string;
  let database: Database;

  beforeEach(async () => {
    processes = new VoltProcesses();
    evidence = new Evidence();
    repository = new TestRepository({ 'test.sh': evidence.script(3) });
    dataDir = mkdtempSync(join(tmpdir(), 'volt-up-'));
    database = await Database.open(loadConfig({ dataDir }));
  });

  afterEach(async () => {
    await processes.end();
    await database.close();
    evidence.remove();
    repository.remove();
    // the embedded Redis stops by itself shortly after its Volt
    await until('the data directory can be removed', () => removed(dataDir));
  });

  async function up(): Promise<VoltProcess> {
    const port = String(await freePort());
    const volt = processes.start(['up', '--repo', repository.path, '--slots', '1', '--data', dataDir, '--port', port]);
    await volt.says('dashboard');
    return volt;
  }

  async function allBuilt(shas: string[]): Promise<void> {
    await until(
      'every commit has its verdict',
      async () => (await listBuilds(database, { status: 'success', limit: 500 })).length >= shas.length,
      90_000,
    );
    const builds = await listBuilds(database, { limit: 500 });
    expect(builds.map((build) => build.sha).sort()).to.deep.equal([...shas].sort());
    for (const sha of shas)
      expect(
        evidence.runs(sha).filter((run) => run.ended),
        sha,
      ).to.have.length(1);
  }

  it('after Ctrl-C finishes the other jobs, each once', async () => {
    const volt = await up();
    const shas = [repository.head(), ...repository.burst(10)];
    await until('some builds have ended', () => evidence.runs(shas[3] as string).length === 1);
    volt.signal('SIGINT');
    expect(await volt.ended()).to.equal(0);
    await up();
    await allBuilt(shas);
  }).timeout(120_000);

  it('after kill -9 of all processes finishes the other jobs, each once', async () => {
    const volt = await up();
    const shas = [repository.head(), ...repository.burst(10)];
    await until('some builds have ended', () => evidence.runs(shas[3] as string).length === 1);
    volt.signal('SIGKILL');
    await volt.ended();
    await up();
    await allBuilt(shas);
  }).timeout(120_000);

  it('is refused on a data directory in use, with the name of the process that uses it', async () => {
    const first = await up();
    const second = processes.start(['up', '--data', dataDir, '--port', '0']);
    expect(await second.ended()).to.equal(3);
    expect(second.output).to.include('data_locked').and.to.include(String(first.pid));
  });
});

/** False while a process still writes into the folder. */
function removed(folder: string): boolean {
  try {
    rmSync(folder, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}
