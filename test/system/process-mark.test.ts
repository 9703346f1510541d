import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { hasEnded, processMark } from '../../src/system/process-mark.ts';
import { statOf } from '../../src/system/processes.ts';

describe('the mark of a process', () => {
  const [machine, boot, namespace, pid, startedAt] = processMark().split(':');
  const other = '00000000-0000-0000-0000-000000000000';

  it('says whether it lives', async () => {
    expect(hasEnded(processMark())).to.equal(false);
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const mark = [machine, boot, namespace, child.pid, statOf(child.pid)?.startedAt].join(':');
    expect(hasEnded(mark)).to.equal(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(hasEnded(mark)).to.equal(true);
  });

  for (const [what, parts, ended] of [
    ['of a later process with its id', [machine, boot, namespace, pid, `${startedAt}0`], true],
    ['in a container', [machine, boot, '1', '1', '1'], false],
    ['on another machine', ['other', other, namespace, pid, startedAt], false],
    ['on a machine that has no id', ['', other, namespace, pid, startedAt], false],
    ['before a restart of this machine', [machine, other, namespace, pid, startedAt], machine !== ''],
  ] as const) {
    it(`is ${ended ? '' : 'not '}known to have ended ${what}`, () => {
      expect(hasEnded(parts.join(':'))).to.equal(ended);
    });
  }
});
