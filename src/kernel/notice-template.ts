import { oneLine } from './one-line.ts';

/** What a template of a notice can name, with an example of each. */
export const templateValues = {
  repository: 'app',
  branch: 'main',
  workflow: 'nightly.yml',
  event: 'is broken',
  number: '12',
  commit: '3f2a9c1d04be',
  subject: 'Sort the list by date',
  author: 'Ada',
  reason: 'The command ended with exit code 1.',
  tests: 'list › sorts by date',
  url: 'https://ci.example.org/builds/12',
} as const;

export type TemplateValue = keyof typeof templateValues;

/** The most characters of a template of the title, and of the text. */
export const longestTemplate = { title: 200, text: 2000 } as const;

/** The most characters of a title and of a line that a template has made, and the most lines. */
const longest = { title: 300, line: 500, lines: 30 };

const named = /\{([^{}\s]*)\}/g;

/** The first name in braces that stands for no value, such as `{brnach}`. */
export function unknownValue(template: string): string | undefined {
  return [...template.matchAll(named)].find(([, name = '']) => !Object.hasOwn(templateValues, name))?.[0];
}

/** Puts values in the place of their names, once: what a value contains stays as it is. */
function filled(template: string, values: { readonly [Name in TemplateValue]: string }): string {
  return template.replace(named, (found, name: string) =>
    Object.hasOwn(values, name) ? values[name as TemplateValue] : found,
  );
}

/** What templates say of some values. What says nothing is missing. */
export function filledText(
  { title = '', text = '' }: { title?: string | undefined; text?: string | undefined },
  values: { readonly [Name in TemplateValue]: string },
): { headline?: string; lines?: string[] } {
  const headline = oneLine(filled(title, values), longest.title);
  const lines = text
    .split('\n')
    .map((line) => oneLine(filled(line, values), longest.line))
    .filter((line) => line !== '')
    .slice(0, longest.lines);
  return { ...(headline !== '' && { headline }), ...(lines.length > 0 && { lines }) };
}
