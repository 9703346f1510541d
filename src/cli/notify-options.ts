import { type Command, Option } from 'commander';
import { committers, noticeChoices } from '../kernel/notices.ts';
import { collect } from './options.ts';
import { readSecret } from './secret-file.ts';

/** The options of `volt notify add` and `set`. */
export interface NotifyOptions {
  kind: string;
  to?: string;
  secretFile?: string;
  repo?: string[];
  branch?: string[] | false;
  on?: string;
  owner?: string[];
  domain?: string[];
  /** false where it is taken away */
  quiet?: string | false;
  digest?: string | false;
  zone?: string;
  title?: string | false;
  text?: string | false;
}

export function withTargetOptions(command: Command): Command {
  return command
    .option('--to <address>', `URL; or mail addresses with commas between them, or "${committers}"`)
    .option(
      '--secret-file <path>',
      'file with the access token (matrix, ntfy) or signing secret (webhook); "-" for standard input',
    )
    .option('--repo <glob>', 'only of these repositories; may be repeated', collect)
    .option('--branch <glob>', 'of these branches in place of the default branch; may be repeated', collect)
    .addOption(new Option('--on <what>', 'what it hears of').choices(noticeChoices))
    .option('--owner <address>', 'mail: hears of flaky tests and of errors; may be repeated', collect)
    .option('--domain <domain>', 'mail: committers with such addresses get mail; may be repeated', collect)
    .option('--quiet <from-to>', 'send nothing between these times of day, but afterwards: 22:00-07:00')
    .option('--digest <time>', 'tell each day at this time what is still broken: 09:00')
    .option('--zone <zone>', 'time zone of these times, such as Europe/Berlin; UTC by default')
    .option('--title <template>', 'title of notices about builds: "{branch} of {repository} {event}"')
    .option('--text <template>', 'their text, which may have several lines: "{subject}, by {author}"');
}

/** What the API is to set. */
export function bodyOf({ secretFile, repo, branch, on, owner, domain, zone, ...options }: NotifyOptions) {
  const { quiet, digest, title, text } = options;
  const given = {
    ...{ owners: owner, domains: domain, zone, digest: orNull(digest), title: orNull(title), text: orNull(text) },
    quiet: typeof quiet === 'string' ? hoursIn(quiet) : orNull(quiet),
  };
  return {
    ...(secretFile !== undefined && { secret: readSecret(secretFile, 'the secret') }),
    ...(repo && { repos: repo }),
    ...(branch !== undefined && { branches: orNull(branch) ?? [] }),
    ...(on !== undefined && { on }),
    ...(Object.values(given).some((value) => value !== undefined) && { options: given }),
  };
}

/** Null for what is taken away. */
function orNull<T>(value: T | false): T | null {
  return value === false ? null : value;
}

/** @param text such as `22:00-07:00`; the API checks the times */
function hoursIn(text: string) {
  const [from, to] = text.split('-');
  return { from, to };
}
