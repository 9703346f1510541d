import type { Annotation } from '../../kernel/model.ts';

/** An annotation from the properties of a workflow command. */
export function annotationOf(
  level: Annotation['level'],
  message: string,
  properties: ReadonlyMap<string, string>,
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
  };
}
