import { expect } from 'chai';
import { KnownRunners } from '../../src/dispatcher/known-runners.ts';
import { LostAttempts } from '../../src/dispatcher/lost-attempts.ts';
import { type BuildId, jobIdOf, type RunnerId } from '../../src/kernel/model.ts';
import { heartbeatTtl } from '../../src/redis/heartbeat-times.ts';
import type { RunnerMember } from '../../src/redis/membership.ts';
import { runnerMember } from '../support/members.ts';

describe('an attempt that runs', () => {
  const ref = { job: jobIdOf('41' as BuildId, 1), attempt: 1 };
  const name = `${ref.job}.1`;
  const former = 'r3~1' as RunnerId;
  const next = 'r3~2' as RunnerId;
  let runners: KnownRunners;
  let lost: LostAttempts;
  let begin: number;
  beforeEach(() => {
    runners = new KnownRunners();
    lost = new LostAttempts(runners);
    begin = Math.ceil(performance.now());
  });

  /** What a poll finds so many milliseconds after the begin; each has a heartbeat of its own. */
  function poll(after: number, ...alive: { id: RunnerId; running?: string[] }[]): void {
    const heartbeatAt = new Date(after).toISOString();
    const members = alive.map(
      ({ id, running = [] }): RunnerMember => ({ ...runnerMember(id), id, running, heartbeatAt }),
    );
    runners.note(members, [], begin + after);
    lost.note(members, [], [], begin + after);
  }

  it('is lost one TTL after its runner has claimed it last', () => {
    poll(0, { id: former, running: [name] });
    poll(heartbeatTtl - 1);
    expect(lost.find(ref, former)).to.equal(undefined);
    poll(heartbeatTtl);
    expect(lost.find(ref, former)).to.include({ how: 'runner fell silent' });
  });

  it('is left to another runner that has begun it again, however long ago the former one has claimed it', () => {
    poll(0, { id: former, running: [name] });
    poll(4 * heartbeatTtl, { id: next });
    expect(lost.find(ref, next)).to.equal(undefined);
    poll(5 * heartbeatTtl - 1, { id: next });
    expect(lost.find(ref, next)).to.equal(undefined);
    poll(5 * heartbeatTtl, { id: next });
    expect(lost.find(ref, next)).to.include({ how: 'runner fell silent' });
  });

  it('is left to another runner though the loss of the former one was noticed', () => {
    poll(0, { id: former, running: [name] });
    poll(heartbeatTtl);
    expect(lost.find(ref, former)).to.include({ how: 'runner fell silent' });
    poll(heartbeatTtl + 1, { id: next });
    expect(lost.find(ref, next)).to.equal(undefined);
  });
});
