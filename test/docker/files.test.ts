import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { minimatch } from 'minimatch';
import { parse } from 'yaml';
import { settings, settingsFromFiles } from '../../src/kernel/settings.ts';
import { runnerRules } from '../../src/redis/acl.ts';
import { askServer } from '../../src/redis/ask-server.ts';
import { stageKinds } from '../../src/redis/membership.ts';
import { TestFolders } from '../support/folder.ts';
import { keepLog } from '../support/logger.ts';
import { freePort } from '../support/redis.ts';

const root = join(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(join(root, 'docker', name), 'utf8');
const dockerfile = read('Dockerfile').replaceAll(/\\\n/g, ' ');
const composeFiles = readdirSync(join(root, 'docker')).filter((name) => /^compose.*\.yaml$/.test(name));
const known = new Set<string>(
  settings.flatMap(({ env }) => (settingsFromFiles.has(env) ? [env, `${env}_FILE`] : [env])),
);

interface Service {
  image?: string;
  build?: unknown;
  command?: string[];
  environment?: Record<string, string>;
  secrets?: string[];
  volumes?: string[];
  security_opt?: string[];
  cap_add?: string[];
  devices?: string[];
  healthcheck?: { test: string[]; timeout?: string };
}
interface Compose {
  name?: string;
  services: Record<string, Service>;
  volumes?: Record<string, unknown>;
  secrets?: Record<string, { file: string }>;
}
// the parser warns of Compose's own tag `!override`
const compose = (name: string): Compose => parse(read(name), { merge: true, logLevel: 'error' });

/** Those that docker/Dockerfile makes. */
const ownImages = new Set(['volt-ci', 'volt-ci-containers']);

/** The instructions of the Dockerfile, each with its arguments. */
const instructions = [...dockerfile.matchAll(/^([A-Z]+) +(.*)$/gm)].map(([, name, rest]) => ({
  name,
  rest: String(rest),
}));

describe('the container image', () => {
  it('copies only files that exist and that Dockerfile.dockerignore allows', () => {
    const copied = instructions.filter(({ name, rest }) => name === 'COPY' && !rest.startsWith('--from'));
    const sources = copied.flatMap(({ rest }) => rest.split(/ +/).slice(0, -1));
    const letIn = read('Dockerfile.dockerignore').match(/(?<=^!).*/gm);
    expect(sources).to.include.members(['package.json', 'src', 'workers']);
    for (const source of sources) {
      expect(existsSync(join(root, source)), source).to.equal(true);
      expect(letIn).to.include(source);
    }
  });

  it('sets only settings that exist', () => {
    const set = instructions
      .filter(({ name }) => name === 'ENV')
      .flatMap(({ rest }) => rest.match(/VOLT_\w+(?==)/g) ?? []);
    expect(set).to.include('VOLT_HEALTH_FILE');
    for (const name of set) expect(known).to.include(name);
  });

  it('runs as an ordinary user, and has a health check', () => {
    const base = /^\w+$/.exec(instructions.findLast(({ name }) => name === 'FROM')?.rest ?? '')?.[0];
    const begin = instructions.findIndex(({ name, rest }) => name === 'FROM' && rest.endsWith(` AS ${base}`));
    const stage = instructions.slice(begin + 1);
    const final = stage.slice(
      0,
      stage.findIndex(({ name }) => name === 'FROM'),
    );
    expect(final.findLast(({ name }) => name === 'USER')).to.have.property('rest', 'node');
    expect(final.some(({ name }) => name === 'HEALTHCHECK')).to.equal(true);
  });
});

describe('the Redis server in containers', () => {
  it('has a user for runners, with the rules that volt redis-acl prints', async () => {
    expect(read('redis-runner.rules').trim()).to.equal(runnerRules('volt').join(' '));
    const folders = new TestFolders();
    const folder = folders.make();
    for (const name of ['redis_password', 'redis_runner_password']) writeFileSync(join(folder, name), `${name}\n`);
    const [, , script = ''] = compose('compose.yaml').services.redis?.command ?? [];
    const port = await freePort();
    const here = script
      .replaceAll('$$', '$')
      .replaceAll('/run/secrets', folder)
      .replaceAll('/etc', join(root, 'docker'))
      .replace('CONFIGURATION\n', `CONFIGURATION\nport ${port}\n`)
      .replace('cat ', "grep -v '^dir\\|^bind' ")
      .replace(/^(requirepass .*)$/m, `$1\ndir ${folder}\nbind 127.0.0.1`);
    const server = spawn('sh', ['-c', here], { stdio: 'ignore' });
    await askServer(`redis://volt-runner:redis_runner_password@127.0.0.1:${port}`, keepLog().logger, 20_000);
    const redis = new Redis({ port, username: 'volt-runner', password: 'redis_runner_password' });
    expect(await redis.get('volt:record')).to.equal(null);
    expect(await redis.set('volt:record', 'x').catch((error: Error) => error.message)).to.include('NOPERM');
    redis.disconnect();
    server.kill('SIGKILL');
    await once(server, 'exit');
    folders.remove();
  });

  it('keeps all messages over a restart and evicts none', () => {
    expect(read('redis.conf'))
      .to.match(/^appendonly yes$/m)
      .and.match(/^maxmemory-policy noeviction$/m);
  });
});

for (const file of composeFiles) {
  describe(`docker/${file}`, () => {
    const { services, volumes = {}, secrets = {} } = compose(file);

    it('sets only settings that exist', () => {
      const set = Object.values(services).flatMap(({ environment = {} }) => Object.keys(environment));
      for (const name of set.filter((each) => each.startsWith('VOLT_'))) expect(known).to.include(name);
    });

    it('defines every volume, secret and file that its services name', () => {
      for (const [name, service] of Object.entries(services)) {
        expect(Object.keys(secrets), name).to.include.members(service.secrets ?? []);
        for (const [source = '', path] of (service.volumes ?? []).map((volume) => volume.split(':'))) {
          if (path === undefined) continue;
          if (source.startsWith('.')) expect(existsSync(join(root, 'docker', source)), source).to.equal(true);
          else expect(volumes, name).to.have.property(source);
        }
      }
    });

    it('keeps passwords out of the checkout', () => {
      const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split('\n');
      for (const { file: path } of Object.values(secrets)) {
        expect(
          ignored.some((line) => line !== '' && minimatch(join('docker', path), `${line}**`)),
          path,
        ).to.equal(true);
      }
    });

    it('checks the health of every service, with enough time for a busy machine', () => {
      for (const [name, { image, healthcheck }] of Object.entries(services)) {
        if (image === undefined || ownImages.has(image)) continue;
        expect(healthcheck?.test, name).to.not.equal(undefined);
        expect(Number(/^(\d+)s$/.exec(healthcheck?.timeout ?? '')?.[1]), name).to.be.greaterThanOrEqual(30);
      }
    });

    it('builds each image only once for all services', () => {
      const named = Object.values(services).flatMap(({ image = '' }) => (ownImages.has(image) ? [image] : []));
      const built = Object.values(services).flatMap(({ image, build }) => (build === undefined ? [] : [image]));
      expect(built).to.have.members([...new Set(named)]);
    });
  });
}

it('compose.yaml and compose.runner.yaml are separate projects, so that one machine can run both', () => {
  const names = composeFiles.flatMap((file) => compose(file).name ?? []);
  expect(names).to.have.length.greaterThan(1);
  expect(new Set(names).size).to.equal(names.length);
});

describe('the services of docker/compose.yaml', () => {
  const { services } = compose('compose.yaml');

  it('are Redis and every stage', () => {
    const stages = [...stageKinds, 'runner'];
    expect(Object.keys(services)).to.have.members(['redis', ...stages]);
    for (const stage of stages) expect(services[stage]?.command).to.deep.equal([stage]);
  });

  it('share the data directory, except the runner, and never write where a runner can write', () => {
    const written = new Set<string>();
    for (const stage of stageKinds) {
      const volumes = services[stage]?.volumes ?? [];
      expect(volumes).to.have.members([
        'data:/data',
        'volt-public:/data/volt-key',
        'runner-public:/data/runner-key:ro',
      ]);
      for (const volume of volumes.filter((each) => !each.endsWith(':ro'))) written.add(volume);
    }
    const folders = ['runner-keys:/data/keys', 'runner-public:/data/runner-key', 'volt-public:/data/volt-key:ro'];
    expect(services.runner?.volumes).to.have.members(['/data', ...folders]);
    for (const folder of folders) expect([...written]).to.not.include(folder);
  });

  it('can write to the folders of their volumes in the image', () => {
    const made = instructions.find(({ rest }) => rest.includes('install -d -o node -g node'))?.rest ?? '';
    for (const { volumes = [] } of Object.values(services)) {
      for (const path of volumes.flatMap((volume) => /\/data\S*?(?=:ro$|$)/.exec(volume)?.[0] ?? []))
        expect(made.split(' ')).to.include(path);
    }
  });

  it('give runners a Redis user of their own and jobs in a sandbox', () => {
    for (const runner of [services.runner, compose('compose.runner.yaml').services.runner]) {
      const { VOLT_REDIS_URL, VOLT_REDIS_PASSWORD_FILE, VOLT_ISOLATION } = runner?.environment ?? {};
      expect(VOLT_REDIS_URL).to.match(/^redis:\/\/volt-runner@/);
      expect(VOLT_REDIS_PASSWORD_FILE).to.equal('/run/secrets/redis_runner_password');
      expect(runner?.secrets).to.not.include('redis_password');
      expect(VOLT_ISOLATION).to.match(/:-sandbox\}$/);
      expect(runner?.security_opt).to.include.members(['no-new-privileges:true', 'seccomp=unconfined']);
      expect(runner?.devices, 'for the networks of jobs').to.deep.equal(['/dev/net/tun']);
    }
  });

  it('give a runner with an engine of its own the same, but the right to use further users', () => {
    const { runner } = compose('compose.containers.yaml').services;
    const usual = services.runner?.security_opt ?? [];
    expect(runner?.security_opt).to.deep.equal(usual.filter((each) => each !== 'no-new-privileges:true'));
    expect(runner?.cap_add).to.deep.equal(['SETUID', 'SETGID']);
    expect(runner?.volumes, "no socket of the machine's engine").to.equal(undefined);
  });

  it('give the runner no access to the database', () => {
    expect(Object.keys(compose('compose.postgres.yaml').services)).to.have.members([...stageKinds, 'postgres']);
  });
});
