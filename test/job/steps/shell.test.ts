import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { shellCommand } from '../../../src/job/steps/shell.ts';
import { programOn } from '../../../src/system/search-path.ts';
import { failure } from '../../support/failure.ts';
import { TestFolders } from '../../support/folder.ts';

describe('the shell of a step', () => {
  const folders = new TestFolders();
  const bin = folders.make();
  for (const name of ['bash', 'sh', 'python3', 'perl', 'pwsh']) {
    writeFileSync(join(bin, name), '#!/bin/sh\n');
    chmodSync(join(bin, name), 0o755);
  }
  after(folders.remove);

  const script = (extension: string) => `/tmp/s${extension}`;
  const argv = async (shell: string | undefined, path = bin) =>
    (await shellCommand(shell, ['bash', 'sh'], async (name) => programOn(path, name), script)).argv;

  const refusal = (found: Promise<unknown>): Promise<string> =>
    found.then(
      () => 'not at all',
      (error: Error) => error.message,
    );

  const cases: [shell: string | undefined, argv: string[]][] = [
    [undefined, ['bash', '-e', '/tmp/s.sh']],
    ['', ['bash', '-e', '/tmp/s.sh']],
    ['bash', ['bash', '--noprofile', '--norc', '-e', '-o', 'pipefail', '/tmp/s.sh']],
    ['sh', ['sh', '-e', '/tmp/s.sh']],
    ['python', ['python3', '/tmp/s.py']],
    ['pwsh', ['pwsh', '-command', ". '/tmp/s.ps1'"]],
    ['Bash', ['bash', '--noprofile', '--norc', '-e', '-o', 'pipefail', '/tmp/s.sh']],
    ['bash -x {0}', ['bash', '-x', '/tmp/s.sh']],
    ['perl {0}', ['perl', '/tmp/s']],
    ['perl -e "a b" --in={0} \\"q\\"', ['perl', '-e', 'a b', '--in=/tmp/s', '"q"']],
  ];
  for (const [shell, [program = '', ...rest]] of cases) {
    it(`${JSON.stringify(shell) ?? 'that is not named'} is run as GitHub runs it`, async () => {
      expect(await argv(shell)).to.deep.equal([join(bin, program), ...rest]);
    });
  }

  it('that is not named is sh if there is no bash', async () => {
    const other = folders.make();
    writeFileSync(join(other, 'sh'), '#!/bin/sh\n');
    chmodSync(join(other, 'sh'), 0o755);
    expect(await argv(undefined, other)).to.deep.equal([join(other, 'sh'), '-e', '/tmp/s.sh']);
  });

  for (const [shell, words] of [
    ['fish', "command line that contains '{0}'"],
    ['bash -x', "command line that contains '{0}'"],
    ['constructor', "command line that contains '{0}'"],
    ['nowhere {0}', 'no "nowhere"'],
    ['cmd', 'Windows'],
    ['PowerShell', 'Windows'],
  ] as const) {
    it(`${shell} is refused by name`, async () => expect(await refusal(argv(shell))).to.include(words));
  }

  it('pwsh is refused by name if it is missing', async () => {
    const error = await failure('tool_missing', () => argv('pwsh', '/nowhere'));
    expect(error.message).to.include('no "pwsh"');
  });
});
