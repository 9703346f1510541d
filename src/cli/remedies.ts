import type { ErrorCode } from '../kernel/errors.ts';

/**
 * What to do about an error of the API, for somebody who has typed a command.
 * @param path that was asked for, below /api/v1
 * @param remedy of the API; its words will do where they do not speak of requests
 */
export function remedyOnCommandLine(code: ErrorCode, path: string, remedy: string): string {
  return /\/api\/|Authorization/.test(remedy) ? (inWordsOfCommands(code, path) ?? remedy) : remedy;
}

function inWordsOfCommands(code: ErrorCode, path: string): string | undefined {
  switch (code) {
    case 'token_needed':
      return 'Name by --data the data directory of that Volt, whose file "token" this user can read, or set VOLT_TOKEN.';
    case 'not_found':
      return remedyForUnknown(path);
    case 'bad_request':
      return 'Correct what was given; the help of the command (--help) tells what it may be.';
    default:
      return undefined;
  }
}

function remedyForUnknown(path: string): string | undefined {
  if (/\/(secrets|variables|credential|tokens)\b/.test(path)) return undefined;
  if (path.startsWith('/builds')) return '`volt builds` lists those that there are.';
  if (path.startsWith('/jobs')) return '`volt show BUILD` lists the jobs and attempts of a build.';
  if (path.startsWith('/repos')) return '`volt repo ls` lists those that are observed.';
  return undefined;
}
