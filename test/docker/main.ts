import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/until.ts';
import { makeBaseImages } from './base-images.ts';
import { containerScenario } from './container-scenario.ts';
import { type Engine, startEngine } from './engine.ts';
import { HealthChecks } from './health-checks.ts';
import { step } from './run.ts';
import { scenario } from './scenario.ts';
import { VoltInContainers } from './volt-in-containers.ts';

/**
 * `npm run test:docker`: builds the image and tests Volt in containers, as in docker/compose.yaml. With `--postgres`
 * the database is PostgreSQL; with `--containers` only the jobs in containers are tested, by the image with an engine. Everything
 * that it creates has a unique name and is removed again.
 */
const root = join(import.meta.dirname, '../..');
const suffix = randomBytes(4).toString('hex');
const folder = mkdtempSync(join(tmpdir(), `volt-docker-${suffix}-`));
const postgres = process.argv.includes('--postgres');
const containers = process.argv.includes('--containers');
const image = `localhost/volt-ci-${suffix}`;

async function test(engine: Engine): Promise<void> {
  const base = engine.name === 'podman' ? await makeBaseImages(engine, { suffix, folder, postgres }) : undefined;
  step('building the image of Volt');
  const stand = base ? ['--build-arg', `NODE_IMAGE=${base.node}`] : [];
  const dockerfile = join(root, 'docker/Dockerfile');
  const build = (tag: string, ...target: string[]) =>
    engine.command('build', ...engine.buildArguments, ...stand, ...target, '--tag', tag, '--file', dockerfile, root);
  await build(image);
  if (containers) await build(`${image}-containers`, '--target', 'containers');
  const sizes = await Promise.all([image, ...(base ? [base.node] : [])].map((name) => megabytes(engine, name)));
  step(`the image has ${sizes[0]} MB${base ? `, of which its base has ${sizes[1]} MB` : ''}`);
  const volt = await VoltInContainers.create({
    engine,
    suffix,
    image,
    folder,
    postgres,
    containers,
    ...(base ? { base } : {}),
  });
  const checks = new HealthChecks(engine, volt);
  try {
    if (containers) await containerScenario(engine, volt, folder);
    else await scenario(engine, volt);
  } catch (error) {
    console.error(await volt.healthReport().catch(String));
    console.error(await volt.compose('logs', '--no-color', '--tail', '60').catch(String));
    console.error(await volt.remote('logs', '--no-color', '--tail', '60').catch(String));
    throw error;
  } finally {
    step('taking everything away');
    await checks.stop();
    await volt.down();
  }
  const left = [await volt.containers(), await volt.containers(undefined, `${volt.project}-remote`)].flat();
  assert.deepEqual(left, [], 'containers are left');
  for (const kind of ['volume', 'network']) {
    const named = await engine.command(kind, 'ls', '--quiet', '--filter', `name=${volt.project}`);
    assert.equal(named, '', `a ${kind} is left`);
  }
}

async function megabytes(engine: Engine, name: string): Promise<string> {
  return (Number(await engine.command('image', 'inspect', '--format', '{{.Size}}', name)) / 1e6).toFixed(0);
}

/** Removes the images that were built, and the unnamed ones below them. */
async function removeImages(engine: Engine): Promise<void> {
  const listed = await engine.command('images', '--format', '{{.Repository}}:{{.Tag}}');
  const ours = listed.split('\n').filter((name) => name.includes(suffix));
  // in this order, because an image cannot be removed before those built on it
  for (const part of ['volt-ci', 'volt-node', 'volt-redis', 'volt-postgres', 'volt-debian']) {
    for (const name of ours.filter((each) => each.includes(part))) await engine.command('rmi', '--force', name);
  }
  const left = await engine.command('images', '--format', '{{.Repository}}');
  assert.equal(
    left.split('\n').some((name) => name.includes(suffix)),
    false,
    'an image is left',
  );
}

const engine = await startEngine(folder);
try {
  await test(engine);
  step('all of it is as it should be');
} finally {
  await removeImages(engine);
  await engine.close();
  await until('the folder is gone', () => {
    rmSync(folder, { recursive: true, force: true });
    return true;
  });
}
