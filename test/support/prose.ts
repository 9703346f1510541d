import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is wrong with the size of a page: its number of lines, and each line wider than allowed, in characters. */
export function sizeProblems(root: string, page: string, most: { lines: number; width: number }): string[] {
  const lines = readFileSync(join(root, page), 'utf8').trimEnd().split('\n');
  const wide = lines.flatMap((line, index) =>
    [...line].length > most.width ? [`${page}:${index + 1} has ${[...line].length} characters`] : [],
  );
  return lines.length > most.lines ? [`${page} has ${lines.length} lines`, ...wide] : wide;
}

/**
 * The sentences of a page that have more words than allowed. Code in backquotes and the target of a link count as one word;
 * a list item, a heading and a cell of a table end a sentence.
 * @param text Markdown without blocks of code
 */
export function longSentences(text: string, most: number): string[] {
  return sentences(text).filter((sentence) => sentence.split(' ').length > most);
}

function sentences(markdown: string): string[] {
  const plain = markdown
    .replace(/`[^`]*`/g, 'code')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\*\*/g, '');
  const blocks = plain.split(/\n{2,}|\n(?=\s*(?:[-*]|\d+\.)\s)|\n(?=[#|])|\|/);
  return blocks.flatMap((block) =>
    block
      .trim()
      .replace(/\s+/g, ' ')
      .split(/(?<=[.!?][)"*]*) (?=\S)/)
      .filter((sentence) => sentence !== ''),
  );
}

/** Folders of the checkout and of src/ by which a path in a page is recognized. */
const topFolders = ['src', 'test', 'docs', 'docker', 'systemd', 'workers'];

/**
 * The files and folders of the checkout that a page names in backquotes and that do not exist. A path may leave out `src/`,
 * and the name of a test file its ending.
 * @param text Markdown without blocks of code
 */
export function deadPaths(root: string, text: string): string[] {
  const code = [...text.matchAll(/`([^`\s]+)`/g)].map(([, content]) => content as string);
  const named = code
    .filter((path) => /^[\w-]+\/[\w./-]*$/.test(path))
    .flatMap((path) => {
      const [first = ''] = path.split('/');
      if (topFolders.includes(first)) return [path];
      return existsSync(join(root, 'src', first)) ? [`src/${path}`] : [];
    });
  return named.filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, `${path}.test.ts`)));
}
