import type { ErrorCode } from '../kernel/errors.ts';

/**
 * What to do about an error of the API, for somebody who has typed a command: the API's own remedies speak of requests.
 * @param path that was asked for, below /api/v1
 * @returns undefined where the API's own words will do
 */
export function remedyOnCommandLine(code: ErrorCode, path: string): string | undefined {
  switch (code) {
    case 'token_needed':
      return 'Name by --data the data directory of that Volt, whose file "token" this user can read, or set VOLT_TOKEN.';
    case 'not_found':
      return remedyForUnknown(path);
    case 'bad_request':
      return 'Correct what was given; the help of the command (--help) tells what it may be.';
    case 'redis_unreachable':
      return '`volt status` tells more; everything goes on by itself when Redis is back.';
    default:
      return undefined;
  }
}

function remedyForUnknown(path: string): string | undefined {
  if (/\/(secrets|variables|credential)\b/.test(path)) return undefined;
  if (path.startsWith('/builds')) return '`volt builds` lists those that there are.';
  if (path.startsWith('/jobs')) return '`volt show BUILD` lists the jobs and attempts of a build.';
  if (path.startsWith('/repos')) return '`volt status` and the dashboard show the repositories that are observed.';
  return undefined;
}
