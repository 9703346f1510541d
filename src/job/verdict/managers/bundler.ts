import { ofAccess, ofCommit, ofMachine, ofNetwork, ofTool, type Rule } from '../blame.ts';

/** Bundler. */
export const bundler: readonly Rule[] = [
  {
    line: /Could not fetch specs from (\S+)|Could not reach host (\S+)|Network error while fetching (\S+)/,
    blame: ([a, b, c]) => ofNetwork(`Bundler cannot reach ${a || b || c}`),
  },
  {
    line: /Authentication is required for (\S+)|Bad username or password for (\S+)/,
    blame: ([a, b]) => ofAccess(`Bundler has no access to ${(a || b || '').replace(/\.$/, '')}`),
  },
  {
    line: /^Could not find gem '([^']+)' in locally installed gems/,
    blame: ([name]) =>
      ofMachine(
        `the gem ${name} is not installed`,
        'Run `bundle install` before the tests, or install the gem on the runner',
      ),
  },
  {
    line: /^Could not find gem '([^']+)' in /,
    blame: ([name]) => ofCommit(`Bundler finds no gem ${name}`, 'Correct its name or version in the Gemfile'),
  },
  {
    line: /Could not find compatible versions|Bundler could not find compatible versions for gem "([^"]+)"/,
    blame: ([name]) =>
      ofCommit(
        `Bundler finds versions in conflict${name ? ` of ${name}` : ''}`,
        'Make the versions in the Gemfile fit, and run `bundle lock`',
      ),
  },
  {
    line: /but the lockfile can't be updated|The lockfile can't be updated because frozen mode is set|Your lockfile .*(?:is missing|does not satisfy)/,
    blame: () => ofCommit('Gemfile.lock does not fit the Gemfile', 'Run `bundle lock` and commit Gemfile.lock'),
  },
  {
    line: /^Your bundle is locked to (\S+ \([^)]+\)).*but that version/,
    blame: ([name]) =>
      ofCommit(
        `Gemfile.lock names ${name}, which the source does not have`,
        'Run `bundle update` and commit Gemfile.lock',
      ),
  },
  {
    line: /There was an error parsing `?Gemfile`?: (.*)$/,
    blame: ([said]) => ofCommit(`Bundler cannot read the Gemfile: ${said}`, 'Correct it'),
  },
  {
    line: /^Your Ruby version is (\S+), but your Gemfile specified (.*)$/,
    blame: ([here, wanted]) =>
      ofTool(`the Gemfile needs Ruby ${wanted}, the runner has ${here}`, 'Install that version on the runner'),
  },
  {
    line: /^An error occurred while installing (\S+ \([^)]+\)), and Bundler/,
    blame: ([name]) =>
      ofMachine(
        `the gem ${name} could not be built`,
        'Install the compilers and libraries that it needs on the runner; the log names them',
      ),
  },
  {
    line: /^bundler: command not found: (\S+)/,
    blame: ([name]) =>
      ofTool(
        `no gem of the bundle has the program ${name}`,
        'Run `bundle install` before the tests, or add the gem to the Gemfile',
      ),
  },
];
