import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../support/redis.ts';
import { until } from '../support/until.ts';
import type { BaseImages } from './base-images.ts';
import type { Engine } from './engine.ts';

const docker = join(import.meta.dirname, '../../docker');
const stages = ['observer', 'dispatcher', 'reporter', 'notifier', 'web', 'runner'];

interface Settings {
  engine: Engine;
  /** suffix of all names */
  suffix: string;
  /** the image of Volt */
  image: string;
  /** replacements for the server images, if no registry answers */
  base?: BaseImages;
  folder: string;
  postgres: boolean;
  /** whether jobs have containers, by the image with an engine */
  containers: boolean;
}

/** Published ports of this machine. */
interface Ports {
  webPort: number;
  redisPort: number;
  gitPort: number;
}

/** The Volt of `docker/compose.yaml`, with a git server in the same network. */
export class VoltInContainers {
  readonly webPort: number;
  readonly gitPort: number;
  readonly #settings: Settings;
  readonly #files: string[];
  readonly #remoteFiles: string[];

  private constructor(settings: Settings, { webPort, redisPort, gitPort }: Ports) {
    this.#settings = settings;
    this.webPort = webPort;
    this.gitPort = gitPort;
    const secrets = writeSecrets(settings.folder);
    const change = join(settings.folder, 'change.json');
    writeFileSync(change, JSON.stringify(changes(settings, secrets, gitPort)));
    const chosen = { postgres: settings.postgres, containers: settings.containers };
    const further = ['remote', ...Object.entries(chosen).flatMap(([name, isChosen]) => (isChosen ? [name] : []))];
    const files = ['compose.yaml', ...further.map((name) => `compose.${name}.yaml`)];
    this.#files = [...files.map((name) => join(docker, name)), change];
    const remote = join(settings.folder, 'remote.json');
    writeFileSync(remote, JSON.stringify(remoteChanges(settings, secrets)));
    this.#remoteFiles = [join(docker, 'compose.runner.yaml'), remote];
    const variables = [`WEB_PORT=${webPort}`, `REDIS_PORT=${redisPort}`, 'REDIS_ADDRESS=127.0.0.1'];
    writeFileSync(join(settings.folder, 'variables'), variables.join('\n'));
  }

  static async create(settings: Settings): Promise<VoltInContainers> {
    const ports = { webPort: await freePort(), redisPort: await freePort(), gitPort: await freePort() };
    return new VoltInContainers(settings, ports);
  }

  get project(): string {
    return `volt-test-${this.#settings.suffix}`;
  }

  compose(...args: string[]): Promise<string> {
    return this.#compose(this.project, this.#files, args);
  }

  /** Makes a key for the runner on another machine, and stores it where that runner reads it. */
  async addRunnerKey(): Promise<void> {
    const { key } = (await this.volt('runner-key', 'add', 'remote')) as { key: string };
    writeFileSync(join(this.#settings.folder, 'secrets', 'runner_key'), `${key}\n`, { mode: 0o644 });
  }

  /** The same for the runner on another machine. */
  remote(...args: string[]): Promise<string> {
    return this.#compose(`${this.project}-remote`, this.#remoteFiles, args);
  }

  #compose(project: string, files: readonly string[], args: readonly string[]): Promise<string> {
    const variables = join(this.#settings.folder, 'variables');
    const named = files.flatMap((file) => ['--file', file]);
    return this.#settings.engine.compose('--project-name', project, '--env-file', variables, ...named, ...args);
  }

  /**
   * Runs a `volt` command in the container of the web stage.
   * @returns its JSON output
   */
  async volt(...args: string[]): Promise<unknown> {
    return JSON.parse(await this.compose('exec', '-T', 'web', 'volt', ...args, '--json'));
  }

  /** Runs a script in the git server's folder of repositories. */
  git(script: string): Promise<string> {
    return this.compose('exec', '-T', 'git', 'sh', '-ec', script);
  }

  /** Ids of the containers of a service, or of all services. */
  async containers(service?: string, project = this.project): Promise<string[]> {
    const filters = [`label=com.docker.compose.project=${project}`];
    if (service) filters.push(`label=com.docker.compose.service=${service}`);
    const named = filters.flatMap((filter) => ['--filter', filter]);
    const ids = await this.#settings.engine.command('ps', '--all', '--no-trunc', '--quiet', ...named);
    return ids.split('\n').filter(Boolean);
  }

  /** The health of a container, according to the engine. */
  async #health(container: string): Promise<{ Status: string }> {
    const [{ State }] = JSON.parse(await this.#settings.engine.command('inspect', container));
    return State.Health ?? { Status: 'none' };
  }

  /** The last results of all health checks, for debugging. */
  async healthReport(): Promise<string> {
    const ids = await this.containers();
    return (await Promise.all(ids.map(async (id) => `${id} ${JSON.stringify(await this.#health(id))}`))).join('\n');
  }

  /** Waits until every stage, and Redis, has this health. */
  async allAre(state: 'healthy' | 'unhealthy', services = [...stages, 'redis']): Promise<void> {
    for (const service of services) {
      await until(
        `${service} is ${state}`,
        async () => {
          const ids = await this.containers(service);
          const states = await Promise.all(ids.map((id) => this.#health(id)));
          return ids.length > 0 && states.every(({ Status }) => Status === state);
        },
        180_000,
      );
    }
  }

  /** Stops and removes everything, with its volumes. */
  async down(): Promise<void> {
    await this.remote('down', '--volumes', '--timeout', '20');
    await this.compose('down', '--volumes', '--timeout', '20');
  }
}

/** Every user can read the files, because the users in the containers differ; their folder keeps others out. */
function writeSecrets(folder: string): Record<string, { file: string }> {
  const secrets = join(folder, 'secrets');
  mkdirSync(secrets, { mode: 0o700 });
  const names = ['redis_password', 'redis_runner_password', 'database_password'];
  for (const name of names) writeFileSync(join(secrets, name), `${randomBytes(16).toString('hex')}\n`, { mode: 0o644 });
  return Object.fromEntries(names.map((name) => [name, { file: join(secrets, name) }]));
}

/** A device like /dev/net/tun that everybody may use, as on a machine with systemd. */
function openTun(folder: string): string {
  const path = join(folder, 'tun');
  if (!existsSync(path)) execFileSync('mknod', ['--mode=666', path, 'c', '10', '200']);
  return path;
}

/** What a runner's container needs for the sandbox: podman ignores Compose's translation of `systempaths=unconfined`. */
function unmasked(engine: Engine): object {
  return engine.name === 'podman' ? { security_opt: ['unmask=ALL'] } : {};
}

/** What differs from a normal installation: names of images, passwords, and the git server. */
function changes(
  { engine, image, base, folder, postgres, containers }: Settings,
  secrets: Record<string, { file: string }>,
  port: number,
): object {
  const server = (name: 'redis' | 'postgres') => (base?.[name] ? { [name]: { image: base[name] } } : {});
  const { redis_password, redis_runner_password, database_password } = secrets;
  return {
    services: {
      ...Object.fromEntries(stages.map((stage) => [stage, { image }])),
      runner: {
        image: containers ? `${image}-containers` : image,
        ...unmasked(engine),
        // that of this machine may be closed
        ...(containers && { devices: [`${openTun(folder)}:/dev/net/tun`] }),
      },
      ...server('redis'),
      ...(postgres ? server('postgres') : {}),
      git: {
        image,
        entrypoint: ['tini', '--', 'git', 'daemon', '--export-all', '--base-path=/data', `--port=${port}`],
        ports: [`127.0.0.1:${port}:${port}`],
        healthcheck: { disable: true },
        working_dir: '/data',
      },
    },
    secrets: { redis_password, redis_runner_password, ...(postgres ? { database_password } : {}) },
  };
}

/** The "other machine" is this one: its runner reaches Redis and the git server at their published ports. */
function remoteChanges(
  { engine, image, folder }: Settings,
  { redis_runner_password }: Record<string, { file: string }>,
): object {
  return {
    services: { runner: { image, ...unmasked(engine), network_mode: 'host', extra_hosts: ['git:127.0.0.1'] } },
    secrets: { redis_runner_password, runner_key: { file: join(folder, 'secrets', 'runner_key') } },
  };
}
