import { expect } from 'chai';
import { Backlog, type Owed } from '../../src/runner/backlog.ts';

const megabyte = 1_048_576;

describe('what a runner has finished and nobody has recorded', () => {
  let owed: Owed[];
  let changes: number;
  let backlog: Backlog;

  beforeEach(() => {
    owed = [];
    changes = 0;
    backlog = new Backlog(
      () => owed,
      () => changes++,
    );
  });

  const attempt = (change: Partial<Owed> = {}): Owed => ({ isOver: true, inRedis: 0, onDisk: 0, ...change });

  it('is too much by its number, by what Redis holds of it, or by what only this disk does', () => {
    for (const many of [
      Array(200).fill(attempt()),
      [attempt({ inRedis: 40 * megabyte }), attempt({ inRedis: 24 * megabyte })],
      [attempt({ onDisk: 1024 * megabyte })],
    ]) {
      owed = many;
      backlog.look();
      expect(backlog.problem).to.match(/^no reporter has recorded its last \d+ jobs/);
      owed = many.slice(1);
      backlog.look();
      expect(backlog.problem).to.equal(undefined);
    }
    expect(changes).to.equal(6);
  });

  it('does not count what still runs', () => {
    owed = [attempt({ isOver: false, onDisk: 4096 * megabyte })];
    backlog.look();
    expect(backlog.problem).to.equal(undefined);
  });
});
