import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { sourceOfPrograms } from '../../src/engine/starter/programs.ts';
import { starterInput, starterMount } from '../../src/engine/starter/starter.ts';
import { TestFolders } from '../support/folder.ts';

describe('the starter of programs in containers', () => {
  const folders = new TestFolders();
  before(function () {
    // it runs in containers only, which have Linux
    if (process.platform !== 'linux') this.skip();
  });
  after(() => folders.remove());

  function run(argv: string[], env: Record<string, string>, input = starterInput(env)): SpawnSyncReturns<string> {
    const { from } = starterMount(folders.make());
    return spawnSync(from, argv, { env: { GIVEN: 'engine', OTHER: 'kept', GIVE: '1' }, input, encoding: 'utf8' });
  }

  it('gives the program what it reads, whatever the names and values are, beside what the engine gives', () => {
    const env = { GIVEN: 'volt', 'A-B c': 'two\nlines \u00fc', EMPTY: '', LONG: 'x'.repeat(100_000) };
    const { stdout, status } = run(['/bin/cat', '/proc/self/environ'], env);
    expect(status).to.equal(0);
    const texts = Object.entries({ ...env, OTHER: 'kept', GIVE: '1' }).map(([name, value]) => `${name}=${value}`);
    expect(stdout.split('\0').slice(0, -1)).to.have.members(texts);
  });

  it('passes arguments on as they are, and leaves the program nothing to read', () => {
    const { stdout } = run(['/bin/sh', '-c', 'cat; echo "$# $1 $2"', 'sh', 'a b', ''], {});
    expect(stdout).to.equal('2 a b \n');
  });

  it('looks for a program in the folders of PATH, and says by exit codes why it cannot start one', () => {
    const PATH = `relative:/nowhere:/etc/passwd:${process.env.PATH}`;
    expect(run(['sh', '-c', 'exit 3'], { PATH }).status).to.equal(3);
    const refused = (argv: string[], env: Record<string, string> = { PATH }) => {
      const { status, stderr } = run(argv, env);
      return `${status} ${stderr}`;
    };
    expect(refused(['no-such-program'])).to.equal('127 volt: cannot start no-such-program: not found\n');
    expect(refused(['sh'], {})).to.equal('127 volt: cannot start sh: not found\n');
    expect(refused(['/etc/passwd'])).to.equal('126 volt: cannot start /etc/passwd: permission denied\n');
    expect(refused([])).to.equal('127 volt: the image names no program, and no other is given\n');
    const text = join(folders.make(), 'text');
    writeFileSync(text, 'no program\n');
    chmodSync(text, 0o755);
    expect(refused([text])).to.equal(`126 volt: cannot start ${text}: exec format error\n`);
    const large = { PATH, LARGE: 'x'.repeat(200_000) };
    expect(refused(['sh'], large)).to.equal('126 volt: cannot start sh: argument list too long\n');
    const many = Object.fromEntries(Array.from({ length: 140_000 }, (_, index) => [`V${index}`, '']));
    expect(refused(['sh'], many)).to.equal('126 volt: argument list too long\n');
  });

  it('starts nothing where the environment does not arrive whole', () => {
    const { status, stdout, stderr } = run(['/bin/echo', 'ran'], {}, starterInput({ NAME: 'value' }).slice(0, -3));
    expect({ status, stdout }).to.deep.equal({ status: 125, stdout: '' });
    expect(stderr).to.equal('volt: the environment of a command has not arrived\n');
  });

  it('gives a variable no more than its own value', () => {
    const { stdout } = run(['/bin/cat', '/proc/self/environ'], { NAME: 'a\0OTHER=b' });
    expect(stdout.split('\0')).to.include('NAME=a').and.include('OTHER=kept');
  });

  it('can be started by every user, and is written again where it was changed', () => {
    const folder = folders.make();
    const { from } = starterMount(folder);
    expect(statSync(from).mode & 0o777).to.equal(0o755);
    const program = readFileSync(from);
    writeFileSync(from, 'changed');
    starterMount(folder);
    expect(readFileSync(from).equals(program)).to.equal(true);
  });

  it('was compiled from its present source (npm run starter)', () => {
    const source = readFileSync(new URL('../../src/engine/starter/starter.c', import.meta.url));
    expect(createHash('sha256').update(source).digest('hex')).to.equal(sourceOfPrograms);
  });
});
