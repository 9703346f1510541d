import { StepFault } from './fault.ts';

/**
 * Reads what a step has written into a file of `name=value` lines and `name<<delimiter` blocks, as `GITHUB_ENV`,
 * `GITHUB_OUTPUT` and `GITHUB_STATE` are. The grammar is that of GitHub's runner on Linux (`FileCommandManager.cs`):
 * lines end with a line feed, and a carriage return before it belongs to the value.
 * @returns in the order in which they stand; a name may come twice
 * @throws StepFault with what is wrong, in GitHub's words, but without repeating a line: it may be a part of a secret
 */
export function parseEnvironmentFile(content: string): [name: string, value: string][] {
  const text = content.startsWith('\uFEFF') ? content.slice(1) : content;
  const pairs: [string, string][] = [];
  let at = 0;
  let number = 0;
  /** the next line without its end; undefined at the end of the text */
  const readLine = (): string | undefined => {
    if (at >= text.length) return undefined;
    number++;
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end < 0 ? undefined : end);
    at = end < 0 ? text.length : end + 1;
    return line;
  };
  for (let line = readLine(); line !== undefined; line = readLine()) {
    if (line === '') continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (heredoc >= 0 && (equals < 0 || heredoc < equals)) {
      const name = line.slice(0, heredoc);
      const delimiter = line.slice(heredoc + 2);
      if (name === '' || delimiter === '') {
        throw new StepFault(`Invalid format in line ${number}. Name must not be empty and delimiter must not be empty`);
      }
      const start = at;
      const begun = number;
      let end = at;
      for (let inner = readLine(); inner !== delimiter; inner = readLine()) {
        if (inner === undefined) throw new StepFault(`Invalid value. Matching delimiter not found for line ${begun}`);
        end = at - 1;
      }
      pairs.push([name, text.slice(start, Math.max(start, end))]);
    } else if (equals > 0) {
      pairs.push([line.slice(0, equals), line.slice(equals + 1)]);
    } else if (equals === 0) {
      throw new StepFault(`Invalid format in line ${number}. Name must not be empty`);
    } else {
      throw new StepFault(`Invalid format in line ${number}`);
    }
  }
  return pairs;
}

/** The folders in a `GITHUB_PATH` file: one a line, in the order in which they stand. */
export function parsePathFile(content: string): string[] {
  return content
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
}
