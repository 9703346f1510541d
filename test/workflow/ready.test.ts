import { expect } from 'chai';
import type { Status } from '../../src/kernel/model.ts';
import { readiness } from '../../src/workflow/ready.ts';

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
    expect(readiness(states)).to.deep.equal({ ready: ['c', 'd', 'e'], barred: [] });
  });

  for (const status of ['waiting', 'queued', 'running'] as const) {
    it(`are not those with a need that is ${status}, whatever became of their other needs`, () => {
      const states = jobs(`a: ${status} ← x`, 'b: failure', 'x: running', 'c: waiting ← a b', 'd: waiting ← a');
      expect(readiness(states)).to.deep.equal({ ready: [], barred: [] });
    });
  }

  for (const status of ['failure', 'error', 'cancelled', 'skipped'] as const) {
    it(`are never those with a need that ended as ${status}, and it is said which`, () => {
      const states = jobs('a: success', `b: ${status}`, 'c: waiting ← a b', `d: ${status}`, 'e: waiting ← b d');
      expect(readiness(states)).to.deep.equal({
        ready: [],
        barred: [
          { id: 'c', because: ['b'] },
          { id: 'e', because: ['b', 'd'] },
        ],
      });
    });
  }

  it('are asked for again as the build goes on: what is barred bars what needs it', () => {
    const chain = jobs('a: failure', 'b: waiting ← a', 'c: waiting ← b');
    expect(readiness(chain).barred).to.deep.equal([{ id: 'b', because: ['a'] }]);
    const later = jobs('a: failure', 'b: skipped ← a', 'c: waiting ← b');
    expect(readiness(later).barred).to.deep.equal([{ id: 'c', because: ['b'] }]);
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
    expect(readiness(states)).to.deep.equal({ ready: [], barred: [] });
  });

  it('are none that need a job which there is not', () => {
    expect(readiness(jobs('a: waiting ← nobody')).ready).to.deep.equal([]);
  });

  it('are none of a circle', () => {
    expect(readiness(jobs('a: waiting ← b', 'b: waiting ← a'))).to.deep.equal({ ready: [], barred: [] });
  });
});
