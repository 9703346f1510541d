import { join } from 'node:path';
import { tinyImage } from '../support/engine.ts';
import { makeTinyRoot } from '../support/tiny-root.ts';
import type { Engine } from './engine.ts';
import { step } from './run.ts';
import { begin, commit, succeeds } from './scenario.ts';
import type { VoltInContainers } from './volt-in-containers.ts';

const service = `{ image: '${tinyImage}', ports: ['8080:80'], command: sh -c 'while true; do echo hello | nc -l -p 80; done' }`;

/** Jobs with containers, services and docker actions. Redis, which a step asks for, is a machine that no job reaches. */
const workflow = `on: push
jobs:
  inside:
    runs-on: linux
    container: ${tinyImage}
    services: { web: ${service} }
    steps:
      - uses: actions/checkout@v4
      - run: until nc web 80 | grep hello; do sleep 0.1; done
      - run: '! nc -w 30 redis 6379 < /dev/null'
      - run: test "$(id -u)" = 0 && touch made && chown 1000 made
      - uses: docker://${tinyImage}
        with: { entrypoint: sh, args: -c "test -e made" }
      - uses: ./tool
  outside:
    runs-on: linux
    services: { web: ${service} }
    steps:
      - run: until (exec 5<>/dev/tcp/localhost/8080; cat <&5) | grep hello; do sleep 0.1; done
        shell: bash
`;

const action = 'name: a\ndescription: b\nruns: { using: docker, image: Dockerfile }\n';
const dockerfile = `FROM ${tinyImage}\nRUN echo built > /built\nCMD ["cat", "/built"]\n`;

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
  const files = { '.volt/workflows/ci.yml': workflow, 'tool/action.yml': action, 'tool/Dockerfile': dockerfile };
  for (const [name, text] of Object.entries(files))
    await volt.git(`mkdir -p app/$(dirname ${name}); cat > app/${name} <<'END'\n${text}END\n`);
  await volt.git('git -C app add .');
  await succeeds(volt, await volt.git(commit('containers')));
  step('jobs with containers, services and docker actions have passed');
}
