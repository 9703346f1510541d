import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { volt } from '../support/cli.ts';

describe('the help of volt', () => {
  let commands: string[];

  before(async () => {
    const { stdout } = await volt(['--help']);
    const listed = stdout.slice(stdout.indexOf('Run Volt:'), stdout.indexOf('Examples:'));
    commands = [...listed.matchAll(/^ {2}([\w-]+)/gm)]
      .map(([, name]) => name as string)
      .filter((name) => name !== 'help');
  });

  it('lists the main commands', () => {
    for (const name of ['up', 'observer', 'dispatcher', 'runner', 'reporter', 'web', 'trigger', 'builds', 'show']) {
      expect(commands).to.include(name);
    }
  });

  it('shows examples and the common options for every command', async () => {
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
        .and.match(/^(discover|init|validate)$/.test(name) ? /./ : /\nEnvironment:\n(?: .*\n)* {2}VOLT_\w+ +[A-Z]/);
      expect(examples, name).to.match(new RegExp(`\\n {2}# \\S.*\\n {2}\\$ npx volt ${name}\\b`));
    }
  });

  it('shows the examples of a subcommand', async () => {
    const { code, stdout } = await volt(['secret', 'ls', '--help']);
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/^Usage: volt secret ls/)
      .and.contain('$ npx volt secret ls --repo my-project')
      .and.not.contain('secret rotate');
  });

  it('explains the exit codes, and those of builds for commands that have a verdict', async () => {
    expect((await volt(['--help'])).stdout).to.match(/Exit codes:\n {2}0 {2}success\n {2}1 {2}the build failed\n/);
    expect((await volt(['retry', '--help'])).stdout).to.contain('1 the build failed');
    expect((await volt(['show', '--help'])).stdout).to.not.contain('1 the build failed');
    expect((await volt(['validate', '--help'])).stdout).to.contain('0 success, 1 a file is invalid');
  });

  it('prints the version', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect(await volt(['--version'])).to.include({ code: 0, stdout: `${version}\n` });
  });

  it('is printed by a call without a command', async () => {
    const { code, stdout, stderr } = await volt([]);
    expect(code).to.equal(2);
    expect(stdout + stderr).to.contain('Usage: volt');
  });
});
