import { expect } from 'chai';
import { Backlog, type Unrecorded } from '../../src/runner/backlog.ts';

const megabyte = 1_048_576;

describe('what a runner has finished and nobody has recorded', () => {
  let unrecorded: Unrecorded[];
  let changes: number;
  let backlog: Backlog;

  beforeEach(() => {
    unrecorded = [];
    changes = 0;
    backlog = new Backlog(
      () => unrecorded,
      () => changes++,
    );
  });

  const attempt = (change: Partial<Unrecorded> = {}): Unrecorded => ({
    isOver: true,
    inRedis: 0,
    onDisk: 0,
    ...change,
  });

  it('is too much by its number, by what Redis holds of it, or by what only this disk does', () => {
    for (const many of [
      Array(200).fill(attempt()),
      [attempt({ inRedis: 40 * megabyte }), attempt({ inRedis: 24 * megabyte })],
      [attempt({ onDisk: 1024 * megabyte })],
    ]) {
      unrecorded = many;
      backlog.update();
      expect(backlog.problem).to.match(/^no reporter has recorded its last \d+ jobs/);
      unrecorded = many.slice(1);
      backlog.update();
      expect(backlog.problem).to.equal(undefined);
    }
    expect(changes).to.equal(6);
  });

  it('does not count what still runs', () => {
    unrecorded = [attempt({ isOver: false, onDisk: 4096 * megabyte })];
    backlog.update();
    expect(backlog.problem).to.equal(undefined);
  });
});
