import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { logFile } from '../../src/kernel/data-paths.ts';
import { type AttemptRef, attemptName, jobIdOf, newStep, type RunnerId } from '../../src/kernel/model.ts';
import { startAttempt } from '../../src/record/job-transitions.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { listen, runnerNoticeSchema } from '../../src/redis/channels.ts';
import { writeHeartbeat } from '../../src/redis/membership.ts';
import { Report } from '../../src/runner/report.ts';
import { Spool } from '../../src/runner/spool.ts';
import { TestFolders } from '../support/folder.ts';
import { runnerMember } from '../support/members.ts';
import { observed, recordedBuild } from '../support/record.ts';
import { knownKey } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

/** More than may be under way in Redis for one log. */
const size = 4.5 * 1_048_576;
const count = 24;
/** So many of them were taken back meanwhile. */
const superseded = 2;

describe('a reporter that was away for more than ten minutes', () => {
  const folders = new TestFolders();
  let volt: TestVolt;

  before(async () => {
    volt = await TestVolt.start();
  });

  after(async () => {
    await volt.stop();
    folders.remove();
  });

  it('archives all logs that a live runner on another machine kept meanwhile, also of attempts that were taken back', async () => {
    const { access, database, logger } = volt.context;
    await observed(database);
    const key = await knownKey(database, 'far');
    const runner = { id: 'far~1' as RunnerId, name: 'far', host: 'far' };
    const folder = folders.make();
    const reports = new Map<string, Report>();
    const stop = await listen(access, access.keys.toRunner(runner.id), runnerNoticeSchema, logger, (notice) => {
      const report = reports.get(attemptName(notice));
      if (notice.kind === 'archived') report?.archived(notice);
      else if (notice.kind === 'recorded') report?.recorded(notice.bytes);
    });
    const at = new Date(Date.now() - 11 * 60_000).toISOString();
    const refs: AttemptRef[] = [];
    for (let index = 0; index < count; index++) {
      const ref = { job: jobIdOf(await recordedBuild(database), 1), attempt: 1 };
      refs.push(ref);
      await startAttempt(database, ref, { ...runner, key: key.publicKey }, Date.now());
      const spool = await Spool.create(folder, ref, 2 * size);
      await spool.append(Buffer.alloc(size, 97));
      await spool.settle();
      const report = new Report(volt.context, runner.id, spool, { signer: key }, () => undefined);
      reports.set(attemptName(ref), report);
      const outcome = { status: 'success', reason: null, message: null, exitCode: 0 } as const;
      const rest = { runner, logBytes: spool.bytes, startedAt: at, finishedAt: at };
      await report.finish({ v: 1, kind: 'finished', ...ref, ...outcome, steps: [newStep('test')], ...rest });
    }
    for (const ref of refs.slice(0, superseded))
      await moveToNextAttempt(database, ref, { reason: 'runner_lost', message: 'it was away', at: Date.now() });
    const tell = () => writeHeartbeat(access, 'runner', runnerMember(runner.id, { reporting: [...reports.keys()] }));
    await tell();
    const beating = setInterval(tell, 500);
    await volt.reporter();
    const left = (ref: AttemptRef) => existsSync(join(folder, `${attemptName(ref)}.log`));
    await until('the runner has been told that it may forget all of them', () => !refs.some(left));
    clearInterval(beating);
    const rows = await database.db.selectFrom('attempts').select(['status', 'log_complete']).execute();
    const recorded = rows.filter(({ status }) => status === 'success');
    expect(recorded.map((row) => row.log_complete)).to.deep.equal(Array(count - superseded).fill(1));
    expect(refs.map((ref) => statSync(logFile(volt.dataDir, ref)).size)).to.deep.equal(Array(count).fill(size));
    await stop();
  });
});
