import { sql } from 'kysely';
import { type BuildId, jobIdOf } from '../../../src/kernel/model.ts';
import { findBuild, listBuilds } from '../../../src/record/builds.ts';
import { changesAfter, latestChange } from '../../../src/record/changes.ts';
import type { Database } from '../../../src/record/database.ts';
import { finishAttempt } from '../../../src/record/finished-attempts.ts';
import { startAttempt } from '../../../src/record/job-transitions.ts';
import { buildsAtRest, openJobs } from '../../../src/record/open-jobs.ts';
import { recordPlan } from '../../../src/record/plans.ts';
import { expiredBuilds, removeBuild, repositoriesWithBuilds } from '../../../src/record/retention.ts';
import { administrator } from '../../../src/record/visibility.ts';
import { systemStatus } from '../../../src/web/status/system-status.ts';
import { newBuild, observed } from '../../support/record.ts';
import { TestVolt } from '../../support/volt.ts';
import type { Growth } from './curve.ts';
import { Collection } from './samples.ts';

const repositories = 50;
const keeping = { keepDays: 30, keepBuilds: 0, keepAtLeast: 10 };
/** Builds of one transaction. */
const atOnce = 20_000;

/** With so many builds in the database, nearly all of them ended: the cost of one more, and of what people open. */
export async function builds(sizes: readonly number[], n: number): Promise<{ growths: Growth[]; notes: string[] }> {
  const volt = await TestVolt.start();
  const { database } = volt.context;
  const collection = new Collection('builds');
  try {
    for (let index = 0; index < repositories; index++) await observed(database, repository(index));
    let made = 0;
    for (const size of sizes) {
      for (; made < size; made += atOnce) await fill(database, made, Math.min(atOnce, size - made));
      made = size;
      const builds: BuildId[] = [];
      const runner = { id: 'r1~1', name: 'r1', host: 'host' };
      const attempt = (index: number) => ({ job: jobIdOf(builds[index + 2] as BuildId, 1), attempt: 1 });
      await collection.measure('a build is recorded', size, n, async () => {
        const planned = await recordPlan(database, newBuild({ repo: repository(0) }));
        if (planned.outcome === 'made') builds.push(planned.build);
      });
      await collection.measure('an attempt begins', size, n, (index) =>
        startAttempt(database, attempt(index), runner, Date.now()),
      );
      await collection.measure('an attempt ends', size, n, (index) => {
        const times = { startedAt: Date.now(), finishedAt: Date.now() };
        const outcome = { status: 'success', reason: null, message: null, exitCode: 0, steps: [] } as const;
        const log = { logBytes: 0, logComplete: true };
        return finishAttempt(database, attempt(index), { ...outcome, steps: [], ...log, ...times, runner });
      });
      await collection.measure('the newest builds', size, n, () => listBuilds(database, { limit: 50 }));
      await collection.measure('the newest failures of one repository', size, n, () =>
        listBuilds(database, { repo: repository(7), status: 'failure', limit: 50 }),
      );
      await collection.measure('one build', size, n, () => findBuild(database, '17' as BuildId));
      await collection.measure('what is open, and what can move on', size, n, async () => {
        await openJobs(database, { limit: 1000 });
        await buildsAtRest(database, 50);
      });
      await collection.measure('volt status', size, n, () => systemStatus(volt.context, administrator));
      await collection.measure('which repositories have builds to remove', size, n, () =>
        repositoriesWithBuilds(database),
      );
      await collection.measure('the first 500 builds that are not kept', size, n, () =>
        expiredBuilds(database, repository(7), keeping, Date.now(), 500).next(),
      );
      await collection.measure('a build is removed', size, n, (index) =>
        removeBuild(database, String(size / 2 + index) as BuildId),
      );
      await collection.measure('the latest changes', size, n, async () =>
        changesAfter(database, (await latestChange(database)) - 10, 100),
      );
    }
  } finally {
    await volt.stop();
  }
  return { growths: collection.growths, notes: [] };
}

function repository(index: number): string {
  return `repo-${index % repositories}`;
}

/** Ended builds of one job each, one in ten a failure. */
async function fill(database: Database, first: number, count: number): Promise<void> {
  await database.write(async (db) => {
    const last =
      (await sql<{ id: number }>`select coalesce(max(id), 0) as id from builds`.execute(db)).rows[0]?.id ?? 0;
    const rows = sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})`;
    const status = sql`case when i % 10 = 0 then 'failure' else 'success' end`;
    const reason = sql`case when i % 10 = 0 then 'exit_code' end`;
    const repo = sql`'repo-' || (i % ${repositories})`;
    const time = sql`1750000000000 + (${first} + i) * 1000`;
    await sql`insert into builds (id, repo, number, ref, sha, offer, subject, author, committed_at, trigger, status, reason,
      created_at, started_at, finished_at, reported_at)
      ${rows} select ${last} + i, ${repo}, 1000000 + ${first} + i, 'refs/heads/main', lower(hex(randomblob(20))),
      'filled-' || (${first} + i), 'a subject', 'Ada', ${time}, 'push', ${status}, ${reason}, ${time}, ${time}, ${time}, ${time}
      from n`.execute(db);
    await sql`insert into jobs (id, build_id, position, name, labels, needs, plan, timeout, status, reason, attempt,
      virtual_start, created_at, started_at, finished_at)
      ${rows} select (${last} + i) || '-1', ${last} + i, 1, 'test', '[]', '[]', '{"kind":"discover"}', 60, ${status}, ${reason},
      1, 0, ${time}, ${time}, ${time} from n`.execute(db);
    await sql`insert into attempts (job_id, number, status, reason, log_bytes, log_complete, created_at, started_at,
      finished_at)
      ${rows} select (${last} + i) || '-1', 1, ${status}, ${reason}, 0, 1, ${time}, ${time}, ${time} from n`.execute(
      db,
    );
  });
}
