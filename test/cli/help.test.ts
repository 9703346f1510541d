import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { volt } from '../support/cli.ts';

describe('help', () => {
  let commands: string[];

  before(async () => {
    const { stdout } = await volt(['--help']);
    const listed = stdout.slice(stdout.indexOf('Run Volt:'), stdout.indexOf('Examples:'));
    commands = [...listed.matchAll(/^ {2}([\w-]+)/gm)]
      .map(([, name]) => name as string)
      .filter((name) => name !== 'help');
  });

  it('lists the commands that people know', () => {
    for (const name of ['up', 'observer', 'dispatcher', 'runner', 'reporter', 'web', 'trigger', 'builds', 'show']) {
      expect(commands).to.include(name);
    }
  });

  it('of every command shows its examples and the options that all have', async () => {
    const all = await Promise.all(commands.map(async (name) => ({ name, ...(await volt([name, '--help'])) })));
    for (const { name, code, stdout } of all) {
      expect(code, name).to.equal(0);
      expect(stdout, name)
        .to.match(new RegExp(`^Usage: volt ${name}`))
        .and.contain('--redis <url>')
        .and.contain('--data <dir>');
      const examples = stdout.slice(stdout.indexOf('\nExamples:'));
      expect(stdout, name)
        .to.contain('\nExit codes:\n  0 success, ')
        .and.match(name === 'validate' ? /./ : /\nEnvironment:\n(?: .*\n)* {2}VOLT_\w+ +[A-Z]/);
      expect(examples, name).to.match(new RegExp(`\\n {2}# \\S.*\\n {2}\\$ npx volt ${name}\\b`));
    }
  });

  it('of a command below another shows the examples of that one', async () => {
    const { code, stdout } = await volt(['secret', 'ls', '--help']);
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/^Usage: volt secret ls/)
      .and.contain('$ npx volt secret ls --repo my-project')
      .and.not.contain('secret rotate');
  });

  it('says what the exit codes mean, and that of a build where there is one', async () => {
    expect((await volt(['--help'])).stdout).to.match(/Exit codes:\n {2}0 {2}success\n {2}1 {2}the build failed\n/);
    expect((await volt(['retry', '--help'])).stdout).to.contain('1 the build failed');
    expect((await volt(['show', '--help'])).stdout).to.not.contain('1 the build failed');
    expect((await volt(['validate', '--help'])).stdout).to.contain('0 success, 1 a file is invalid');
  });

  it('knows its version', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect(await volt(['--version'])).to.include({ code: 0, stdout: `${version}\n` });
  });

  it('is what a call without a command shows', async () => {
    const { code, stdout, stderr } = await volt([]);
    expect(code).to.equal(2);
    expect(stdout + stderr).to.contain('Usage: volt');
  });
});
