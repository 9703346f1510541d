import { expect } from 'chai';
import { callOf, withCommandsAsTyped } from '../../src/kernel/invocation.ts';

describe('the command that messages tell people to type', () => {
  const calls: [how: string, entry: string | undefined, call: string][] = [
    ['installed for all', '/usr/local/bin/volt', 'volt'],
    ['installed for a user', '/home/ada/.local/bin/volt', 'volt'],
    ['installed as a dependency of a project', '/srv/app/node_modules/.bin/volt', 'npx volt'],
    ['run from a checkout', '/srv/volt/dist/cli.js', 'npx volt'],
    ['run from the sources of a checkout', '/srv/volt/src/cli/main.ts', 'npx volt'],
    ['run in an unknown way', undefined, 'npx volt'],
  ];
  for (const [how, entry, call] of calls) {
    it(`is ${call} if Volt is ${how}`, () => {
      expect(callOf(entry)).to.equal(call);
    });
  }

  it('replaces only `volt` at the start of a text in backticks', () => {
    expect(withCommandsAsTyped('See `volt status` or `volta`, not volt; `voltage`.')).to.equal(
      'See `npx volt status` or `volta`, not volt; `voltage`.',
    );
  });
});
