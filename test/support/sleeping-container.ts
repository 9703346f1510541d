import { dirname } from 'node:path';
import type { ContainerPlan } from '../../src/engine/container-plan.ts';
import { starterMount } from '../../src/engine/starter/starter.ts';
import type { TestEngine } from './engine.ts';

/** A container that does nothing until it is killed. @param image its id */
export function sleepingContainer(
  { socket }: Pick<TestEngine, 'socket'>,
  image: string,
  labels: ContainerPlan['labels'],
): ContainerPlan {
  const program = { argv: ['tail', '-f', '/dev/null'], env: {} };
  return { image, labels, program, mounts: [starterMount(dirname(socket))], limits: {} };
}
