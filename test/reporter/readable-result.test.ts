import { expect } from 'chai';
import type { BuildId, JobId } from '../../src/kernel/model.ts';
import { jobIdOf, newStep, type RunnerId } from '../../src/kernel/model.ts';
import { listen, type RunnerNotice, runnerNoticeSchema } from '../../src/redis/channels.ts';
import { readableResult } from '../../src/reporter/readable-result.ts';
import { withSignature } from '../../src/secrets/signed-message.ts';
import { observed, recordedBuild } from '../support/record.ts';
import { knownKey } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

const at = '2026-01-02T03:04:05.000Z';
const runner = { id: 'box~1' as RunnerId, name: 'box', host: 'box' };
const step = { ...newStep('test'), status: 'success' };
const outcome = { v: 1, kind: 'finished', job: '1-1', attempt: 1, runner, status: 'failure', reason: 'exit_code' };
const rest = { message: 'no', exitCode: 2, steps: [step], logBytes: 9, startedAt: at, finishedAt: at };

describe('a result of another version than the reporter', () => {
  const understood = (change: object) => readableResult({ ...outcome, ...rest, ...change });

  it('keeps its verdict when only its description is unreadable', () => {
    const reason = understood({ reason: 'too_hot' });
    const note = 'the reporter could not read all of the outcome (reason: ';
    expect(reason).to.deep.include({ status: 'failure', reason: null, exitCode: 2, steps: rest.steps, logBytes: 9 });
    expect((reason as { message: string }).message).to.include(`no (${note}`);
    const steps = understood({ status: 'success', steps: [{ ...step, status: 'paused' }], tests: 7 });
    expect(steps).to.deep.include({ status: 'success', exitCode: 2, steps: [] });
    expect((steps as { tests?: unknown }).tests).to.equal(undefined);
  });

  it('ends the job as an error of Volt when the verdict is unreadable', () => {
    for (const change of [{ status: 'flaky' }, { v: 2 }, { outputs: ['a list'] }]) {
      expect(understood(change)).to.deep.include({ status: 'error', reason: 'bad_message', job: '1-1', logBytes: 9 });
    }
    expect(understood({ finishedAt: 'tomorrow' })).to.include({ status: 'error', logBytes: 0 });
  });

  it('can also be a decision or an attempt that was given back', () => {
    const decided = {
      v: 1,
      kind: 'decided',
      job: '1-1',
      attempt: 1,
      status: 'cancelled',
      reason: 'new',
      message: 'x',
      at,
    };
    expect(readableResult(decided)).to.include({ status: 'cancelled', reason: 'bad_message' });
    const returned = { v: 1, kind: 'returned', job: '1-1', attempt: 1, runner, message: { en: 'why' }, at };
    expect(readableResult(returned)).to.include({ kind: 'returned', attempt: 1 });
  });

  it('is undefined when its attempt is unknown', () => {
    for (const content of [undefined, 'text', {}, { kind: 'paused' }, { kind: 'steps', steps: 1 }]) {
      expect(readableResult(content)).to.equal(undefined);
    }
    for (const change of [{ job: 'one' }, { attempt: 0 }, { runner: 'box' }]) {
      expect(understood(change)).to.equal(undefined);
    }
  });

  it('ends its job, and its runner is notified', async () => {
    const volt = await TestVolt.start();
    volt.context.logger.silent = true;
    const { access, logger, queues, database } = volt.context;
    await observed(database);
    const key = await knownKey(database, 'box');
    const heard: RunnerNotice[] = [];
    const stop = await listen(access, access.keys.toRunner(runner.id), runnerNoticeSchema, logger, (notice) =>
      heard.push(notice),
    );
    await volt.reporter();
    const send = (build: BuildId, change: object) => {
      const job = jobIdOf(build, 1) as JobId;
      const message = { ...outcome, ...rest, job, logBytes: 0, ...change };
      return queues.queue('results').add('finished', withSignature('runner result', message, key));
    };
    const [first, second] = [await recordedBuild(database), await recordedBuild(database)];
    await send(first, { status: 'success', reason: 'all_well' });
    await send(second, { status: 'flaky' });
    expect(await volt.built(first)).to.include({ status: 'success' });
    const { status, jobs } = await volt.built(second);
    expect([status, jobs[0]?.reason]).to.deep.equal(['error', 'bad_message']);
    expect(jobs[0]?.message).to.match(/could not read the outcome that runner box reported: status: /);
    await until('the runner is told of both', () => heard.filter(({ kind }) => kind === 'recorded').length === 2);
    await stop();
    await volt.stop();
  });
});
