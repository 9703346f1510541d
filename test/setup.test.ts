import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { needsRedis, upArguments, wantsNoIsolation } from '../src/setup/commands.mjs';
import { npmEnvironment } from '../src/setup/dependencies.mjs';
import { isNodeRecent } from '../src/setup.mjs';
import { ended, FreshClone } from './support/fresh-clone.ts';

describe('the setup', () => {
  let clone: FreshClone;
  beforeEach(() => {
    clone = new FreshClone();
  });
  afterEach(() => {
    clone.dispose();
  });

  describe('on a fresh clone', () => {
    it('installs, builds and becomes `volt up` with the sample repository', async () => {
      const { code, stdout, stderr } = await clone.run(['start', '--port', '1']);
      expect(stderr).to.equal('volt: installing dependencies (npm ci)\nvolt: building\n');
      expect(stdout).to.equal('["up","--sample-if-none","--port","1"]\n');
      expect(code).to.equal(0);
      expect(clone.takeCalls().map((call) => call.split(' --')[0])).to.deep.equal(['npm ci', 'build']);
    });

    it('exits with the code of `volt up`', async () => {
      clone.write('build-result', 'process.exitCode = 7;');
      expect(await clone.run(['start'])).to.have.property('code', 7);
    });

    it('installs and builds once when two setups start at the same time', async () => {
      const both = await Promise.all([clone.run(['start']), clone.run(['start'])]);
      expect(both.map(({ code }) => code)).to.deep.equal([0, 0]);
      expect(clone.takeCalls()).to.have.lengthOf(2);
      expect(readdirSync(clone.root).filter((name) => name.startsWith('.setup.lock'))).to.deep.equal([]);
    });

    it('takes over the lock of a setup that was killed', async () => {
      writeFileSync(join(clone.root, '.setup.lock'), '0 gone\n');
      utimesSync(join(clone.root, '.setup.lock'), new Date(0), new Date(0));
      expect(await clone.run(['start'])).to.have.property('code', 0);
    });

    it('shows the output of npm when it fails, and what to do', async () => {
      clone.program('npm', 'echo "npm error code ENOTFOUND"\nexit 1');
      const { code, stderr } = await clone.run(['start']);
      expect(code).to.equal(3);
      expect(stderr).to.match(
        /\| npm error code ENOTFOUND\nerror: dependencies_failed: .*\n {2}to fix it: check the network/,
      );
      expect(existsSync(join(clone.root, '.setup.lock'))).to.equal(false);
    });

    it('gives npm a temporary home where there is none, and removes it', async () => {
      clone.program(
        'npm',
        `echo "$HOME $npm_config_cache" >"${clone.root}/home"; cp package-lock.json node_modules/.package-lock.json`,
      );
      expect(await clone.run(['start'], {}, { HOME: '' })).to.have.property('code', 0);
      const [home = '', cache] = clone.read('home').trim().split(' ');
      expect(home)
        .to.match(/volt-npm-/)
        .and.to.equal(cache);
      expect(existsSync(home)).to.equal(false);
    });

    it('shows why the build fails', async () => {
      clone.write('src/build.mjs', 'console.error("main.ts:1:1: unexpected"); process.exit(1);');
      const { code, stderr } = await clone.run(['start']);
      expect(code).to.equal(3);
      expect(stderr).to.match(/\| main.ts:1:1: unexpected\nerror: build_failed:/);
    });

    it('passes a signal on to its child, and leaves no lock', async () => {
      clone.program('npm', 'trap "exit 9" TERM\nready\nwhile :; do sleep 0.05; done');
      const child = clone.spawn(['start']);
      await clone.untilCalled('ready');
      child.kill('SIGTERM');
      expect(await ended(child)).to.have.property('code', 128 + 15);
      expect(existsSync(join(clone.root, '.setup.lock'))).to.equal(false);
    });
  });

  describe('on a checkout that is set up', () => {
    beforeEach(async () => {
      await clone.run(['start']);
      clone.takeCalls();
    });

    it('starts no process', async () => {
      clone.write(
        'no-children.cjs',
        `const children = require('node:child_process');
         for (const name of ['spawn', 'exec', 'execFile', 'fork', 'spawnSync', 'execSync', 'execFileSync']) {
           children[name] = () => { throw new Error(name + ' was called'); };
         }
         require('node:module').syncBuiltinESMExports();`,
      );
      const result = await clone.run(['start'], {}, { NODE_OPTIONS: '--require ./no-children.cjs' });
      expect(result).to.deep.equal({ code: 0, stdout: '["up","--sample-if-none"]\n', stderr: '' });
      expect(clone.takeCalls()).to.deep.equal([]);
    });

    it('builds again when a source changes, and does not install', async () => {
      clone.write('src/cli/main.ts', 'export {};');
      await clone.run(['start']);
      expect(clone.takeCalls()).to.deep.equal(['build']);
    });

    it('installs again when the lock file changes', async () => {
      clone.lock('1.0.1');
      await clone.run(['start']);
      expect(clone.takeCalls()).to.have.lengthOf(2);
    });

    it('accepts an installation that a person made with npm', async () => {
      clone.lock('1.0.1');
      clone.write('node_modules/.package-lock.json', clone.read('package-lock.json'));
      await clone.run(['start']);
      expect(clone.takeCalls()).to.deep.equal(['build']);
    });
  });

  it('needs Node 20.19 or newer', () => {
    expect(['18.20.4', '20.9.0', '20.18.3'].map(isNodeRecent)).to.deep.equal([false, false, false]);
    expect(['20.19.0', '22.0.0', '24.1.0'].map(isNodeRecent)).to.deep.equal([true, true, true]);
  });

  it('prints its usage for an unknown command', async () => {
    const { code, stderr } = await clone.run(['serve']);
    expect(code).to.equal(2);
    expect(stderr).to.match(/^usage: /);
  });
});

describe('arguments of `npm start`', () => {
  it('add the sample unless they name a repository or ask for help', () => {
    expect(upArguments([])).to.deep.equal(['--sample-if-none']);
    for (const args of [['--repo', 'x'], ['--repo=x'], ['--sample'], ['--sample-if-none'], ['--help'], ['-h']]) {
      expect(upArguments(args)).to.deep.equal(args);
    }
  });

  it('decide whether a Redis server is needed', () => {
    expect(needsRedis([], {})).to.equal(true);
    expect(needsRedis([], { VOLT_REDIS_URL: '' })).to.equal(true);
    expect(needsRedis([], { VOLT_REDIS_URL: 'redis://x' })).to.equal(false);
    for (const args of [['--redis', 'x'], ['--redis=x'], ['--help']]) expect(needsRedis(args, {})).to.equal(false);
  });

  it('decide whether the programs for isolation are installed', () => {
    for (const args of [['--isolation', 'none'], ['--isolation=none']]) expect(wantsNoIsolation(args)).to.equal(true);
    for (const args of [[], ['--isolation', 'sandbox'], ['--repo', 'none']])
      expect(wantsNoIsolation(args)).to.equal(false);
  });
});

describe('the npm that the setup runs', () => {
  it('gets the settings of the registry, and no setting that changes what it installs', () => {
    const kept = {
      PATH: '/bin',
      HOME: '/h',
      npm_config_registry: 'https://r',
      HTTPS_PROXY: 'http://p',
      npm_config_cache: '/c',
    };
    const aimed = {
      npm_config_global: 'true',
      npm_config_omit: 'dev',
      npm_lifecycle_event: 'start',
      npm_config_prefix: '/x',
    };
    expect(npmEnvironment({ ...kept, ...aimed })).to.deep.equal(kept);
  });
});
