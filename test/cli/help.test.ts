import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { volt } from '../support/cli.ts';

describe('help', () => {
  let commands: string[];

  before(async () => {
    const { stdout } = await volt(['--help']);
    const listed = stdout.slice(stdout.indexOf('Commands:'), stdout.indexOf('Examples:'));
    commands = [...listed.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name as string).filter((name) => name !== 'help');
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
      expect(examples, name).to.match(new RegExp(`\\n {2}# \\S.*\\n {2}\\$ volt ${name}\\b`));
    }
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
