import { ForgeFault } from './fault.ts';

/** The forge has answered that it did it, with another state than it was asked for. */
export function notKept({ project }: { project: string }): ForgeFault {
  return new ForgeFault('forge_refused', `the forge has set another status of ${project} than it was asked for`, {
    scope: 'status',
    remedy: 'Check whether a proxy answers in the name of the forge.',
  });
}
