import { access, commit, machine, network, type Rule, tool, whileInstalling } from '../blame.ts';

/** Composer. Its long sentences are broken into lines of a box. */
export const composer: readonly Rule[] = [
  tool(
    /requires (?:PHP extension )?ext-([\w-]+) .*(?:missing from your system|is not present)/,
    'PHP has no extension $1',
    'Run `apt-get install php-$1` on the runner',
  ),
  tool(
    /requires php (\S.*?) (?:but|->) your php version \(([^;)]+)/,
    'the project needs PHP $1, the runner has $2',
    'Install that version on the runner',
  ),
  commit(
    /requires (\S+)(?: \S+)?, it could not be found in any version/,
    'Composer finds no package $1',
    'Correct its name in composer.json',
  ),
  commit(
    /requires (\S+ \S+), (?:found .* but (?:it does|these were|they do)|it is satisfiable by)/,
    'Composer finds no version of $1 that fits',
    'Correct composer.json, and run `composer update`',
  ),
  commit(
    /^- Required package "([^"]+)" is (?:not present in|in) the lock file/,
    'composer.lock does not fit composer.json: $1',
    'Run `composer update` and commit composer.lock',
  ),
  commit(
    /Your requirements could not be resolved|Your lock file does not contain a compatible set of packages/,
    'Composer finds versions in conflict',
    'Correct composer.json, and run `composer update`',
  ),
  commit(
    /"?\.?\/?composer\.json"? does not (?:contain valid JSON|match the expected JSON schema)/,
    'composer.json is not valid',
    'Correct it; `composer validate` tells the line',
  ),
  whileInstalling(
    access(
      /HTTP\/\S+ 40[13]|Invalid credentials for '([^']+)'/,
      ([url]) => `Composer has no access to ${url || 'a package'}`,
    ),
  ),
  network(/(curl error \d+) while downloading (\S+):/, 'Composer cannot download $2 ($1)'),
  network(/The "([^"]+)" file could not be downloaded/, 'Composer cannot download $1'),
  machine(
    /does not allow connections to (\S+)/,
    'Composer may not use $1, which is not https',
    'Use https, or set `secure-http` to false in composer.json',
  ),
];
