import { StepFault } from '../fault.ts';

/** Values in one file, as many as a whole job may set. */
const mostPairs = 50_000;

/**
 * Parses a file of `name=value` lines and `name<<delimiter` blocks, such as `GITHUB_ENV`, `GITHUB_OUTPUT` and
 * `GITHUB_STATE`. The grammar is that of GitHub's runner on Linux (`FileCommandManager.cs`): lines end with a line
 * feed, and a carriage return before it belongs to the value.
 * @returns values in the order of the file; a name may occur twice
 * @throws StepFault with GitHub's words, but without the line itself, which may contain a secret
 */
export function parseEnvironmentFile(content: string): [name: string, value: string][] {
  const text = content.startsWith('\uFEFF') ? content.slice(1) : content;
  const pairs: [string, string][] = [];
  for (let at = 0; at < text.length; ) {
    const begin = at;
    const found = text.indexOf('\n', begin);
    const end = found < 0 ? text.length : found;
    at = end + 1;
    if (end === begin) continue;
    const line = text.slice(begin, end);
    const invalid = (why: string) => new StepFault(`Invalid format in line ${lineNumber(text, begin)}${why}`);
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (pairs.length === mostPairs) throw new StepFault(`There are more than ${mostPairs} values`);
    if (heredoc >= 0 && (equals < 0 || heredoc < equals)) {
      const name = line.slice(0, heredoc);
      const delimiter = line.slice(heredoc + 2);
      if (name === '' || delimiter === '') throw invalid('. Name must not be empty and delimiter must not be empty');
      const close = lineThatIs(delimiter, text, at);
      if (close === undefined) {
        const number = lineNumber(text, begin);
        throw new StepFault(`Invalid value. Matching delimiter not found for line ${number}`);
      }
      pairs.push([name, text.slice(at, Math.max(at, close - 1))]);
      at = close + delimiter.length + 1;
    } else if (equals > 0) {
      pairs.push([line.slice(0, equals), line.slice(equals + 1)]);
    } else throw invalid(equals === 0 ? '. Name must not be empty' : '');
  }
  return pairs;
}

/** Start of the next line with exactly this text; there may be very many lines before it. */
function lineThatIs(wanted: string, text: string, from: number): number | undefined {
  for (let at = from; at < text.length; ) {
    const end = at + wanted.length;
    if (text.startsWith(wanted, at) && (end === text.length || text[end] === '\n')) return at;
    const before = text.indexOf(`\n${wanted}`, at);
    if (before < 0) return undefined;
    at = before + 1;
  }
  return undefined;
}

function lineNumber(text: string, at: number): number {
  let number = 1;
  for (let next = text.indexOf('\n'); next >= 0 && next < at; next = text.indexOf('\n', next + 1)) number++;
  return number;
}

/** The folders in a `GITHUB_PATH` file, one a line, in the order of the file. @throws StepFault */
export function parsePathFile(content: string): string[] {
  const text = content.replace(/^\uFEFF/, '');
  const folders: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const begin = at;
    at = end < 0 ? text.length : end + 1;
    if (end === begin) continue;
    const line = text.slice(begin, end < 0 ? undefined : end).replace(/\r$/, '');
    if (line.trim() === '') continue;
    if (folders.push(line) > mostPairs) throw new StepFault(`There are more than ${mostPairs} folders`);
  }
  return folders;
}
