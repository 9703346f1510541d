import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';

const child = pathToFileURL(join(import.meta.dirname, '../../src/setup/child.mjs')).href;

/** What the setup says while it runs a program. */
function said(script: string, options: object): string {
  const call = `import { run } from '${child}'; await run(process.execPath, ['-e', ${JSON.stringify(script)}], ${JSON.stringify(options)});`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', call], { encoding: 'utf8' }).stderr;
}

describe('a program that the setup runs', () => {
  it('is spoken of while it takes long, with the last that it has printed', () => {
    expect(said("console.log('half way'); setTimeout(() => {}, 300)", { news: 20 })).to.match(
      /^volt: node goes on, 0 s: half way$/m,
    );
  });

  it('is not spoken of when it is quick', () => {
    expect(said("console.log('at once')", {})).to.equal('');
  });
});
