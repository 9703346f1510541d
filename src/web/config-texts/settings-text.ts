import { type Place, readYaml } from '../../kernel/yaml-text.ts';
import type { ConfigProblem } from '../schemas/config.ts';

/** What is wrong with a text of settings, and where. */
export interface PlacedProblem extends Place {
  message: string;
}

/** Settings as a person writes them. */
export interface SettingsText {
  config: { readonly [section: string]: unknown };
  /** the places of what is wrong with the settings, in the order of the text */
  located(problems: readonly ConfigProblem[]): PlacedProblem[];
}

/** Reads settings in YAML. */
export function readSettingsText(text: string): SettingsText | { problems: PlacedProblem[] } {
  const read = readYaml(text);
  if ('problems' in read && read.problems.length > 0) return read;
  if ('problems' in read || !isMap(read.value) || containsItself(read.value)) {
    const message = 'the file must be a map of settings, which begins with `version: 1`';
    return { problems: [{ line: 1, column: 1, message }] };
  }
  return {
    config: read.value,
    located: (problems) =>
      problems
        .map(({ path, key, message }) => ({ ...read.placeOf(path, key), message }))
        .sort((a, b) => a.line - b.line || a.column - b.column),
  };
}

/** An alias of YAML may stand for what it is in. */
function containsItself(value: object): boolean {
  try {
    return JSON.stringify(value) === undefined;
  } catch {
    return true;
  }
}

function isMap(value: unknown): value is { readonly [section: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
