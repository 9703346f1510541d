import { expect } from 'chai';
import { jobsToCancel } from '../../src/dispatcher/cancel.ts';
import type { BuildId, JobId } from '../../src/kernel/model.ts';
import { countOpenBuilds, unreportedBuilds } from '../../src/record/builds.ts';
import { changesAfter, latestChange } from '../../src/record/changes.ts';
import { lingeringHolders } from '../../src/record/concurrency.ts';
import type { Database } from '../../src/record/database.ts';
import { dueForges, refusedStatuses } from '../../src/record/due-statuses.ts';
import { removeUnusedLabelSets, startTags } from '../../src/record/fairness.ts';
import { openRetries } from '../../src/record/intents.ts';
import {
  buildsAtRest,
  buildsPartlyAtRest,
  currentAttempts,
  openJobs,
  runningAttempts,
} from '../../src/record/open-jobs.ts';
import { pendingWorkOf } from '../../src/record/pending-work.ts';
import { queuedJobs } from '../../src/record/queued-jobs.ts';
import { attemptsOfRunner } from '../../src/record/runner-history.ts';
import { busyTime } from '../../src/record/runner-use.ts';
import { administrator } from '../../src/record/visibility.ts';
import { countOpenJobs, longestQueued, oldestWaitingJob } from '../../src/record/waiting-jobs.ts';
import { planState } from '../../src/record/workflows.ts';
import { fillWithOldBuilds } from '../support/old-builds.ts';
import { indexOfOpen, plansOf } from '../support/query-plans.ts';
import { recordedBuild, withRecord } from '../support/record.ts';

describe('frequent queries of the stages', () => {
  let database: Database;

  withRecord(
    (opened) => {
      database = opened;
    },
    { once: true },
  );
  before(async () => {
    await recordedBuild(database, { workflows: { facts: '{}', models: [] } });
    await fillWithOldBuilds(database, 'app');
  });

  const questions: { [name: string]: (database: Database) => Promise<unknown> } = {
    'which jobs are open': (from) => openJobs(from, { limit: 10 }),
    'which jobs are queued': (from) => openJobs(from, { status: 'queued', limit: 10 }),
    'the next page of what is queued': (from) =>
      queuedJobs(from, 10, { virtualStart: 1, build: '1' as BuildId, id: '1-1' as JobId }),
    'which start tag a job gets': (from) => from.write((db) => startTags(db, 'app', [[]])),
    // the last write: libsql does not reset its plan, and then commits nothing more
    'which label sets nobody uses': removeUnusedLabelSets,
    'which builds wait as a whole': (from) => buildsAtRest(from, 10),
    'which builds wait in part': (from) => buildsPartlyAtRest(from, 10),
    'what runs': runningAttempts,
    'which attempts count': (from) => currentAttempts(from, ['1-1' as JobId]),
    'which job has waited the longest': oldestWaitingJob,
    'how many builds are open': countOpenBuilds,
    'how many jobs are open': countOpenJobs,
    'which jobs have waited longest': (from) => longestQueued(from, administrator, 10),
    'how busy runners were': (from) => busyTime(from, ['r1', 'r2'], { from: 1, to: 2 }),
    'what a runner has run': (from) => attemptsOfRunner(from, administrator, 'r1', { limit: 10 }),
    'which builds are still to be written to test_results': (from) => unreportedBuilds(from, 10),
    'which jobs are to be cancelled': jobsToCancel,
    'which retries are asked for': openRetries,
    'which forges wait for statuses': dueForges,
    'which statuses forges refuse': (from) => refusedStatuses(from, administrator),
    'what there is to do for a build': (from) => pendingWorkOf(from, '1' as BuildId),
    'who holds a concurrency group that he is done with': lingeringHolders,
    'what has changed last': async (from) => changesAfter(from, await latestChange(from), 10),
  };
  for (const [name, ask] of Object.entries(questions)) {
    it(`${name}: does not take longer the more builds are finished`, async () => {
      const plans = await plansOf(database, ask);
      expect(plans).to.not.deep.equal([]);
      // PostgreSQL scans a table without rows
      const whole = /^SCAN commit_statuses\b|(^SCAN|Seq Scan on) (jobs|builds|attempts|changes)\b/;
      expect(plans.filter((step) => whole.test(step) && !indexOfOpen.test(step))).to.deep.equal([]);
    });
  }

  it('the input of planning: does not take longer the more cancels are open', async () => {
    const plans = await plansOf(database, (from) => planState(from, '1' as BuildId));
    const other = /(SCAN|SEARCH) intents (?!USING (COVERING )?INDEX intents_by_job_open \(build_id=\? AND job_id=\?\))/;
    expect(plans.filter((step) => other.test(step))).to.deep.equal([]);
  });

  it('queued jobs of one build: does not take longer the more jobs of other builds are queued', async () => {
    const plans = await plansOf(database, (from) =>
      openJobs(from, { status: 'queued', build: '1' as BuildId, limit: 10 }),
    );
    expect(plans.filter((step) => /jobs_open \(status/.test(step))).to.deep.equal([]);
  });
});
