import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { Vault } from '../../src/secrets/vault.ts';
import { program } from '../support/bundle.ts';
import { volt } from '../support/cli.ts';
import { Site } from '../web/site.ts';

describe('volt secret and volt var', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
    await site.repository('elsewhere');
  });
  after(() => site.stop());

  const data = () => ['--data', site.context.config.dataDir];
  const value = async (name: string) => {
    const row = await site.context.database.db
      .selectFrom('secrets')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    const of = { kind: 'secret' as const, repo: row.repo, name };
    return Vault.open(site.context.config).decrypt({ box: row.value, keyId: row.key_id }, of);
  };

  it('read a value from standard input without its final line break', async () => {
    for (const [name, input, kept] of [
      ['ECHOED', 'canary\n', 'canary'],
      ['LINES', 'one\ntwo\n', 'one\ntwo\n'],
    ] as const) {
      const { code, stdout, stderr } = await volt(['secret', 'set', name, '--repo', 'app', ...data()], { input });
      expect(code, stderr).to.equal(0);
      expect(stdout).to.equal(`set ${name} for app\n`);
      expect(await value(name)).to.equal(kept);
    }
    const { stdout } = await volt(['secret', 'ls', '--repo', 'app', '--json', ...data()]);
    expect(JSON.parse(stdout).secrets.map(({ name }: { name: string }) => name)).to.include.members([
      'ECHOED',
      'LINES',
    ]);
    expect(stdout).to.not.include('canary');
  });

  it('refuse a value as an argument and an empty value', async () => {
    const argument = await volt(['secret', 'set', 'A', 'canary', ...data()]);
    expect(argument).to.include({ code: 2 });
    expect(argument.stderr).to.not.include('canary');
    expect(await volt(['secret', 'set', 'A', ...data()], { input: '' })).to.include({ code: 2 });
  });

  it('ask for the value on a terminal and hide what is typed', async () => {
    const line = `${process.execPath} ${program} secret set TYPED ${data().join(' ')}`;
    const terminal = spawn('script', ['--quiet', '--return', '--echo', 'never', '--command', line, '/dev/null'], {
      stdio: 'pipe',
    });
    let shown = '';
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (!shown.includes('value of TYPED: ') && (shown + text).includes('value of TYPED: '))
        terminal.stdin.write('canary\r');
      shown += text;
    });
    await once(terminal, 'close');
    expect(shown).to.include('set TYPED for all repositories').and.not.include('canary');
    expect(await value('TYPED')).to.equal('canary');
  });

  it('list variables with their values, and rotate the secret key', async () => {
    expect((await volt(['var', 'set', 'region', 'eu', ...data()])).code).to.equal(0);
    expect((await volt(['var', 'ls', ...data()])).stdout).to.match(/REGION .*eu/);
    expect((await volt(['secret', 'rotate', ...data()])).stdout).to.match(/new key [0-9a-f]{12}/);
  });

  it('manage the secrets and variables of an environment', async () => {
    const environment = ['--repo', 'app', '--environment', 'Production', ...data()];
    const set = ['environment', 'set', 'production', '--repo', 'app', '--branches', 'main', '--approve', '--wait', '5'];
    expect((await volt([...set, ...data()])).stdout).to.equal('set the environment production of app\n');
    const rules = (await volt(['environment', 'ls', '--repo', 'app', ...data()])).stdout;
    expect(rules).to.match(/production +main +needed +5 min/);
    expect((await volt(['secret', 'set', 'KEY', ...environment], { input: 'x' })).stdout).to.equal(
      'set KEY for Production of app\n',
    );
    expect((await volt(['secret', 'ls', ...environment])).stdout).to.match(/KEY .*jobs of Production that name it/);
    expect(await volt(['var', 'ls', '--environment', 'x', ...data()])).to.include({ code: 2 });
  });

  it('say which repositories and environments have some, beside those for all repositories', async () => {
    await volt(['secret', 'set', 'OWN', '--repo', 'elsewhere', ...data()], { input: 'x' });
    await volt(['environment', 'set', 'staging', '--repo', 'elsewhere', ...data()]);
    const environment = ['--repo', 'elsewhere', '--environment', 'staging', ...data()];
    for (const name of ['A', 'B']) await volt(['secret', 'set', name, ...environment], { input: 'x' });
    const { stdout } = await volt(['secret', 'ls', ...data()]);
    expect(stdout).to.match(
      /\nothers:\n(?: .*\n)* {2}1 {2}npx volt secret ls --repo elsewhere\n {2}2 .* --repo elsewhere --environment staging\n/,
    );
    expect((await volt(['secret', 'ls', '--repo', 'elsewhere', ...data()])).stdout).to.not.include('others:');
    expect((await volt(['var', 'ls', ...data()])).stdout).to.not.include('elsewhere');
  });

  it('report missing secrets, variables and repositories', async () => {
    const { code, stderr } = await volt(['var', 'rm', 'NOTHING', ...data()]);
    expect(code).to.equal(2);
    expect(stderr).to.include('error not_found: there is no variable NOTHING').and.include('volt var ls');
  });
});
