import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { noOpSudo } from '../../../src/job/containers/no-op-sudo.ts';
import { TestFolders } from '../../support/folder.ts';

describe('the sudo of images that have none', () => {
  const folders = new TestFolders();
  const program = join(folders.make(), 'sudo');
  before(() => {
    writeFileSync(program, noOpSudo);
    chmodSync(program, 0o755);
  });
  after(folders.remove);

  const sudo = (args: readonly string[], input = '') => {
    const env = { PATH: '/usr/bin:/bin', KEPT: 'kept', SHELL: '/bin/sh' };
    const { status, stdout, stderr } = spawnSync(program, args, { env, input, encoding: 'utf8' });
    return { status, out: stdout.trim(), error: stderr.trim() };
  };

  const print = ['sh', '-c', 'echo "$KEPT,$A,$B"; for each; do echo "[$each]"; done', 'sh', 'x y', '--', '-n'];
  const commands: string[][] = [
    print,
    ['-E', ...print],
    ['-n', '-H', '-E', ...print],
    ['-nHE', ...print],
    ['-u', 'root', ...print],
    ['-uroot', ...print],
    ['-Eu', 'root', ...print],
    ['-u', '#0', '-g', 'root', ...print],
    ['--user=root', '--preserve-env', ...print],
    ['--user', 'root', '--non-interactive', '--preserve-env=PATH', ...print],
    ['-p', 'password:', '-C', '3', ...print],
    ['--', ...print],
  ];
  for (const args of commands) {
    const options = args.slice(0, args.indexOf('sh')).join(' ');
    it(`runs the command as it is after ${options === '' ? 'no options' : `"${options}"`}`, () => {
      expect(sudo(args)).to.deep.equal({ status: 0, out: 'kept,,\n[x y]\n[--]\n[-n]', error: '' });
    });
  }

  it('sets variables before the command, and none of its arguments', () => {
    const { out } = sudo(['-E', 'A=one two', 'B=$KEPT', ...print.slice(0, 4), 'C=3']);
    expect(out).to.equal('kept,one two,$KEPT\n[C=3]');
  });

  it('passes on the input and the exit code', () => {
    expect(sudo(['-S', 'sh', '-c', 'cat; exit 7'], 'text')).to.deep.equal({ status: 7, out: 'text', error: '' });
  });

  it('starts a shell, with and without a command', () => {
    expect(sudo(['-i', 'echo', '$KEPT']).out).to.equal('kept');
    expect(sudo(['-s'], 'echo "in $KEPT"').out).to.equal('in kept');
  });

  it('does nothing where it is only asked whether it may', () => {
    for (const args of [['-v'], ['-n', '-l'], ['--validate'], []])
      expect(sudo(args)).to.deep.equal({ status: 0, out: '', error: '' });
  });

  it('refuses other users instead of running as root', () => {
    for (const args of [['-u', 'postgres'], ['-upostgres'], ['--user=postgres']]) {
      const { status, error } = sudo([...args, 'true']);
      expect(status).to.equal(1);
      expect(error).to.match(/^sudo: cannot run commands as postgres; /);
    }
  });
});
