import type { Annotation } from '../../kernel/model.ts';

/**
 * An annotation.
 * @param logStart bytes of the log before the line that it comes from; null if it comes from none
 * @param properties of the workflow command that makes it
 */
export function annotationOf(
  level: Annotation['level'],
  message: string,
  logStart: number | null = null,
  properties: ReadonlyMap<string, string> = new Map(),
): Annotation {
  const number = (key: string) => {
    const value = Number(properties.get(key));
    return Number.isSafeInteger(value) && value > 0 ? value : null;
  };
  return {
    level,
    message,
    title: properties.get('title') || null,
    file: properties.get('file') || null,
    line: number('line'),
    endLine: number('endline'),
    column: number('col'),
    endColumn: number('endcolumn'),
    logStart,
  };
}
