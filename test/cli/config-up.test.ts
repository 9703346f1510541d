import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { setEnvironmentSecret } from '../../src/record/environment-entries.ts';
import { setSecret } from '../../src/record/secrets.ts';
import { writtenSettings } from '../../src/web/config-texts/written-settings.ts';
import type { ConfigApplied, ConfigFile } from '../../src/web/schemas/config.ts';
import { apiOf } from '../support/api.ts';
import { temporaryFolder, VoltProcess } from '../support/cli.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { Site } from '../web/site.ts';

describe('volt up --config', function () {
  this.timeout(90_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let repository: TestRepository;
  let processes: VoltProcess[];

  beforeEach(async () => {
    folder = await temporaryFolder();
    repository = new TestRepository({ 'check.sh': 'test "$GREETING" = hello' });
    processes = [];
  });
  afterEach(async () => {
    for (const process of processes) await process.stop();
    repository.remove();
    await folder.remove();
  });

  const file = (name: string) => join(folder.path, name);
  const up = (name: string, env: Record<string, string> = {}) => {
    const args = ['up', '--config', file(name), '--data', file('data'), '--port', '0'];
    const process = new VoltProcess(args, { env: { VOLT_ISOLATION: 'none', ...env } });
    processes.push(process);
    return process;
  };

  /** Settings of a Volt that watches the repository. */
  const settings = () => ({
    version: 1,
    variables: { REGION: 'eu' },
    repositories: {
      app: {
        ...{ url: repository.path, command: './check.sh', env: { GREETING: 'hello' }, visibility: 'private' },
        variables: { LEVEL: '1' },
        environments: { production: { branches: ['main'], approve: true, variables: { HOST: 'a' } } },
      },
      far: { url: 'https://127.0.0.1:1/far.git', pollSeconds: 3600 },
    },
    forges: { git: { kind: 'gitea', api: 'https://127.0.0.1:1/api/v1', token: { env: 'TOKEN' } } },
    notices: { ops: { kind: 'webhook', to: { env: 'HOOK' }, on: 'all', repos: ['other'] } },
    providers: {
      corp: { kind: 'oidc', url: 'https://127.0.0.1:1', clientId: 'volt', clientSecret: { env: 'CLIENT' } },
    },
    people: { ada: { identities: ['corp:1'] } },
    access: { ada: { own: ['app'] }, 'group:corp/all': { read: ['*'] } },
    runnerKeys: { build2: { publicKey: `${'A'.repeat(42)}E` } },
  });

  it('makes a new Volt as an exported file says: its export is the same, and its builds pass', async () => {
    const site = await Site.start();
    const { database, config } = site.context;
    const values = { env: { TOKEN: 'a-token', CLIENT: 'a-secret', HOOK: 'https://127.0.0.1:1/hook' }, file: {} };
    const answer = await site.post('/api/v1/config/apply', { config: settings(), values });
    const { made } = (await answer.json()) as ConfigApplied;
    await setSecret(database, config, { repo: null, name: 'ALL', value: 'x' });
    await setSecret(database, config, { repo: 'app', name: 'OWN', value: 'x' });
    await setEnvironmentSecret(database, config, { repo: 'app', environment: 'production', name: 'KEY', value: 'x' });
    const text = await exportOf(config.dataDir);
    writeFileSync(file('volt.yml'), text);
    await site.stop();

    const started = up('volt.yml', {
      FORGES_GIT_TOKEN: 'a-token',
      PROVIDERS_CORP_CLIENT_SECRET: 'a-secret',
      NOTICES_OPS_TO: 'https://127.0.0.1:1/hook',
      NOTICES_OPS_SECRET: made[0]?.secret ?? '',
    });
    await started.says(/✔ app#1 .*passed/, 60_000);
    expect(started.stdout).to.include('+ repositories/app\n').and.include('+ forges/git\n');
    for (const [words, path] of [
      ['ALL', '/secrets/ALL'],
      ['OWN --repo app', '/repos/app/secrets/OWN'],
      ['KEY --repo app --environment production', '/repos/app/environments/production/secrets/KEY'],
    ] as const) {
      expect(started.stdout).to.include(`is not set: npx volt secret set ${words}\n`);
      await apiOf(file('data')).put(path, { value: 'x' });
    }
    expect(await exportOf(file('data'))).to.equal(text);
  });

  /** What `volt config export` writes, without a process of its own. */
  async function exportOf(dataDir: string): Promise<string> {
    return writtenSettings((await apiOf(dataDir).get<{ config: ConfigFile }>('/config')).config);
  }

  it('does not start with a file in which something is wrong, and says where', async () => {
    writeFileSync(
      file('volt.yml'),
      'version: 1\nrepositories:\n  app: { url: https://git.example/a.git, pollSeconds: 0 }\n',
    );
    const ended = await up('volt.yml').ended();
    expect(ended.code).to.equal(2);
    expect(ended.stdout).to.match(/volt\.yml:3:55: invalid: a repository cannot be polled every 0 s/);
    expect(ended.stderr).to.include('has a problem');
  });

  it('says what is wrong with a provider once, and not for each person who signs in there', async () => {
    const people = Object.fromEntries(['ada', 'bob', 'eve'].map((name) => [name, { identities: [`corp:${name}`] }]));
    const access = { ada: { read: ['*'] }, eve: { own: ['*'] } };
    const providers = settings().providers;
    writeFileSync(file('volt.yml'), stringify({ version: 1, providers, people, access }));
    const ended = await up('volt.yml').ended();
    expect(ended.code).to.equal(2);
    expect(ended.stdout.match(/invalid/g), ended.stdout).to.have.lengthOf(1);
    expect(ended.stdout).to.include('corp is new, and the environment variable CLIENT is not set');
  });

  it('killed at any moment and started again, ends as the file says, and then changes nothing', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `r${index}`);
    const repositories = Object.fromEntries(names.map((name) => [name, { url: `https://127.0.0.1:1/${name}.git` }]));
    writeFileSync(file('volt.yml'), stringify({ version: 1, repositories }));
    const killed = up('volt.yml');
    await until('the database is there', () => existsSync(file('data/volt.db-wal')) || !killed.running);
    killed.signal('SIGKILL');
    await killed.ended();
    const second = up('volt.yml');
    await second.says(/dashboard +http/);
    const { repos } = await apiOf(file('data')).get<{ repos: { name: string }[] }>('/repos', { limit: 500 });
    expect(repos.map(({ name }) => name)).to.have.members(names);
    expect([0, names.length], 'all of it at once').to.include(second.stdout.match(/\+ repositories/g)?.length ?? 0);
    const again = await apiOf(file('data')).post<ConfigApplied>('/config/apply', {
      config: { version: 1, repositories },
    });
    expect(again.changes).to.deep.equal([]);
  });
});
