import { laterPlans } from '../../src/kernel/later-plans.ts';
import type { RunnerId } from '../../src/kernel/model.ts';
import type { RunnerMember } from '../../src/redis/membership.ts';
import { ownProcess } from '../../src/redis/process-identity.ts';

/** The heartbeat of a runner in this process, with the given differences. */
export function runnerMember(id: string, change: Partial<RunnerMember> = {}): RunnerMember {
  const now = new Date().toISOString();
  return {
    ...ownProcess(),
    id: id as RunnerId,
    name: id.split('~')[0] as string,
    version: '0.1.0',
    startedAt: now,
    heartbeatAt: now,
    labels: [],
    slots: 1,
    running: [],
    reporting: [],
    scopes: [],
    claims: [],
    repos: [],
    plans: [...laterPlans],
    problems: [],
    load: 0,
    ...change,
  };
}
