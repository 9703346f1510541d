import { expect } from 'chai';
import type { Status } from '../../src/kernel/model.ts';
import { jobReadiness } from '../../src/workflow/job-readiness.ts';

/** Jobs as `name: status ← needs`. */
function jobs(...lines: string[]) {
  return lines.map((line) => {
    const [, name = '', status = '', needs = ''] = /^(\S+): (\S+)(?: ← (.*))?$/.exec(line) ?? [];
    return { id: name, name, status: status as Status, needs: needs === '' ? [] : needs.split(' ') };
  });
}

describe('the readiness of jobs', () => {
  it('includes waiting jobs whose needs have all succeeded', () => {
    const states = jobs('a: success', 'b: success', 'c: waiting ← a b', 'd: waiting ← a', 'e: waiting');
    expect(jobReadiness(states)).to.deep.equal({ ready: ['c', 'd', 'e'], blocked: [] });
  });

  for (const status of ['waiting', 'queued', 'running'] as const) {
    it(`excludes jobs with a need that is ${status}`, () => {
      const states = jobs(`a: ${status} ← x`, 'b: failure', 'x: running', 'c: waiting ← a b', 'd: waiting ← a');
      expect(jobReadiness(states)).to.deep.equal({ ready: [], blocked: [] });
    });
  }

  for (const status of ['failure', 'error', 'cancelled', 'skipped'] as const) {
    it(`blocks jobs with a need that ended as ${status} and names that need`, () => {
      const states = jobs('a: success', `b: ${status}`, 'c: waiting ← a b', `d: ${status}`, 'e: waiting ← b d');
      expect(jobReadiness(states)).to.deep.equal({
        ready: [],
        blocked: [
          { id: 'c', failedNeeds: ['b'] },
          { id: 'e', failedNeeds: ['b', 'd'] },
        ],
      });
    });
  }

  it('blocks jobs that need a blocked job, step by step', () => {
    const chain = jobs('a: failure', 'b: waiting ← a', 'c: waiting ← b');
    expect(jobReadiness(chain).blocked).to.deep.equal([{ id: 'b', failedNeeds: ['a'] }]);
    const later = jobs('a: failure', 'b: skipped ← a', 'c: waiting ← b');
    expect(jobReadiness(later).blocked).to.deep.equal([{ id: 'c', failedNeeds: ['b'] }]);
  });

  it('excludes jobs that are queued, running or finished', () => {
    const states = jobs(
      'a: queued',
      'b: running',
      'c: success',
      'd: failure',
      'e: error',
      'f: cancelled',
      'g: skipped',
    );
    expect(jobReadiness(states)).to.deep.equal({ ready: [], blocked: [] });
  });

  it('excludes a job that needs an unknown job', () => {
    expect(jobReadiness(jobs('a: waiting ← nobody')).ready).to.deep.equal([]);
  });

  it('excludes jobs in a cycle', () => {
    expect(jobReadiness(jobs('a: waiting ← b', 'b: waiting ← a'))).to.deep.equal({ ready: [], blocked: [] });
  });
});
