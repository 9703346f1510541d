import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from './engine.ts';
import { run, step } from './run.ts';

const cache = join(import.meta.dirname, '../../node_modules/.cache/volt-docker');
/** The Node release of the image, from its Dockerfile. */
const nodeRelease = '24';

/** Names of the base image and the server images. */
export interface BaseImages {
  node: string;
  redis: string;
  /** if it was requested */
  postgres?: string;
}

/**
 * Builds replacements for the official images if no registry answers: Debian by mmdebstrap, with Node's official
 * binaries from npm and the servers from Debian's packages.
 * @param options `suffix` of their names, a `folder` for build files, and whether to build PostgreSQL, with an entry
 * point of ours
 */
export async function makeBaseImages(
  engine: Engine,
  { suffix, folder, postgres }: { suffix: string; folder: string; postgres: boolean },
): Promise<BaseImages> {
  const system = `localhost/volt-debian-${suffix}`;
  await engine.command('import', await debian(), system);
  const images: BaseImages = { node: `localhost/volt-node-${suffix}`, redis: `localhost/volt-redis-${suffix}` };
  step(`building stand-ins for the images of Node ${nodeRelease} and Redis`);
  const context = join(folder, 'node');
  mkdirSync(context);
  await npmPackages(context);
  await build(engine, images.node, context, nodeImage(system, registrySettings(context)));
  await build(engine, images.redis, context, redisImage(system));
  if (postgres) {
    images.postgres = `localhost/volt-postgres-${suffix}`;
    copyFileSync(join(import.meta.dirname, 'start-postgres.sh'), join(context, 'start-postgres.sh'));
    await build(engine, images.postgres, context, postgresImage(system));
  }
  return images;
}

/** A minimal Debian as a tar archive. Building it takes a minute, so it is cached. */
async function debian(): Promise<string> {
  const file = join(cache, 'debian.tar');
  if (existsSync(file)) return file;
  step('making a Debian for the base images (mmdebstrap)');
  mkdirSync(cache, { recursive: true });
  const aside = join(cache, `debian.${process.pid}.tar`);
  await run('mmdebstrap', ['--variant=minbase', '--include=ca-certificates', 'trixie', aside]);
  renameSync(aside, file);
  return file;
}

/** Node's official binary from npm, and npm itself. */
async function npmPackages(folder: string): Promise<void> {
  writeFileSync(join(folder, 'package.json'), '{}');
  const names = [`node-linux-${process.arch}@${nodeRelease}`, 'npm@11'];
  await run('npm', ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', ...names]);
}

/** Copies the machine's access to npm's registry into the image: certificates, npmrc. */
function registrySettings(folder: string): string[] {
  const lines: string[] = [];
  for (const [from, to] of [
    ['/etc/ssl/certs/ca-certificates.crt', '/etc/ssl/certs/ca-certificates.crt'],
    ['/etc/npmrc', '/usr/local/etc/npmrc'],
  ] as const) {
    if (!existsSync(from)) continue;
    const name = to.replaceAll('/', '_');
    copyFileSync(from, join(folder, name));
    lines.push(`COPY ${name} ${to}`);
  }
  return lines;
}

function nodeImage(system: string, settings: readonly string[]): string {
  return [
    `FROM ${system}`,
    `COPY node_modules/node-linux-${process.arch}/bin/node /usr/local/bin/node`,
    'COPY node_modules/npm /usr/local/lib/node_modules/npm',
    ...settings,
    'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt',
    'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx && useradd --uid 1000 --create-home --shell /bin/bash node',
  ].join('\n');
}

function redisImage(system: string): string {
  return [
    `FROM ${system}`,
    'RUN apt-get update && apt-get install -y --no-install-recommends redis-server && install -d -o redis -g redis /data',
    'WORKDIR /data',
    'VOLUME /data',
  ].join('\n');
}

function postgresImage(system: string): string {
  return [
    `FROM ${system}`,
    'RUN apt-get update && apt-get install -y --no-install-recommends postgresql-17 && rm -rf /var/lib/postgresql/17 && install -d -o postgres -g postgres -m 700 /var/lib/postgresql/data',
    'ENV PATH=/usr/lib/postgresql/17/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data',
    'COPY start-postgres.sh /usr/local/bin/start-postgres',
    'VOLUME /var/lib/postgresql/data',
    'USER postgres',
    'CMD ["sh", "/usr/local/bin/start-postgres"]',
  ].join('\n');
}

async function build(engine: Engine, name: string, context: string, text: string): Promise<void> {
  const file = join(context, `${name.replaceAll(/\W/g, '-')}.dockerfile`);
  writeFileSync(file, `${text}\n`);
  await engine.command('build', ...engine.buildArguments, '--tag', name, '--file', file, context);
}
