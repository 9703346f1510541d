import { expect } from 'chai';
import { Backlog, type Unrecorded } from '../../src/runner/backlog.ts';

const megabyte = 1_048_576;

describe('the backlog of a runner', () => {
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

  it('is too large by the number of attempts, by bytes in Redis, or by bytes on the disk', () => {
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

  it('does not count running attempts', () => {
    unrecorded = [attempt({ isOver: false, onDisk: 4096 * megabyte })];
    backlog.update();
    expect(backlog.problem).to.equal(undefined);
  });
});
