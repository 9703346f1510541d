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

describe('which jobs of a build may run', () => {
  it('are those that wait, whose needs have all succeeded', () => {
    const states = jobs('a: success', 'b: success', 'c: waiting ← a b', 'd: waiting ← a', 'e: waiting');
    expect(jobReadiness(states)).to.deep.equal({ ready: ['c', 'd', 'e'], blocked: [] });
  });

  for (const status of ['waiting', 'queued', 'running'] as const) {
    it(`are not those with a need that is ${status}, whatever became of their other needs`, () => {
      const states = jobs(`a: ${status} ← x`, 'b: failure', 'x: running', 'c: waiting ← a b', 'd: waiting ← a');
      expect(jobReadiness(states)).to.deep.equal({ ready: [], blocked: [] });
    });
  }

  for (const status of ['failure', 'error', 'cancelled', 'skipped'] as const) {
    it(`are never those with a need that ended as ${status}, and it is said which`, () => {
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

  it('are asked for again as the build goes on: what is blocked bars what needs it', () => {
    const chain = jobs('a: failure', 'b: waiting ← a', 'c: waiting ← b');
    expect(jobReadiness(chain).blocked).to.deep.equal([{ id: 'b', failedNeeds: ['a'] }]);
    const later = jobs('a: failure', 'b: skipped ← a', 'c: waiting ← b');
    expect(jobReadiness(later).blocked).to.deep.equal([{ id: 'c', failedNeeds: ['b'] }]);
  });

  it('are not those that are on their way or have ended', () => {
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

  it('are none that need a job which there is not', () => {
    expect(jobReadiness(jobs('a: waiting ← nobody')).ready).to.deep.equal([]);
  });

  it('are none of a circle', () => {
    expect(jobReadiness(jobs('a: waiting ← b', 'b: waiting ← a'))).to.deep.equal({ ready: [], blocked: [] });
  });
});
