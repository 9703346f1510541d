import type { ErrorCode } from '../kernel/errors.ts';

/**
 * The remedy for an error of the API, for a person at the command line.
 * @param path path of the request, below /api/v1
 * @param remedy remedy from the API; it is kept unless it is about requests
 */
export function remedyOnCommandLine(code: ErrorCode, path: string, remedy: string): string {
  return /\/api\/|Authorization/.test(remedy) ? (remedyFor(code, path) ?? remedy) : remedy;
}

function remedyFor(code: ErrorCode, path: string): string | undefined {
  switch (code) {
    case 'token_needed':
      return 'Give --data with the data directory of that Volt (this user must be able to read its file "token"), or set VOLT_TOKEN.';
    case 'token_wrong':
      return 'Correct VOLT_TOKEN: it is mistyped, revoked, or the token of another Volt. Without it, the command sends the token of `volt login`, which may have ended, or of --data, the data directory of that Volt.';
    case 'not_found':
      return remedyForUnknown(path);
    case 'bad_request':
      return 'Correct the arguments; --help says what the command accepts.';
    default:
      return undefined;
  }
}

function remedyForUnknown(path: string): string | undefined {
  if (/\/(secrets|variables|credential|tokens)\b/.test(path)) return undefined;
  if (path.startsWith('/builds')) return '`volt builds` lists the builds.';
  if (path.startsWith('/jobs')) return '`volt show BUILD` lists the jobs and attempts of a build.';
  if (path.startsWith('/repos')) return '`volt repo ls` lists the repositories.';
  return undefined;
}
