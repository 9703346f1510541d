import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { canFilterCalls } from '../../src/exec/call-filter.ts';
import { whyUnsupported } from '../../src/exec/capability-check.ts';
import { settleNetworks } from '../../src/exec/network/network-check.ts';
import { startChild } from '../support/child.ts';
import { TestFolders } from '../support/folder.ts';
import { isIsolable } from '../support/isolation.ts';

describe('a check for a requirement of isolation', function () {
  this.timeout(60_000);
  const folders = new TestFolders();
  after(folders.remove);

  for (const why of [
    'spawn bwrap ENOENT',
    "setpriv: unrecognized option '--seccomp-filter=x'",
    'bwrap: Creating new namespace failed: Operation not permitted',
    'bwrap: setting up uid map: Permission denied',
    'Failed to open() /dev/net/tun: No such file or directory',
  ])
    it(`fails at once for a permanent error: ${why}`, async () => {
      let count = 0;
      const check = async () => {
        count++;
        throw new Error(why);
      };
      expect([await whyUnsupported('it', 'nothing', check), count]).to.deep.equal([why, 1]);
    });

  /**
   * A search path on which a program fails so often as where memory is short, and then works.
   * @param only whether that is so for a call with these arguments alone
   */
  function failing(program: string, times: number, only = '*'): { path: string; count: () => number } {
    const folder = folders.make();
    // programs of a network run as another user
    chmodSync(folder, 0o777);
    const real = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
    const file = join(folder, program);
    const script = `#!/bin/sh
case "$*" in ${only}) echo >>${file}.count
[ "$(wc -l <${file}.count)" -gt ${times} ] || { echo '${program}: Cannot allocate memory' >&2; exit 1; };; esac
exec ${real} "$@"
`;
    writeFileSync(file, script);
    chmodSync(file, 0o755);
    const count = () => readFileSync(`${file}.count`, 'utf8').length;
    return { path: `${folder}:${process.env.PATH}`, count };
  }

  async function said(path: string, text: string): Promise<string> {
    const child = startChild(
      `import { canFilterCalls } from './src/exec/call-filter.ts';
       import { settleIsolation } from './src/exec/isolation-check.ts';
       import { settleNetworks } from './src/exec/network/network-check.ts';
       console.log(JSON.stringify(await (${text}).catch(({ code, message }) => ({ code, message }))));`,
      { env: { PATH: path } },
    );
    const line = await child.line();
    await child.ended();
    return line;
  }

  const cases = [
    { program: 'bwrap', only: '*', text: "settleIsolation('auto')", works: '"level":"sandbox"' },
    { program: 'setpriv', only: '*--seccomp-filter*', text: 'canFilterCalls()', works: 'true' },
    { program: 'pasta', only: '*', text: "settleNetworks('sandbox', { kind: 'on' })", works: '"trusted":"own"' },
  ];

  for (const { program, only, text, works } of cases)
    describe(`with ${program}`, () => {
      before(async function () {
        if (!(await isIsolable('sandbox')) || !(await canFilterCalls())) return this.skip();
        if ((await settleNetworks('sandbox', { kind: 'on' })).trusted !== 'own') this.skip();
      });

      it('is repeated after one failure', async () => {
        const { path, count } = failing(program, 1, only);
        expect(await said(path, text)).to.include(works);
        expect(count()).to.be.at.least(2);
      });

      it('is an error if each repetition fails for a reason that may pass', async () => {
        const { path, count } = failing(program, 1000, only);
        const line = await said(path, text);
        expect(line).to.include('"code":"isolation_unavailable"').and.include('Cannot allocate memory');
        expect(count()).to.equal(3);
      });
    });
});
