import { join } from 'node:path';
import { containerWorkflow } from '../support/container-workflow.ts';
import { tinyImage } from '../support/engine.ts';
import { makeTinyRoot } from '../support/tiny-root.ts';
import type { Engine } from './engine.ts';
import { step } from './run.ts';
import { begin, commit, succeeds } from './scenario.ts';
import type { VoltInContainers } from './volt-in-containers.ts';

/** Jobs in containers of a runner that is in a container itself. @param folder for files of its own */
export async function containerScenario(engine: Engine, volt: VoltInContainers, folder: string): Promise<void> {
  await begin(volt);
  step('putting an image into the engine of each runner');
  const archive = join(folder, 'tiny.tar');
  makeTinyRoot(join(folder, 'tiny'), archive);
  const path = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  for (const id of await volt.containers('runner')) {
    await engine.command('cp', archive, `${id}:/data/tiny.tar`);
    const name = `docker.io/library/${tinyImage}`;
    await engine.command('exec', id, 'podman', 'import', '--change', path, '/data/tiny.tar', name);
    step(await engine.command('exec', id, 'volt', 'doctor'));
  }
  // Redis is a machine that no job reaches
  for (const [name, text] of Object.entries(containerWorkflow('redis 6379')))
    await volt.git(`mkdir -p app/$(dirname ${name}); cat > app/${name} <<'END'\n${text}END\n`);
  await volt.git('git -C app add .');
  await succeeds(volt, await volt.git(commit('containers')));
  step('jobs with containers, services and docker actions have passed');
}
