import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { Clocks } from './clocks.ts';

describe('a clock that is set wrong', () => {
  it('jumps in a running process and its threads', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'volt-clocks-'));
    const clocks = new Clocks(join(folder, 'clocks'));
    const thread = join(folder, 'thread.cjs');
    writeFileSync(
      thread,
      'setInterval(() => console.log(JSON.stringify([Date.now(), +new Date(), Date.parse("2020-01-01")])), 20);',
    );
    const program = `new (require('node:worker_threads').Worker)(${JSON.stringify(thread)});`;
    const env = { ...process.env, ...clocks.environment('it') };
    const bound = { timeout: 20_000, killSignal: 'SIGKILL' } as const;
    const child = spawn(process.execPath, ['-e', program], { env, stdio: ['ignore', 'pipe', 'ignore'], ...bound });
    try {
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      const read = async () => JSON.parse((await lines.next()).value ?? '[]') as [number, number, number];
      const isRight = ([now]: [number, number, number]) => Math.abs(now - Date.now()) < 60_000;
      expect(isRight(await read())).to.equal(true);
      const shift = clocks.shift('it', 0.9);
      let told = await read();
      while (isRight(told)) told = await read();
      expect(told[0] - Date.now() - shift).to.be.within(-60_000, 60_000);
      expect(told[1] - told[0]).to.be.within(0, 1000);
      expect(told[2]).to.equal(Date.parse('2020-01-01'));
      clocks.right('it');
      while (!isRight(told)) told = await read();
    } finally {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true });
    }
  });
});
