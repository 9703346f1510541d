import { homedir, hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../src/kernel/config.ts';
import { logFile } from '../../src/kernel/data-paths.ts';
import type { JobId } from '../../src/kernel/model.ts';
import { settings } from '../../src/kernel/settings.ts';
import { bareEnvironment, jobEnvironment, networkPasswords, toolEnvironment } from '../../src/system/environment.ts';
import { withEnvironment } from '../support/environment.ts';
import { failure } from '../support/failure.ts';

const secrets = {
  VOLT_REDIS_URL: 'redis://:canary@127.0.0.1',
  VOLT_TOKEN: 'canary-canary-canary',
  VOLT_ANYTHING: 'canary',
  AWS_SECRET_ACCESS_KEY: 'canary',
  NODE_OPTIONS: '--require /canary.js',
  LD_PRELOAD: '',
  GIT_DIR: '/canary',
};

describe('the environment of a job', () => {
  it('has no variables of Volt, and only those that are meant for jobs', () => {
    const environment = withEnvironment(secrets, jobEnvironment);
    expect(Object.keys(environment).filter((name) => /volt/i.test(name))).to.deep.equal([]);
    expect(JSON.stringify(environment)).to.not.include('canary');
    expect(environment).to.not.have.any.keys('SSH_AUTH_SOCK', 'GIT_DIR', 'NODE_OPTIONS');
  });

  it('has a search path, a home, the language and CI', () => {
    const environment = withEnvironment({ LANG: 'de_DE.UTF-8', https_proxy: 'http://proxy:3128' }, jobEnvironment);
    expect(environment).to.include({
      HOME: homedir(),
      LANG: 'de_DE.UTF-8',
      CI: 'true',
      https_proxy: 'http://proxy:3128',
    });
    expect(environment.PATH).to.equal(process.env.PATH);
  });

  const behind = {
    HTTPS_PROXY: 'http://me:p%40ss@proxy:3128',
    http_proxy: 'me:p@ss@proxy:3128',
    NO_PROXY: 'inner',
    NODE_EXTRA_CA_CERTS: '/etc/own/ca.pem',
    SSL_CERT_FILE: '/etc/own/all.pem',
    OWN: 'x',
  };

  it('has the proxies and certificates of the machine, with passwords for trusted refs only', () => {
    const plain = withEnvironment(behind, () => jobEnvironment());
    const { HTTPS_PROXY, http_proxy, OWN, ...same } = behind;
    expect(plain).to.include({ ...same, HTTPS_PROXY: 'http://proxy:3128', http_proxy: 'proxy:3128' });
    expect(plain).to.not.have.property('OWN');
    const trusted = withEnvironment(behind, () => jobEnvironment({ trusted: true, named: ['OWN'] }));
    expect(trusted).to.include(behind);
    expect(networkPasswords(trusted)).to.have.members(['p@ss', 'p%40ss']);
    expect(networkPasswords(plain)).to.deep.equal([]);
  });

  it('has the registries of the machine, with passwords for trusted refs only', () => {
    const machine = {
      PIP_INDEX_URL: 'https://me:w%40rd@pypi.example/simple/@me',
      PIP_EXTRA_INDEX_URL: 'https://one:first@a.example https://b.example',
      GOPROXY: 'https://token@go.example,direct',
      NPM_CONFIG_REGISTRY: 'https://npm.example/',
    };
    expect(withEnvironment(machine, () => jobEnvironment())).to.include({
      PIP_INDEX_URL: 'https://pypi.example/simple/@me',
      PIP_EXTRA_INDEX_URL: 'https://a.example https://b.example',
      GOPROXY: 'https://go.example,direct',
      NPM_CONFIG_REGISTRY: 'https://npm.example/',
    });
    const trusted = withEnvironment(machine, () => jobEnvironment({ trusted: true }));
    expect(trusted).to.include(machine);
    expect(networkPasswords(trusted)).to.have.members(['w%40rd', 'w@rd', 'first', 'token']);
  });

  it('has certificates in the variables of git, for git', () => {
    const machine = { ...behind, GIT_SSL_CAINFO: '' };
    for (const environment of [toolEnvironment, bareEnvironment]) {
      expect(withEnvironment(machine, environment)).to.include({
        GIT_SSL_CAINFO: '/etc/own/all.pem',
        http_proxy: behind.http_proxy,
      });
      const own = { ...behind, GIT_SSL_CAINFO: '/git.pem' };
      expect(withEnvironment(own, environment)).to.include({ GIT_SSL_CAINFO: '/git.pem' });
    }
  });

  it('finds programs of the system for Volt, which the search path of an ordinary user lacks', () => {
    const path = (of: () => Record<string, string>) => withEnvironment({ PATH: '/usr/bin:/usr/sbin' }, of).PATH;
    expect(path(toolEnvironment)).to.equal('/usr/bin:/usr/sbin:/usr/local/sbin:/sbin');
    expect(path(jobEnvironment)).to.equal('/usr/bin:/usr/sbin');
  });

  it('has a search path even if Volt was started without one', () => {
    const environment = withEnvironment({ PATH: '' }, jobEnvironment);
    expect(environment.PATH).to.include('/usr/bin');
  });

  it("differs from that of Volt's own tools, which may use the user's ssh agent", () => {
    const agent = { ...secrets, SSH_AUTH_SOCK: '/run/agent' };
    expect(withEnvironment(agent, toolEnvironment)).to.include({ SSH_AUTH_SOCK: '/run/agent' });
    expect(withEnvironment(agent, jobEnvironment)).to.not.have.property('SSH_AUTH_SOCK');
    expect(JSON.stringify(withEnvironment(agent, toolEnvironment))).to.not.include('canary');
  });
});

describe('settings', () => {
  it('have a default each, or may be missing', () => {
    const config = withEnvironment({}, () => loadConfig());
    expect(config).to.include({
      httpHost: '127.0.0.1',
      httpPort: 8420,
      redisPrefix: 'volt',
      logLevel: 'info',
      isolation: 'auto',
    });
    expect(config).to.include({
      dataDir: resolve('.volt'),
      host: hostname(),
      redisUrl: undefined,
      databaseUrl: undefined,
    });
  });

  it('come from the environment, and a flag overrides it', () => {
    const config = withEnvironment({ VOLT_HTTP_PORT: '9000', VOLT_LOG_LEVEL: 'warn' }, () =>
      loadConfig({ httpPort: 9001 }),
    );
    expect(config).to.include({ httpPort: 9001, logLevel: 'warn' });
  });

  it('may not contain a password that others could read, and the error does not repeat it', async () => {
    const { message } = await failure('bad_setting', () =>
      withEnvironment({ VOLT_ACTIONS_URL: 'https://me:canary@git.example' }, () => loadConfig()),
    );
    expect(message).to.include('VOLT_ACTIONS_URL').and.not.include('canary');
  });

  it('that are empty count as not set', () => {
    const empty = Object.fromEntries(settings.map(({ env }) => [env, '']));
    expect(withEnvironment(empty, () => loadConfig())).to.deep.equal(withEnvironment({}, () => loadConfig()));
  });

  it('make the data directory an absolute path', () => {
    expect(withEnvironment({ VOLT_DATA_DIR: 'here/there' }, () => loadConfig()).dataDir).to.equal(
      join(process.cwd(), 'here/there'),
    );
  });

  const wrong: Record<string, string[]> = {
    VOLT_HTTP_PORT: ['eighty', '-1', '65536', '80.5'],
    VOLT_LOG_LEVEL: ['loud', 'INFO'],
    VOLT_ISOLATION: ['maximum'],
    VOLT_REDIS_PREFIX: ['a:b', '{ci}', 'a'.repeat(33)],
    VOLT_TOKEN: ['short'],
    VOLT_URL: ['not a url'],
    VOLT_JOB_TIMEOUT: ['0', '-1', 'soon'],
    VOLT_LOG_LIMIT: ['0', '1.5'],
    VOLT_BACKLOG: ['0'],
    VOLT_JOB_VARIABLES: ['A B', 'VOLT_TOKEN', 'A,VOLT_TOKEN', 'A=1'],
    VOLT_ORPHAN_TIMEOUT: ['0'],
  };
  for (const [name, values] of Object.entries(wrong)) {
    it(`refuse a wrong ${name} and name it`, async () => {
      for (const value of values) {
        const error = await failure('bad_setting', () => withEnvironment({ [name]: value }, () => loadConfig()));
        expect(error.message).to.include(name);
        // a password is never said, not even a wrong one
        if (name === 'VOLT_TOKEN') expect(error.message).to.not.include(value);
        else expect(error.message).to.include(value);
        expect(error.remedy).to.include(name);
      }
    });
  }
});

describe('the path of a log', () => {
  it('is below the data directory, one file for each attempt', () => {
    const file = logFile('/data', { job: '42-1' as JobId, attempt: 2 });
    expect(isAbsolute(file)).to.equal(true);
    expect(file).to.equal('/data/logs/42/42-1.2.log');
  });
});
