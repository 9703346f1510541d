import { expect } from 'chai';
import { labelPattern } from '../../src/kernel/names.ts';
import { parseQueueLabels, queueLabels, servesQueue } from '../../src/queues/queue-labels.ts';

describe('a queue of jobs', () => {
  const open = { name: 'a', labels: ['linux', 'host:a'], repos: [[], []] };
  const kept = { name: 'a', labels: ['linux', 'host:a'], repos: [['deploy', 'site-*'], []] };
  const narrowed = {
    ...kept,
    repos: [
      ['deploy', 'site-*'],
      ['site-*', 'app'],
    ],
  };

  it('is served only by reserved runners if its repository has some', () => {
    const deploy = queueLabels(['linux'], [], 'deploy');
    expect(deploy).to.deep.equal(['linux', 'repo:deploy']);
    expect(servesQueue(open, deploy)).to.equal(true);
    expect(servesQueue(kept, deploy)).to.equal(true);
    expect(servesQueue(kept, queueLabels(['linux'], [], 'app'))).to.equal(false);
    expect(servesQueue(kept, queueLabels(['gpu'], [], 'deploy'))).to.equal(false);
    expect(servesQueue(narrowed, deploy), 'it must fit what the key and the runner say').to.equal(false);
    expect(servesQueue(narrowed, queueLabels([], [], 'site-1'))).to.equal(true);
    expect(servesQueue(narrowed, queueLabels([], [], 'app'))).to.equal(false);
  });

  it('of another repository is served only by runners without a reservation', () => {
    expect(servesQueue(open, queueLabels(['host:a']))).to.equal(true);
    expect(servesQueue(kept, queueLabels(['host:a']))).to.equal(false);
    expect(queueLabels(['host:a', 'repo:deploy'])).to.deep.equal(['host:a']);
    expect(queueLabels(['host:a', 'repo:deploy'], [], 'app')).to.deep.equal(['host:a', 'repo:app']);
  });

  it('has the labels of the job and those that its repository needs', () => {
    expect(queueLabels(['linux'], ['vault', 'linux'])).to.deep.equal(['linux', 'vault']);
  });

  it('of a retried job is not served by the runners that it avoids', () => {
    const queue = queueLabels(['linux', 'not:a'], [], undefined, ['b', 'Build Machine', 'x'.repeat(64)]);
    expect(queue).to.include.members(['linux', 'not:b']).and.not.include('not:a');
    expect(parseQueueLabels(queue)).to.deep.include({ labels: ['linux'], repo: undefined, avoids: true });
    for (const [name, isServed] of [
      ['a', true],
      ['b', false],
      ['Build Machine', false],
      ['x'.repeat(64), false],
      ['x'.repeat(63), true],
    ] as const)
      expect(servesQueue({ ...open, name }, queue), name).to.equal(isServed);
    for (const label of queue) expect(label).to.match(labelPattern);
  });
});
