import { ofAccess, ofCommit, ofMachine, ofNetwork, ofTool, type Rule } from '../blame.ts';

/** Composer. Its long sentences are broken into lines of a box. */
export const composer: readonly Rule[] = [
  {
    line: /requires (?:PHP extension )?(ext-[\w-]+) .*(?:missing from your system|is not present)/,
    blame: ([name = '']) =>
      ofTool(`PHP has no extension ${name.slice(4)}`, `Run \`apt-get install php-${name.slice(4)}\` on the runner`),
  },
  {
    line: /requires php (\S.*?) (?:but|->) your php version \(([^;)]+)/,
    blame: ([wanted, here]) =>
      ofTool(`the project needs PHP ${wanted}, the runner has ${here}`, 'Install that version on the runner'),
  },
  {
    line: /requires (\S+)(?: \S+)?, it could not be found in any version/,
    blame: ([name]) => ofCommit(`Composer finds no package ${name}`, 'Correct its name in composer.json'),
  },
  {
    line: /requires (\S+ \S+), (?:found .* but (?:it does|these were|they do)|it is satisfiable by)/,
    blame: ([name]) =>
      ofCommit(`Composer finds no version of ${name} that fits`, 'Correct composer.json, and run `composer update`'),
  },
  {
    line: /^- Required package "([^"]+)" is (?:not present in|in) the lock file/,
    blame: ([name]) =>
      ofCommit(`composer.lock does not fit composer.json: ${name}`, 'Run `composer update` and commit composer.lock'),
  },
  {
    line: /Your requirements could not be resolved|Your lock file does not contain a compatible set of packages/,
    blame: () => ofCommit('Composer finds versions in conflict', 'Correct composer.json, and run `composer update`'),
  },
  {
    line: /"?\.?\/?composer\.json"? does not (?:contain valid JSON|match the expected JSON schema)/,
    blame: () => ofCommit('composer.json is not valid', 'Correct it; `composer validate` tells the line'),
  },
  {
    installing: true,
    line: /HTTP\/\S+ 40[13]|Invalid credentials for '([^']+)'/,
    blame: ([url]) => ofAccess(`Composer has no access to ${url || 'a package'}`),
  },
  {
    line: /curl error (\d+) while downloading (\S+):|The "([^"]+)" file could not be downloaded/,
    blame: ([code, url, other]) => ofNetwork(`Composer cannot download ${other || `${url} (curl error ${code})`}`),
  },
  {
    line: /does not allow connections to (\S+)/,
    blame: ([url]) =>
      ofMachine(
        `Composer may not use ${url}, which is not https`,
        'Use https, or set `secure-http` to false in composer.json',
      ),
  },
];
