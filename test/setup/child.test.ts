import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';

const child = pathToFileURL(join(import.meta.dirname, '../../src/setup/child.mjs')).href;

/** The lines that the setup prints while it runs a program. */
function linesDuring(script: string, options: object): string {
  const call = `import { run } from '${child}'; await run(process.execPath, ['-e', ${JSON.stringify(script)}], ${JSON.stringify(options)});`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', call], { encoding: 'utf8' }).stderr;
}

describe('a program that the setup runs', () => {
  it('is reported with its last line while it takes long', () => {
    expect(linesDuring("console.log('half way'); setTimeout(() => {}, 300)", { news: 20 })).to.match(
      /^volt: node is still running after \d+ s: half way$/m,
    );
  });

  it('is not reported when it is quick', () => {
    expect(linesDuring("console.log('at once')", {})).to.equal('');
  });
});
