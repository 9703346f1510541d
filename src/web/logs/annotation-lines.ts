import type { Annotation, Step } from '../../kernel/model.ts';
import type { LineIndex } from './line-index.ts';

/**
 * The lines of a log that annotations of steps come from, numbered from 0. Annotations of Volt itself, and those that a job
 * of an older runner has made, come from none.
 */
export async function annotationLines(index: LineIndex, steps: readonly Step[]): Promise<Map<Annotation, number>> {
  const lines = new Map<Annotation, number>();
  for (const annotation of steps.flatMap(({ annotations }) => annotations)) {
    const { logStart } = annotation;
    if (typeof logStart === 'number') lines.set(annotation, await index.lineAt(logStart));
  }
  return lines;
}
