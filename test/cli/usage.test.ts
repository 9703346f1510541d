import { expect } from 'chai';
import { startChild } from '../support/child.ts';
import { volt } from '../support/cli.ts';
import { TestFolders } from '../support/folder.ts';

describe('volt exits 2 and explains wrong usage', () => {
  const cases: { what: string; args: string[]; code?: string; says: RegExp; env?: Record<string, string> }[] = [
    {
      what: 'an unknown command',
      args: ['frobnicate'],
      says: /unknown command 'frobnicate'\n {2}See: npx volt --help/,
    },
    {
      what: 'an unknown option',
      args: ['builds', '--frob'],
      says: /unknown option '--frob'\n {2}See: npx volt builds --help/,
    },
    {
      what: 'an unknown option of a command whose argument is the name of another',
      args: ['show', 'up', '--frob'],
      says: /unknown option '--frob'\n {2}See: npx volt show --help/,
    },
    { what: 'a missing argument', args: ['show'], says: /missing required argument 'build'/ },
    { what: 'an argument too many', args: ['runners', 'x'], says: /too many arguments/ },
    { what: 'an input without a value', args: ['trigger', 'x', '--input', 'level'], says: /must be NAME=VALUE/ },
    { what: 'text for a number', args: ['builds', '--limit', 'ten'], says: /must be a number from 1 to 500/ },
    { what: 'a fraction for a whole number', args: ['up', '--slots', '1.5'], says: /must be a whole number/ },
    { what: 'a value that is not a choice', args: ['up', '--commits', 'some'], says: /choices are every, latest/ },
    { what: 'following an earlier attempt', args: ['logs', '1', '-f', '--attempt', '1'], says: /cannot be used with/ },
    {
      what: 'an invalid setting',
      args: ['builds'],
      env: { VOLT_HTTP_PORT: 'eighty' },
      code: 'bad_setting',
      says: /VOLT_HTTP_PORT must be a number, and is "eighty"/,
    },
    {
      what: 'a URL that is not a Redis URL',
      args: ['--redis', 'http://x', 'runner'],
      code: 'bad_url',
      says: /"http:\/\/x" is not the address of a Redis server/,
    },
  ];
  for (const { what, args, env = {}, code = 'usage', says } of cases) {
    it(what, async () => {
      const end = await volt(args, { env });
      expect(end.code).to.equal(2);
      expect(end.stdout).to.equal('');
      expect(end.stderr)
        .to.match(new RegExp(`^error ${code}: `))
        .and.match(says);
    });
  }

  it('prints the usage error as JSON with --json', async () => {
    const { code, stderr } = await volt(['builds', '--json', '--limit', '0']);
    expect(code).to.equal(2);
    expect(JSON.parse(stderr).error).to.include({ code: 'usage', remedy: 'See: npx volt builds --help' });
  });
});

it('volt exits 3 and says so when it waits for something that never answers', async () => {
  const folders = new TestFolders();
  const child = startChild(
    `import { run } from './src/cli/program.ts';
    globalThis.fetch = () => new Promise(() => {});
    process.stderr.write = (text) => (console.log(JSON.parse(text).error.message), true);
    await run(['builds', '--json', '--data', process.argv.at(-1)]);`,
    { args: [folders.make()], env: { VOLT_TOKEN: 'a-token-of-this-test' } },
  );
  expect(await child.line()).to.equal('the command ended before its work was done');
  expect(await child.ended()).to.equal(3);
  folders.remove();
});
