import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { showDifference } from '../../src/cli/config/acts.ts';
import { divertPrinting } from '../../src/cli/terminal.ts';
import { VoltError } from '../../src/kernel/errors.ts';
import { listActions } from '../../src/record/audit-search.ts';
import { openForges } from '../../src/record/forges.ts';
import { openNoticeTargets } from '../../src/record/notice-targets.ts';
import { personNamed, setBlocked } from '../../src/record/people.ts';
import { setSecret } from '../../src/record/secrets.ts';
import { addToken } from '../../src/record/tokens.ts';
import { listVariables, setVariable } from '../../src/record/variables.ts';
import { apiOf } from '../support/api.ts';
import { volt } from '../support/cli.ts';
import { TestFolders } from '../support/folder.ts';
import { Site } from '../web/site.ts';

const publicKey = `${'A'.repeat(42)}E`;

/** Settings with something of every kind. */
const whole = {
  version: 1,
  variables: { REGION: 'eu-north', ZONE: 'a: "b" # c' },
  secrets: ['NPM_TOKEN'],
  repositories: {
    app: {
      url: 'https://git.example/app.git',
      branches: ['main', 'release/*'],
      tags: ['v*'],
      pollSeconds: 30,
      commits: 'latest',
      command: 'make\nmake check',
      reports: ['out/*.xml'],
      filter: 'blob:none',
      runners: ['gpu', 'linux'],
      env: { LANG: 'C', YES: 'no' },
      image: 'node:22',
      project: { cgit: 'https://git.example/cgit/app' },
      pullRequests: 'approved',
      pullRequestRefs: 'refs/mr/*/head',
      pullRequestCheckout: 'head',
      pullRequestRebuild: true,
      pullRequestLabels: ['linux'],
      visibility: 'private',
      trustedRefs: ['main', 'refs/tags/v*'],
      credential: 'https',
      variables: { LEVEL: '3' },
      secrets: ['KEY'],
      environments: {
        Production: {
          ...{ branches: ['main'], approve: true, waitMinutes: 5 },
          ...{ variables: { HOST: 'a.example' }, secrets: ['DEPLOY'] },
        },
      },
    },
    lib: { url: 'https://git.example/lib.git' },
  },
  forges: {
    git: { kind: 'forgejo', api: 'https://git.example/api/v1', repos: ['app'], token: { file: 'token.txt' } },
    github: { kind: 'github', token: { env: 'GITHUB_TOKEN' }, jobToken: { env: 'JOB_TOKEN' }, report: 'job' },
  },
  notices: {
    ops: { kind: 'webhook', to: { env: 'HOOK' } },
    owners: {
      kind: 'mail',
      to: 'ada@example.org, committers',
      options: { owners: ['eve@example.org'], digest: '08:00', zone: 'Europe/Berlin' },
    },
    team: { kind: 'slack', to: { env: 'SLACK' }, repos: ['app*'], branches: ['main'], on: 'failure' },
  },
  runnerKeys: { build2: { publicKey, repos: ['app'] } },
  providers: {
    corp: {
      kind: 'oidc',
      url: 'https://id.example',
      clientId: 'volt',
      scopes: ['groups'],
      clientSecret: { env: 'CLIENT' },
    },
    hub: { kind: 'github', clientId: 'abc', title: 'Our GitHub' },
  },
  people: {
    ada: { displayName: 'Ada' },
    eve: { displayName: 'Eve Doe', identities: ['corp:1234', 'hub:5'], addresses: ['eve@example.org'] },
    mallory: { blocked: true },
  },
  access: {
    eve: { read: ['lib'] },
    ada: { run: ['*'], own: ['app', 'web-*'] },
    'group:corp/Build Team': { admin: ['*'] },
  },
};
const secrets = {
  CLIENT: 'client-word',
  GITHUB_TOKEN: 'github-token',
  JOB_TOKEN: 'job-token',
  HOOK: 'https://hook.example/x-secret',
  SLACK: 'https://slack.example/y-secret',
};

describe('volt config', function () {
  this.timeout(60_000);
  const folders = new TestFolders();
  let site: Site;
  let folder: string;

  before(async () => {
    site = await Site.start();
    folder = folders.make();
    writeFileSync(join(folder, 'token.txt'), 'forgejo-token\n');
  });
  after(async () => {
    await site.stop();
    folders.remove();
  });

  const run = (args: string[], env: Record<string, string> = {}) =>
    volt(['config', ...args, '--data', site.context.config.dataDir], { cwd: folder, env });
  const write = (settings: unknown, name = 'volt.yml') => {
    writeFileSync(join(folder, name), typeof settings === 'string' ? settings : stringify(settings));
    return name;
  };
  const exported = async () => apiOf(site.context.config.dataDir).get<{ config: typeof whole }>('/config');

  it('makes an empty Volt as a file says, says which secrets are missing, and changes nothing the second time', async () => {
    const file = write(whole);
    const different = await run(['diff', file], secrets);
    expect(different.stderr).to.equal('');
    expect(different.code).to.equal(1);
    expect(different.stdout)
      .to.include('+ repositories/app/environments/Production/variables/HOST: a.example')
      .and.include('+   pullRequests: approved')
      .and.include('+   token: (secret)');
    expect((await exported()).config).to.deep.equal({ version: 1 });

    const applied = await run(['apply', file, '--yes'], secrets);
    expect(applied.stderr).to.equal('');
    expect(applied.stdout).to.include('applied volt.yml: 21 added');
    expect(applied.stdout).to.match(/the secret of notices\/ops, which cannot be read again: whsec_\S{44}/);
    expect(applied.stdout).to.include('check it, and Volt sends statuses: npx volt forge check github\n');
    for (const missing of [
      'the secret NPM_TOKEN is not set: npx volt secret set NPM_TOKEN',
      'the secret KEY of app is not set: npx volt secret set KEY --repo app',
      'the secret DEPLOY of the environment Production of app is not set: npx volt secret set DEPLOY --repo app --environment Production',
      'the credential of app is not set: npx volt credential set app --https',
    ])
      expect(applied.stdout).to.include(`! ${missing}\n`);
    expect(applied.stdout).to.not.match(/client-word|github-token|forgejo-token|job-token|-secret/);

    expect((await run(['apply', file, '--yes'], secrets)).stdout).to.include('Volt is as volt.yml says');
    expect((await run(['diff', file])).code, 'without the tokens').to.equal(0);
  });

  it('keeps secrets only encrypted, and has those of the file', async () => {
    const { database, config } = site.context;
    const [git, github] = await openForges(database, config);
    expect(git?.credential.token).to.equal('forgejo-token');
    expect([github?.credential.token, github?.jobToken]).to.deep.equal(['github-token', 'job-token']);
    const targets = await openNoticeTargets(database, config);
    expect(targets.map(({ address }) => address.to)).to.deep.equal([
      'https://hook.example/x-secret',
      'ada@example.org,committers',
      'https://slack.example/y-secret',
    ]);
  });

  it('exports what the file has, without a secret, in an order that stays', async () => {
    expect((await run(['export', 'out.yml'])).stdout).to.include('wrote the settings to out.yml');
    const text = readFileSync(join(folder, 'out.yml'), 'utf8');
    expect(text)
      .to.match(/^# The settings of a Volt CI/)
      .and.not.match(/client-word|github-token|forgejo-token|job-token|-secret/);
    const { repositories, forges, notices, variables, runnerKeys, access, people, providers } = parse(
      text,
    ) as typeof whole;
    expect(variables).to.deep.equal(whole.variables);
    expect(runnerKeys).to.deep.equal(whole.runnerKeys);
    expect(access).to.deep.equal(whole.access);
    expect(people).to.deep.equal(whole.people);
    expect(providers.hub).to.deep.equal(whole.providers.hub);
    expect(providers.corp).to.deep.equal({
      ...whole.providers.corp,
      clientSecret: { env: 'PROVIDERS_CORP_CLIENT_SECRET' },
    });
    // those that nobody has set are not there
    const { secrets: _, credential: __, environments, ...app } = whole.repositories.app;
    const { secrets: ___, ...production } = environments.Production;
    expect(repositories).to.deep.equal({
      app: { ...app, environments: { Production: production } },
      lib: whole.repositories.lib,
    });
    expect(forges.github).to.deep.equal({
      ...whole.forges.github,
      token: { env: 'FORGES_GITHUB_TOKEN' },
      jobToken: { env: 'FORGES_GITHUB_JOB_TOKEN' },
    });
    expect(notices.ops).to.deep.equal({
      kind: 'webhook',
      to: { env: 'NOTICES_OPS_TO' },
      secret: { env: 'NOTICES_OPS_SECRET' },
    });
    expect(notices.owners).to.deep.equal(whole.notices.owners);
    expect((await run(['export'])).stdout).to.equal(text);
    expect((await run(['diff', 'out.yml'])).stdout).to.equal('Volt is as out.yml says\n');
  });

  it('changes what differs, as the same value in other words does not, and shows no value of a secret', async () => {
    const file = write({
      ...{ version: 1, variables: { region: 'eu-south', ZONE: whole.variables.ZONE } },
      repositories: {
        lib: { url: 'https://git.example/lib.git', branches: ['main'] },
        app: {
          ...whole.repositories.app,
          ...{ runners: ['Linux', 'GPU'], pollSeconds: undefined, trustedRefs: ['refs/heads/main', 'refs/tags/v*'] },
          environments: { production: { branches: ['refs/heads/main'], approve: true, waitMinutes: 10 } },
        },
      },
      forges: { github: { kind: 'github', token: { env: 'GITHUB_TOKEN' }, report: 'job' } },
      providers: { hub: { kind: 'github', clientId: 'abc', title: 'Our GitHub', clientSecret: { env: 'CLIENT' } } },
      people: { eve: { identities: ['corp:99'], addresses: ['EVE@example.net'], blocked: true } },
      access: { ada: { own: ['web-*'], read: ['*'] } },
      notices: { owners: { kind: 'mail', to: 'ada@example.org,committers', options: { owners: ['eve@example.org'] } } },
    });
    const { stdout } = await run(['apply', file, '--yes'], { GITHUB_TOKEN: 'other-token', CLIENT: 'x' });
    expect(stdout.split('\n').slice(0, 30)).to.deep.equal([
      '~ providers/hub',
      '~   clientSecret: (another secret)',
      '~ people/eve',
      '-   identities: [corp:1234, hub:5]',
      '+   identities: [corp:1234, corp:99, hub:5]',
      '-   addresses: [eve@example.org]',
      '+   addresses: [eve@example.net]',
      '+   blocked: true',
      '~ access/ada',
      '+   read: [*]',
      '-   own: [app, web-*]',
      '+   own: [web-*]',
      '-   run: [*]',
      '~ variables/REGION',
      '-   eu-north',
      '+   eu-south',
      '~ repositories/app',
      '-   pollSeconds: 30',
      '+   pollSeconds: 5',
      '~ repositories/app/environments/production',
      '-   waitMinutes: 5',
      '+   waitMinutes: 10',
      '~ repositories/lib',
      '-   branches: []',
      '+   branches: [main]',
      '~ forges/github',
      '~   token: (another secret)',
      '~ notices/owners',
      '-   options: { owners: [eve@example.org], digest: 08:00, zone: Europe/Berlin }',
      '+   options: { owners: [eve@example.org] }',
    ]);
    expect(stdout).to.include('  forges/git: only in Volt, and kept; --prune removes it');
    const [, github] = await openForges(site.context.database, site.context.config);
    expect([github?.credential.token, github?.jobToken], 'one that the file does not name stays').to.deep.equal([
      ...['other-token', 'job-token'],
    ]);
    expect((await run(['diff', file])).code).to.equal(0);
  });

  it('lets nobody in again whom an administrator keeps out, unless the file says so', async () => {
    const isBlocked = async () => (await personNamed(site.context.database, 'eve')).blockedAt !== null;
    const eve = { identities: ['corp:99'], addresses: ['eve@example.net'] };
    await setBlocked(site.context.database, 'eve', true);
    const { stdout } = await run(['apply', write({ version: 1, people: { eve } }), '--yes']);
    expect(stdout).to.not.include('people/eve');
    expect(await isBlocked()).to.equal(true);
    await run(['apply', write({ version: 1, people: { eve: { ...eve, blocked: false } } }), '--yes']);
    expect(await isBlocked()).to.equal(false);
  });

  it('removes what the file leaves out only with --prune, and only from sections that it has', async () => {
    const file = write({
      version: 1,
      repositories: { lib: { url: 'https://git.example/lib.git', branches: ['main'] } },
    });
    expect((await run(['diff', file])).code).to.equal(0);
    const pruned = await run(['apply', file, '--prune', '--yes']);
    expect(pruned.stdout).to.equal('- repositories/app\napplied volt.yml: 1 removed\n');
    const { config } = await exported();
    expect(Object.keys(config.repositories)).to.deep.equal(['lib']);
    expect(Object.keys(config.forges)).to.deep.equal(['git', 'github']);
    const empty = write({
      version: 1,
      access: {},
      people: {},
      forges: {},
      notices: {},
      runnerKeys: {},
      variables: { ZONE: whole.variables.ZONE },
    });
    const rest = await run(['apply', empty, '--prune', '--yes']);
    expect(rest.stdout).to.include('10 removed');
    expect(Object.keys((await exported()).config)).to.deep.equal([
      ...['version', 'providers', 'people', 'variables', 'repositories'],
    ]);
  });

  it('writes an entry into the audit log for each change, and one for the file', async () => {
    const entries = await listActions(site.context.database, { limit: 500 });
    const of = (action: string) => entries.filter((entry) => entry.action === action).map(({ target }) => target);
    expect(of('config.diff')).to.deep.equal([]);
    expect(of('config.apply')).to.include.members(['21 changes', '0 changes', '1 change']);
    expect(of('repos.add')).to.have.members(['app', 'lib']);
    expect(of('repos.environments.set')).to.deep.equal(['app production', 'app Production']);
    expect(of('forges.change')).to.deep.equal(['github']);
    expect(of('access.grant')).to.have.members([
      'ada read *',
      'eve read lib',
      'group:corp/Build Team admin *',
      'ada run *',
      'ada own web-*',
      'ada own app',
    ]);
    expect(of('access.revoke')).to.include('ada own app').and.include('ada own web-*');
    expect(of('repos.trusted-refs.set')).to.deep.equal(['app']);
    expect(of('repos.remove')).to.deep.equal(['app']);
    expect(entries.every(({ actor, address }) => actor === 'owner' && address === '127.0.0.1')).to.equal(true);
  });

  it('asks before it applies, and refuses where nobody can answer', async () => {
    const file = write({ version: 1, variables: { NEW: '1' } });
    const { code, stdout, stderr } = await run(['apply', file]);
    expect(code).to.equal(2);
    expect(stdout).to.include('+ variables/NEW: "1"');
    expect(stderr).to.include('nobody is there to agree').and.include('--yes');
    expect(await listVariables(site.context.database, null)).to.have.lengthOf(1);
  });

  it('does not apply a difference that is no longer the one that was shown', async () => {
    const { database, config } = site.context;
    const settings = { version: 1, variables: { ZONE: 'north' } };
    const { digest } = await apiOf(config.dataDir).post<{ digest: string }>('/config/diff', { config: settings });
    await setVariable(database, { repo: null, name: 'OTHER', value: '1' });
    const answer = await site.post('/api/v1/config/apply', { config: settings, digest });
    expect(answer.status).to.equal(409);
    expect(((await answer.json()) as { error: { message: string } }).error.message).to.include('have changed since');
    expect((await listVariables(database, null)).map(({ value }) => value)).to.deep.equal(['1', whole.variables.ZONE]);
  });

  it('lets only administrators see and apply settings', async () => {
    const { database } = site.context;
    const made = await addToken(database, { name: 'own', role: 'own', repos: null, person: 'ada', createdBy: 'owner' });
    const headers = { authorization: `Bearer ${made.token}` };
    for (const [method, path] of [
      ['GET', '/config'],
      ['POST', '/config/diff'],
      ['POST', '/config/apply'],
    ] as const) {
      const init = { method, headers, ...(method === 'POST' && { body: '{"config":{"version":1}}' }) };
      expect((await site.fetch(`/api/v1${path}`, init)).status, path).to.equal(403);
    }
  });

  it('names a secret that is set, and finds it', async () => {
    const { database, config } = site.context;
    await setSecret(database, config, { repo: 'lib', name: 'KEY', value: 'the-value' });
    const file = write({
      version: 1,
      repositories: { lib: { url: 'https://git.example/lib.git', branches: ['main'], secrets: ['key', 'OTHER_KEY'] } },
    });
    const { stdout } = await run(['diff', file]);
    expect(stdout).to.include('the secret OTHER_KEY of lib is not set').and.not.include('secret KEY');
    expect((await exported()).config.repositories.lib).to.include.keys('secrets');
  });

  describe('of a file in which something is wrong', () => {
    const text = `version: 1
variables: { A-B: x, GOOD: 5 }
secrets: [GITHUB_X]
repositories:
  App: { url: https://git.example/a.git }
  new: { url: https://git.example/b.git }
  two:
    url: https://ada:pw@git.example/c.git
    environments: { x: { branches: ['a..b'], variables: { V: v } } }
  three:
    url: https://git.example/d.git
    pollSecond: 5
  four:
    pollSeconds: 0
    command: 7
    env: { PATH: /bin }
  lib: { url: https://git.example/other.git }
  five: { url: ../five }
forges:
  hub: { kind: github, token: ghp_plain }
  lab: { kind: gitlab, token: { env: NOT_SET } }
  tea: { kind: gitea, token: { file: none.txt } }
notices:
  team: { kind: slack, to: https://slack.example/x }
  post: { kind: mail, to: not-an-address }
  late: { kind: ntfy, to: https://ntfy.example/x, options: { digest: 25:00 } }
runnerkeys: {}
access:
  nobody: { read: ['*'] }
  ada: { admin: [app] }
  group:corp: { write: ['*'] }
`;
    const expected: [line: number, column: number, message: RegExp][] = [
      [2, 19, /"A-B" is not a valid name/],
      [2, 28, /GOOD must be a string: put it in quotes/],
      [3, 11, /"GITHUB_X" is not a valid name.*reserved/],
      [5, 3, /"App" is not the name of a repository/],
      [6, 8, /no repository can have the name "new"/],
      [8, 5, /the address has a password.*volt credential set/],

      [9, 36, /a\.\.b/],
      [12, 5, /there is no setting "pollSecond" here; did you mean "pollSeconds"/],
      [13, 3, /url is missing/],
      [14, 18, /cannot be polled every 0 s/],
      [15, 14, /command must be a string: put it in quotes/],
      [16, 10, /the runner sets PATH/],
      [17, 8, /lib has another address in Volt/],
      [18, 9, /"\.\.\/five" is a path below a folder/],
      [20, 31, /token is a secret: say where its value is/],
      [21, 31, /lab is new, and the environment variable NOT_SET is not set/],
      [22, 30, /tea is new, and the file none\.txt has no text/],
      [24, 28, /the address of a target of kind slack is a secret/],
      [25, 9, /"not-an-address" is no list of mail addresses/],
      [26, 70, /digest must be a time of day/],
      [29, 11, /there is no person "nobody"/],
      [30, 8, /the role "admin" is for all repositories/],
      [31, 3, /"group:corp" names neither a person nor a group/],
      [31, 17, /no setting "write" here/],
      [27, 1, /no setting "runnerkeys" here; did you mean "runnerKeys"/],
    ];

    it('prints every problem with its line and column, and applies nothing', async () => {
      const before = await exported();
      const { code, stdout, stderr } = await run(['apply', write(text), '--yes']);
      const lines = stdout.trimEnd().split('\n');
      for (const [line, column, message] of expected) {
        const found = lines.find((each) => each.startsWith(`volt.yml:${line}:${column}: `));
        expect(found, `${line}:${column} ${message} in\n${stdout}`).to.match(message);
      }
      expect(lines).to.have.lengthOf(expected.length);
      expect(code).to.equal(2);
      expect(stderr).to.include(`volt.yml has ${expected.length} problems`);
      expect(stdout).to.not.include('ghp_plain');
      expect(await exported()).to.deep.equal(before);
    });
  });

  it('applies the example of its page', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/config-as-code.md'), 'utf8');
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
    writeFileSync(join(folder, 'slack-address.txt'), 'https://hooks.slack.com/services/x\n');
    const { code, stdout, stderr } = await run(['apply', write(example), '--yes'], { FORGEJO_TOKEN: 'a-token' });
    expect(stderr).to.equal('');
    expect(code).to.equal(0);
    expect(stdout)
      .to.include('applied volt.yml: ')
      .and.include('volt secret set DEPLOY_KEY --repo app --environment production');
  });

  it('prints the schema of its page for editors', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/config.schema.json'), 'utf8');
    expect((await run(['schema'])).stdout).to.equal(page);
    expect(new Ajv2020({ strict: false }).validate(JSON.parse(page), whole)).to.equal(true);
  });

  const hostile: [what: string, text: string, message: RegExp][] = [
    ['ten megabytes', `version: 1\n#${'x'.repeat(10_000_000)}`, /too_large/],
    ['an alias bomb', `a: &a [x]\nb: &b [${'*a,'.repeat(99)}]\nc: [${'*b,'.repeat(99)}]`, /:1:1: invalid: .*alias/],
    ['a value in itself', 'version: 1\nforges: &a { hub: *a }', /:1:1: invalid: /],
    ['collections in collections', `version: ${'['.repeat(100_000)}`, /nested too deeply/],
    ['a key twice', 'version: 1\nvariables: { A: x, A: y }', /:2:20: invalid: Map keys must be unique/],
    ['a name in other letters twice', 'version: 1\nvariables: { A: x, a: y }', /:2:20: invalid: a is there already/],
    ['a list', '- version: 1', /must be a map of settings/],
    ['nothing', '', /must be a map of settings/],
    ['another version', 'version: 2', /:1:10: invalid: version must be 1/],
    ['no version', 'forges: {}', /:1:1: invalid: version must be 1/],
    ['a section that is a list', 'version: 1\nforges: []', /:2:9: invalid: forges must be an object/],
    ['an empty section', 'version: 1\nforges:\n', /:2:8: invalid: forges must be an object/],
    [
      'letters of other scripts',
      'version: 1\nrepositories: { größe: { url: x } }',
      /:2:17: invalid: "größe" is not the name/,
    ],
    [
      'control characters',
      'version: 1\nrepositories: { "a\\e[31m": { url: x } }',
      /invalid: "a\\u001b\[31m" is not the name/,
    ],
    ['a tag of a program', 'version: !!js/function x', /Unresolved tag/],
    ['a name that every object has', 'version: 1\nconstructor: 1', /:2:1: invalid: there is no setting "constructor"/],
  ];
  for (const [what, text, message] of hostile) {
    it(`refuses ${what}`, async () => {
      expect(await refusal(text)).to.match(message);
    });
  }

  /** What `volt config diff` prints of a file that it refuses, without a process of its own. */
  async function refusal(text: string): Promise<string> {
    const printed: string[] = [];
    divertPrinting((line) => printed.push(line));
    try {
      await showDifference(apiOf(site.context.config.dataDir), join(folder, write(text)), {});
      return 'it is taken';
    } catch (error) {
      if (!(error instanceof VoltError) || error.exitCode !== 2) throw error;
      return `${printed.join('')}${error.code}`;
    } finally {
      divertPrinting(undefined);
    }
  }
});
