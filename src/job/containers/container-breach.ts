import type { ContainerPlan } from '../../engine/container-plan.ts';
import type { GroupEvents } from '../../exec/group-events.ts';
import { sizeText } from '../../kernel/sizes.ts';

/**
 * The limit of a container that its processes have reached, as part of a sentence in the words of other jobs.
 * @param events what has happened in its control group meanwhile
 * @returns undefined if they reached none
 */
export function containerBreach(
  { memory, processes }: Pick<ContainerPlan['limits'], 'memory' | 'processes'>,
  { killed, refused }: GroupEvents,
): string | undefined {
  if (memory !== undefined && killed > 0) return `was ended: more than ${sizeText(memory)} of memory`;
  if (processes !== undefined && refused > 0) return `had more than ${processes} processes at once`;
  return undefined;
}

/** What has happened between two moments. */
export function eventsSince(before: GroupEvents | undefined, now: GroupEvents | undefined): GroupEvents {
  return {
    killed: (now?.killed ?? 0) - (before?.killed ?? 0),
    refused: (now?.refused ?? 0) - (before?.refused ?? 0),
  };
}
