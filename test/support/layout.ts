import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A folder of src/ with what the listing says about it. */
interface Entry {
  folder: string;
  text: string;
}

/**
 * How the listing of folders in ARCHITECTURE.md differs from src/: it has one entry for each folder, and an entry names each
 * folder inside, as `name/`, and no other.
 */
export function layoutProblems(root: string): string[] {
  const listed = entries(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'));
  const actual = foldersOf(join(root, 'src'));
  const unknown = listed
    .filter(({ folder }) => !actual.includes(folder))
    .map(({ folder }) => `src/${folder} is not there`);
  const missing = actual
    .filter((folder) => !listed.some((entry) => entry.folder === folder))
    .map((folder) => `src/${folder} is not listed`);
  const inner = listed
    .filter(({ folder }) => actual.includes(folder))
    .flatMap(({ folder, text }) => innerProblems(folder, text, foldersOf(join(root, 'src', folder))));
  return [...unknown, ...missing, ...inner];
}

function innerProblems(folder: string, text: string, actual: string[]): string[] {
  const named = [...text.replace(/`[^`]*`/g, '').matchAll(/(?<![\w/])([\w-]+)\//g)].map(([, name]) => name as string);
  return [
    ...named.filter((name) => !actual.includes(name)).map((name) => `src/${folder}/${name} is not there`),
    ...actual.filter((name) => !named.includes(name)).map((name) => `src/${folder}/${name} is not named`),
  ];
}

/** The entries below the line `src/` of the first block of code that has one; lines indented further continue an entry. */
function entries(page: string): Entry[] {
  const [, listing = ''] = /^src\/\n((?: {2}.*\n)+)/m.exec(page) ?? [];
  return [...listing.matchAll(/^ {2}([\w-]+)\/ (.*(?:\n {3,}.*)*)/gm)].map(([, folder = '', text = '']) => ({
    folder,
    text,
  }));
}

const foldersOf = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
