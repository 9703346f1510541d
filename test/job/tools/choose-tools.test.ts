import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { chooseTools } from '../../../src/job/tools/choose-tools.ts';
import { withCorepack } from '../../../src/job/tools/corepack.ts';
import { installedVersions } from '../../../src/job/tools/installed-versions.ts';
import { runProgram } from '../../../src/system/run-program.ts';
import { programOn } from '../../../src/system/search-path.ts';
import { TestFolders } from '../../support/folder.ts';

describe('the choice of versions that a project asks for', () => {
  const folders = new TestFolders();
  let home: string;
  let path: string;
  beforeEach(() => {
    home = folders.make();
    path = join(home, 'bin');
  });
  after(folders.remove);

  /** Makes a program that prints a text. */
  function program(folder: string, name: string, text: string, exitCode = 0): void {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${text}'\nexit ${exitCode}\n`);
    chmodSync(join(folder, name), 0o755);
  }

  async function run(argv: readonly string[]) {
    const [file = '', ...args] = argv;
    const env = { PATH: `${path}:/usr/bin:/bin` };
    const found = await runProgram('env', [`PATH=${env.PATH}`, file, ...args]).catch(() => undefined);
    return found === undefined ? { exitCode: 1, output: '' } : { exitCode: 0, output: String(found) };
  }

  const hostWith = (machine: Parameters<typeof installedVersions>[1] = { home, isOpen: false }) => ({
    title: 'this runner',
    find: async (name: string, folders: string) => programOn(folders, name),
    installed: (tool: string) => installedVersions(tool, machine),
  });

  const choose = (tool: string, version: string, more: { toolCache?: string; isOpen?: boolean } = {}) =>
    chooseTools({
      tools: [{ tool, version, because: 'FILE' }],
      path,
      host: hostWith({ home, toolCache: undefined, isOpen: false, ...more }),
      run,
    });

  it('leaves the version on the search path where it fits', async () => {
    program(path, 'node', 'v20.1.0');
    program(join(home, '.nvm/versions/node/v22.0.0/bin'), 'node', 'v22.0.0');
    expect(await choose('node', '>=18')).to.deep.equal({ path, env: {}, notices: [] });
  });

  it('takes the newest version that fits from each version manager', async () => {
    program(path, 'node', 'v20.1.0');
    const managers: [string, string, string][] = [
      ['node', '.nvm/versions/node/v22.0.0/bin', 'nvm has v22.0.0'],
      ['node', '.local/share/fnm/node-versions/v22.1.0/installation/bin', 'fnm has v22.1.0'],
      ['node', '.nodenv/versions/22.2.0/bin', 'nodenv has 22.2.0'],
      ['node', '.asdf/installs/nodejs/22.3.0/bin', 'asdf has 22.3.0'],
      ['node', '.local/share/mise/installs/node/22.4.0/bin', 'mise has 22.4.0'],
      ['python', '.pyenv/versions/22.0.0/bin', 'pyenv has 22.0.0'],
      ['ruby', '.rbenv/versions/22.0.0/bin', 'rbenv has 22.0.0'],
      ['rust', '.rustup/toolchains/22.0.0-x86_64-unknown-linux-gnu/bin', 'rustup has 22.0.0-x86_64-unknown-linux-gnu'],
      ['go', 'sdk/go22.0.0/bin', 'the machine has go22.0.0'],
    ];
    for (const [tool, folder, told] of managers) {
      mkdirSync(join(home, folder), { recursive: true });
      const { path: chosen, notices } = await choose(tool, '22');
      expect(notices).to.deep.equal([`FILE asks for ${tool} 22: ${told.replace('the machine has', 'go has')}`]);
      expect(chosen).to.equal(`${join(home, folder)}:${path}`);
    }
  });

  it('takes a version from the tool cache, and sets the home of Java', async () => {
    mkdirSync(join(home, `Python/3.12.4/${process.arch}/bin`), { recursive: true });
    const { notices } = await choose('python', '3.12', { toolCache: home });
    expect(notices).to.deep.equal(['FILE asks for python 3.12: the tool cache has 3.12.4']);
    mkdirSync(join(home, '.sdkman/candidates/java/99.0.1-tem/bin'), { recursive: true });
    expect((await choose('java', '99')).env).to.deep.equal({
      JAVA_HOME: join(home, '.sdkman/candidates/java/99.0.1-tem'),
    });
  });

  it('says which version is used where none fits', async () => {
    program(path, 'node', 'v20.1.0');
    mkdirSync(join(home, '.nvm/versions/node/v18.0.0/bin'), { recursive: true });
    expect(await choose('node', '^22')).to.deep.equal({
      path,
      env: {},
      notices: ['FILE asks for node ^22, which this runner does not have: it uses 20.1.0 instead'],
    });
  });

  it('uses another installed version if the shim of a version manager has none', async () => {
    program(path, 'python3', 'version `4.0` is not installed', 127);
    for (const version of ['3.9.1', '3.10.1', 'pypy3.11-7.3'])
      mkdirSync(join(home, '.pyenv/versions', version, 'bin'), { recursive: true });
    expect((await choose('python', '4.0')).notices).to.deep.equal([
      'FILE asks for python 4.0, which this runner does not have: it uses 3.10.1 of pyenv instead',
    ]);
  });

  it('leaves to rustup and to a newer Go what they do themselves', async () => {
    program(path, 'rustc', 'rustc 1.60.0');
    program(path, 'rustup', '');
    program(path, 'go', 'go version go1.22.0 linux/amd64');
    expect(await choose('rust', '1.70')).to.deep.equal({ path, env: {}, notices: [] });
    expect(await choose('go', '>=1.30')).to.deep.equal({ path, env: {}, notices: [] });
  });

  it('takes a channel of Rust by its name', async () => {
    program(path, 'rustc', 'rustc 1.60.0');
    mkdirSync(join(home, '.rustup/toolchains/nightly-2024-01-01-x86_64-unknown-linux-gnu/bin'), { recursive: true });
    expect((await choose('rust', 'nightly-2024-01-01')).notices[0]).to.match(/rustup has nightly-2024-01-01-x86_64/);
  });

  it('takes nothing that the user of a job cannot reach', async () => {
    program(path, 'node', 'v20.1.0');
    mkdirSync(join(home, '.nvm/versions/node/v22.0.0/bin'), { recursive: true });
    chmodSync(home, 0o700);
    expect((await choose('node', '22', { isOpen: true })).notices[0]).to.match(/it uses 20\.1\.0 instead/);
  });

  it('says nothing of a tool that the machine does not have', async () => {
    expect(await choose('zig', '0.13')).to.deep.equal({ path, env: {}, notices: [] });
  });

  describe('and of corepack', () => {
    it('links a package manager that the machine does not have', async () => {
      program(path, 'corepack', 'ok');
      writeFileSync(join(path, 'corepack'), '#!/bin/sh\n[ "$1 $2" = "enable --install-directory" ] && touch "$3/$4"\n');
      chmodSync(join(path, 'corepack'), 0o755);
      const found = await withCorepack(['pnpm', 'sh'], home, { path, host: hostWith(), run });
      expect(found?.path).to.equal(`${join(home, 'corepack')}:${path}`);
      expect(found?.env).to.have.keys('COREPACK_ENABLE_DOWNLOAD_PROMPT', 'COREPACK_ENABLE_AUTO_PIN');
    });

    it('leaves a package manager that the machine has', async () => {
      program(path, 'corepack', 'ok');
      program(path, 'yarn', '1.22.0');
      expect(await withCorepack(['yarn', 'npm'], home, { path, host: hostWith(), run })).to.equal(undefined);
    });

    it('does nothing where there is no corepack, or it fails', async () => {
      expect(await withCorepack(['pnpm'], home, { path, host: hostWith(), run })).to.equal(undefined);
      program(path, 'corepack', 'no', 1);
      expect(await withCorepack(['pnpm'], home, { path, host: hostWith(), run })).to.equal(undefined);
    });
  });
});
