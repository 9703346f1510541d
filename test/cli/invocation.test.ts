import { expect } from 'chai';
import { callOf, withCommandsAsTyped } from '../../src/cli/invocation.ts';

describe('what a person is told to type', () => {
  const calls: [how: string, entry: string | undefined, call: string][] = [
    ['installed for all', '/usr/local/bin/volt', 'volt'],
    ['installed for a user', '/home/ada/.local/bin/volt', 'volt'],
    ['a dependency of a project', '/srv/app/node_modules/.bin/volt', 'npx volt'],
    ['a checkout', '/srv/volt/dist/cli.js', 'npx volt'],
    ['the sources of a checkout', '/srv/volt/src/cli/main.ts', 'npx volt'],
    ['nothing that is known', undefined, 'npx volt'],
  ];
  for (const [how, entry, call] of calls) {
    it(`is ${call} where Volt is ${how}`, () => {
      expect(callOf(entry)).to.equal(call);
    });
  }

  it('stands between backticks, and nothing else is touched', () => {
    expect(withCommandsAsTyped('See `volt status` or `volta`, not volt; `voltage`.')).to.equal(
      'See `npx volt status` or `volta`, not volt; `voltage`.',
    );
  });
});
