import { homedir } from 'node:os';
import { runCommand } from '../exec/command.ts';
import { programOn } from '../system/search-path.ts';
import type { ContainerHost } from './containers/container-host.ts';
import type { StepContext } from './job-context.ts';
import type { TestHost } from './test-host.ts';
import { installedVersions } from './tools/installed-versions.ts';

/** Commands on the machine, in the job's process group. A stubborn one ends the whole group. */
export function onMachine(context: StepContext): TestHost {
  const { env, processes, sandbox, toolCache } = context;
  const isInHome = env.HOME !== undefined && toolCache.startsWith(`${env.HOME}/`);
  const machine = {
    home: homedir(),
    // one in the home of a job may have been changed by jobs
    toolCache: isInHome && sandbox.isClosed ? undefined : toolCache,
    isOpen: sandbox.isolation.level === 'user',
  };
  return {
    ...{ env, title: 'this runner', install: 'Install it there', image: undefined },
    run: async (command) => runCommand({ ...command, processes: await processes }),
    get limits() {
      return processes.then(({ limits }) => limits);
    },
    find: async (name, path) => programOn(path, name),
    installed: (tool) => installedVersions(tool, machine),
  };
}

/** Commands in the job's container. */
export function inContainer(host: ContainerHost, image: { name: string; id: string }): TestHost {
  return {
    ...{ env: host.env, title: `the image ${image.name}`, install: 'Use an image that has it', image: image.id },
    run: (command) => host.run(command),
    get limits() {
      return host.limits;
    },
    find: (name, path) => host.program(name, path),
    // what the machine has is not there
    installed: () => [],
  };
}
