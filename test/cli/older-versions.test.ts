import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import Database from 'libsql';
import * as tar from 'tar';
import { Shutdown } from '../../src/cli/shutdown.ts';
import { compose, type Volt } from '../../src/cli/up/compose.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import { dataPaths, logFile } from '../../src/kernel/data-paths.ts';
import { type Build, type BuildId, isFinal, type JobId } from '../../src/kernel/model.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import { inspectRecord } from '../../src/record/inspect.ts';
import { listRepositories } from '../../src/record/repositories.ts';
import { volt as command } from '../support/cli.ts';
import { only } from '../support/database.ts';
import { TestFolders } from '../support/folder.ts';
import { keepLog } from '../support/logger.ts';
import { openRecord } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';

const kept = join(import.meta.dirname, '../fixtures/older-versions');

/** Everything of a schema that a statement made, in an order that does not tell when. */
function schemaOf(file: string): string[] {
  const database = new Database(file);
  try {
    const made = database.prepare("select type, name, tbl_name as 'table' from sqlite_master").all() as object[];
    const columns = database
      .prepare(
        `select m.name as 'table', c.name, c.type, c."notnull", c.dflt_value, c.pk
          from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table'`,
      )
      .all() as object[];
    return [...made, ...columns].map((row) => JSON.stringify(row)).sort();
  } finally {
    database.close();
  }
}

describe('upgrading the data directory of an older Volt', () => {
  const folders = new TestFolders();
  after(folders.remove);

  /** Its machine is called `older`, and had the repository at another path. */
  async function unpacked(name: string): Promise<{ dataDir: string; repository: TestRepository }> {
    const dataDir = folders.make();
    await tar.extract({ file: join(kept, name), cwd: dataDir });
    const path = folders.make();
    execFileSync('git', ['clone', '--quiet', '--branch', 'main', join(dataDir, 'app.bundle'), path], {
      stdio: 'ignore',
    });
    const database = new Database(dataPaths(dataDir).record);
    // a prepared statement would keep the file open
    database.exec(`update repositories set url = '${path}'`);
    database.close();
    return { dataDir, repository: new TestRepository({}, { at: path }) };
  }

  for (const name of readdirSync(kept).filter((each) => each.endsWith('.tar.gz'))) {
    const version = name.replace('.tar.gz', '');

    only.sqlite(`migrates the database of ${version} to the current schema and keeps a copy`, async () => {
      const { dataDir } = await unpacked(name);
      const { record: file } = dataPaths(dataDir);
      const before = inspectRecord(file).schemaVersion;
      const old = schemaOf(file);
      const former = new Database(file);
      former.exec('update repositories set depth = 50');
      former.close();
      const database = await openRecord(dataDir);
      const [{ filter } = { filter: null }] = await listRepositories(database);
      expect(filter, 'of a repository with a depth').to.equal('blob:none');
      expect(database.upgrade).to.deep.equal({ from: before, copy: `${file}.schema-${before}` });
      await database.close();
      const fresh = folders.make();
      await (await openRecord(fresh)).close();
      expect(schemaOf(file)).to.deep.equal(schemaOf(dataPaths(fresh).record));
      expect(schemaOf(`${file}.schema-${before}`)).to.deep.equal(old);
      const again = await openRecord(dataDir);
      expect(again.upgrade).to.equal(undefined);
      await again.close();
    });

    only.sqlite(`restores the copy of the database of ${version}`, async () => {
      const { dataDir } = await unpacked(name);
      const { record: file, redis } = dataPaths(dataDir);
      // by a process, whose end releases the database
      expect((await command(['prune', '--data', dataDir])).code).to.equal(0);
      const [copy = ''] = readdirSync(dataDir).filter((each) => /^volt\.db\.schema-\d+$/.test(each));
      const args = ['restore', join(dataDir, copy), '--force', '--data', dataDir];
      const { code, stdout, stderr } = await command(args);
      expect(code, stderr).to.equal(0);
      expect(stdout).to.match(/restored the backup of Volt of schema version \d+ .* from/);
      expect(schemaOf(file)).to.deep.equal(schemaOf(join(dataDir, copy)));
      expect(existsSync(join(redis, 'appendonlydir')), 'what Redis says of later builds').to.equal(false);
      expect(inspectRecord(file).recordId).to.not.equal(inspectRecord(join(dataDir, copy)).recordId);
    });

    only.sqlite(
      `lets the current Volt run the running and waiting jobs of ${version}, and all commands work`,
      async () => {
        const { dataDir, repository } = await unpacked(name);
        const { logger, lines } = keepLog();
        const config = {
          ...loadConfig({ dataDir, isolation: 'none', httpPort: 0 }),
          host: 'older',
        };
        const shutdown = new Shutdown(logger);
        try {
          const volt: Volt = await compose(
            config,
            logger,
            { slots: 2, graceSeconds: 0 },
            shutdown,
            async () => undefined,
          );
          expect(volt.changes[0]).to.match(
            /^the database was migrated from schema version \d+ to \d+; the former database is kept in /,
          );
          const { database } = volt.context;
          const built = (id: BuildId, wanted: (build: Build) => boolean) =>
            until(
              `build ${id}`,
              async () => {
                const build = await findBuild(database, id);
                return build && isFinal(build.status) && wanted(build) ? build : undefined;
              },
              60_000,
            );
          const went = async (number: number, wanted: (build: Build) => boolean = () => true) => {
            const { status, jobs } = await built(String(number) as BuildId, wanted);
            return [status, ...jobs.map((job) => job.status)];
          };
          const passed = ['success', 'success', 'success', 'success'];
          expect(await went(1)).to.deep.equal(passed);
          expect(await went(3)).to.deep.equal(passed);
          expect(await went(4)).to.deep.equal(passed);
          const sha = repository.commit('the fifth', { text: 'the fifth' });
          const newest = await until(
            'it is built',
            async () => (await listBuilds(database, { sha, limit: 1 }))[0],
            60_000,
          );
          expect((await built(newest.id, () => true)).status).to.equal('success');

          const run = async (...args: string[]) => {
            const { code, stdout, stderr } = await command([...args, '--data', dataDir]);
            return { code, text: stdout + stderr };
          };
          expect((await run('builds')).text).to.match(/app#5.*\n(.*\n)*.*app#1/);
          expect((await run('retry', '2')).code).to.equal(0);
          const again = await built('2' as BuildId, ({ jobs }) => jobs[0]?.attempts.length === 2);
          expect(again).to.include({ status: 'failure', reason: 'job_failed' });
          expect((await run('prune')).text).to.match(/nothing to remove/);
          const doctor = JSON.parse((await run('doctor', '--deep', '--json')).text) as {
            findings: { check: string; level: string; message: string }[];
          };
          const compared = ['database', 'messages', 'members', 'logs', 'test results', 'spools', 'mirrors', 'backups'];
          const ill = doctor.findings.filter(({ check, level }) => compared.includes(check) && level !== 'ok');
          expect(ill).to.deep.equal([]);
          const log = logFile(dataDir, { job: '3-3' as JobId, attempt: 1 });
          expect(existsSync(log) && readFileSync(log, 'utf8')).to.match(/^after 2$/m);
          // Volt sends signed messages again; a runner refuses the unsigned ones
          const errors = lines.filter((line) => / error /.test(line) && !/that this Volt has not signed/.test(line));
          expect(errors).to.deep.equal([]);
        } finally {
          await shutdown.stopWithin(20);
        }
      },
      160_000,
    );
  }
});
