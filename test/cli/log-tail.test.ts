import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { tailBuild } from '../../src/cli/up/log-tail.ts';
import { logFile } from '../../src/kernel/data-paths.ts';
import { type JobId, jobIdOf } from '../../src/kernel/model.ts';
import type { Database } from '../../src/record/database.ts';
import { finishAttempt } from '../../src/record/finished-attempts.ts';
import { startAttempt } from '../../src/record/job-transitions.ts';
import { observed, recordedBuild } from '../support/record.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('the log of a build that volt up prints', () => {
  it('prints the last line of a lost attempt, then the reason for the next attempt, then its log', async () => {
    const volt = await TestVolt.start();
    try {
      const { database } = volt.context;
      await observed(database);
      const build = await recordedBuild(database);
      const job = jobIdOf(build, 1);
      const box = { id: 'box~1', name: 'box', host: 'box' };
      const log = (attempt: number, text: string) => {
        const file = logFile(volt.dataDir, { job, attempt });
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
      };
      const printed: string[] = [];
      const listener = {
        lines: async (texts: string[]) => void printed.push(...texts),
        job: async () => undefined,
        restarted: async ({ message }: { message: string | null }) => void printed.push(message ?? 'anew'),
      };
      const tail = tailBuild(volt.context, build, listener, new AbortController().signal);
      await startAttempt(database, { job, attempt: 1 }, box, Date.now());
      log(1, 'one\nno answer');
      await until('the log is followed', () => printed.includes('one'));
      const ended = {
        exitCode: null,
        steps: [],
        logBytes: 13,
        logComplete: true,
        startedAt: 1,
        finishedAt: 2,
        runner: box,
      };
      const away = { status: 'error', reason: 'fetch_failed', message: 'away', pauses: [0] } as const;
      await finishAttempt(database, { job, attempt: 1 }, { ...ended, ...away });
      await until('the reason of the next attempt is printed', () => printed.length === 3);
      log(2, 'two\n');
      await finishAttempt(database, { job, attempt: 2 }, { ...ended, status: 'success', reason: null, message: null });
      expect((await tail)?.status).to.equal('success');
      expect(printed[2]).to.match(/^tries again at .*: away$/);
      expect(printed.filter((_, index) => index !== 2)).to.deep.equal(['one', 'no answer', 'two']);
    } finally {
      await volt.stop();
    }
  });

  it('is bounded where a line has no end, and shows what a carriage return left of it', async () => {
    const volt = await TestVolt.start();
    try {
      const { database } = volt.context;
      await observed(database);
      const build = await recordedBuild(database);
      const job = jobIdOf(build, 1);
      await startAttempt(database, { job, attempt: 1 }, { id: 'box~1', name: 'box', host: 'box' }, Date.now());
      const file = logFile(volt.dataDir, { job, attempt: 1 });
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${'10 %\r'.repeat(50_000)}done\n${'x'.repeat(5_000_000)}`);
      const printed: string[] = [];
      const none = async () => undefined;
      const end = new AbortController();
      const listener = { lines: async (texts: string[]) => void printed.push(...texts), job: none, restarted: none };
      const tail = tailBuild(volt.context, build, listener, end.signal);
      await until('the log is read', () => printed.length === 1);
      await recordEnd(database, job);
      expect((await tail)?.status).to.equal('success');
      expect(printed[0]).to.match(/done$/).and.have.property('length').below(100_000);
      expect(printed[1]).to.match(/^x+$/).and.have.property('length').below(100_000);
    } finally {
      await volt.stop();
    }
  });
});

/** The first attempt of a job passes. */
async function recordEnd(database: Database, job: JobId): Promise<void> {
  const runner = { id: 'box~1', name: 'box', host: 'box' };
  const times = { startedAt: 1, finishedAt: 2 };
  const log = { logBytes: 1, logComplete: true };
  const outcome = { status: 'success', reason: null, message: null, exitCode: 0, steps: [] } as const;
  await finishAttempt(database, { job, attempt: 1 }, { ...outcome, ...times, ...log, steps: [], runner });
}
